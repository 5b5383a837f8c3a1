"""The app's own mail client and ours, one after the other against the same real Postfix: the same verdict.

The conformance suite compares them on scripted servers; this one says that real servers are no different.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from smtpwizard.probe.engine import Probe
from smtpwizard.probe.verdict import Options
from smtpwizard.settings import Settings
from smtpwizard.smtp.results import ClientOutcome, OutgoingMessage
from support.apps import ABC
from support.company import APP, READER
from support.dovecot import Dovecot
from support.node import node_modules
from support.nodemailer import LIMITS, Nodemailer
from support.postfix import Postfix
from support.processes import wait_until

pytestmark = pytest.mark.node

PATIENT = dict.fromkeys(LIMITS, 10_000)
"""Milliseconds: these servers answer, if not at once. Only a wrong TLS mode lets the client wait to the end."""
FINE = ClientOutcome(True)


@pytest.fixture(scope="module")
def client(dovecot: Dovecot) -> Iterator[Nodemailer]:
    with Nodemailer(dovecot.ca_file) as process:
        yield process


def compared(
    client: Nodemailer, dovecot: Dovecot, server: Postfix, *, to: str = READER, limit: int = 10_000, **changes: str
) -> tuple[ClientOutcome, ClientOutcome]:
    """Return what verify() and sendMail() came to, once it is what ours says of both, too."""
    variables = {
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": str(server.starttls_port),
        "SMTP_SENDER": APP,
        "SMTP_USERNAME": APP,
        "SMTP_PASSWORD": dovecot.users[APP],
        "SMTP_TLS": "false",
        **changes,
    }
    limits = {**PATIENT, "greetingTimeout": limit}
    verify, send = (client.run(call, variables, to=to, limits=limits) for call in ("verify", "send"))
    settings = Settings.from_variables(ABC, variables)
    options = Options(timeout=limit / 1000, extra_ca_pem=dovecot.ca_pem, trust_extra_env=False, recipient=to)
    message = OutgoingMessage("<1@app.example>", b"Subject: Comparison\r\n\r\n.one line\r\n", to)
    checked, sent = Probe(settings, options).run_blocking(), Probe(settings, options, message=message).run_blocking()
    theirs = [ClientOutcome(item.ok, item.code, item.response_code, item.command) for item in (verify, send)]
    assert [checked.app.verify, sent.app.verify, sent.app.send] == [theirs[0], *theirs]
    assert checked.app.send in (theirs[1], ClientOutcome(None))  # `check` sends nothing, so it may not know
    return theirs[0], theirs[1]


def test_this_is_the_version_that_the_app_uses() -> None:
    assert json.loads((node_modules() / "nodemailer" / "package.json").read_text())["version"] == "8.0.5"


@pytest.mark.parametrize("implicit", [False, True], ids=["STARTTLS", "implicit TLS"])
def test_both_send_with_the_right_settings(
    client: Nodemailer, dovecot: Dovecot, postfix: Postfix, implicit: bool
) -> None:
    right = {
        "SMTP_PORT": str(postfix.implicit_port if implicit else postfix.starttls_port),
        "SMTP_TLS": "true" if implicit else "false",
    }
    before = len(dovecot.messages(READER))
    assert compared(client, dovecot, postfix, **right) == (FINE, FINE)
    wait_until(lambda: len(dovecot.messages(READER)) == before + 2, "both mails are in the mailbox")


def test_a_wrong_password_is_the_same_refusal(client: Nodemailer, dovecot: Dovecot, postfix: Postfix) -> None:
    refused = ClientOutcome(False, "EAUTH", 535, "AUTH PLAIN")
    assert compared(client, dovecot, postfix, SMTP_PASSWORD="e2e: not the password") == (refused, refused)


def test_a_sender_of_somebody_else_is_the_same_refusal(client: Nodemailer, dovecot: Dovecot, postfix: Postfix) -> None:
    refused = ClientOutcome(False, "EENVELOPE", 553, "RCPT TO")
    assert compared(client, dovecot, postfix, SMTP_SENDER="noreply@app.example") == (FINE, refused)


@pytest.mark.parametrize(("to", "code"), [("nobody@app.example", 550), ("you@elsewhere.example", 554)])
def test_a_wrong_recipient_is_the_same_refusal(
    client: Nodemailer, dovecot: Dovecot, postfix: Postfix, to: str, code: int
) -> None:
    refused = ClientOutcome(False, "EENVELOPE", code, "RCPT TO")
    assert compared(client, dovecot, postfix, to=to) == (FINE, refused)


def test_tls_spoken_to_the_starttls_port_is_the_same_failure(
    client: Nodemailer, dovecot: Dovecot, postfix: Postfix
) -> None:
    failed = ClientOutcome(False, "ESOCKET", None, "CONN")
    assert compared(client, dovecot, postfix, SMTP_TLS="true") == (failed, failed)


def test_clear_text_spoken_to_the_tls_port_is_the_same_silence(
    client: Nodemailer, dovecot: Dovecot, postfix: Postfix
) -> None:
    silence = ClientOutcome(False, "ETIMEDOUT", None, "CONN")
    port = str(postfix.implicit_port)
    assert compared(client, dovecot, postfix, limit=1_500, SMTP_PORT=port) == (silence, silence)


def test_no_login_is_the_same_refusal(client: Nodemailer, dovecot: Dovecot, postfix: Postfix) -> None:
    refused = ClientOutcome(False, "EENVELOPE", 553, "RCPT TO")
    assert compared(client, dovecot, postfix, SMTP_USERNAME="", SMTP_PASSWORD="") == (FINE, refused)
