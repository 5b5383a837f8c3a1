"""Probe: the faithful dialogue, stage by stage, and the report on it.

`Probe` brings connection, stages and verdict together, keeps the time and decides the order; it knows no front end.
What a server or the network does is never raised: it becomes a failed step.

Each coroutine of `Stages` is one stage; it returns what to report, or raises DialogueEnded. What is said is the
client's business.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from functools import partial
from typing import Final

from smtpwizard.addresses import is_private_address
from smtpwizard.clients.model import ClientFailure, Dialogue, DialogueEnded, doubts
from smtpwizard.clients.registry import dialogue_of
from smtpwizard.clients.transport import Transport, refusals, unusable
from smtpwizard.presets.schema import Provider
from smtpwizard.probe.connection import SILENT_SECONDS, Connection
from smtpwizard.probe.verdict import Options, Recorder, StageFailed, StageOutcome, app_outcome, not_proved
from smtpwizard.settings import Settings
from smtpwizard.smtp.net import BlockingNet, Net, drive
from smtpwizard.smtp.results import OutgoingMessage, Report, SentMessage, Status, Step, StepResult, response_code
from smtpwizard.text import safe


class Probe:
    """One run with one set of settings. Logs in at most once; its steps can be run once."""

    def __init__(
        self,
        settings: Settings,
        options: Options | None = None,
        *,
        provider: Provider | None = None,
        message: OutgoingMessage | Sequence[OutgoingMessage] | None = None,
    ) -> None:
        """Prepare; FileError where a certificate authority of the options cannot be read.

        Without a message, everything short of sending one is tried. Several messages go over one connection with one
        login; a refused one does not keep the others from being sent, as long as the connection stands.
        """
        self._settings = settings
        self._options = options or Options()
        self._client = dialogue_of(settings.app)
        self._provider = provider
        self._messages = (message,) if isinstance(message, OutgoingMessage) else tuple(message or ())
        self._authorities = self._options.authorities(self._client)
        self._recorder = Recorder(settings, provider)
        self._recorder.state = self._recorder.state._replace(due=len(self._messages))
        self._began = self._ended = time.monotonic()

    @property
    def due(self) -> int:
        """How many messages it was given."""
        return len(self._messages)

    @property
    def sent(self) -> tuple[SentMessage, ...]:
        """The messages sent or refused so far: the `messages` of the report, while the run goes on."""
        return tuple(self._recorder.sent)

    def steps(self) -> AsyncGenerator[StepResult, None]:
        """Run on the current event loop and yield each stage as it ends.

        `message` of a result tells which one it belongs to; with its last stage, that message is in `sent`.

        Closing the generator, or cancelling the task, closes the connection at once.
        """
        from smtpwizard.smtp.net_asyncio import AsyncioNet

        return self._run(AsyncioNet())

    def steps_blocking(self) -> Iterator[StepResult]:
        """The same in the current thread, without an event loop."""
        return drive(self._run(BlockingNet()))

    def run_blocking(self) -> Report:
        """Go through all stages in the current thread and return the report."""
        for _ in self.steps_blocking():
            pass
        return self.report()

    def report(self) -> Report:
        """Return the report on what has been run so far."""
        where = safe(f"{self._settings.host}:{self._settings.port}")
        recorder, state = self._recorder, self._recorder.state
        return Report(
            steps=tuple(recorder.steps),
            server_ok=state.finished and state.failure is None,
            app=app_outcome(state, self._settings.app, self._options.app_name),
            transcript=recorder.transcript.lines(),
            not_proved=not_proved(
                state, where=where, recipient=self._recipient, provider=self._provider, app=self._settings.app
            ),
            elapsed_ms=round((self._ended - self._began) * 1000, 1),
            provider=self._provider.id if self._provider else None,
            messages=self.sent,
            settings=recorder.masked,
        )

    async def _run(self, net: Net) -> AsyncGenerator[StepResult, None]:
        self._began = time.monotonic()
        try:
            transport = self._client.transport(self._settings, origin=self._options.origin)
            lint = self._recorder.add(self._lint(transport))
            yield lint
            if transport is not None and lint.status is Status.PASSED:
                connection = Connection(
                    net, self._client, transport, self._options, self._authorities, self._recorder.transcript
                )
                try:
                    async with aclosing(self._dialogue(connection, transport)) as results:
                        async for result in results:
                            yield result
                finally:
                    connection.close()
            for step in self._unreached(transport):
                yield self._recorder.add(StepResult(step, Status.SKIPPED, "not reached"))
            self._recorder.state = self._recorder.state._replace(finished=True)
        finally:
            self._ended = time.monotonic()

    async def _dialogue(self, connection: Connection, transport: Transport) -> AsyncGenerator[StepResult, None]:
        """Yield the stages that follow the check of the settings; the last one may have failed."""
        stages = Stages(connection)
        try:
            yield await self._recorder.stage(Step.RESOLVE, connection.resolve)
            if transport.secure:
                try:
                    connection.check_ciphers()
                except DialogueEnded as end:
                    not_tried = "not tried: the cipher list is refused"
                    yield self._recorder.add(StepResult(Step.CONNECT, Status.SKIPPED, not_tried))
                    self._recorder.fail(Step.TLS, end.failure, 0.0)
            yield await self._recorder.stage(Step.CONNECT, connection.connect)
            if transport.secure:
                yield await self._recorder.stage(Step.TLS, connection.tls)
            yield await self._recorder.stage(Step.GREETING, stages.greeting)
            yield await self._recorder.stage(Step.EHLO, stages.ehlo)
            if stages.dialogue.wants_starttls:
                yield await self._recorder.stage(Step.STARTTLS, stages.starttls)
                if stages.dialogue.secure:
                    yield await self._recorder.stage(Step.EHLO, stages.ehlo)
            yield await self._recorder.stage(Step.AUTH, stages.auth)
            self._recorder.state = self._recorder.state._replace(
                verified=True,
                logged_in=stages.dialogue.logged_in,
                encrypted=stages.dialogue.secure,
                exposed=stages.exposed,
                unchecked=stages.dialogue.secure and not (transport.verify and transport.verify_name),
            )
            async with aclosing(self._mails(stages) if self._messages else self._envelope(stages)) as results:
                async for result in results:
                    yield result
        except StageFailed:
            yield self._recorder.steps[-1]

    async def _mails(self, stages: Stages) -> AsyncGenerator[StepResult, None]:
        """Yield the stages after the login where mails are sent."""
        transactions = Transactions(
            stages, self._recorder, self._client.sender_address(self._settings.sender or ""), self._messages
        )
        async with aclosing(transactions.run()) as results:
            async for result in results:
                yield result
        if transactions.over:
            return
        failure = await stages.farewell(reset=False, whole=self._client.reports_quit)
        if failure is not None and self._client.reports_quit:
            why = f"the server has taken the mail, but QUIT fails: {failure.summary or failure.reply}"
            summary = f"{why}; the app reports an error, and may send the mail again"
            self._recorder.fail(Step.DATA, failure._replace(summary=summary), 0.0)

    async def _envelope(self, stages: Stages) -> AsyncGenerator[StepResult, None]:
        """Yield the stages after the login where no mail is sent: sender and recipient are named, then RSET follows."""
        sender, recipient = self._client.sender_address(self._settings.sender or ""), self._recipient
        yield await self._recorder.stage(Step.MAIL, partial(stages.mail, sender, recipient))
        if recipient:
            yield await self._recorder.stage(Step.RCPT, partial(stages.rcpt, recipient))
        else:
            yield self._recorder.add(StepResult(Step.RCPT, Status.SKIPPED, "no recipient to name"))
        await stages.farewell(reset=True)

    def _lint(self, transport: Transport | None) -> StepResult:
        if transport is not None and (refused := self._client.objection(transport)) is not None:
            self._recorder.state = self._recorder.state._replace(failure=refused)
            text = f"the app starts, and its first mail fails: {refused.summary}"
            return StepResult(Step.LINT, Status.FAILED, text, 0.0)
        if transport is not None:
            mode = self._client.security(transport)
            login = "with a login" if transport.logs_in else "without a login"
            return StepResult(Step.LINT, Status.PASSED, f"the app starts: {mode}, {login}", 0.0)
        wrong = ", ".join(unusable(self._settings))
        then = "refuses to start" if refusals(self._settings) else "sends nothing"
        self._recorder.state = self._recorder.state._replace(failure=ClientFailure(wrong), instead=then)
        return StepResult(Step.LINT, Status.FAILED, f"the app {then}: {wrong}", 0.0)

    def _unreached(self, transport: Transport | None) -> list[Step]:
        """Return the stages that were due and were not reached."""
        due = [Step.RESOLVE, Step.CONNECT, Step.GREETING, Step.EHLO, Step.AUTH, Step.MAIL, Step.RCPT]
        if transport is not None and transport.secure:
            due.insert(2, Step.TLS)
        if self._messages:
            due.append(Step.DATA)
        tried = {item.step for item in self._recorder.steps}
        return [step for step in due if step not in tried]

    @property
    def _recipient(self) -> str:
        """The recipient that the envelope names where no message is sent."""
        if self._options.recipient:
            return self._client.recipient_address(self._options.recipient)
        return self._client.sender_address(self._settings.sender or "")


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
        notes = doubts(self.dialogue.capabilities, sender, recipient, message)
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
