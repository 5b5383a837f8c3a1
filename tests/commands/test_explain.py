"""`smtpwizard explain` as a process: text and stdin in, words or JSON out, exit status, speed, and nothing more."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from support import program
from support.reply_variants import error_dump, nest_log

GMAIL = (
    "535-5.7.8 Username and Password not accepted. For more information, go to\n"
    "535 5.7.8  https://support.google.com/mail/?p=BadCredentials abc12345 - gsmtp"
)
LOG = "\n".join([nest_log("all is well"), nest_log(f"Invalid login: {GMAIL}"), error_dump("550 5.9.9 xyzzy", "mail")])


def explain(*arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    return program.run(
        ["explain", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_reply_is_explained_as_fact_cause_action() -> None:
    done = explain("--app", "abc-user-feedback", "535 Authentication failed: Bad username / password")
    assert done.returncode == 0
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert lines[0] == "line 1: 535 Authentication failed: Bad username / password"
    assert lines[1] == "  A13  User name or key refused by SendGrid (535)"
    assert "  → SMTP_USERNAME=apikey" in lines
    assert "checked 2026-11-22" in done.stdout


def test_json_is_one_object_of_the_contract() -> None:
    done = explain("--json", "--app", "abc-user-feedback", "535 Authentication failed: Bad username / password")
    found = json.loads(done.stdout)
    assert found["schema"] == 1
    assert found["diagnoses"][0] == {
        "ref": "A13",
        "id": "sendgrid-bad-login",
        "title": "User name or key refused by SendGrid (535)",
        "cause": found["diagnoses"][0]["cause"],
        "remedy": found["diagnoses"][0]["remedy"],
        "variables": ["SMTP_USERNAME", "SMTP_PASSWORD"],
        "changes": {"SMTP_USERNAME": "apikey"},
        "source": found["diagnoses"][0]["source"],
        "checked": "2026-11-22",
    }
    assert done.stdout.count("\n") == 1


def test_without_an_app_no_setting_of_one_is_named_or_changed() -> None:
    done = explain("--json", "535 Authentication failed: Bad username / password")
    first = json.loads(done.stdout)["diagnoses"][0]
    assert (first["ref"], first["variables"], first["changes"]) == ("A13", [], {})
    assert "SMTP_" not in first["remedy"]


def test_a_generic_answer_is_marked_and_has_no_reference() -> None:
    done = explain("--json", "--stage", "auth", "535 xyzzy")
    (only,) = json.loads(done.stdout)["diagnoses"]
    assert done.returncode == 0
    assert only["generic"] is True
    assert "ref" not in only
    assert "no known cause" in explain("--stage", "auth", "535 xyzzy").stdout
    assert "no known cause" not in explain("554 5.7.1 Reached address outgoing limits").stdout


def test_a_log_on_stdin_is_searched_and_each_error_told_once() -> None:
    done = explain(stdin=LOG)
    heads = [line for line in done.stdout.splitlines() if line.startswith("line ")]
    assert done.returncode == 0
    assert len(heads) == 2
    assert "Username and Password not accepted" in heads[0]
    assert "550 5.9.9 xyzzy" in heads[1]


def test_the_provider_decides_where_the_words_do_not() -> None:
    reply = "535 5.7.8 xyzzy"
    assert json.loads(explain("--json", reply).stdout)["diagnoses"][0]["generic"] is True
    assert json.loads(explain("--json", "--provider", "resend", reply).stdout)["diagnoses"][0]["ref"] == "A24"
    assert json.loads(explain("--json", "--provider", "postal", "535 Denied").stdout)["diagnoses"][0]["ref"] == "S18"


def test_a_dash_is_stdin_and_the_name_of_a_file_is_no_text(tmp_path: Path) -> None:
    assert explain("-", stdin=LOG).stdout == explain(stdin=LOG).stdout != ""
    log = tmp_path / "today's mail.log"
    log.write_text(LOG)
    done = explain(str(log))
    assert done.returncode == 1
    assert done.stderr.endswith(f"To have it read: smtpwizard explain < {shlex.quote(str(log))}\n")


def test_the_same_cause_by_another_entry_is_not_told_again() -> None:
    done = explain("552 5.2.2 <you@example.org> Quota exceeded (mailbox for user is full)")
    assert done.stdout.count("mailbox full") == 1
    done = explain("535 5.7.8 Error: authentication failed: authentication failure")
    assert done.stdout.count("User name or password refused") == 1


@pytest.mark.parametrize("stdin", ["all is well\n", nest_log("all is well")])
def test_a_text_without_mail_error_ends_with_status_1(stdin: str) -> None:
    done = explain("--json", stdin=stdin)
    assert done.returncode == 1
    assert json.loads(done.stdout) == {"schema": 1, "diagnoses": []}
    assert "No mail error was found" in done.stderr
    assert explain(stdin=stdin).stdout == ""


@pytest.mark.parametrize(
    ("arguments", "stdin", "words"),
    [
        ((), "", "empty"),
        (("  ",), None, "empty"),
        (("--provider", "nope", "535 no"), None, "nope"),
        (("--stage", "login", "535 no"), None, "takes lint, resolve"),
    ],
)
def test_wrong_use_is_status_2_and_says_how(arguments: tuple[str, ...], stdin: str | None, words: str) -> None:
    done = explain(*arguments, stdin=stdin)
    assert done.returncode == 2
    assert done.stdout == ""
    assert words in done.stderr


def test_a_terminal_instead_of_a_log_is_told_what_to_give() -> None:
    controller, terminal = os.openpty()
    try:
        done = program.run(["explain"], stdin=terminal, capture_output=True, text=True, check=False)
    finally:
        os.close(controller)
        os.close(terminal)
    assert done.returncode == 2
    assert "docker compose logs api" in done.stderr


def test_secrets_in_a_log_do_not_come_out() -> None:
    reply = GMAIL.splitlines()[0]
    log = f"SMTP_PASSWORD=marked-secret\nC: AUTH PLAIN AG1hcmtlZC1zZWNyZXQ=\nS: {reply} pass: 'marked-secret'"
    for flags in ((), ("--json",)):
        done = explain(*flags, stdin=log)
        assert done.returncode == 0
        assert "marked-secret" not in done.stdout + done.stderr
        assert "AG1hcmtlZC1zZWNyZXQ" not in done.stdout + done.stderr


def test_escapes_and_markup_of_a_server_come_out_harmless() -> None:
    done = explain("550 \x1b[31m\x1b]8;;http://x\x07[/] [@click=app.quit] \u202e relay access denied")
    assert done.returncode == 0
    assert "\x1b" not in done.stdout
    assert "\u202e" not in done.stdout


def test_octets_that_are_no_utf8_are_read() -> None:
    done = program.run(
        ["explain"],
        input=b"\xff\xfe 554 5.7.1 <x\xe9@y.example>: Relay access denied\n",
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0
    assert b"S31" in done.stdout


def test_own_failures_beside_own_presets_are_used_and_broken_ones_told(tmp_path: Path) -> None:
    folder = tmp_path / "failures"
    folder.mkdir()
    (folder / "auth.toml").write_text(
        '[[failure]]\nref = "X1"\nid = "house-rule"\nstages = ["auth"]\ntext = ["ask the janitor"]\nby = [["text"]]\n'
        'title = "House rule"\ncause = "It is so."\nremedy = "Ask."\nsource = "us"\nchecked = "2026-11-22"\n'
        'evidence = "S"\n'
        'examples = [{ stage = "auth", reply = "535 ask the janitor" }]\n[[failure]]\nref = "X2"\n'
    )
    done = explain("--presets", str(tmp_path), "535 Ask the janitor")
    assert "X1  House rule" in done.stdout
    assert "auth.toml:14: failure[1].id: is missing" in done.stderr


def test_nothing_costly_is_imported() -> None:
    code = (
        "import sys; from smtpwizard.cli.main import run; run(['explain', '535 5.7.8 no']);"
        "costly = {'asyncio', 'ssl', 'socket', 'textual', 'rich', 'pybars', 'dotenv', 'dns'};"
        "print(sorted(costly & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
