"""The SMTP stages of one dialogue: what happened, in words. The client's rules are in `client`.

Each method is one stage; it returns what to tell, or raises Ended. Times, and what follows from it, are the engine's.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing
from functools import partial
from typing import Final

from smtpwizard.clients.nodemailer import ehlo as address
from smtpwizard.clients.nodemailer.dialogue import Client
from smtpwizard.clients.nodemailer.ehlo import announced, doubts
from smtpwizard.clients.nodemailer.errors import Ended, Ending
from smtpwizard.clients.nodemailer.replies import response_code
from smtpwizard.hosts import is_private_host
from smtpwizard.probe.connection import Link, Told
from smtpwizard.probe.recorder import Record, StageFailed
from smtpwizard.probe.survey.limits import SILENT_SECONDS
from smtpwizard.smtp.results import OutgoingMessage, Status, Step, StepResult

_CATCH_UP: Final = 0.1
"""Seconds in which a greeting is still taken that came while something else was asked."""
_UNASKED: Final = "no login offered: the app goes on without its user and password"


class Session:
    """What is said over a Link, in the order of these methods."""

    def __init__(self, link: Link) -> None:
        self._link = link

    @property
    def client(self) -> Client:
        """The client's side, once connected."""
        return self._link.client

    @property
    def exposed(self) -> bool:
        """Whether what is said now crosses a public network in clear text."""
        return not self.client.secure and not is_private_host(self._link.address)

    async def greeting(self) -> Told:
        """Wait for the greeting; where all is silent, ask beside it whether the port waits for TLS."""
        late = self.client.deadline()
        early = late if self.client.secure else min(time.monotonic() + SILENT_SECONDS, late)
        try:
            reply = await self.client.greeting(early)
        except Ended as end:
            if early == late or end.ending.code != "ETIMEDOUT":
                raise
            if self.client.silent:
                await self._link.hello()
            reply = await self.client.greeting(max(late, time.monotonic() + _CATCH_UP))
        return Told(reply=reply)

    async def ehlo(self) -> Told:
        """Say EHLO, or HELO."""
        reply = await self.client.hello()
        refused, offered = self.client.refused_ehlo, self.client.capabilities
        if refused is not None:
            note = f"by HELO, since EHLO got {refused}: no STARTTLS, and the app tries a login unasked"
            return Told(
                status=Status.WARNED, reply=reply, note=note.replace("\n", " "), detail=tuple(refused.split("\n"))
            )
        return Told(_offer(reply, self.client), reply=reply, detail=offered.lines)

    async def starttls(self) -> Told:
        """Send STARTTLS and make the handshake."""
        self._link.prepare()
        reply = await self.client.ask_starttls()
        self._link.check_ciphers("ETLS", "STARTTLS")
        told = await self._link.handshake()
        if not self.client.injected:
            return told._replace(reply=reply)
        summary = f"{told.summary}; but clear text came with the reply to STARTTLS, and the app takes it for a reply"
        return told._replace(summary=summary, status=Status.WARNED, reply=reply)

    async def auth(self) -> Told:
        """Log in, where the client does."""
        if not self._link.transport.logs_in:
            return Told("no user name and password: the app does not log in", Status.SKIPPED)
        if not self.client.login_allowed:
            return Told(_UNASKED, Status.WARNED)
        reply = await self.client.login()
        return self._clear(reply, "the password went in clear text")

    async def mail(self, sender: str, recipient: str, message: bytes | None = None) -> Told:
        """Name the sender; what the server will probably not take of this mail is told beside its reply."""
        notes = doubts(self.client.capabilities, sender, recipient, message)
        try:
            reply = await self.client.mail(sender, recipient)
        except Ended as end:
            raise Ended(end.ending._replace(notes=tuple(notes))) from end
        told = self._clear(reply, "the mail goes in clear text")
        if not notes:
            return told
        note = "; ".join(note for note in (told.note, *notes) if note)
        return told._replace(status=Status.WARNED, note=note, detail=tuple(notes))

    async def rcpt(self, recipient: str) -> Told:
        """Name the recipient."""
        reply = await self.client.rcpt(recipient)
        return Told(reply=reply)

    async def data(self, message: bytes) -> Told:
        """Send the message."""
        await self.client.data()
        self._link.transcript.client(f"(the message, {len(message):,} octets)")
        reply = await self.client.message(message)
        return Told(reply=reply)

    async def reset(self) -> bool:
        """Drop a transaction that was refused; say whether the next can begin on this connection."""
        try:
            return (await self.client.reset())[:1] == "2"
        except Ended:
            return False

    async def farewell(self, *, reset: bool) -> None:
        """Say RSET, where a mail was begun, and QUIT; what comes of it decides nothing."""
        try:
            if reset:
                await self.client.say("RSET")
            await self.client.say("QUIT")
        except Ended:
            return

    def _clear(self, reply: str, warning: str) -> Told:
        if not self.exposed:
            return Told(reply=reply)
        return Told(status=Status.WARNED, reply=reply, note=warning)


def _offer(reply: str, client: Client) -> str:
    """Return the keywords that matter: `SIZE 35882577, AUTH LOGIN PLAIN XOAUTH2`."""
    offered = client.capabilities
    parts = ["STARTTLS"] if client.wants_starttls else []
    parts += [f"SIZE {offered.size}"] if offered.size else []
    mechanisms = announced(offered.lines) or offered.mechanisms
    parts += ["AUTH " + " ".join(mechanisms)] if mechanisms else (["AUTH"] if offered.login else ["no AUTH"])
    return ", ".join(parts) if offered.lines else reply


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
