"""What a person sees of a command on a terminal: prose as wide as that is, marks in colour, and neither in a pipe."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import termios
from contextlib import suppress
from pathlib import Path

import pytest

from smtpwizard.cli.main import status

SGR = re.compile(r"\x1b\[[0-9;]*m")
SETTINGS = "SMTP_HOST=smtp.gmail.com\nSMTP_PORT=587\nSMTP_SENDER=you@gmail.com\nSMTP_TLS=yes\n"
KOREAN = "SMTP_HOST=smtp.gmail.com\nSMTP_PORT=587\nSMTP_SENDER=you@gmail.com\nSMTP_TLS=피드백을 받는 주소\n"


class Commands:
    """Runs commands in a folder with a terminal for stdout and stderr."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self._patch = patch
        patch.chdir(folder)
        patch.setenv("TERM", "xterm-256color")
        patch.delenv("COLUMNS", raising=False)
        patch.delenv("NO_COLOR", raising=False)

    def __call__(self, *arguments: str, columns: int = 60) -> str:
        """Return all that the terminal got, its line ends as LF."""
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        with os.fdopen(slave, "w", encoding="utf-8") as stream:
            self._patch.setattr("sys.stdout", stream)
            self._patch.setattr("sys.stderr", stream)
            status(arguments)
        said = b""
        with suppress(OSError):  # EIO, once all is read: a terminal holds more than such a page
            while more := os.read(master, 65536):
                said += more
        os.close(master)
        return said.decode().replace("\r\n", "\n")


@pytest.fixture
def on_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Commands:
    (tmp_path / ".env").write_text(SETTINGS)
    return Commands(tmp_path, monkeypatch)


@pytest.mark.parametrize("columns", [40, 60, 80, 120])
@pytest.mark.parametrize(
    "arguments", [["lint"], ["check"], ["explain", "535 5.7.8 Username and Password not accepted"], ["presets", "shw"]]
)
def test_prose_is_as_wide_as_the_terminal(on_terminal: Commands, arguments: list[str], columns: int) -> None:
    lines = SGR.sub("", on_terminal(*arguments, columns=columns)).splitlines()
    broken = [line for line in lines if " " in line.strip() and len(line) > columns]
    assert broken == []
    assert max(map(len, lines)) > min(columns, 100) * 0.6, "and not much narrower"


def test_wide_letters_count_twice(on_terminal: Commands, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(KOREAN)
    from rich.cells import cell_len

    lines = SGR.sub("", on_terminal("lint", columns=40)).splitlines()
    assert any("피드백을" in line for line in lines)
    assert max(map(cell_len, lines)) <= 40


def test_marks_and_headings_are_coloured(on_terminal: Commands) -> None:
    page = on_terminal("check")
    assert "\x1b[31m✗\x1b[0m settings" in page
    assert page.startswith("\x1b[1msmtp.gmail.com:587 (Gmail), settings from .env\x1b[0m\n")
    assert "\x1b[1mError" not in page
    lines = on_terminal("lint").splitlines()
    assert lines[0].startswith("\x1b[31m✗\x1b[0m SMTP_TLS is `yes`")
    assert any(line.startswith("  \x1b[36m→\x1b[0m Set SMTP_TLS=false") for line in lines)


def test_a_diff_is_coloured_as_elsewhere(on_terminal: Commands) -> None:
    diff = on_terminal(
        "write", "--env-file", ".env", "--preset", "mailpit", "--set", "sender=you@acme.dev", "--dry-run"
    )
    assert "\x1b[31m-SMTP_HOST=smtp.gmail.com\x1b[0m\n" in diff
    assert "\x1b[32m+SMTP_TLS=false\x1b[0m\n" in diff


@pytest.mark.parametrize(
    ("name", "value", "flags"),
    [("NO_COLOR", "1", []), ("TERM", "dumb", []), ("TERM", "", []), ("X", "", ["--no-color"])],
)
def test_colour_can_be_declined(
    on_terminal: Commands, monkeypatch: pytest.MonkeyPatch, name: str, value: str, flags: list[str]
) -> None:
    monkeypatch.setenv("NO_COLOR", "")  # what --no-color sets is undone after the test
    monkeypatch.setenv(name, value)
    page = on_terminal("lint", *flags)
    assert "✗ SMTP_TLS is `yes`" in page
    assert "\x1b" not in page


def test_a_pipe_gets_each_sentence_in_one_line_without_colours(
    on_terminal: Commands, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert status(["lint"]) == 3
    out, err = capsys.readouterr()
    assert "\x1b" not in out + err
    assert "✗ SMTP_TLS is `yes`, and the app refuses to start. It takes `true` or `false`.\n" in out
    monkeypatch.setenv("COLUMNS", "40")
    status(["lint"])
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 40, "unless COLUMNS says how wide"
