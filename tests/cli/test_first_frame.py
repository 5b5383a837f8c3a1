"""What the wizard has loaded when its first frame stands in a real terminal: nothing that only a later step needs."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from support.processes import wait_until
from support.terminal import Terminal

pytestmark = [pytest.mark.pty]

LATER = {"pybars", "pymeta", "css_inline", "aiosmtpd", "trustme", "cryptography", "imaplib"}
"""Rendering, the practice server, the mailbox."""
WIZARD = """
import os, sys, threading

def tell():
    with open("ask") as ask:  # until the test says that the frame stands
        ask.read()
    names = {name.split(".")[0] for name in sys.modules}
    with open("telling", "w") as file:
        file.write(" ".join(names))
    os.replace("telling", "told")

threading.Thread(target=tell, daemon=True).start()
from smtpwizard.cli.main import main
sys.exit(main([]))
"""


def test_the_first_frame_stands_before_anything_of_a_later_step_is_loaded(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "ask")
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    env = {**kept, "HOME": str(tmp_path), "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "COLORTERM": "truecolor"}
    with Terminal([sys.executable, "-c", WIZARD], cwd=tmp_path, env=env) as terminal:
        terminal.wait_for("Enter Use ", "by kind")
        (tmp_path / "ask").write_text("now")
        told = tmp_path / "told"
        wait_until(told.exists, "the wizard tells what it has loaded")
    loaded = set(told.read_text().split())
    assert "textual" in loaded
    assert not loaded & LATER
