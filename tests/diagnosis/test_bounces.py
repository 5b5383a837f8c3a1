"""What a bounce gives as reasons: the fields of its report, or its sentences; never the mail that came back."""

from __future__ import annotations

import pytest

from smtpwizard.diagnosis.bounces import reasons, receiver_in
from smtpwizard.diagnosis.event import Side
from smtpwizard.diagnosis.logs import explain_text
from smtpwizard.diagnosis.mail_errors import find
from smtpwizard.presets.catalogue import Presets

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


SAID = "said: 550 5.7.1 Relaying denied (in reply to RCPT TO command)"


@pytest.mark.parametrize(
    ("text", "side"),
    [
        (REPORT, Side.BOUNCE),
        (OLD, Side.BOUNCE),
        (f"<someone@example.com>: host mx.example.com[192.0.2.4] {SAID}", Side.BOUNCE),
        ("SMTP error from remote mail server after RCPT TO:<a@example.com>: host mx [192.0.2.4]: 550 no", Side.BOUNCE),
        ("The response from the remote server was:\n550 5.1.1 Delivery Status Notification: no such user", Side.BOUNCE),
        ("Remote server returned '550 5.7.520 Message blocked because of spam'", Side.BOUNCE),
        (
            f"Jul 1 10:00:00 mx postfix/smtp[12]: 1A2B3: to=<a@example.com>, status=bounced (host mx {SAID})",
            Side.ONWARD,
        ),
        ("2024-01-05 10:00:00 1tEXaM-0001Ab-2C ** a@example.com R=dnslookup T=remote_smtp: 550 no", Side.ONWARD),
        ("sm-mta[12]: x1: to=<b@example.org>, dsn=5.1.1, stat=User unknown 550", Side.ONWARD),
        ("postfix/smtpd[1]: NOQUEUE: reject: RCPT from a[192.0.2.5]: 554 5.7.1 Relay access denied", Side.REFUSING),
        (
            "H=(mx.example.net) [192.0.2.5] F=<a@example.net> rejected RCPT <b@example.org>: relay not permitted",
            Side.REFUSING,
        ),
        (
            "sm-mta[9]: x: ruleset=check_rcpt, arg1=<a@example.com>, relay=[192.0.2.5], reject=550 5.7.1 no",
            Side.REFUSING,
        ),
        (
            "550 5.4.1 Recipient address rejected: Access denied. [PR2.eop-fra01.prod.protection.outlook.com]",
            Side.RECEIVER,
        ),
        ("smtplib.SMTPRecipientsRefused: {'a@example.com': (550, b'5.1.1 no such user')}", Side.APP),
        ("Mail delivery failed via SMTP server 'localhost'.\nSMTPSenderRefused: 550 5.7.1 no", Side.APP),
        ('Expected response code 250 but got code "550", with message "550 5.7.1 Relaying denied"', Side.APP),
        ("550 5.7.1 Relaying denied", Side.UNKNOWN),
    ],
)
def test_whose_text_it_is_is_settled_once(text: str, side: Side) -> None:
    assert {found.event.side for found in find(text)} == {side}


@pytest.mark.parametrize(
    "text",
    [
        "Diagnostic-Code: smtp; 550 5.7.1 Relaying denied",
        "SMTP error from remote mail server after RCPT TO:<a@example.com>:\n"
        "  host mx.example.com [192.0.2.4]: 550 5.7.1 Relaying denied",
        f"<someone@example.com>: host mx.example.com[192.0.2.4] {SAID}",
        "Final-Recipient: rfc822;a@example.com\n"
        "Diagnostic-Code: smtp; 550 5.1.1 <a@example.com>: User unknown in local recipient table",
        "This is the mail system at host mx.example.net.\n"
        "<a@example.com>: host lists.example.com[192.0.2.4] said: 550 5.1.1 <a@example.com>: user unknown",
    ],
)
def test_what_the_recipients_server_refuses_is_for_its_operator(text: str) -> None:
    first = explain_text(text)[0]
    assert "only the operator" in first.remedy
    assert "by another way" in first.remedy
    assert "Your mail server took" not in first.cause


def test_a_relay_that_wants_a_login_is_the_senders_own_matter() -> None:
    text = f"status=bounced (host email-smtp.eu-west-1.amazonaws.com[192.0.2.4]:587 {SAID})".replace(
        "550 5.7.1 Relaying denied", "530 Authentication required"
    )
    assert "only the operator" not in explain_text(text)[0].remedy


@pytest.mark.parametrize(
    ("text", "receiver"),
    [
        ("550-5.7.26 This mail is unauthenticated, which poses a security risk", "Gmail"),
        ("host gmail-smtp-in.l.google.com[192.0.2.4] said: 550 no", "Gmail"),
        (
            "550-5.7.1 this message does not have authentication information or fails to pass authentication checks",
            "Gmail",
        ),
        ("421 4.7.0 [TSS04] Messages from 192.0.2.4 temporarily deferred", "Yahoo"),
        ("550 5.7.1 Service unavailable [X.eop-EUR01.prod.protection.outlook.com]", "Microsoft"),
        ("535-5.7.8 Username and Password not accepted. For more information, go to support.google.com gsmtp", ""),
        ("550-5.7.1 [192.0.2.5] relaying denied, see https://support.google.com/a/answer/6140680 gsmtp", ""),
        ("535 5.7.139 Authentication unsuccessful [PR0P264CA0001.FRAP264.PROD.OUTLOOK.COM]", ""),
        ("550 5.7.60 SMTP; Client does not have permissions to send as this sender", ""),
    ],
)
def test_a_provider_that_receives_is_told_from_one_that_sends(text: str, receiver: str) -> None:
    assert receiver_in(text) == receiver


@pytest.mark.parametrize("provider", ["gmail", "yahoo", "google-workspace"])
def test_a_receivers_refusal_brings_no_settings_for_sending_through_it(provider: str) -> None:
    text = "550-5.7.1 this message does not have authentication information or fails to pass authentication checks"
    first = explain_text(text, provider=Presets.open().provider(provider))[0]
    assert first.kind == "sender-unauthenticated"
    assert "sender:" not in first.remedy
    assert "SPF" in first.remedy
    assert "IPv6" in first.remedy
