"""Keys that come faster than a hand types them: password managers, pasted lines."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from support.terminal import Terminal

pytestmark = [pytest.mark.pty]

SECRET = "abcdefghijklmnop"


def test_a_password_that_follows_a_tab_at_once_never_lands_in_the_field_before(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "smtpwizard", "--preset", "gmail"]
    home = tmp_path / "home"
    home.mkdir()
    environment = {"HOME": str(home), "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"}
    with Terminal(command, cwd=tmp_path, env=environment, columns=120, rows=36) as terminal:
        terminal.wait_for("still needed: Mail address, App password")
        terminal.press(f"me@gmail.com\t{SECRET}\t")
        text = terminal.wait_for("as me@gmail.com", "SMTP_USERNAME=me@gmail.com", "SMTP_PASSWORD=••••••••")
        assert SECRET not in text
        assert "still needed" not in text


def test_keys_that_come_faster_than_a_redraw_are_all_taken_in_order(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "smtpwizard", "--demo"]
    home = tmp_path / "home"
    home.mkdir()
    environment = {"HOME": str(home), "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"}
    with Terminal(command, cwd=tmp_path, env=environment, columns=120, rows=36) as terminal:
        terminal.wait_for("Enter Use Practice server")
        terminal.press("enter")
        terminal.wait_for("SMTP_SENDER=practice@")
        # One kind of key at a time: Textual inserts letters before it runs the actions of keys that came earlier.
        terminal.press("tab", "tab")
        terminal.press(*("\x7f" * 40))  # a key that is held down
        terminal.wait_for("still needed: Sender")
        terminal.press(*"mails@name.example.org")
        terminal.wait_for("Sender             ▌ mails@name.example.org  ", "SMTP_SENDER=mails@name.examp")
        terminal.press(*("\x7f" * 10))
        terminal.wait_for("SMTP_SENDER=mails@name.e ", "Sender             ▌ mails@name.e  ")
