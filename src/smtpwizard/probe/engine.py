"""Probe: the faithful dialogue, stage by stage, and the report on it.

Brings link, session and verdict together, keeps the time and decides the order; knows neither the protocol's words
nor any front end. Never raises for what a server or the network does: that is a failed step.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from functools import partial

from smtpwizard.clients.nodemailer import ehlo as address
from smtpwizard.clients.nodemailer import tls as trust
from smtpwizard.clients.nodemailer.errors import Ended, Ending
from smtpwizard.clients.transport import Transport, refuses, transport
from smtpwizard.presets.schema import Provider
from smtpwizard.probe.connection import Link
from smtpwizard.probe.recorder import Record, StageFailed
from smtpwizard.probe.stages import Posting, Session
from smtpwizard.probe.verdict import Options, judge, not_proved
from smtpwizard.settings import Settings
from smtpwizard.smtp.net import Net
from smtpwizard.smtp.results import OutgoingMessage, Report, SentMessage, Status, Step, StepResult
from smtpwizard.text import safe


class Probe:
    """One run with one set of settings. Logs in at most once; `steps` can be gone through once."""

    def __init__(
        self,
        settings: Settings,
        options: Options | None = None,
        *,
        provider: Provider | None = None,
        message: OutgoingMessage | Sequence[OutgoingMessage] | None = None,
    ) -> None:
        """Prepare; FileError where a certificate authority of the options cannot be read.

        Without a message everything short of sending one is tried. Several messages go over one connection with one
        login, each whatever becomes of the others, as long as the connection stands.
        """
        self._settings = settings
        self._options = options or Options()
        self._provider = provider
        self._messages = (message,) if isinstance(message, OutgoingMessage) else tuple(message or ())
        self._authorities = self._read_authorities()
        self._record = Record(settings, provider)
        self._record.course = self._record.course._replace(due=len(self._messages))
        self._began = self._ended = time.monotonic()

    @property
    def due(self) -> int:
        """How many messages it was given."""
        return len(self._messages)

    @property
    def sent(self) -> tuple[SentMessage, ...]:
        """What has become of messages so far: as `messages` of the report, while it runs."""
        return tuple(self._record.sent)

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

    def report(self) -> Report:
        """Return the report on what has been run so far."""
        where = safe(f"{self._settings.host}:{self._settings.port}")
        record, course = self._record, self._record.course
        return Report(
            steps=tuple(record.steps),
            server_ok=course.finished and course.ending is None,
            app=judge(course, self._options.app_name),
            transcript=record.transcript.lines(),
            not_proved=not_proved(course, where=where, recipient=self._recipient, provider=self._provider),
            elapsed_ms=round((self._ended - self._began) * 1000, 1),
            provider=self._provider.id if self._provider else None,
            messages=self.sent,
            settings=record.masked,
        )

    async def _run(self, net: Net) -> AsyncGenerator[StepResult, None]:
        self._began = time.monotonic()
        try:
            handed = transport(self._settings, origin=self._options.origin)
            yield self._record.keep(self._lint(handed))
            if handed is not None:
                link = Link(net, handed, self._options, self._authorities, self._record.transcript)
                try:
                    async with aclosing(self._dialogue(link, handed)) as results:
                        async for result in results:
                            yield result
                finally:
                    link.close()
            for step in self._unreached(handed):
                yield self._record.keep(StepResult(step, Status.SKIPPED, "not reached"))
            self._record.course = self._record.course._replace(finished=True)
        finally:
            self._ended = time.monotonic()

    async def _dialogue(self, link: Link, handed: Transport) -> AsyncGenerator[StepResult, None]:
        """Yield the stages after the settings' own; the last one may be a failed one."""
        session = Session(link)
        try:
            yield await self._record.stage(Step.RESOLVE, link.resolve)
            if handed.secure:
                try:
                    link.check_ciphers("ECONNECTION", "CONN")
                except Ended as end:
                    not_tried = "not tried: the cipher list is refused"
                    yield self._record.keep(StepResult(Step.CONNECT, Status.SKIPPED, not_tried))
                    self._record.fail(Step.TLS, end.ending, 0.0)
            yield await self._record.stage(Step.CONNECT, link.connect)
            if handed.secure:
                yield await self._record.stage(Step.TLS, link.tls)
            yield await self._record.stage(Step.GREETING, session.greeting)
            yield await self._record.stage(Step.EHLO, session.ehlo)
            if session.client.wants_starttls:
                yield await self._record.stage(Step.STARTTLS, session.starttls)
                yield await self._record.stage(Step.EHLO, session.ehlo)
            yield await self._record.stage(Step.AUTH, session.auth)
            self._verified(session)
            async with aclosing(self._mails(session) if self._messages else self._envelope(session)) as results:
                async for result in results:
                    yield result
        except StageFailed:
            yield self._record.steps[-1]

    async def _mails(self, session: Session) -> AsyncGenerator[StepResult, None]:
        """Yield what comes after the login where mails are sent."""
        posting = Posting(session, self._record, address.from_header(self._settings.sender or ""), self._messages)
        async with aclosing(posting.run()) as results:
            async for result in results:
                yield result
        if not posting.over:
            await session.farewell(reset=False)

    async def _envelope(self, session: Session) -> AsyncGenerator[StepResult, None]:
        """Yield what comes after the login where none is sent: sender and recipient are named, and taken back."""
        sender, recipient = address.from_header(self._settings.sender or ""), self._recipient
        yield await self._record.stage(Step.MAIL, partial(session.mail, sender, recipient))
        if recipient:
            yield await self._record.stage(Step.RCPT, partial(session.rcpt, recipient))
        else:
            yield self._record.keep(StepResult(Step.RCPT, Status.SKIPPED, "no recipient to name"))
        await session.farewell(reset=True)

    def _verified(self, session: Session) -> None:
        client = session.client
        self._record.course = self._record.course._replace(
            verified=True,
            logged_in=client.logged_in,
            encrypted=client.secure,
            exposed=session.exposed,
        )

    def _lint(self, handed: Transport | None) -> StepResult:
        if handed is not None:
            mode = "TLS from the first byte" if handed.secure else "STARTTLS if offered"
            login = "with a login" if handed.logs_in else "without a login"
            return StepResult(Step.LINT, Status.PASSED, f"the app starts: {mode}, {login}", 0.0)
        reasons = (f"{item.variable} is {item.reason.value.replace('-', ' ')}" for item in refuses(self._settings))
        refused = ", ".join(reasons)
        self._record.course = self._record.course._replace(ending=Ending(refused))
        return StepResult(Step.LINT, Status.FAILED, f"the app refuses to start: {refused}", 0.0)

    def _unreached(self, handed: Transport | None) -> list[Step]:
        """Return the stages that were due and did not come about."""
        due = [Step.RESOLVE, Step.CONNECT, Step.GREETING, Step.EHLO, Step.AUTH, Step.MAIL, Step.RCPT]
        if handed is not None and handed.secure:
            due.insert(2, Step.TLS)
        if self._messages:
            due.append(Step.DATA)
        tried = {item.step for item in self._record.steps}
        return [step for step in due if step not in tried]

    @property
    def _recipient(self) -> str:
        """Whom the envelope names where no message is sent."""
        if self._options.recipient:
            return address.normalise(self._options.recipient)
        return address.from_header(self._settings.sender or "")

    def _read_authorities(self) -> tuple[str, ...]:
        extra = trust.extra_authorities() if self._options.trust_extra_env else None
        given = (self._options.extra_ca_pem, extra)
        return trust.read_authorities(self._options.ca_files) + tuple(text for text in given if text)


async def run(
    settings: Settings,
    options: Options | None = None,
    *,
    provider: Provider | None = None,
    message: OutgoingMessage | Sequence[OutgoingMessage] | None = None,
) -> Report:
    """Go through all stages and return the report."""
    probe = Probe(settings, options, provider=provider, message=message)
    async for _ in probe.steps():
        pass
    return probe.report()


def run_blocking(
    settings: Settings,
    options: Options | None = None,
    *,
    provider: Provider | None = None,
    message: OutgoingMessage | Sequence[OutgoingMessage] | None = None,
) -> Report:
    """The same without an event loop, in the current thread."""
    probe = Probe(settings, options, provider=provider, message=message)
    for _ in probe.steps_blocking():
        pass
    return probe.report()
