"""Probe: the faithful dialogue, stage by stage, and the report on it.

Brings connection, stages and verdict together, keeps the time and decides the order; knows neither the protocol's
words nor any front end. What a server or the network does is never raised: it becomes a failed step.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from functools import partial

from smtpwizard.clients.model import ClientFailure, DialogueEnded
from smtpwizard.clients.registry import dialogue_of
from smtpwizard.clients.transport import Transport, refusals, unusable
from smtpwizard.presets.schema import Provider
from smtpwizard.probe.connection import Connection
from smtpwizard.probe.stages import Recorder, StageFailed, Stages, Transactions
from smtpwizard.probe.verdict import Options, app_outcome, not_proved
from smtpwizard.settings import Settings
from smtpwizard.smtp.net import Net
from smtpwizard.smtp.results import OutgoingMessage, Report, SentMessage, Status, Step, StepResult
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
        from smtpwizard.smtp.net import BlockingNet, drive

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
