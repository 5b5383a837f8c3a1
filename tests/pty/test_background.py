"""What the terminal says of its background, in the midst of what is typed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from support.terminal import Terminal

pytestmark = [pytest.mark.pty]

QUESTION = b"\x1b]11;?\x07"
WHITE = "\x1b]11;rgb:ffff/ffff/ffff\x1b\\"
LIGHT_GROUND = b"48;2;250;251;251"


def test_on_a_white_terminal_it_turns_light_and_the_keys_around_the_answer_are_typed(tmp_path: Path) -> None:
    environment = {"HOME": str(tmp_path), "TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8"}
    command = [sys.executable, "-m", "smtpwizard"]
    with Terminal(command, cwd=tmp_path, env=environment | {"PATH": "/usr/bin:/bin"}) as terminal:
        terminal.wait_for_output(QUESTION)
        terminal.wait_for("Enter Use")
        assert LIGHT_GROUND not in terminal.output  # no answer is waited for
        terminal.press(f"sen{WHITE}dgrid")
        terminal.wait_for("▌ sendgrid ", "Enter Use SendGrid")
        terminal.wait_for_output(LIGHT_GROUND)
