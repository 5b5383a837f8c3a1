"""What can go wrong for a mail client, in one vocabulary; each model has its own words for it. Data only."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

from smtpwizard.clients.common.conversation import Reply
from smtpwizard.clients.transport import Transport
from smtpwizard.smtp.results import Step


class Fault(StrEnum):
    """Why a client gives up."""

    UNUSABLE = "unusable"
    """It refuses its options before it connects."""
    UNRESOLVED = "unresolved"
    BAD_PORT = "bad-port"
    UNREACHED = "unreached"
    LATE = "late"
    """Nothing came in time."""
    CLOSED = "closed"
    """The server ended the connection."""
    BROKEN = "broken"
    """The system broke the connection: a reset."""
    GARBLED = "garbled"
    """What came is no reply to this client."""
    REFUSED = "refused"
    """A whole reply refused what it had said."""
    NO_STARTTLS = "no-starttls"
    """STARTTLS is required, and not offered."""
    HANDSHAKE = "handshake"
    """TLS failed for another reason than the certificate."""
    UNTRUSTED = "untrusted"
    WRONG_NAME = "wrong-name"
    NO_AUTH = "no-auth"
    """It has credentials, and AUTH is not offered."""
    NO_MECHANISM = "no-mechanism"
    """AUTH is offered, with no mechanism that it knows."""
    UNENCRYPTED = "unencrypted"
    """It does not send this login in clear text."""
    CREDENTIALS = "credentials"
    """User or password cannot be sent as they are."""
    ADDRESS = "address"
    """An address needs SMTPUTF8, which is not offered, or is none to it."""


NOWHERE: Final = Transport("", 0, False)


class Event(NamedTuple):
    """One thing that went wrong."""

    fault: Fault
    step: Step
    command: str = ""
    """What the client had sent: `EHLO`, `AUTH PLAIN`, `MAIL`, `RCPT`, `DATA`, `message`; empty for the greeting."""
    reply: Reply | None = None
    error: OSError | None = None
    text: str = ""
    """What belongs to it: the host looked up, address and port, OpenSSL's words, what is wrong with the options."""
    code: int = 0
    """X509_V_ERR of an untrusted certificate."""
    word: str = ""
    """What is wrong with it, in Node's word: `CERT_HAS_EXPIRED`."""
    heard: bytes = b""
    """Octets that came instead of a reply."""
    endless: bool = False
    """Whether octets still come, and no end of the reply."""
    truncated: bool = False
    """Whether TLS ended without a word of its own."""
    transport: Transport = NOWHERE
    """What the app handed to its client."""
    secure: bool = False
    """Whether the connection was encrypted."""


class Words(NamedTuple):
    """What the app's log has of it."""

    error: str | None = None
    """The exception's class, or what else names the error: `SMTPAuthenticationError`."""
    text: str = ""
    """The error's own text."""
    code: int | None = None
    """The reply code in it where it is not the event's reply's; 0: none."""


class Unoffered(StrEnum):
    """What a client with credentials does where AUTH is not offered."""

    SKIP = "skip"
    """It sends without a login, and says nothing."""
    FAIL = "fail"
    SEND = "send"
    """It logs in all the same."""
