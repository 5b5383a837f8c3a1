"""The Test step: runs the probe, keeps its promises (cancel, consent, pause), puts the repair on Enter.

Knows no protocol, and what is shown is the board's work.
"""

from __future__ import annotations

from contextlib import aclosing
from time import monotonic
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.timer import Timer
from textual.widget import Widget
from textual.worker import Worker, WorkerState

from smtpwizard.errors import SmtpWizardError
from smtpwizard.probe import login_guard
from smtpwizard.problems import Problem
from smtpwizard.report.stages import StageLine, expected_order, port_line, stage_lines
from smtpwizard.settings import Settings
from smtpwizard.smtp.results import Report, Step, StepResult, Verdict
from smtpwizard.tui.base import Command, Hint, StepPane
from smtpwizard.tui.widgets.check import DiagnosisCard, TestBoard
from smtpwizard.wizard.check import bug_place, concerned_variable, explain_report

if TYPE_CHECKING:
    from smtpwizard.probe.survey.facts import PortFacts, SurveyResult
    from smtpwizard.probe.verdict import Options


_RUNNING = "probe"


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
        self.workers.cancel_group(self, _RUNNING)
        if self._report is not None:
            self._finished(self._report, self._under_way, None)
        else:
            self._ended("Cancelled. Nothing was sent and nothing was written.")

    @work(exclusive=True, group=_RUNNING, exit_on_error=False, description="SMTP test")
    async def _run(self, settings: Settings) -> None:
        # 60 ms of ssl and asyncio streams that no earlier step needs.
        from smtpwizard.probe.engine import Probe

        try:
            options = self.wizard.services.options(self.state)
            probe = Probe(settings, options, provider=self.state.provider)
        except SmtpWizardError as error:  # a certificate authority that was named cannot be read
            self._ended(error.text)
            return
        async with aclosing(probe.steps()) as steps:
            async for result in steps:
                self._results.append(result)
                self._draw()
        self._report = report = probe.report()
        self._finished(report, settings, await self._look(report, settings, options))

    async def _look(self, report: Report, settings: Settings, options: Options) -> SurveyResult | None:
        """Ask the server what the test left open; None where that would clear up nothing, or in a rehearsal."""
        from smtpwizard.probe.survey.limits import is_useful

        if self.state.rehearsed is not None or not is_useful(report):
            return None
        from smtpwizard.probe.survey.limits import TOTAL_SECONDS
        from smtpwizard.probe.survey.survey import run_survey

        self._seen, self._since = [], monotonic()
        self._draw()
        try:
            return await run_survey(
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

    def _finished(self, report: Report, settings: Settings, look: SurveyResult | None, note: str = "") -> None:
        failed = report.failed
        noted = login_guard.remember(self.state, failed, settings, monotonic()) if failed else {}
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
        if event.state is not WorkerState.ERROR or event.worker.group != _RUNNING:
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

    def _pause(self) -> login_guard.Pause | None:
        return login_guard.paused(self.state, monotonic())

    def _waiting_words(self) -> str:
        passed = monotonic() - self._since
        if passed < 1:
            return "waiting"
        return f"waiting, {passed:.0f} s; each stage has {self.wizard.services.timeout:.0f} s"


_TESTING = "probe"


class TestStep(TestRunning):
    """Starts by itself on entry. Truth is the state's report; the results under way are all that is kept here."""

    __test__ = False  # not a test, whatever its name begins with

    step_id = "test"
    title = "Test"
    HELP = (
        "Every stage of the dialogue that the app's own mail client has, in its order: name, connection, TLS, "
        "greeting, login, sender, recipient. No message is sent.\n\n"
        "Where a port is closed or TLS goes wrong, the server's other ports are asked too, without user and password; "
        "what answers there is offered first.\n\n"
        "A failed stage opens with its cause and what to do; where the repair is a changed value, Enter makes it and "
        "tests again. A login that a server refused is not sent again without your word: providers lock accounts.\n\n"
        "Ctrl+G goes on to Save whatever the test said."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel_or_back", "Cancel or back", show=False),
        Binding("ctrl+r", "again", "Test again", show=False),
        Binding("f4", "transcript", "Transcript", show=False),
        Binding("ctrl+g", "save_anyway", "Save all the same", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._explained: tuple[Report | None, tuple[Problem, ...]] = (None, ())

    def compose(self) -> ComposeResult:
        yield TestBoard()

    @property
    def board(self) -> TestBoard:
        """What is shown."""
        return self.query_one(TestBoard)

    # Coming and going

    async def entered(self) -> None:
        self._draw()
        if self.state.fresh_report is None:
            self.call_after_refresh(self.action_again)

    async def leaving(self) -> None:
        self._cancel()

    def first_focus(self) -> Widget | None:
        return self.board.card if self.board.card.display else self.board.scroll

    # Keys

    @property
    def primary(self) -> str:
        if self._under_way is not None or self._pause() is not None:
            return ""
        if self.state.fresh_report is None:
            return "Test"
        shown = self._cause
        if shown is None:
            return "Save"
        return f"{shown.label} and test again" if shown.changes else "Fix in Settings"

    def hints(self) -> tuple[Hint, ...]:
        if self._under_way is not None:
            return (Hint("escape", "Cancel"),)
        report = self.state.fresh_report
        leaks = report is not None and report.app.verdict is Verdict.LEAKS
        anyway = (Hint("ctrl+g", "Save anyway"),) if leaks else ()
        again = () if report is None or self._pause() else (Hint("ctrl+r", "Again"),)
        transcript = (Hint("f4", "Transcript"),) if self.state.report is not None else ()
        return (*anyway, *again, *transcript)

    def commands(self) -> tuple[Command, ...]:
        if self._under_way is not None:
            return (Command("test: Cancel", "Stop the test at once (Esc)", "cancel_or_back"),)
        again = Command("test: Test again", "Run every stage again (Ctrl+R)", "again")
        if self.state.report is None:
            return (again,)
        return (
            again,
            Command("test: Show transcript", "The dialogue with the server, secrets masked (F4)", "transcript"),
            Command("test: Save all the same", "Go on to Save whatever the test said (Ctrl+G)", "save_anyway"),
        )

    def action_primary(self) -> None:
        if self._under_way is not None or self._pause() is not None:
            return
        report = self.state.fresh_report
        if report is None:
            self.action_again()
            return
        shown = self._cause
        if shown is None:
            self.wizard.next_step()
        elif shown.changes:
            self.wizard.apply_changes(shown.changes)
            self.action_again()
        else:
            self.wizard.focus_variable(self._concerned(report))

    def action_cancel_or_back(self) -> None:
        report = self.state.fresh_report
        if self._under_way is not None:
            self._cancel()
        elif report is not None and self._cause is not None:
            self.wizard.focus_variable(self._concerned(report))  # back, with the field marked that it is about
        else:
            self.wizard.back()

    @property
    def _cause(self) -> Problem | None:
        """The open cause of a failure; a remark on a test that is green is none."""
        return None if self.state.proved else self.board.card.current

    def _concerned(self, report: Report) -> str:
        """Return the variable that the open cause is about."""
        shown, failed = self._cause, report.failed
        if shown is not None and shown.variables:
            return shown.variables[0]
        return concerned_variable(failed.step if failed else Step.AUTH, self.state.settings)

    def action_save_anyway(self) -> None:
        if self._under_way is None:
            self.wizard.go("save")

    def action_transcript(self) -> None:
        if self.state.report is None:
            return
        from smtpwizard.tui.screens.texts import TranscriptScreen

        self.app.push_screen(TranscriptScreen(self.state.report))

    def action_again(self) -> None:
        """Test, unless one is running or the server wants a pause; ask first where the login was refused before."""
        if self._under_way is not None or self._pause() is not None:
            self._draw()
            return
        if not login_guard.was_refused(self.state):
            self._start()
            return
        from smtpwizard.tui.screens.dialogs import ConfirmScreen

        words = login_guard.refused_question(self.state.settings)
        self.app.push_screen(ConfirmScreen(**words), self._consented)

    def _consented(self, yes: bool | None) -> None:
        if yes:
            self._start()
        else:
            self._draw()

    # Drawing

    @on(DiagnosisCard.Turned)
    def _turned(self) -> None:
        self.hints_changed()

    def _draw(self) -> None:
        settings = self._under_way or self.state.settings
        played = f", playing {self.state.rehearsed.ref}" if self.state.rehearsed else ""
        self.board.head(f"Test: {settings.shown_host}:{settings.port}{played}" if settings.host else "Test")
        report = None if self._under_way is not None else self.state.fresh_report
        results = self._results if report is None else report.steps
        words = self._waiting_words() if self._under_way is not None else None
        lines = stage_lines(results, expected=expected_order(settings), running=words)
        ports = self._port_line(report)
        lines = (*lines, ports) if ports else lines
        self.board.show(lines, explanations=self._explain(report), report=report, note=self._sentence())
        super()._draw()

    def _port_line(self, report: Report | None) -> StageLine | None:
        """Return the line on the other ports: while they are asked, and of the report that is shown."""
        if self._seen is not None:
            return port_line(self._seen, running=f"{monotonic() - self._since:.0f} s")
        look = self.state.look if report is not None else None
        return port_line(look.ports) if look is not None and look.ports else None

    def _explain(self, report: Report | None) -> tuple[Problem, ...]:
        if report is None:
            self._explained = (None, ())
        elif self._explained[0] is not report:
            state = self.state
            found = explain_report(
                report,
                provider=state.provider,
                settings=state.settings,
                look=state.look,
                rehearsed=state.rehearsed,
            )
            self._explained = (report, found)
        return self._explained[1]

    def _sentence(self) -> str:
        pause = self._pause()
        if pause is not None and self._under_way is None:
            left = login_guard.countdown(pause.seconds)
            return f"{self.state.settings.host} asks for a pause. Testing goes on in {left}; more tries make it longer."
        return self._note
