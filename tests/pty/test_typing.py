"""Keys that come faster than a hand types them: password managers, pasted lines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.terminal import WIZARD, Terminal

pytestmark = [pytest.mark.pty]

SECRET = "abcdefghijklmnop"


def test_a_password_that_follows_a_tab_at_once_never_lands_in_the_field_before(tmp_path: Path) -> None:
    command = ["--preset", "gmail"]
    home = tmp_path / "home"
    home.mkdir()
    environment = {"HOME": str(home), "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"}
    with Terminal(command, cwd=tmp_path, env=environment, columns=144, rows=36, warm=WIZARD) as terminal:
        terminal.wait_for("still needed: Mail address, App password")
        terminal.press(f"me@gmail.com\t{SECRET}\t")
        text = terminal.wait_for("as me@gmail.com", "SMTP_USERNAME=me@gmail.com", "SMTP_PASSWORD=********")
        assert SECRET not in text
        assert "still needed" not in text


def test_keys_that_come_faster_than_a_redraw_are_all_taken_in_order(tmp_path: Path) -> None:
    command = ["--demo"]
    home = tmp_path / "home"
    home.mkdir()
    environment = {"HOME": str(home), "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"}
    with Terminal(command, cwd=tmp_path, env=environment, columns=144, rows=36, warm=WIZARD) as terminal:
        terminal.wait_for("Enter Use Practice server")
        terminal.press("enter")
        terminal.wait_for("SMTP_SENDER=practice@")
        terminal.press("tab", "tab", "end")
        terminal.press(*("\x7f" * 40))  # a key that is held down
        terminal.wait_for("still needed: Sender")
        terminal.press(*"mails@name.example.org")
        terminal.wait_for("Sender               ▌ mails@name.example.org  ", "SMTP_SENDER=mails@name.examp")
        terminal.press(*("\x7f" * 10))
        terminal.wait_for("SMTP_SENDER=mails@name.e ", "Sender               ▌ mails@name.e  ")


OLD = "oldoldoldoldoldo"
F2, F3, F8, CTRL_U = "\x1bOQ", "\x1bOR", "\x1b[19~", "\x15"
PASTED = f"\x1b[200~{SECRET}\x1b[201~"


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[Terminal]:
    """Gmail's form, filled in from a `.env`. The focus is in Mail address; Tab leads to App password."""
    (tmp_path / ".env").write_text(
        "SMTP_HOST=smtp.gmail.com\nSMTP_PORT=465\nSMTP_SENDER=you@gmail.com\nSMTP_USERNAME=you@gmail.com\n"
        f"SMTP_PASSWORD={OLD}\nSMTP_TLS=true\n"
    )
    home = tmp_path / "home"
    home.mkdir()
    environment = {"HOME": str(home), "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"}
    command = ["--preset", "gmail"]
    with Terminal(command, cwd=tmp_path, env=environment, columns=144, rows=36, warm=WIZARD) as terminal:
        terminal.wait_for("▌ you@gmail.com", "▌ ••••••••••••••••", "Your full Gmail address.")
        yield terminal


def click(terminal: Terminal, label: str) -> None:
    """Click into the field `label`, behind the third letter of its text."""
    rows = terminal.text.splitlines()
    row = next(number for number, line in enumerate(rows) if label in line and "▌" in line)
    at = f"{rows[row].index('▌') + 6};{row + 1}"
    terminal.press(f"\x1b[<0;{at}M\x1b[<0;{at}m")


@pytest.mark.parametrize("what", [SECRET, PASTED], ids=["typed", "pasted"])
@pytest.mark.parametrize("how", ["tab", "click"])
def test_what_comes_into_a_filled_secret_takes_its_place(filled: Terminal, how: str, what: str) -> None:
    if how == "tab":
        filled.press("\t" + what)
    else:
        click(filled, "App password")
        filled.press(what)
    filled.wait_for("✓ logs in", "▌ ••••••••••••••••", *(["Replaced what was there."] if what == PASTED else []))
    filled.press(F8)
    filled.wait_for(f"▌ {SECRET} ")


def test_a_paste_replaces_what_was_typed_where_it_cannot_be_seen_and_is_added_where_it_can(filled: Terminal) -> None:
    filled.press("\tabc", PASTED)
    filled.wait_for("Replaced what was there.")
    filled.press(F8)
    filled.wait_for(f"▌ {SECRET} ")
    filled.press("\x1b[200~xy\x1b[201~")
    filled.wait_for(f"▌ {SECRET}xy ")


def test_an_address_that_is_typed_at_the_start_takes_the_place_of_the_one_found(filled: Terminal) -> None:
    filled.press(f"me@gmail.com\t{SECRET}", F8)
    filled.wait_for("▌ me@gmail.com ", f"▌ {SECRET} ", "SMTP_USERNAME=me@gmail.com")


def test_a_second_click_and_an_arrow_place_the_cursor_instead(filled: Terminal) -> None:
    filled.press("\x1b[Cx")
    filled.wait_for("▌ you@gmail.comx ")
    click(filled, "Mail address")
    filled.press("y")
    filled.wait_for("▌ youy@gmail.comx ")


def test_no_key_of_a_burst_is_lost_or_comes_out_of_its_turn(filled: Terminal) -> None:
    filled.press(f"\t{CTRL_U}{SECRET}{F8}\x1b[Dq\x7f\x7f")
    filled.wait_for(f"▌ {SECRET[:-2]}{SECRET[-1]} ")


ALT_2 = {
    "xterm, tmux, iTerm and Terminal with Option as Meta": "\x1b2",
    "kitty's protocol": "\x1b[50;3u",
}
STEPS = {
    "xterm": (F2, F3),
    "linux console": ("\x1b[[B", "\x1b[[C"),
    "rxvt": ("\x1b[12~", "\x1b[13~"),
    "kitty's protocol": ("\x1b[Q", "\x1b[13~"),
}


def test_the_step_before_and_the_step_after_are_a_key_away_in_every_terminal(filled: Terminal) -> None:
    filled.press("\x1b")
    filled.wait_for("Enter Use Gmail")
    for before, after in STEPS.values():
        filled.press(after)
        filled.wait_for("Enter Test", "Your full Gmail address.")
        filled.press(before)
        filled.wait_for("Enter Use Gmail")


def test_alt_and_a_digit_go_to_a_step_and_type_nothing(filled: Terminal) -> None:
    filled.press("\t", *ALT_2.values(), F8)
    filled.wait_for(f"▌ {OLD} ", "F8 hide")
    for key in ALT_2.values():
        filled.press("\x1b")
        filled.wait_for("Enter Use Gmail")
        filled.press(key)
        filled.wait_for("Enter Test", "▌ you@gmail.com ")


def test_escape_and_a_character_type_nothing_however_fast_they_come(filled: Terminal) -> None:
    filled.press("\t", F8, *(f"\x1b{character}" for character in "1234567890-=azx."), "\x1b2" * 9, "\x1b[F", "!")
    filled.wait_for(f"▌ {OLD}! ")


def test_option_and_a_digit_of_macos_are_the_character_that_they_type_there(filled: Terminal) -> None:
    filled.press("\t", F8, "\x1b[F", "£")
    filled.wait_for(f"▌ {OLD}£ ")
