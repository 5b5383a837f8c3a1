"""Sending mails: the worker behind the Send step's Enter, and what it leaves to be shown. Draws nothing itself."""

from __future__ import annotations

from contextlib import aclosing
from time import monotonic

from textual import on, work
from textual.worker import Worker, WorkerState

from smtpwizard.errors import SmtpWizardError
from smtpwizard.preset_schema import AppMail
from smtpwizard.probe import lockout
from smtpwizard.probe.results import Report
from smtpwizard.settings import Settings
from smtpwizard.tui.steps.base import StepPane
from smtpwizard.tui.steps.save_words import told
from smtpwizard.tui.steps.send_run import Delivery, MailLine
from smtpwizard.tui.steps.test_explain import Explanation, explain_report
from smtpwizard.tui.steps.test_lines import Mark
from smtpwizard.tui.steps.test_verdict import bug_place

_GROUP = "send"


class SendDelivery(StepPane):
    """The part of the step that talks to the server. What became of a mail goes into the state; the rest stays here."""

    def __init__(self) -> None:
        super().__init__()
        self._mail_lines: dict[str, MailLine] = {}
        self._busy = False
        self._failure: tuple[Report, Settings] | None = None
        self._causes: tuple[Explanation, ...] = ()
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
            self.workers.cancel_group(self, _GROUP)
            for name, line in self._mail_lines.items():
                if line.mark in (Mark.RUNNING, Mark.WAITING):
                    self._mail_lines[name] = MailLine(Mark.SKIPPED, line.title, "cancelled; it may or may not be sent")
            self._busy = False
            self._draw()

    @work(exclusive=True, group=_GROUP, exit_on_error=False, description="sending mails")
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
            self._remark = told(error)
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
            self.wizard.update(**lockout.remember(self.state, report.failed, settings, monotonic()))
        state = self.state
        self._causes = explain_report(report, provider=state.provider, settings=settings, rehearsed=state.rehearsed)

    @on(Worker.StateChanged)
    def _broke_off(self, event: Worker.StateChanged) -> None:
        event.stop()
        if event.state is WorkerState.ERROR and event.worker.group == _GROUP:
            self._busy = False
            self._remark = f"Sending broke off: {bug_place(event.worker.error)}. This is a bug in smtpwizard."
            self._draw()
