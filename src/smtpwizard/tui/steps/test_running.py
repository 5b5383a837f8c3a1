"""Running the probe for the Test step, and a second look where it failed: one at a time, cancelled at once, its end
noted in the state. Draws nothing.
"""

from __future__ import annotations

from contextlib import aclosing
from time import monotonic
from typing import TYPE_CHECKING

from textual import on, work
from textual.timer import Timer
from textual.worker import Worker, WorkerState

from smtpwizard.errors import SmtpWizardError
from smtpwizard.probe import lockout
from smtpwizard.probe.results import Report, StepResult
from smtpwizard.settings import Settings
from smtpwizard.tui.steps.base import StepPane
from smtpwizard.tui.steps.save_words import told
from smtpwizard.tui.steps.test_verdict import bug_place

if TYPE_CHECKING:
    from smtpwizard.probe import Options
    from smtpwizard.probe.look import PortFacts, SecondLook

_GROUP = "probe"


class TestRunning(StepPane):
    """The part of the step that has a worker and a clock. Results under way are kept here until the report is there."""

    __test__ = False  # not a test, whatever its name begins with

    def __init__(self) -> None:
        super().__init__()
        self._results: list[StepResult] = []
        self._seen: list[PortFacts] | None = None
        """Ports that a second look has cleared up so far; None where none is under way."""
        self._report: Report | None = None
        """The test's report while the second look lasts."""
        self._under_way: Settings | None = None
        self._since = 0.0
        self._note = ""
        self._clock: Timer | None = None

    def on_mount(self) -> None:
        self._clock = self.set_interval(0.25, self._tick, pause=True)

    def _draw(self) -> None:
        """Show what has changed here; a step adds its own."""
        self.hints_changed()

    def _start(self) -> None:
        self._results, self._seen, self._report, self._note = [], None, None, ""
        self._under_way, self._since = self.state.settings, monotonic()
        if self._clock is not None:
            self._clock.resume()
        self._draw()
        self._run(self._under_way)

    def _cancel(self) -> None:
        """End what is under way; of a test that is through, only the second look is given up."""
        if self._under_way is None:
            return
        self.workers.cancel_group(self, _GROUP)
        if self._report is not None:
            self._finished(self._report, self._under_way, None)
        else:
            self._ended("Cancelled. Nothing was sent and nothing was written.")

    @work(exclusive=True, group=_GROUP, exit_on_error=False, description="SMTP test")
    async def _run(self, settings: Settings) -> None:
        # 60 ms of ssl and asyncio streams that no earlier step needs.
        from smtpwizard.probe import Probe

        try:
            options = self.wizard.services.options(self.state)
            probe = Probe(settings, options, provider=self.state.provider)
        except SmtpWizardError as error:  # a certificate authority that was named cannot be read
            self._ended(told(error))
            return
        async with aclosing(probe.steps()) as steps:
            async for result in steps:
                self._results.append(result)
                self._draw()
        self._report = report = probe.report()
        self._finished(report, settings, await self._look(report, settings, options))

    async def _look(self, report: Report, settings: Settings, options: Options) -> SecondLook | None:
        """Ask the server what the test left open; None where that would clear up nothing, or in a rehearsal."""
        from smtpwizard.probe.look import applies

        if self.state.rehearsed is not None or not applies(report):
            return None
        from smtpwizard.probe.look.limits import TOTAL_SECONDS
        from smtpwizard.probe.look.second import second_look

        self._seen, self._since = [], monotonic()
        self._draw()
        try:
            return await second_look(
                report,
                settings,
                options,
                provider=self.state.provider,
                service=self.wizard.services.app.service,
                timeout=min(TOTAL_SECONDS, options.timeout),
                on_port=self._port_seen,
            )
        except SmtpWizardError:  # an authority's file has vanished since the test: the look has nothing to add
            return None

    def _port_seen(self, facts: PortFacts) -> None:
        if self._seen is not None:
            self._seen.append(facts)
            self._draw()

    def _finished(self, report: Report, settings: Settings, look: SecondLook | None, note: str = "") -> None:
        failed = report.failed
        noted = lockout.remember(self.state, failed, settings, monotonic()) if failed else {}
        self._under_way = self._seen = self._report = None
        self.wizard.update(report=report, tested=settings, look=look, **noted)
        self._ended(note)

    def _ended(self, note: str) -> None:
        self._under_way, self._note = None, note
        if self._clock is not None and self._pause() is None:
            self._clock.pause()
        self._draw()

    @on(Worker.StateChanged)
    def _broke_off(self, event: Worker.StateChanged) -> None:
        event.stop()
        if event.state is not WorkerState.ERROR or event.worker.group != _GROUP:
            return
        place = f"{bug_place(event.worker.error)}. This is a bug in smtpwizard."
        if self._report is not None and self._under_way is not None:
            self._finished(self._report, self._under_way, None, f"The look at other ports broke off: {place}")
        else:
            self._ended(f"The test broke off: {place}")

    def _tick(self) -> None:
        if self._under_way is None and self._pause() is None and self._clock is not None:
            self._clock.pause()
        self._draw()

    def _pause(self) -> lockout.Pause | None:
        return lockout.paused(self.state, monotonic())

    def _waiting_words(self) -> str:
        passed = monotonic() - self._since
        if passed < 1:
            return "waiting"
        return f"waiting, {passed:.0f} s; each stage has {self.wizard.services.timeout:.0f} s"
