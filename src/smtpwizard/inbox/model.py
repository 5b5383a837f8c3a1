"""What is looked for in an inbox, and what was found there. Data only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Protocol

from smtpwizard.errors import NetworkError


class InboxRefused(NetworkError):
    """An inbox that will not be readable by asking again: a refused login, a certificate, a page that is no catcher.

    Never tried again without the operator's word: repeated wrong logins lock an account.
    """


class Wanted(NamedTuple):
    """A mail that was sent and accepted."""

    message_id: str
    """With its angle brackets. A relay may have replaced it (Amazon SES does): then the code tells."""
    code: str
    """The six digits in the mail."""


class Place(StrEnum):
    """Where in a mailbox a mail lies."""

    INBOX = "inbox"
    JUNK = "junk"
    OTHER = "other"


class Authentication(NamedTuple):
    """What the receiving server says of a mail in `Authentication-Results` (RFC 8601); a word as it stands there."""

    server: str = ""
    """The authserv-id: who says so."""
    spf: str = ""
    """`pass`, `fail`, `softfail`, `none`, …; empty where it says nothing."""
    dkim: str = ""
    """The best of the signatures: `pass` where one of them passes."""
    dmarc: str = ""
    signer: str = ""
    """The domain (`d=`) of that signature, where the server names it."""
    signatures: int = 0
    """How many DKIM signatures it has judged."""


class Arrival(NamedTuple):
    """A wanted mail that was found."""

    message_id: str
    """The `Wanted.message_id` that it answers."""
    place: Place
    folder: str
    """The folder's name, safe to show; empty where the inbox has none."""
    at: datetime | None
    """When the inbox received it, with its time zone, where it says so."""
    authentication: Authentication | None = None
    """None where no server on the way has left a word."""


class Inbox(Protocol):
    """Something in which mails can be found."""

    @property
    def name(self) -> str:
        """In a few words, safe to show: `MailDev at http://localhost:1080`."""

    async def look(self, wanted: Sequence[Wanted], *, timeout: float) -> tuple[Arrival, ...]:
        """Return those of `wanted` that are there now, each once; with none wanted, see that the inbox can be read.

        `timeout` is in seconds. NetworkError, with what to do, where the inbox cannot be read; InboxRefused where
        asking again cannot help.
        """

    async def close(self) -> None:
        """Let go of connections. Returns at once; a later look opens them anew."""
