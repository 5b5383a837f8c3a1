"""`preview` as a process: HTML on stdout, words on stderr, exit codes."""

from __future__ import annotations

import os
import pty
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from support import program

COMMAND = [sys.executable, "-m", "smtpwizard", "preview"]


def preview(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    variables = {key: value for key, value in os.environ.items() if "DISPLAY" not in key} | variables
    return program.run(["preview", *arguments], capture_output=True, text=True, timeout=60, check=False, env=variables)


@pytest.mark.parametrize("mail", ["verification", "reset-password", "invitation"])
def test_a_mail_is_printed_as_html_with_its_css_inlined(mail: str) -> None:
    done = preview("--mail", mail)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("<!DOCTYPE html>")
    assert 'style="' in done.stdout
    assert "418205" in done.stdout


def test_all_mails_at_once_are_no_page() -> None:
    done = preview("--mail", "all")
    assert (done.returncode, done.stdout) == (2, "")
    assert "One mail is shown at a time. Name it: verification, reset-password, invitation." in done.stderr


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


@pytest.mark.parametrize("given", ["", "apps/api", "apps/api/src/configs/modules/mailer-config/templates"])
def test_the_templates_of_a_checkout_are_found_from_its_root(tmp_path: Path, given: str) -> None:
    folder = tmp_path / "apps/api/src/configs/modules/mailer-config/templates"
    folder.mkdir(parents=True)
    (folder / "resetPassword.hbs").write_text("<p>{{link}}</p>")
    done = preview(
        "--mail", "reset-password", "--templates", str(tmp_path / given), "--context", '{"link": "L"}', "--raw"
    )
    assert (done.stdout, done.stderr) == ("<p>L</p>", "")
    missing = preview("--mail", "invitation", "--templates", str(tmp_path / given))
    assert missing.returncode == 4
    assert f"no invitation.hbs in {folder}" in missing.stderr


def test_a_partial_is_refused_since_the_apps_mailer_has_none(tmp_path: Path) -> None:
    (tmp_path / "verification.hbs").write_text("<p>{{code}}</p>\n{{> foot}}")
    (tmp_path / "foot.hbs").write_text("<i>x</i>")
    done = preview("--mail", "verification", "--templates", str(tmp_path), "--raw")
    assert (done.returncode, done.stdout) == (4, "")
    assert "verification.hbs, line 2: partials ({{> name}}) are not supported" in done.stderr


def test_text_is_readable_anywhere() -> None:
    done = preview("--mail", "verification", "--text")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("User feedback\n\nVerify your email address\n\nEnter this code")
    assert "\n\n418205\n\n" in done.stdout


def test_what_a_template_hides_for_a_terminal_is_shown_and_not_obeyed(tmp_path: Path) -> None:
    (tmp_path / "verification.hbs").write_text("<p>\x1b[2J{{code}}\u202e</p>")
    done = preview("--mail", "verification", "--templates", str(tmp_path), "--text")
    assert "418205" in done.stdout
    assert not {"\x1b", "\u202e"} & set(done.stdout)


def test_the_browser_is_given_a_file_that_only_its_owner_may_read(tmp_path: Path) -> None:
    opener = tmp_path / "xdg-open"
    opener.write_text(f'#!/bin/sh\nprintf %s "$1" > {tmp_path}/url\nexport -p > {tmp_path}/seen\n')
    opener.chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    done = preview(
        "--mail", "invitation", "--browser", DISPLAY=":9", PATH=path, TMPDIR=str(tmp_path), SMTP_PASSWORD="Zq7mark"
    )
    assert (done.returncode, done.stdout) == (0, "")
    assert "handed to the browser" in done.stderr
    file = Path((tmp_path / "url").read_text().removeprefix("file://"))
    assert file.parent == tmp_path
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text().startswith("<!DOCTYPE html>")
    assert "Zq7mark" not in (tmp_path / "seen").read_text()  # the browser stays, and its environment with it


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere there always is a desktop")
def test_without_a_desktop_the_browser_is_not_opened_and_it_says_where_the_mail_is(tmp_path: Path) -> None:
    done = preview("--mail", "invitation", "--browser", TMPDIR=str(tmp_path))
    assert (done.returncode, done.stdout) == (1, "")
    [file] = tmp_path.glob("smtpwizard-*.html")
    assert f"The mail is in {file}" in done.stderr


@pytest.mark.parametrize("how", [(), ("--raw",), ("--text",)])
def test_half_a_character_among_the_values_is_shown_as_one_that_is_missing(how: tuple[str, ...]) -> None:
    done = preview("--mail", "verification", "--context", '{"code": "a\\ud83db"}', *how)
    assert (done.returncode, done.stderr) == (0, "")
    assert "a\ufffdb" in done.stdout


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
        (["--out", "/dev/null/mail.html"], 4, "cannot be written"),
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
    assert "The values given are code, baseUrl; give more with --context" in done.stderr
    helped = preview("--mail", "verification", "--templates", str(tmp_path), "--context", '{"nickname": "N"}')
    assert (helped.returncode, helped.stderr) == (0, "")
