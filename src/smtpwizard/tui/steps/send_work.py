"""Waiting for the mails to arrive: the worker that looks into an inbox, and the proof that it brings. Draws nothing."""

from __future__ import annotations

from contextlib import aclosing
from time import monotonic
from typing import TYPE_CHECKING, Final

from textual import on, work
from textual.worker import Worker, WorkerState

from smtpwizard.errors import SmtpWizardError
from smtpwizard.presets.schema import AppMail, Kind
from smtpwizard.probe import login_guard
from smtpwizard.problems import Problem
from smtpwizard.report.stages import Mark
from smtpwizard.settings import Settings
from smtpwizard.smtp.results import Report
from smtpwizard.tui.base import StepPane
from smtpwizard.wizard import arrival as arrivals
from smtpwizard.wizard.check import bug_place, explain_report
from smtpwizard.wizard.send import Delivery, MailLine
from smtpwizard.wizard.services import AT_ONCE, NEARBY, may_catch
from smtpwizard.wizard.state import Proof

if TYPE_CHECKING:
    from smtpwizard.mailbox.model import Arrival, Inbox


_DELIVERY = "send"


class SendDelivery(StepPane):
    """The part of the step that talks to the server. What became of a mail goes into the state; the rest stays here."""

    def __init__(self) -> None:
        super().__init__()
        self._mail_lines: dict[str, MailLine] = {}
        self._busy = False
        self._failure: tuple[Report, Settings] | None = None
        self._causes: tuple[Problem, ...] = ()
        self._remark = ""

    def _draw(self) -> None:
        """Show what has changed here; a step adds its own."""
        self.hints_changed()

    def _ended(self) -> None:
        """What a step wants done once sending has ended, well or not."""

    def _start(self, to: str, mails: tuple[AppMail, ...]) -> None:
        self._busy, self._failure, self._causes, self._remark = True, None, (), ""
        self._mail_lines = {mail.name: MailLine(Mark.WAITING, mail.title, "waiting") for mail in mails}
        self.wizard.update(recipient=to)
        self._draw()
        self._run(to, mails)

    def _cancel(self) -> None:
        if self._busy:
            self.workers.cancel_group(self, _DELIVERY)
            for name, line in self._mail_lines.items():
                if line.mark in (Mark.RUNNING, Mark.WAITING):
                    self._mail_lines[name] = MailLine(Mark.SKIPPED, line.title, "cancelled; it may or may not be sent")
            self._busy = False
            self._draw()

    @work(exclusive=True, group=_DELIVERY, exit_on_error=False, description="sending mails")
    async def _run(self, to: str, mails: tuple[AppMail, ...]) -> None:
        services, settings = self.wizard.services, self.state.settings
        delivery = Delivery(mails, services.app, settings, to)
        try:
            options = services.options(self.state, recipient=to)
            async with aclosing(delivery.run(options, self.state.provider)) as stream:
                async for progress in stream:
                    self._mail_lines[progress.name] = progress.line
                    if progress.sent is not None:
                        self.wizard.update(sent=(*self.state.sent, progress.sent))
                    self._draw()
        except SmtpWizardError as error:
            self._remark = error.text
        except TimeoutError:
            self._remark = "The mail was not rendered within its deadline. Nothing was sent."
        finally:
            self._busy = False
        if delivery.report is not None:
            self._explain(delivery.report, settings)
        self._ended()

    def _explain(self, report: Report, settings: Settings) -> None:
        """Keep what failed, and what the server's words mean; a yes can be bad news, too (254: suppressed)."""
        if report.failed is not None:
            self._failure = (report, settings)
            self.wizard.update(**login_guard.remember(self.state, report.failed, settings, monotonic()))
        state = self.state
        self._causes = explain_report(report, provider=state.provider, settings=settings, rehearsed=state.rehearsed)

    @on(Worker.StateChanged)
    def _broke_off(self, event: Worker.StateChanged) -> None:
        event.stop()
        if event.state is WorkerState.ERROR and event.worker.group == _DELIVERY:
            self._busy = False
            self._remark = f"Sending broke off: {bug_place(event.worker.error)}. This is a bug in smtpwizard."
            self._draw()


_WATCHING: Final = "arrival"


class SendWatching(SendDelivery):
    """The part of the step that reads inboxes. What was found goes into the state; the rest is kept here."""

    def __init__(self) -> None:
        super().__init__()
        self._mailbox: Inbox | None = None
        """The mailbox that the operator opened, with its password: until the step is left."""
        self._watched = ""
        """The inbox that is being watched, by name."""
        self._within = 0.0
        """For how many seconds."""
        self._unseen = ""
        """Why nothing was seen, once watching has ended."""

    async def leaving(self) -> None:
        self._stop_watching()
        await self._forget_mailbox()
        await super().leaving()

    def _watch(self) -> None:
        """Look for the mails that are accepted and not known to have arrived, where an inbox can be read."""
        if arrivals.awaited(self.state.sent, self.state.arrived):
            self._unseen = ""
            self._run_watch()

    def _stop_watching(self) -> None:
        self.workers.cancel_group(self, _WATCHING)
        self._watched = self._unseen = ""

    async def _forget_mailbox(self) -> None:
        mailbox, self._mailbox = self._mailbox, None
        if mailbox is not None:
            await mailbox.close()

    def _take_mailbox(self, mailbox: Inbox, seen: tuple[Arrival, ...]) -> None:
        """Watch a mailbox into which a first look has been taken."""
        self._mailbox = mailbox
        for arrival in seen:
            self._saw(arrival, Proof.MAILBOX, mailbox.name)
        self._watch()
        self._draw()

    @work(exclusive=True, group=_WATCHING, exit_on_error=False, description="waiting for the mails to arrive")
    async def _run_watch(self) -> None:
        services = self.wizard.services
        try:
            inbox, by = await self._inbox_to_watch()
            if inbox is None:
                return
            from smtpwizard.mailbox.watch import watch

            wanted = arrivals.wanted(arrivals.awaited(self.state.sent, self.state.arrived))
            self._within = services.arrival_seconds if by is Proof.MAILBOX else min(services.arrival_seconds, AT_ONCE)
            self._watched = inbox.name
            self._draw()
            found = watch(inbox, wanted, within=self._within, pause=services.arrival_pause)
            async with aclosing(found) as stream:
                async for arrival in stream:
                    self._saw(arrival, by, inbox.name)
                    self._draw()
            if arrivals.awaited(self.state.sent, self.state.arrived):
                elsewhere = " The mail may go elsewhere." if by is Proof.CATCHER else ""
                self._unseen = f"Not seen in {inbox.name} within {self._within:.0f} s.{elsewhere}"
        except SmtpWizardError as error:
            self._unseen = error.message
            await self._forget_mailbox()  # a login that was refused is not tried again without the operator's word
        finally:
            self._watched = ""
        self._draw()

    async def _inbox_to_watch(self) -> tuple[Inbox | None, Proof]:
        """Return what can be read without asking: the mailbox opened before, the practice server, a local catcher."""
        state, services = self.state, self.wizard.services
        if self._mailbox is not None:
            return self._mailbox, Proof.MAILBOX
        provider, host = state.provider, state.settings.host or ""
        if provider is not None and provider.kind is Kind.PRACTICE:
            server = state.practice if state.rehearsed is None else None
            return (services.practice_inbox(server) if server is not None else None), Proof.PRACTICE
        if may_catch(provider, host):
            return await services.find_catcher(host, provider=provider, timeout=NEARBY), Proof.CATCHER
        return None, Proof.MAILBOX

    def _saw(self, arrival: Arrival, by: Proof, inbox: str) -> None:
        state = self.state
        self.wizard.update(arrived=arrivals.with_seen(state.arrived, arrival, state.sent, by, inbox))

    @on(Worker.StateChanged)
    def _watch_broke_off(self, event: Worker.StateChanged) -> None:
        if event.state is WorkerState.ERROR and event.worker.group == _WATCHING:
            self._unseen = f"Looking into the inbox broke off: {bug_place(event.worker.error)}. A bug in smtpwizard."
            self._draw()
