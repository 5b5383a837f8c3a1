"""The practice server's mails as an inbox. Knows nothing of that server but what a received message looks like."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from smtpwizard.inbox.mail_text import Mail, answered, read_mail
from smtpwizard.inbox.model import Arrival, Place, Wanted


class Received(Protocol):
    """A message that a server in this process has received."""

    @property
    def code(self) -> str | None:
        """The arrival code in it."""

    @property
    def data(self) -> bytes:
        """The message."""

    @property
    def at(self) -> datetime:
        """When it came in, with its time zone."""


class PracticeInbox:
    """Mails that a server in this process keeps; `messages` returns them, the oldest first."""

    def __init__(self, messages: Callable[[], Sequence[Received]], name: str = "the practice server") -> None:
        self._messages = messages
        self._name = name

    @property
    def name(self) -> str:
        """What it is called."""
        return self._name

    async def look(self, wanted: Sequence[Wanted], *, timeout: float) -> tuple[Arrival, ...]:
        """Return those of `wanted` that have come in. Needs no time."""
        found: dict[str, Arrival] = {}
        for message in reversed(self._messages()):
            missing = [mail for mail in wanted if mail.message_id not in found]
            if not missing:
                break
            read = read_mail(message.data)
            mail = answered(Mail(read.message_id, read.codes | ({message.code} if message.code else set())), missing)
            if mail is not None:
                found[mail.message_id] = Arrival(mail.message_id, Place.INBOX, "", message.at)
        return tuple(found.values())

    async def close(self) -> None:
        """Do nothing: there is no connection."""
