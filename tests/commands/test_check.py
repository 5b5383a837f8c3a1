"""`smtpwizard check` as a process: exit status, one JSON object or a readable report, and nothing else on stdout."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from smtpwizard.sandbox.scripted import SILENCE, Script, ScriptedServer, Stage, reply
from support import program
from support.probing import PASSWORD, USERNAME, certificates, serving

STARTTLS = Script(starttls=True)
IMPLICIT = Script(implicit=True)
REFUSED = STARTTLS.but(Stage.PASSWORD, reply("535 5.7.8 Error: authentication failed"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "ca.pem").write_text(certificates().ca_pem)
    return tmp_path


def variables(server: ScriptedServer, **changes: str | None) -> dict[str, str]:
    given: dict[str, str | None] = {
        "SMTP_HOST": "localhost",
        "SMTP_PORT": str(server.port),
        "SMTP_SENDER": "app@example.com",
        "SMTP_USERNAME": USERNAME,
        "SMTP_PASSWORD": PASSWORD,
        "SMTP_TLS": "true" if server.script.implicit else "false",
        **changes,
    }
    return {name: value for name, value in given.items() if value is not None}


def smtpwizard(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("SMTP", "NODE"))}
    return program.run(
        [*arguments],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        cwd=folder,
        env={**plain, "HOME": str(folder), **environment},
    )


def check(folder: Path, server: ScriptedServer, *arguments: str, **changes: str | None) -> tuple[int, dict[str, Any]]:
    lines = "".join(f"{name}='{value}'\n" for name, value in variables(server, **changes).items())
    (folder / ".env").write_text(lines)
    done = smtpwizard(folder, "check", "--json", "--timeout", "2", "--ca-file", "ca.pem", *arguments)
    assert PASSWORD not in done.stdout + done.stderr
    assert len(done.stdout.splitlines()) == 1
    return done.returncode, json.loads(done.stdout)


def test_green_is_exit_status_0(folder: Path) -> None:
    with serving(STARTTLS) as server:
        code, told = check(folder, server)
    assert code == 0
    assert (told["schema"], told["server"], told["app"]["verdict"]) == (1, {"ok": True}, "works")
    assert told["app"]["verify"] == {"ok": True, "code": None, "response_code": None, "command": None}
    assert told["app"]["send"]["ok"] is None
    assert (told["app"]["id"], told["app"]["client"]) == ("abc-user-feedback", "nodemailer 8.0.5")
    assert (told["app"]["modelled"], told["app"]["compared"]) == (True, True)
    assert told["settings"]["SMTP_PASSWORD"] == "********"
    assert [step["step"] for step in told["steps"]] == [
        *("lint", "resolve", "connect", "greeting", "ehlo", "starttls", "ehlo", "auth", "mail", "rcpt")
    ]
    assert told["transcript"][1] == {"from": "client", "line": "EHLO [127.0.0.1]"}
    assert told["not_proved"]
    assert told["diagnoses"] == []
    assert "message" not in told


@pytest.mark.parametrize(
    ("script", "certificate", "changes", "step", "code", "verdict"),
    [
        (STARTTLS, "trusted", {}, None, None, "works"),
        (IMPLICIT, "trusted", {}, None, None, "works"),
        (Script(mechanisms=()), "trusted", {}, None, None, "works"),
        (REFUSED, "trusted", {}, "auth", "EAUTH", "fails"),
        (STARTTLS, "trusted", {"SMTP_PORT": "1"}, "connect", "ESOCKET", "fails"),
        (STARTTLS, "trusted", {"SMTP_HOST": "no-such-host.invalid"}, "resolve", "EDNS", "fails"),
        (STARTTLS, "expired", {}, "starttls", "ESOCKET", "fails"),
        (IMPLICIT, "wrong-name", {}, "tls", "ESOCKET", "fails"),
        (IMPLICIT, "trusted", {"SMTP_TLS": "false"}, "greeting", "ETIMEDOUT", "fails"),
        (STARTTLS, "trusted", {"SMTP_TLS": "true"}, "tls", "ESOCKET", "fails"),
        (Script(mechanisms=("XOAUTH2",)), "trusted", {}, "auth", None, "crashes"),
        (Script(mechanisms=(), login_required=True), "trusted", {}, "mail", "EENVELOPE", "fails"),
    ],
)
def test_the_right_step_code_and_verdict(
    folder: Path, script: Script, certificate: str, changes: dict[str, str], step: str, code: str, verdict: str
) -> None:
    with serving(script, certificate) as server:
        status, told = check(folder, server, **changes)
    failed = [item["step"] for item in told["steps"] if item["status"] == "failed"]
    assert failed == ([step] if step else [])
    assert (told["app"]["send"]["code"], told["app"]["verdict"]) == (code, verdict)
    assert status == (0 if verdict == "works" else 1)


def test_a_failure_comes_with_a_diagnosis(folder: Path) -> None:
    with serving(REFUSED) as server:
        _, told = check(folder, server)
    assert told["diagnoses"]
    assert {"id", "title", "cause", "remedy", "variables", "changes"} <= set(told["diagnoses"][0])


def test_settings_that_the_app_refuses_are_exit_status_3(folder: Path) -> None:
    with serving(STARTTLS) as server:
        code, told = check(folder, server, SMTP_TLS="yes")
        assert server.connections == 0
    assert code == 3
    assert told["steps"][0]["status"] == "failed"
    assert told["findings"][0]["severity"] == "error"


def test_no_settings_at_all_are_exit_status_3_and_no_file_is_4(folder: Path) -> None:
    assert smtpwizard(folder, "check", "--json").returncode == 4
    (folder / ".env").write_text("OTHER=1\n")
    assert smtpwizard(folder, "check", "--json").returncode == 3


def test_a_ca_file_that_is_missing_is_exit_status_4(folder: Path) -> None:
    with serving(STARTTLS) as server:
        done = smtpwizard(folder, "check", "--environ", "--ca-file", "none.pem", **variables(server))
    assert (done.returncode, done.stdout) == (4, "")
    assert "none.pem" in done.stderr


def test_a_recipient_that_is_no_address_is_exit_status_2(folder: Path) -> None:
    with serving(STARTTLS) as server:
        done = smtpwizard(folder, "check", "--environ", "--to", "a@b, c@d", **variables(server))
        assert server.connections == 0
    assert (done.returncode, done.stdout) == (2, "")


def test_the_recipient_is_named_at_rcpt(folder: Path) -> None:
    with serving(STARTTLS) as server:
        check(folder, server, "--to", "someone@example.org")
        assert "RCPT TO:<someone@example.org>" in server.received


def test_node_extra_ca_certs_is_honoured(folder: Path) -> None:
    with serving(STARTTLS) as server:
        untrusted = smtpwizard(folder, "check", "--environ", **variables(server))
        trusted = smtpwizard(folder, "check", "--environ", **variables(server), NODE_EXTRA_CA_CERTS="ca.pem")
    assert (untrusted.returncode, trusted.returncode) == (1, 0)


def test_the_report_for_people_has_a_line_a_stage_and_both_verdicts(folder: Path) -> None:
    with serving(REFUSED) as server:
        done = smtpwizard(folder, "check", "--environ", "--ca-file", "ca.pem", **variables(server))
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert lines[0].endswith("settings from the environment")
    assert any(line.startswith("✗ auth      535 5.7.8 Error: authentication failed") for line in lines)
    assert "– mail, rcpt not reached" in lines
    assert (
        "The app  ✗ ABC User Feedback (nodemailer 8.0.5) will fail: the login is refused (EAUTH 535 at AUTH PLAIN)."
        in lines
    )
    assert done.stderr == ""
    assert PASSWORD not in done.stdout


def test_an_ascii_terminal_gets_the_report_too(folder: Path) -> None:
    with serving(STARTTLS) as server:
        extra = {"PYTHONIOENCODING": "ascii", "NODE_EXTRA_CA_CERTS": "ca.pem"}
        done = smtpwizard(folder, "check", "--environ", **variables(server), **extra)
    assert done.returncode == 0
    assert done.stdout.isascii()


def test_ctrl_c_ends_at_once_with_130(folder: Path) -> None:
    with serving(Script().but(Stage.GREETING, SILENCE)) as server:
        process = subprocess.Popen(
            [sys.executable, "-m", "smtpwizard", "check", "--environ", "--timeout", "60"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **variables(server), "PYTHONUNBUFFERED": "1"},
        )
        assert process.stdout is not None
        while b"connect" not in process.stdout.readline():
            pass
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert time.monotonic() - began < 30
    assert b"Traceback" not in errors
