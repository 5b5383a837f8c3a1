"""The commands, one after the other, against a real Postfix: written settings, checked, and mails that arrive.

Each command is a process of its own. What it says is compared with what Postfix has in its log and Dovecot on its disk.
"""

from __future__ import annotations

import email
import email.policy
import re
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from support.company import APP, PASSWORDS, READER
from support.dovecot import Dovecot
from support.postfix import Postfix
from support.wizard import told, wizard

WRONG = "e2e: not the #1 Pass$word"


def write(folder: Path, server: Postfix, password: str, **changes: str) -> None:
    values = {
        "SMTP_HOST": "localhost",
        "SMTP_PORT": str(server.starttls_port),
        "SMTP_SENDER": APP,
        "SMTP_USERNAME": APP,
        "SMTP_TLS": "false",
        "ADMIN_WEB_URL": "https://feedback.app.example",
        **changes,
    }
    settings = [word for name, value in values.items() for word in ("--set", f"{name}={value}")]
    target = ("--env-file", ".env", "--preset", "custom", "--password-stdin")
    done = wizard(folder, "write", *target, *settings, "--json", stdin=password)
    assert done.returncode == 0, done.stdout + done.stderr
    assert told(done)["written"]
    assert password not in done.stdout + done.stderr


def check(folder: Path, server: Postfix, *, to: str = READER, exit_status: int = 1) -> dict[str, Any]:
    done = wizard(folder, "check", "--to", to, "--ca-file", str(server.ca_file), "--json")
    assert done.returncode == exit_status, done.stdout + done.stderr
    assert not any(word in done.stdout + done.stderr for word in (PASSWORDS[APP], WRONG))
    return told(done)


def causes(report: dict[str, Any]) -> list[str]:
    return [item.get("ref") or item["id"] for item in report["diagnoses"]]


def parsed(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def text_of(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


@pytest.mark.parametrize("implicit", [False, True], ids=["STARTTLS", "implicit TLS"])
def test_written_settings_pass_the_check_and_all_three_mails_arrive(
    tmp_path: Path, dovecot: Dovecot, postfix: Postfix, implicit: bool
) -> None:
    port = postfix.implicit_port if implicit else postfix.starttls_port
    write(tmp_path, postfix, dovecot.users[APP], SMTP_PORT=str(port), SMTP_TLS="true" if implicit else "false")
    assert check(tmp_path, postfix, exit_status=0)["app"]["verdict"] == "works"

    before = {message["Message-ID"] for message in map(parsed, dovecot.messages(READER))}
    arguments = ("--mail", "all", "--to", READER, "--inbox", "none", "--ca-file", str(postfix.ca_file), "--json")
    done = wizard(tmp_path, "send", *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    report = told(done)
    assert (report["app"]["verdict"], report["app"]["send"]["ok"]) == ("works", True)

    sent = {item["id"]: item["queued_as"] for item in report["messages"]}
    assert len(set(sent.values())) == 3
    for queue_id in sent.values():
        assert f"to=<{READER}>" in postfix.wait_delivered(queue_id)
    assert not set(postfix.queued()) & set(sent.values())
    arrived = {message["Message-ID"]: message for message in map(parsed, dovecot.messages(READER))}
    assert arrived.keys() - before == sent.keys()
    for message_id, queue_id in sent.items():
        message = arrived[message_id]
        assert message["From"].addresses[0].addr_spec == APP
        assert any(f"ESMTPSA id {queue_id}" in line for line in message.get_all("Received"))
    codes = re.findall(r"\b\d{6}\b", done.stderr)
    bodies = [text_of(arrived[message_id]) for message_id in sent]
    assert len(set(codes)) == 3
    assert all(code in body for code, body in zip(codes, bodies, strict=True))


def test_three_mails_are_one_connection_and_one_login(tmp_path: Path, dovecot: Dovecot, postfix: Postfix) -> None:
    write(tmp_path, postfix, dovecot.users[APP])
    before = postfix.log
    arguments = ("--mail", "all", "--to", READER, "--inbox", "none", "--ca-file", str(postfix.ca_file), "--json")
    assert wizard(tmp_path, "send", *arguments).returncode == 0
    postfix.wait_for_log("disconnect from", "auth=1 mail=3 rcpt=3 data=3", after=before)
    assert postfix.log.removeprefix(before).count("]: connect from") == 1


def test_a_wrong_password_is_tried_once(tmp_path: Path, postfix: Postfix) -> None:
    write(tmp_path, postfix, WRONG)
    before = postfix.log
    report = check(tmp_path, postfix)
    assert report["app"]["verify"] == {"ok": False, "code": "EAUTH", "response_code": 535, "command": "AUTH PLAIN"}
    postfix.wait_for_log("disconnect from", "auth=0/1", after=before)
    assert postfix.log.removeprefix(before).count("authentication failed") == 1
    assert any("SMTP_PASSWORD" in item["variables"] for item in report["diagnoses"])


def test_a_sender_that_the_login_does_not_own_is_named_as_the_cause(
    tmp_path: Path, dovecot: Dovecot, postfix: Postfix
) -> None:
    write(tmp_path, postfix, dovecot.users[APP], SMTP_SENDER="noreply@app.example")
    report = check(tmp_path, postfix)
    assert causes(report) == ["S20"]
    # Postfix judges the sender when the recipient is named (smtpd_delay_reject), so the reply comes at RCPT.
    assert report["app"]["send"] == {"ok": False, "code": "EENVELOPE", "response_code": 553, "command": "RCPT TO"}
    assert report["diagnoses"][0]["changes"] == {"SMTP_SENDER": APP}
    write(tmp_path, postfix, dovecot.users[APP], **report["diagnoses"][0]["changes"])
    assert check(tmp_path, postfix, exit_status=0)["app"]["verdict"] == "works"


@pytest.mark.parametrize(
    ("to", "ref", "code"), [("nobody@app.example", "S39", 550), ("you@elsewhere.example", "S31", 554)]
)
def test_a_refused_recipient_is_explained_by_what_the_server_says(
    tmp_path: Path, dovecot: Dovecot, postfix: Postfix, to: str, ref: str, code: int
) -> None:
    write(tmp_path, postfix, dovecot.users[APP])
    report = check(tmp_path, postfix, to=to)
    assert causes(report) == [ref]
    assert report["app"]["verify"]["ok"]
    assert report["app"]["send"] == {"ok": False, "code": "EENVELOPE", "response_code": code, "command": "RCPT TO"}


def test_a_recipient_that_is_refused_takes_nothing_from_the_other(
    tmp_path: Path, dovecot: Dovecot, postfix: Postfix
) -> None:
    write(tmp_path, postfix, dovecot.users[APP])
    people = ("--to", "nobody@app.example", "--to", READER)
    done = wizard(tmp_path, "send", *people, "--inbox", "none", "--ca-file", str(postfix.ca_file), "--json")
    report = told(done)
    assert done.returncode == 1
    assert causes(report) == ["S39"]
    refused, accepted = report["messages"]
    assert (refused["accepted"], refused["queued_as"], accepted["accepted"]) == (False, None, True)
    assert f"to=<{READER}>" in postfix.wait_delivered(accepted["queued_as"])


@pytest.mark.parametrize("implicit", [False, True], ids=["STARTTLS port", "implicit TLS port"])
def test_the_wrong_tls_mode_is_found_and_its_repair_works(
    tmp_path: Path, dovecot: Dovecot, postfix: Postfix, implicit: bool
) -> None:
    port = str(postfix.implicit_port if implicit else postfix.starttls_port)
    write(tmp_path, postfix, dovecot.users[APP], SMTP_PORT=port, SMTP_TLS="false" if implicit else "true")
    report = check(tmp_path, postfix)
    assert ("T2" if implicit else "T1") in causes(report)
    (proposal,) = report["proposals"]
    assert proposal["changes"] == {"SMTP_TLS": "true" if implicit else "false"}
    write(tmp_path, postfix, dovecot.users[APP], **{"SMTP_PORT": port, **proposal["changes"]})
    assert check(tmp_path, postfix, exit_status=0)["app"]["verdict"] == "works"


def test_without_the_servers_authority_the_certificate_is_refused(
    tmp_path: Path, dovecot: Dovecot, postfix: Postfix
) -> None:
    write(tmp_path, postfix, dovecot.users[APP])
    done = wizard(tmp_path, "check", "--to", READER, "--json")
    report = told(done)
    assert (done.returncode, report["app"]["verify"]["ok"]) == (1, False)
    assert [step["step"] for step in report["steps"] if step["status"] == "failed"] == ["starttls"]
