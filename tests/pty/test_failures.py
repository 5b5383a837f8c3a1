"""A failure is played, explained and left again on a real terminal without colour: everything is told by shapes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from support.failure_examples import all_playable
from support.terminal import WIZARD, Terminal

pytestmark = [pytest.mark.pty]

CTRL_P, CTRL_Q = "\x10", "\x11"


def test_without_colour_a_played_failure_and_the_choice_of_a_service_are_shapes(tmp_path: Path) -> None:
    home, shop = tmp_path / "home", tmp_path / "shop"
    home.mkdir()
    shop.mkdir()
    (shop / "compose.yaml").write_text("services:\n  api:\n    image: line/abc-user-feedback-api\n")
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    environment = {**kept, "HOME": str(home), "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "NO_COLOR": "1"}
    with Terminal(["--demo"], cwd=shop, env=environment, warm=WIZARD) as terminal:
        terminal.wait_for("Enter Use Practice server")
        terminal.press("enter")
        terminal.wait_for("Enter Test")
        terminal.press("enter")
        terminal.wait_for("✓ The app will send its mail")
        terminal.press(CTRL_P)
        terminal.wait_for("Search for commands")
        terminal.press("play a failure")
        terminal.wait_for("practice: Play a failure")
        terminal.press("enter")
        terminal.wait_for(f"▌{all_playable()[0].ref}")
        terminal.press("gmail-app")
        terminal.wait_for("▌A1")
        terminal.press("enter")
        terminal.wait_for("A1 · checked", "✗ auth", "✓ ehlo", "– mail, rcpt", "✗ The app will fail")
        terminal.press("\x07")  # Ctrl+G: on to Save whatever the test said
        terminal.wait_for("(•) .env.practice", "Enter Write .env.practice", "! The test failed at auth")
        terminal.press("down", "down")
        terminal.wait_for(
            "Enter Write compose.yaml", "(•) compose.yaml service api", "‹password here›", "( ) .env", "←→"
        )
        terminal.press(CTRL_Q)
        terminal.wait_for("Leave without saving")
        terminal.press("\x1b[D", "enter")
        assert terminal.wait() == 0
    assert not (shop / ".env").exists()


def test_what_the_apps_service_sets_is_found_and_is_where_the_wizard_saves(tmp_path: Path) -> None:
    home, shop = tmp_path / "home", tmp_path / "shop"
    home.mkdir()
    shop.mkdir()
    (shop / "docker-compose.yml").write_text(
        "services:\n  mysql:\n    image: mysql:8\n  smtp4dev:\n    image: rnwood/smtp4dev\n  api:\n"
        "    image: line/abc-user-feedback-api\n    environment:\n      - SMTP_HOST=127.0.0.1\n      - SMTP_PORT=9\n"
        "      - SMTP_SENDER=a@example.com\n"
    )
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    environment = {**kept, "HOME": str(home), "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
    with Terminal([], cwd=shop, env=environment, warm=WIZARD) as terminal:
        terminal.wait_for("Found in docker-compose.yml", "→ docker-compose.yml", "127.0.0.1:9")
        terminal.press("enter")
        terminal.wait_for("Enter Fix in Settings")
        terminal.press("\x07")  # Ctrl+G: on to Save whatever the test said
        shown = terminal.wait_for("(•) docker-compose.yml service api", "( ) .env")
        assert "mysql" not in shown
        assert "smtp4dev" not in shown
        terminal.press("up")
        terminal.wait_for("(•) .env", "sets SMTP_HOST", "beats the file", "Enter Write .env")
        terminal.press(CTRL_Q)
        terminal.wait()
    assert not (shop / ".env").exists()
