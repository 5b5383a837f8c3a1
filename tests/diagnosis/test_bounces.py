"""What a bounce gives as reasons: the fields of its report, or its sentences; never the mail that came back."""

from __future__ import annotations

import pytest

from smtpwizard.diagnosis.bounces import reasons
from smtpwizard.diagnosis.logs import explain_text

REPORT = """Reporting-MTA: dns; mail.example.org
Arrival-Date: Sat, 17 Mar 2001 11:48:57 -0500

Final-Recipient: rfc822; someone@example.com
Action: failed
Status: 5.5.0
Diagnostic-Code: smtp; 550-example.com no longer accepts connections from
 dynamically assigned addresses
Last-Attempt-Date: Sat, 17 Mar 2001 11:48:57 -0500
"""

OLD = """Hi. This is the qmail-send program at mail.example.org.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<someone@example.com>:
Sorry, no mailbox here by that name. (#5.1.1)

--- Below this line is a copy of the message.

Return-Path: <sender@example.org>
Subject: Attachment blocked as spam
"""


def test_the_reason_of_a_report_is_its_diagnostic_code_alone() -> None:
    (reason,) = reasons(REPORT)
    assert reason.number == 7
    assert reason.text == (
        "Diagnostic-Code: smtp; 550-example.com no longer accepts connections from dynamically assigned addresses"
    )


def test_the_reason_of_a_report_that_is_quoted_is_found_too() -> None:
    quoted = "\n".join(f"> {line}" for line in REPORT.splitlines())
    assert [reason.text for reason in reasons(quoted)] == [reason.text for reason in reasons(REPORT)]


def test_the_mail_that_came_back_is_no_reason() -> None:
    told = " ".join(reason.text for reason in reasons(OLD))
    assert "no mailbox here" in told
    assert "spam" not in told


@pytest.mark.parametrize("text", [REPORT, OLD])
def test_a_bounce_is_explained_by_its_reason(text: str) -> None:
    first = explain_text(text)[0]
    assert first.kind == ("relay-ip-blocked" if text is REPORT else "recipient-unknown")


@pytest.mark.parametrize(
    "text", ["", "535 5.7.8 Authentication failed", "Error: connect ECONNREFUSED 127.0.0.1:587", "250 2.0.0 Ok: queued"]
)
def test_what_is_no_bounce_has_no_reasons_of_one(text: str) -> None:
    assert reasons(text) == []


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("Connection refused", "connection-refused"),
        ("Connection timed out", "port-blocked"),
        ("No route to host", "no-route"),
    ],
)
def test_a_server_that_was_not_reached_has_refused_nothing(reason: str, kind: str) -> None:
    line = f"87F04: to=<a@example.com>, relay=none, dsn=4.4.1, status=deferred (connect to mx[192.0.2.6]:25: {reason})"
    assert explain_text(f"postfix/smtp[238]: {line}")[0].kind == kind


def test_sendmails_transcript_is_a_bounce() -> None:
    text = "----- Transcript of session follows -----\n... while talking to mx.example.com.:\n<<< 550 Mailbox suspended"
    assert explain_text(text)[0].kind == "recipient-disabled"
