"""The SMTP stages of one dialogue, and what each has to report in words. What is said is the client's business.

Each coroutine of `Stages` is one stage; it returns what to report, or raises DialogueEnded. The engine keeps the time
and decides what follows.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from functools import partial
from typing import Final

from smtpwizard.clients.model import ClientFailure, Dialogue, DialogueEnded
from smtpwizard.hosts import is_private_address
from smtpwizard.probe.connection import SILENT_SECONDS, Connection, StageOutcome
from smtpwizard.probe.recorder import Recorder, StageFailed
from smtpwizard.smtp.results import OutgoingMessage, Status, Step, StepResult, response_code

_CATCH_UP: Final = 0.1
"""Seconds in which a greeting still counts that came while the other mode was tried."""


class Stages:
    """What is said over a Connection, in the order of these methods."""

    def __init__(self, connection: Connection) -> None:
        self.client = connection.client
        self._connection = connection

    @property
    def dialogue(self) -> Dialogue:
        """The client's side, once connected."""
        return self._connection.dialogue

    @property
    def exposed(self) -> bool:
        """Whether the dialogue now crosses a public network in clear text."""
        return not self.dialogue.secure and not is_private_address(self._connection.address)

    async def greeting(self) -> StageOutcome:
        """Wait for the greeting; where nothing comes, find out meanwhile whether the port waits for TLS."""
        late = self.dialogue.deadline()
        early = late if self.dialogue.secure else min(time.monotonic() + SILENT_SECONDS, late)
        try:
            reply = await self.dialogue.greeting(early)
        except DialogueEnded as end:
            if early == late or end.failure.code != "ETIMEDOUT":
                raise
            if self.dialogue.silent:
                await self._connection.refuse_silent_tls_port()
            reply = await self.dialogue.greeting(max(late, time.monotonic() + _CATCH_UP))
        return StageOutcome(reply=reply)

    async def ehlo(self) -> StageOutcome:
        """Say EHLO, or HELO."""
        reply = await self.dialogue.hello()
        refused, offered = self.dialogue.refused_ehlo, self.dialogue.capabilities
        if refused is not None:
            note = f"by HELO, since EHLO got {refused}: no STARTTLS, and the app tries a login unasked"
            return StageOutcome(
                status=Status.WARNED, reply=reply, note=note.replace("\n", " "), detail=tuple(refused.split("\n"))
            )
        return StageOutcome(_offer(reply, self.dialogue), reply=reply, detail=offered.lines)

    async def starttls(self) -> StageOutcome:
        """Send STARTTLS and make the handshake."""
        self._connection.prepare()
        reply = await self.dialogue.ask_starttls()
        self._connection.check_ciphers()
        outcome = await self._connection.handshake()
        if not self.dialogue.injected:
            return outcome._replace(reply=reply)
        summary = f"{outcome.summary}; but clear text came with the reply to STARTTLS, and the app takes it for a reply"
        return outcome._replace(summary=summary, status=Status.WARNED, reply=reply)

    async def auth(self) -> StageOutcome:
        """Log in, if the client does."""
        if not self._connection.transport.logs_in:
            return StageOutcome("no user name and password: the app does not log in", Status.SKIPPED)
        if not self.dialogue.login_allowed:
            return StageOutcome(f"no login offered: {self.client.without_auth}", Status.WARNED)
        reply = await self.dialogue.login()
        return self._clear(reply, "the password went in clear text")

    async def mail(self, sender: str, recipient: str, message: bytes | None = None) -> StageOutcome:
        """Name the sender; what the server will probably not take of this mail is added to its reply."""
        notes = self.client.doubts(self.dialogue.capabilities, sender, recipient, message)
        try:
            reply = await self.dialogue.mail(sender, recipient)
        except DialogueEnded as end:
            raise DialogueEnded(end.failure._replace(notes=tuple(notes))) from end
        outcome = self._clear(reply, "the mail goes in clear text")
        if not notes:
            return outcome
        note = "; ".join(note for note in (outcome.note, *notes) if note)
        return outcome._replace(status=Status.WARNED, note=note, detail=tuple(notes))

    async def rcpt(self, recipient: str) -> StageOutcome:
        """Name the recipient."""
        reply = await self.dialogue.rcpt(recipient)
        return StageOutcome(reply=reply)

    async def data(self, message: bytes) -> StageOutcome:
        """Send the message."""
        await self.dialogue.data()
        self._connection.transcript.client(f"(the message, {len(message):,} octets)")
        reply = await self.dialogue.message(message)
        return StageOutcome(reply=reply)

    async def reset(self) -> bool:
        """Drop a refused transaction with RSET; return whether the next one can begin on this connection."""
        try:
            return (await self.dialogue.reset())[:1] == "2"
        except DialogueEnded:
            return False

    async def farewell(self, *, reset: bool) -> None:
        """Say RSET if a mail was begun, then QUIT; the replies decide nothing."""
        try:
            if reset:
                await self.dialogue.say("RSET")
            await self.dialogue.say("QUIT")
        except DialogueEnded:
            return

    def _clear(self, reply: str, warning: str) -> StageOutcome:
        if not self.exposed:
            return StageOutcome(reply=reply)
        return StageOutcome(status=Status.WARNED, reply=reply, note=warning)


def _offer(reply: str, dialogue: Dialogue) -> str:
    """Return the EHLO keywords that matter: `SIZE 35882577, AUTH LOGIN PLAIN XOAUTH2`."""
    offered = dialogue.capabilities
    parts = ["STARTTLS"] if offered.starttls and not dialogue.secure else []
    parts += [f"SIZE {offered.size}"] if offered.size else []
    mechanisms = offered.announced
    parts += ["AUTH " + " ".join(mechanisms)] if mechanisms else (["AUTH"] if offered.login else ["no AUTH"])
    return ", ".join(parts) if offered.lines else reply


BROKEN_OFF: Final = "not tried: the dialogue broke off before"
NOBODY: Final = "not tried: no recipient to name"
NO_RESET: Final = "not tried: the server did not take RSET"
_CLOSING: Final = 421
"""The server says that it closes the connection (RFC 5321 section 3.8)."""


class Transactions:
    """The mail transactions of one run (RFC 5321 section 3.3)."""

    def __init__(self, stages: Stages, recorder: Recorder, sender: str, messages: Sequence[OutgoingMessage]) -> None:
        """`sender` is the envelope's."""
        self._stages, self._recorder, self._sender, self._messages = stages, recorder, sender, messages
        self._why = ""
        """Why the rest is not tried; empty while it is."""

    @property
    def over(self) -> bool:
        """Whether the last reply was a refusal: the client then leaves without QUIT."""
        return bool(self._why)

    async def run(self) -> AsyncGenerator[StepResult, None]:
        """Send all messages and yield each stage as it ends; the refusal of one does not stop the others."""
        for place, message in enumerate(self._messages):
            self._recorder.place = place
            recipient = self._stages.client.recipient_address(message.recipient)
            if self._why or not recipient:
                yield self._recorder.message_skipped(message, recipient, self._why or NOBODY)
                continue
            last = place == len(self._messages) - 1
            async with aclosing(self._one(message, recipient, last=last)) as results:
                async for result in results:
                    yield result
        self._recorder.place = None

    async def _one(self, message: OutgoingMessage, recipient: str, *, last: bool) -> AsyncGenerator[StepResult, None]:
        refusal: ClientFailure | None = None
        stages = (
            (Step.MAIL, partial(self._stages.mail, self._sender, recipient, message.data)),
            (Step.RCPT, partial(self._stages.rcpt, recipient)),
            (Step.DATA, partial(self._stages.data, message.data)),
        )
        for step, run in stages:
            try:
                result = await self._recorder.stage(step, run)
            except StageFailed as failed:
                result, refusal = self._recorder.steps[-1], failed.failure
            if refusal is not None or step is Step.DATA:
                self._recorder.message_done(message, recipient, accepted=refusal is None)
            yield result
            if refusal is not None:
                self._why = await self._after(refusal, last=last)
                return

    async def _after(self, refusal: ClientFailure, *, last: bool) -> str:
        """Return why no other message can follow a refused one; empty if the server is ready for it."""
        if last or not _leaves_the_connection(refusal):
            return BROKEN_OFF
        return "" if await self._stages.reset() else NO_RESET


def _leaves_the_connection(failure: ClientFailure) -> bool:
    """Say whether only the message was refused, and the connection still stands: 4yz or 5yz, but not 421."""
    code = response_code(failure.reply or "") or 0
    return failure.refused and 400 <= code < 600 and code != _CLOSING
