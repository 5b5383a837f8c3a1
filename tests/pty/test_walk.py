"""The whole walk in a real terminal by keyboard alone, from the provider to the code, and what it leaves behind."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import dotenv
import pytest

from support.leaks import assert_no_secret, assert_no_secret_in_files
from support.node import node_json
from support.terminal import ALTERNATE_SCREEN, CURSOR_SHOWN, WIZARD, Terminal

pytestmark = [pytest.mark.pty]

MAILS = ("Email verification", "Password reset", "User invitation")
NAMES = ("SMTP_HOST", "SMTP_PORT", "SMTP_SENDER", "SMTP_USERNAME", "SMTP_PASSWORD", "SMTP_TLS")


def environment(tmp_path: Path) -> dict[str, str]:
    """Return an environment of its own: no settings, no user presets, no backups of this machine's user."""
    home = tmp_path / "home"
    home.mkdir()
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "PYTHONPATH") if name in os.environ}
    return {**kept, "HOME": str(home), "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "COLORTERM": "truecolor"}


def walk(terminal: Terminal) -> tuple[str, ...]:
    """Go through all five steps on the practice server and return the codes of the mails that arrived."""
    terminal.wait_for("Enter Use Practice server")
    terminal.press("enter")
    terminal.wait_for("Enter Test")
    terminal.press("enter")
    terminal.wait_for("✓ The app will send its mail")
    terminal.press("enter")
    terminal.wait_for("Enter Write .env")
    terminal.press("enter")
    terminal.wait_for("Enter Send a mail")
    terminal.press("enter")
    terminal.wait_for("Enter Send ")
    terminal.press("enter")
    arrived = [f"✓ {mail.ljust(18)}  arrived, code " for mail in MAILS]
    screen = terminal.wait_for(*arrived, "Seen in the practice server's inbox.", "Enter Finish")
    return tuple("".join(found) for found in re.findall(r"arrived, code (\d{3}) (\d{3})", screen))


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Return an empty project folder."""
    folder = tmp_path / "shop"
    folder.mkdir()
    return folder


def test_the_walk_ends_with_a_file_that_all_readers_read_alike_and_three_mails_that_arrived(
    tmp_path: Path, shop: Path
) -> None:
    command = [sys.executable, "-m", "smtpwizard", "--demo"]
    with Terminal(command, cwd=shop, env=environment(tmp_path)) as terminal:
        codes = walk(terminal)
        assert len(set(codes)) == 3
        terminal.press(codes[0])  # as it would be typed from a mail that no inbox shows by itself
        terminal.wait_for("✓ Email verification  arrived: the code is right")
        terminal.press("enter")
        assert terminal.wait() == 0
        left = " ".join(terminal.after_the_screen().split())  # it is wrapped
        assert terminal.modes == terminal.modes_before
    assert terminal.output.count(ALTERNATE_SCREEN[0]) == terminal.output.count(ALTERNATE_SCREEN[1]) == 1
    assert terminal.output.rindex(CURSOR_SHOWN) > terminal.output.index(ALTERNATE_SCREEN[0])
    assert "✓ Practice server (127.0.0.1:" in left
    assert ".env.practice written" in left
    assert "✓ email verification arrived (code confirmed)" in left
    assert "✓ password reset arrived in the practice server's inbox" in left
    assert "✓ user invitation arrived in the practice server's inbox" in left
    assert "! not proved:" in left
    assert "not proved: that the mail" not in left

    file = shop / ".env.practice"
    assert file.stat().st_mode & 0o777 == 0o600
    by_python = dotenv.dotenv_values(file)
    assert set(NAMES) <= set(by_python)
    assert by_bash(file) == {name: by_python[name] for name in NAMES}
    password = by_python["SMTP_PASSWORD"]
    assert password
    assert_no_secret(terminal.output, {"the password": password}, "the terminal")
    assert_no_secret_in_files({"the password": password}, tmp_path, but=(".env.practice",))


@pytest.mark.node
def test_what_the_walk_wrote_is_read_alike_by_the_apps_own_reader(tmp_path: Path, shop: Path) -> None:
    with Terminal(["--demo"], cwd=shop, env=environment(tmp_path), columns=120, rows=36, warm=WIZARD) as terminal:
        walk(terminal)
        terminal.press("\x07")  # Ctrl+G
        assert terminal.wait() == 0
    script = "output(require('dotenv').parse(require('fs').readFileSync(input)))"
    by_npm = node_json(script, str(shop / ".env.practice"))
    assert by_npm == dotenv.dotenv_values(shop / ".env.practice")


def test_leaving_in_the_middle_writes_nothing_and_says_so(tmp_path: Path, shop: Path) -> None:
    with Terminal(["--demo"], cwd=shop, env=environment(tmp_path), warm=WIZARD) as terminal:
        terminal.wait_for("Enter Use Practice server")
        terminal.press("enter")
        terminal.wait_for("Enter Test")
        terminal.press("enter")
        terminal.wait_for("✓ The app will send its mail")
        terminal.press("\x11")  # Ctrl+Q
        terminal.wait_for("Leave without saving")
        terminal.press("tab", "enter")
        assert terminal.wait() == 0
        assert "Nothing was written." in terminal.after_the_screen()
    assert list(shop.iterdir()) == []


def by_bash(file: Path) -> dict[str, str]:
    """Return the variables as bash has them after sourcing `file`."""
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("bash is not installed")
    names = " ".join(NAMES)
    script = f'set -eu; set -a; . "$1"; for name in {names}; do printf "%s=%s\\0" "$name" "${{!name}}"; done'
    done = subprocess.run([bash, "-c", script, "bash", str(file)], capture_output=True, check=True, timeout=60, env={})
    pairs = (item.partition("=") for item in done.stdout.decode().split("\0") if item)
    return {name: value for name, _, value in pairs}
