"""The SMTP stages of one dialogue, what each has to report in words, and the recorder of a run.

What is said is the client's business. The recorder removes the secrets from every text.

Each coroutine of `Stages` is one stage; it returns what to report, or raises DialogueEnded. The engine keeps the time
and decides what follows.
"""

from __future__ import annotations

import re
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from functools import partial
from typing import Final

from smtpwizard.addresses import is_private_address
from smtpwizard.clients.model import ClientFailure, Dialogue, DialogueEnded
from smtpwizard.lint.check import masked_settings, secrets
from smtpwizard.presets.schema import Provider
from smtpwizard.probe.connection import SILENT_SECONDS, Connection, StageOutcome
from smtpwizard.probe.verdict import RunState
from smtpwizard.secret import redactor
from smtpwizard.settings import Settings
from smtpwizard.smtp.results import (
    OutgoingMessage,
    Reply,
    SentMessage,
    Status,
    Step,
    StepResult,
    parse_reply,
    response_code,
)
from smtpwizard.smtp.stream import Transcript
from smtpwizard.text import safe

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
            if early == late or end.failure.error != "ETIMEDOUT":
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
            tries = self.dialogue.login_allowed and self._connection.transport.logs_in
            login = "and the app tries a login unasked" if tries else "and no login"
            note = f"by HELO, since EHLO got {refused}: no STARTTLS, {login}"
            return StageOutcome(
                status=Status.WARNED, reply=reply, note=note.replace("\n", " "), detail=tuple(refused.split("\n"))
            )
        return StageOutcome(_offer(reply, self.dialogue), reply=reply, detail=offered.lines)

    async def starttls(self) -> StageOutcome:
        """Send STARTTLS and make the handshake."""
        self._connection.prepare()
        reply = await self.dialogue.ask_starttls()
        if self.dialogue.goes_on_in_clear:
            return StageOutcome(status=Status.WARNED, reply=reply, note="the app goes on in clear text all the same")
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

    async def farewell(self, *, reset: bool, whole: bool = False) -> ClientFailure | None:
        """Say RSET if a mail was begun, then QUIT; return how that failed. Only a few clients look at it: `whole`."""
        try:
            if reset:
                await self.dialogue.say("RSET")
            await (self.dialogue.leave() if whole else self.dialogue.say("QUIT"))
        except DialogueEnded as end:
            return end.failure
        return None

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


_NAMED: Final = (
    r"queued as <?([^\s<>,;()]+)",  # Postfix, Brevo, SendGrid
    r"\bid=<?([^\s<>,;()\]]+)",  # Exim
    r"\bInternalId=([^\s,\]]+)",  # Exchange
    r"queued \(([^\s)]+)\)",  # Haraka
    r"\A([A-Za-z0-9]{8,}) message accepted",  # Sendmail, OpenSMTPD
)
_BARE: Final = r"\A(?:ok|accepted|queued)[:,.]?\s+<?([A-Za-z0-9][A-Za-z0-9._/@=-]{5,})"
"""Gmail: `OK  1732254 …`; Amazon SES: `Ok 0100018c…`."""


def queue_id(text: str) -> str | None:
    """Return the id out of the text of a 250 reply, codes taken off; None where there is none."""
    for pattern in _NAMED:
        found = re.search(pattern, text, re.IGNORECASE)
        if found:
            return found[1].rstrip(".")
    found = re.search(_BARE, text, re.IGNORECASE)
    return found[1].rstrip(".") if found and any(char.isdigit() for char in found[1]) else None


SUMMARY: Final = 500
"""Characters of a summary that are kept."""


class StageFailed(Exception):
    """A stage ended the dialogue; its result is the last one recorded."""

    def __init__(self, failure: ClientFailure) -> None:
        super().__init__(failure.code or failure.verdict.value)
        self.failure = failure


class Recorder:
    """The record of one run."""

    def __init__(self, settings: Settings, provider: Provider | None) -> None:
        self.masked = masked_settings(settings, provider)
        """The settings for display."""
        self.steps: list[StepResult] = []
        self.sent: list[SentMessage] = []
        self.state = RunState()
        self.place: int | None = None
        """The place of the message under way; every step recorded meanwhile gets it."""
        self._redact = redactor(secrets(settings, provider), username=settings.username or "")
        self.transcript = Transcript(self._redact)

    async def stage(self, step: Step, run: Callable[[], Awaitable[StageOutcome]]) -> StepResult:
        """Run one stage; StageFailed where it ends the dialogue."""
        began = time.monotonic()
        try:
            outcome = await run()
        except DialogueEnded as end:
            self.fail(step, end.failure, _ms(began))
        reply = parse_reply(outcome.reply, self._redact) if outcome.reply is not None else None
        return self.add(
            StepResult(
                step,
                outcome.status,
                self._clean(outcome.summary) or _worded(reply, self._clean(outcome.note)),
                None if outcome.status is Status.SKIPPED else _ms(began),
                reply,
                outcome.tls,
                detail=tuple(self._clean(line) for line in outcome.detail),
            )
        )

    def fail(self, step: Step, failure: ClientFailure, ms: float) -> None:
        """Record a failed stage and raise StageFailed."""
        reply = parse_reply(failure.reply, self._redact) if failure.reply else None
        summary = self._clean(failure.summary) or _worded(reply, self._clean("; ".join(failure.notes)))
        if self.state.failure is None:  # the first decides: the app's client would not get any further
            repeats = self._redact(failure.reply or "") != (failure.reply or "")
            log = "" if repeats else self._clean(failure.log)  # a client's log may escape what would be recognised
            self.state = self.state._replace(failure=failure._replace(summary=summary, log=log), failed_at=step)
        notes = tuple(self._clean(note) for note in failure.notes)
        self.add(StepResult(step, Status.FAILED, summary, ms, reply, failure.tls, failure.error, notes))
        raise StageFailed(failure)

    def message_done(self, message: OutgoingMessage, recipient: str, *, accepted: bool) -> None:
        """Record what the last step made of a message."""
        last = self.steps[-1]
        response = str(last.reply) if last.reply else last.summary
        queued = queue_id(last.reply.text) if accepted and last.reply else None
        to = self._clean(recipient)
        self.sent.append(SentMessage(message.id, queued, response, accepted, last.ms, to, message.mail, last.step))
        self.state = self.state._replace(sent=self.state.sent + accepted)

    def message_skipped(self, message: OutgoingMessage, recipient: str, why: str) -> StepResult:
        """Record that a message was not tried."""
        self.sent.append(
            SentMessage(message.id, None, why, accepted=False, recipient=self._clean(recipient), mail=message.mail)
        )
        return self.add(StepResult(Step.MAIL, Status.SKIPPED, why))

    def add(self, result: StepResult) -> StepResult:
        """Record a result, under the message that is under way."""
        result = result._replace(message=self.place)
        self.steps.append(result)
        return result

    def _clean(self, text: str) -> str:
        return safe(self._redact(text), limit=SUMMARY)


def _worded(reply: Reply | None, note: str = "") -> str:
    """Return a reply as one line, each code once; `note` in brackets."""
    text = (str(reply) if reply else "") or "an empty line"
    return safe(text, limit=SUMMARY) + (f" ({note})" if note else "")


def _ms(began: float) -> float:
    return round((time.monotonic() - began) * 1000, 1)
