"""`preview` as a process: HTML on stdout, words on stderr, exit codes."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = [sys.executable, "-m", "smtpwizard", "preview"]


def preview(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("mail", ["verification", "reset-password", "invitation"])
def test_a_mail_is_printed_as_html_with_its_css_inlined(mail: str) -> None:
    done = preview("--mail", mail)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("<!DOCTYPE html>")
    assert 'style="' in done.stdout
    assert "418205" in done.stdout


def test_raw_is_the_template_filled_and_nothing_more() -> None:
    done = preview("--mail", "verification", "--raw")
    assert done.stdout.startswith("<!doctype html>")
    assert "body { margin: 0;" in done.stdout
    assert "{{" not in done.stdout


def test_given_values_replace_the_samples_and_are_escaped() -> None:
    done = preview("--mail", "verification", "--context", '{"code": "<1=2>"}', "--raw")
    assert "&lt;1&#x3D;2&gt;" in done.stdout
    assert "https://feedback.example.com" in done.stdout


def test_the_apps_own_templates_are_rendered_from_a_folder(tmp_path: Path) -> None:
    (tmp_path / "resetPassword.hbs").write_text("<p>{{baseUrl}}: {{link}}</p>")
    done = preview("--mail", "reset-password", "--templates", str(tmp_path), "--context", '{"link": "L"}', "--raw")
    assert done.stdout == "<p>https://feedback.example.com: L</p>"


def test_out_writes_a_file_and_says_so(tmp_path: Path) -> None:
    done = preview("--mail", "invitation", "--out", str(tmp_path / "mail.html"))
    assert done.stdout == ""
    assert "mail.html written" in done.stderr
    assert (tmp_path / "mail.html").read_text().startswith("<!DOCTYPE html>")


def test_on_a_terminal_it_is_readable_text() -> None:
    leader, follower = pty.openpty()
    done = subprocess.run([*COMMAND, "--mail", "reset-password"], stdout=follower, timeout=60, check=False)
    os.close(follower)
    with os.fdopen(leader, "rb") as screen:
        shown = screen.read1(65536).decode()
    assert done.returncode == 0
    assert "Choose a new password:\r\nhttps://feedback.example.com/link/reset-password?code=418205&" in shown
    assert "<" not in shown


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (["--context", "{"], 2, "no JSON"),
        (["--context", "[1]"], 2, "JSON object"),
        (["--context", '{"code": 1.5}'], 2, "float"),
        (["--context", "[" * 100_000], 2, "no JSON"),
        (["--templates", "/nonexistent"], 4, "no verification.hbs in /nonexistent"),
        (["--out", "/nonexistent/mail.html"], 4, "cannot be written"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_sentence(arguments: list[str], code: int, word: str) -> None:
    done = preview("--mail", "verification", *arguments)
    assert done.returncode == code
    assert word in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_missing_variable_is_an_error_of_the_template_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "verification.hbs").write_text("<p>\n{{nickname}}</p>")
    done = preview("--mail", "verification", "--templates", str(tmp_path))
    assert done.returncode == 4
    assert "verification.hbs, line 2: the variable nickname is missing." in done.stderr
