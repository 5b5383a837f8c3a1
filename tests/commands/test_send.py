"""`smtpwizard send`: the app's mails go out as the app would send them, and the reply to each is told."""

from __future__ import annotations

import email
import email.policy
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from smtpwizard.sandbox.script import Script, Stage, reply
from smtpwizard.sandbox.scripted import ScriptedServer
from support.probing import PASSWORD, USERNAME, certificates, serving

STARTTLS = Script(starttls=True)


def send(folder: Path, server: ScriptedServer, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    (folder / "ca.pem").write_text(certificates().ca_pem)
    environment = {
        "SMTP_HOST": "localhost",
        "SMTP_PORT": str(server.port),
        "SMTP_SENDER": "app@example.com",
        "SMTP_USERNAME": USERNAME,
        "SMTP_PASSWORD": PASSWORD,
        "ADMIN_WEB_URL": "https://feedback.example.com",
        **changes,
    }
    done = subprocess.run(
        [sys.executable, "-m", "smtpwizard", "send", "--environ", "--ca-file", "ca.pem", *arguments],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        cwd=folder,
        env={**{key: value for key, value in os.environ.items() if not key.startswith("SMTP")}, **environment},
    )
    assert PASSWORD not in done.stdout + done.stderr
    return done


def test_a_mail_is_sent_and_its_queue_id_told(tmp_path: Path) -> None:
    with serving(STARTTLS) as server:
        done = send(tmp_path, server, "--to", "you@example.org", "--json")
        (message,) = server.messages
    told = json.loads(done.stdout)
    assert done.returncode == 0
    assert (told["app"]["verdict"], told["app"]["send"]["ok"]) == ("works", True)
    assert told["message"]["queued_as"] == "4ZQK1T"
    parsed = email.message_from_bytes(message, policy=email.policy.default)
    assert parsed["Message-ID"] == told["message"]["id"]
    assert parsed["From"] == "User feedback <app@example.com>"
    assert "RCPT TO:<you@example.org>" in server.received


def test_the_code_is_told_to_the_person_and_stands_in_the_mail(tmp_path: Path) -> None:
    with serving(STARTTLS) as server:
        done = send(tmp_path, server, "--to", "you@example.org")
        (message,) = server.messages
    code = next(word.strip(".") for word in done.stderr.split() if word.strip(".").isdigit())
    parsed = email.message_from_bytes(message, policy=email.policy.default)
    body = parsed.get_body(("plain",))
    assert body is not None
    assert code in body.get_content()


def test_all_mails_go_over_one_connection(tmp_path: Path) -> None:
    with serving(STARTTLS) as server:
        done = send(tmp_path, server, "--to", "you@example.org", "--mail", "all", "--json")
        assert (server.connections, len(server.messages)) == (1, 3)
    assert len(json.loads(done.stdout)["messages"]) == 3


def test_a_message_that_is_refused_is_exit_status_1(tmp_path: Path) -> None:
    refusal = "550 The from address does not match a verified Sender Identity. Mail cannot be sent"
    with serving(STARTTLS.but(Stage.DOT, reply(refusal))) as server:
        done = send(tmp_path, server, "--to", "you@example.org", "--json")
    told = json.loads(done.stdout)
    assert done.returncode == 1
    assert told["app"]["verify"]["ok"] is True
    assert told["app"]["send"] == {"ok": False, "code": "EMESSAGE", "response_code": 550, "command": "DATA"}
    assert told["diagnoses"][0]["ref"] == "S1"


def test_settings_that_the_app_refuses_send_nothing(tmp_path: Path) -> None:
    with serving(STARTTLS) as server:
        done = send(tmp_path, server, "--to", "you@example.org", SMTP_TLS="yes")
        assert server.connections == 0
    assert done.returncode == 3


@pytest.mark.parametrize("to", ["nobody", "a@b\r\nRCPT TO:<x@y>", "<a@b>", "a@b,c@d", ""])
def test_a_recipient_that_is_no_address_is_refused_before_anything_is_sent(tmp_path: Path, to: str) -> None:
    with serving(STARTTLS) as server:
        done = send(tmp_path, server, "--to", to)
        assert server.connections == 0
    assert (done.returncode, done.stdout) == (2, "")
