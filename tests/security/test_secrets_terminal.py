"""Every byte that the real program writes to a terminal, its logs and its crash output: none holds a secret."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from support.leaks import assert_no_secret
from support.secret_sweep import MARKED, WORD, Bench, bench
from support.terminal import ALTERNATE_SCREEN, Terminal

pytestmark = [pytest.mark.pty]


@pytest.fixture
def refusing(tmp_path: Path) -> Iterator[Bench]:
    with bench(tmp_path, refuse=True) as made:
        yield made


def on_terminal(made: Bench, command: Sequence[str], **variables: str) -> Terminal:
    environment = {**made.environment, **variables, "TEXTUAL": "debug,devtools"}
    return Terminal([sys.executable, *command], cwd=made.folder, env=environment, columns=120, rows=36)


def swept(made: Bench, terminal: Terminal) -> None:
    assert_no_secret(terminal.output, MARKED, "what the terminal got")
    assert_no_secret(terminal.text, MARKED, "the screen")
    made.look_at_files()
    assert not (made.folder / "textual.log").exists()


def test_the_wizard_tests_and_leaves_without_a_secret(refusing: Bench) -> None:
    refusing.write("password")
    with on_terminal(refusing, ["-m", "smtpwizard", "--timeout", "3"]) as terminal:
        terminal.wait_for("Found in .env")
        terminal.press("enter")
        terminal.wait_for("will fail")
        terminal.press("f4")
        terminal.wait_for("AUTH PLAIN")
        terminal.press("q")
        terminal.wait_for("will fail")
        terminal.press("\x11")
        assert terminal.wait() == 0
        swept(refusing, terminal)


def test_a_typed_password_reaches_no_output(refusing: Bench) -> None:
    with on_terminal(refusing, ["-m", "smtpwizard", "--preset", "postmark"]) as terminal:
        terminal.wait_for("Postmark")
        terminal.press(WORD)
        terminal.press("tab")
        terminal.wait_for("••••")
        terminal.press("\x03")
        terminal.wait_for("Ctrl+Q quits")
        terminal.press("\x11")
        terminal.wait_for("Leave without saving")
        terminal.press("tab", "enter")
        assert terminal.wait() == 0
        swept(refusing, terminal)


CRASH = """
from smtpwizard.probe.engine import Probe
from smtpwizard.cli.main import main

def broken(self):
    password, token = self._settings.password.reveal(), repr(self._settings)
    raise RuntimeError("told without a value")

Probe.report = broken
main({arguments})
"""


@pytest.mark.parametrize("arguments", [[], ["--plain"]], ids=["wizard", "plain"])
def test_a_crash_while_testing_shows_no_secret(refusing: Bench, arguments: list[str]) -> None:
    refusing.write("password")
    (refusing.folder / "crash.py").write_text(CRASH.format(arguments=[*arguments, "--timeout", "3"]))
    with on_terminal(refusing, ["crash.py"]) as terminal:
        terminal.wait_for("What now" if arguments else "Found in .env")
        terminal.press("1\r" if arguments else "enter")
        if arguments:
            assert terminal.wait() == 1
            assert "unexpected RuntimeError at crash.py" in terminal.text
        else:
            terminal.wait_for("unexpected RuntimeError at crash.py")
            terminal.press("\x11")
            terminal.wait()
            assert ALTERNATE_SCREEN[1] in terminal.output
        swept(refusing, terminal)


def test_the_line_front_end_shows_no_secret(refusing: Bench) -> None:
    refusing.write("password")
    with on_terminal(refusing, ["-m", "smtpwizard", "--plain", "--timeout", "3"]) as terminal:
        terminal.wait_for("What now")
        terminal.press("1\r")
        terminal.wait_for("auth: failed")
        terminal.wait_for("Test again")
        terminal.press("\x04")  # the end of the input
        assert terminal.wait() == 2
        swept(refusing, terminal)


def test_a_password_typed_into_the_line_front_end_is_not_echoed(refusing: Bench) -> None:
    with on_terminal(refusing, ["-m", "smtpwizard", "--plain", "--preset", "postmark"]) as terminal:
        terminal.wait_for("Stream of Postmark")
        terminal.press("1\r")
        terminal.wait_for("not shown")
        terminal.press(WORD + "\r")
        terminal.wait_for("verified domain.\nSender:")  # the prompt: what is typed before it is lost
        terminal.press("\x04")  # the end of the input
        assert terminal.wait() == 2
        swept(refusing, terminal)
