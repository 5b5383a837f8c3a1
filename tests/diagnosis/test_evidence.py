"""An answer accuses somebody only where a reply, a wording or a second sign bears it out."""

from __future__ import annotations

import pytest

from smtpwizard.diagnosis.event import from_text
from smtpwizard.diagnosis.evidence import CHARGES
from smtpwizard.diagnosis.explain import explain_event

BLAMING = tuple(kind for charge in CHARGES for kind in charge.kinds)


def first_kind(text: str, **known: object) -> str:
    return explain_event(from_text(text, **known))[0].kind  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        "SenderJob stopped, the sender queue is empty",
        "send: 'MAIL FROM:<sender@example.com> size=590'",
        "email_sender\n  field type\nsmtp_host\n  missing",
        "the client is banned from this game",
        "Expected response code 250 but got an empty response >> MAIL FROM:",
    ],
)
def test_a_loose_word_without_a_reply_accuses_nobody(text: str) -> None:
    assert not first_kind(text).startswith(BLAMING)


@pytest.mark.parametrize(
    ("text", "stage"),
    [
        ("503 sender already given", "mail"),
        ("502 sender not a command", "mail"),
        ("550 5.3.0 sender invalid", "data"),
        ("354 rejected sender", "data"),
        ("550 bad sender", "auth"),
    ],
)
def test_a_reply_that_cannot_mean_it_accuses_nobody(text: str, stage: str) -> None:
    assert not first_kind(text, reply=text, stages=(stage,)).startswith("sender-")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("550 sender rejected", "sender-refused"),
        ("SMTP: sender rejected", "sender-refused"),
        ("SMTP, 550 Incorrect sender header", "sender-refused"),
        ("Recipient over quota", "mailbox-full"),
        ("too many login tries", "login-locked"),
        ("登录失败次数过多", "login-locked"),
        ("the client is blacklisted by an rbl", "client-ip-blocklisted"),
        ("aup#in-1310", "relay-ip-blocked"),
    ],
)
def test_a_reply_a_wording_or_a_second_sign_bears_an_accusation_out(text: str, kind: str) -> None:
    code = int(text[:3]) if text[:3].isdigit() else None
    assert first_kind(text, reply=text if code else "") == kind
