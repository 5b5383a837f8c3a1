"""Mails to be found: as the app's own look, each with a Message-ID and a six-digit code of its own."""

from __future__ import annotations

import secrets
from email.message import EmailMessage
from email.policy import SMTP

from smtpwizard.mailbox.model import Wanted


def new_mail(*, message_id: str | None = None, code: str | None = None, html: bool = True) -> tuple[Wanted, bytes]:
    """Return a mail with a code, and what to look for. The body is quoted-printable, as the app's mails are."""
    wanted = Wanted(
        message_id or f"<{secrets.token_hex(16)}@acme.example>",
        code or "".join(secrets.choice("123456789") for _ in range(6)),
    )
    message = EmailMessage(policy=SMTP)
    message["From"] = "Acmé <noreply@acme.example>"
    message["To"] = "to@acme.example"
    message["Subject"] = "Verification code"
    message["Message-ID"] = wanted.message_id
    message.set_content(f"Your code – bitte eingeben – is {wanted.code}.\n", cte="quoted-printable")
    if html:
        page = f'<style>p {{ color: #123456 }}</style><p style="color:#654321">Your code: <b>{wanted.code}</b></p>'
        message.add_alternative(page, subtype="html", cte="quoted-printable")
    return wanted, message.as_bytes()


def rewritten(raw: bytes, wanted: Wanted, message_id: str = "<0102019@eu-west-1.amazonses.com>") -> bytes:
    """Return the mail as a relay hands it on that puts a Message-ID of its own in place."""
    assert wanted.message_id.encode() in raw
    return raw.replace(wanted.message_id.encode(), message_id.encode())
