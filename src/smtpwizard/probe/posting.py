"""Several messages on one connection, each a transaction of its own: decides what follows a refusal.

After a refusal nodemailer's pool closes the connection; for the next mail it makes another and logs in again. Here RSET
(RFC 5321 section 4.1.1.5) is said instead, so that a run has one login whatever is refused: providers lock accounts
that log in again and again. The pool also takes a new connection after 100 messages (`maxMessages`); this does not.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing
from functools import partial
from typing import Final

from smtpwizard.probe import address
from smtpwizard.probe.ending import Ending
from smtpwizard.probe.link import Told
from smtpwizard.probe.record import Record, StageFailed
from smtpwizard.probe.replies import response_code
from smtpwizard.probe.results import OutgoingMessage, Step, StepResult
from smtpwizard.probe.session import Session

BROKEN_OFF: Final = "not tried: the dialogue broke off before"
NOBODY: Final = "not tried: no recipient to name"
NO_RESET: Final = "not tried: the server did not take RSET"
_REFUSALS: Final = ("EENVELOPE", "EMESSAGE")
_CLOSING: Final = 421
"""The server says that it closes the connection (RFC 5321 section 3.8)."""


class Posting:
    """The messages of one run."""

    def __init__(self, session: Session, record: Record, sender: str, messages: Sequence[OutgoingMessage]) -> None:
        """`sender` is the envelope's."""
        self._session, self._record, self._sender, self._messages = session, record, sender, messages
        self._why = ""
        """Why the rest is not tried; empty while it is."""

    @property
    def over(self) -> bool:
        """Whether the last thing said was a refusal: the client then leaves without QUIT."""
        return bool(self._why)

    async def run(self) -> AsyncGenerator[StepResult, None]:
        """Send all of them and yield each stage as it ends; a refusal of one does not keep the others."""
        for place, message in enumerate(self._messages):
            self._record.place = place
            recipient = address.normalise(message.recipient)
            if self._why or not recipient:
                yield self._record.left_out(message, recipient, self._why or NOBODY)
                continue
            last = place == len(self._messages) - 1
            async with aclosing(self._one(message, recipient, last=last)) as results:
                async for result in results:
                    yield result
        self._record.place = None

    async def _one(self, message: OutgoingMessage, recipient: str, *, last: bool) -> AsyncGenerator[StepResult, None]:
        refusal: Ending | None = None
        for step, run in self._stages(message, recipient):
            try:
                result = await self._record.stage(step, run)
            except StageFailed as failed:
                result, refusal = self._record.steps[-1], failed.ending
            if refusal is not None or step is Step.DATA:
                self._record.became(message, recipient, accepted=refusal is None)
            yield result
            if refusal is not None:
                self._why = await self._after(refusal, last=last)
                return

    def _stages(self, message: OutgoingMessage, recipient: str) -> Iterator[tuple[Step, Callable[[], Awaitable[Told]]]]:
        yield Step.MAIL, partial(self._session.mail, self._sender, recipient, message.data)
        yield Step.RCPT, partial(self._session.rcpt, recipient)
        yield Step.DATA, partial(self._session.data, message.data)

    async def _after(self, refusal: Ending, *, last: bool) -> str:
        """Return why no other message can follow a refused one, or nothing where the server is ready for it."""
        if last or not _leaves_the_connection(refusal):
            return BROKEN_OFF
        return "" if await self._session.reset() else NO_RESET


def _leaves_the_connection(ending: Ending) -> bool:
    """Say whether a message was refused and no more than that: 4yz or 5yz, but not 421."""
    code = response_code(ending.reply or "") or 0
    return ending.code in _REFUSALS and 400 <= code < 600 and code != _CLOSING
