"""The terminal is given back after every signal, however early it comes."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from support.terminal import ALTERNATE_SCREEN, CURSOR_SHOWN, WIZARD, Terminal

pytestmark = [pytest.mark.pty]

TRACKS_THE_MOUSE = (b"\x1b[?1000h", b"\x1b[?1000l")


def wizard(folder: Path, *, warm: str = WIZARD) -> Terminal:
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    env = {**kept, "HOME": str(folder), "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
    command = [] if warm else [sys.executable, "-m", "smtpwizard"]
    return Terminal(command, cwd=folder, env=env, warm=warm)


def assert_given_back(terminal: Terminal) -> None:
    assert terminal.modes == terminal.modes_before
    for on, off in (ALTERNATE_SCREEN, TRACKS_THE_MOUSE, (b"\x1b[?25l", CURSOR_SHOWN), (b"\x1b[?2004h", b"\x1b[?2004l")):
        assert terminal.output.rfind(on) < terminal.output.rfind(off), off


@pytest.mark.parametrize("name", ["SIGHUP", "SIGQUIT", "SIGTERM", "SIGUSR1", "SIGUSR2", "SIGALRM"])
def test_a_signal_ends_it_and_leaves_the_terminal_as_it_was(name: str, tmp_path: Path) -> None:
    number = getattr(signal, name)
    with wizard(tmp_path) as terminal:
        terminal.wait_for("Sending services", "Ctrl+Q Quit")
        terminal.kill(number)
        assert terminal.wait() in (128 + number, -number)
        assert_given_back(terminal)


@pytest.mark.parametrize("name", ["SIGHUP", "SIGQUIT", "SIGTERM", "SIGALRM"])
def test_so_does_one_that_comes_before_the_first_frame(name: str, tmp_path: Path) -> None:
    number = getattr(signal, name)
    with wizard(tmp_path, warm="") as terminal:
        terminal.wait_for_output(ALTERNATE_SCREEN[0])
        terminal.kill(number)
        assert terminal.wait() in (128 + number, -number)
        assert_given_back(terminal)


@pytest.mark.parametrize("name", ["SIGSTOP", "SIGTSTP"])
def test_to_be_stopped_and_continued_makes_no_difference(name: str, tmp_path: Path) -> None:
    with wizard(tmp_path) as terminal:
        terminal.wait_for("Sending services", "Ctrl+Q Quit")
        threads = terminal.threads
        terminal.output = b""
        terminal.kill(getattr(signal, name), signal.SIGCONT)
        terminal.wait_for_output(b"\x1b[?1004h")  # what is typed before the terminal is taken again is dropped
        terminal.press("brevo")
        terminal.wait_for("Enter Use Brevo")
        assert terminal.threads == threads
        terminal.kill(signal.SIGTERM)
        assert terminal.wait() == 128 + signal.SIGTERM
        assert_given_back(terminal)


@pytest.mark.parametrize("told", [True, False])
def test_it_ends_with_its_terminal(told: bool, tmp_path: Path) -> None:
    with wizard(tmp_path) as terminal:
        terminal.wait_for("Sending services", "Ctrl+Q Quit")
        assert terminal.hang_up(told=told) in (128 + signal.SIGHUP, -signal.SIGHUP)
