"""Step 3 on the screen: the stages as they end, the causes of a failure, and the repair on Enter."""

from __future__ import annotations

from contextlib import aclosing
from time import monotonic
from typing import ClassVar, Final

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.timer import Timer
from textual.widget import Widget
from textual.worker import Worker, WorkerState

from smtpwizard.errors import SmtpWizardError
from smtpwizard.presets.schema import Kind
from smtpwizard.problems import Problem
from smtpwizard.report.probe import expected_order, port_line, stage_lines
from smtpwizard.secret import redact
from smtpwizard.smtp.results import Verdict
from smtpwizard.tui.base import Command, Hint, StepPane
from smtpwizard.tui.widgets.check import Board, Card, shorter, way_out
from smtpwizard.wizard import check as model
from smtpwizard.wizard import login_guard
from smtpwizard.wizard.check import ELSEWHERE, bug_place, page_of

_RUN: Final = "probe"
"""The worker's group."""


class CheckStep(StepPane):
    """Starts a run by itself on entry. Truth is the session's; a sentence on the last run is all that is kept here."""

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
        Binding("ctrl+o", "open_page", "Open page", show=False),
        Binding("f7", "play_failure", "Play a failure", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._note = ""
        self._clock: Timer | None = None

    def compose(self) -> ComposeResult:
        yield Board()

    def on_mount(self) -> None:
        self._clock = self.set_interval(0.25, self._tick, pause=True)

    @property
    def model(self) -> model.CheckStep:
        """The step without a screen."""
        return self.session.step(model.CheckStep)

    @property
    def board(self) -> Board:
        """What is shown."""
        return self.query_one(Board)

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
    def _cause(self) -> Problem | None:
        """The open cause of a failure; a remark on a run that is green is none."""
        return None if self.state.proved else self.board.card.current

    @property
    def primary(self) -> str:
        if self.model.running is not None or self.model.pause is not None:
            return ""
        if self.model.report is None:
            return "Test"
        shown = self._cause
        if shown is None:
            return "Save"
        if shown.id in ELSEWHERE:
            return "Test again"
        return way_out(shown)

    @property
    def primary_short(self) -> str:
        return shorter(self.primary)

    def hints(self) -> tuple[Hint, ...]:
        if self.model.running is not None:
            return (Hint("escape", "Cancel"),)
        report = self.model.report
        leaks = report is not None and report.app.verdict is Verdict.LEAKS
        failed = report is not None and not self.state.proved
        anyway = (Hint("ctrl+g", "Save anyway" if leaks else "Save untested"),) if failed else ()
        again = () if report is None or self.model.pause else (Hint("ctrl+r", "Again"),)
        transcript = (Hint("f4", "Transcript"),) if self.state.report is not None else ()
        play = (Hint("f7", "Play a failure"),) if self._practising else ()
        return (*anyway, *play, *again, *transcript)

    @property
    def _practising(self) -> bool:
        return self.state.provider is not None and self.state.provider.kind is Kind.PRACTICE

    def action_play_failure(self) -> None:
        """On the practice server: choose a failure, and see how it is explained."""
        if self._practising and self.model.running is None:
            self.wizard.action_play_failure()

    def commands(self) -> tuple[Command, ...]:
        if self.model.running is not None:
            return (Command("test: Cancel", "Stop the test at once (Esc)", "cancel_or_back"),)
        again = Command("test: Test again", "Run every stage again (Ctrl+R)", "again")
        if self.state.report is None:
            return (again,)
        url = page_of(self.board.card.current)
        page = (Command("test: Open page", f"{url} (Ctrl+O)", "open_page"),) if url else ()
        return (
            again,
            *page,
            Command("test: Show transcript", "The dialogue with the server, secrets masked (F4)", "transcript"),
            Command("test: Save all the same", "Go on to Save whatever the test said (Ctrl+G)", "save_anyway"),
        )

    def action_primary(self) -> None:
        if self.model.running is not None or self.model.pause is not None:
            return
        shown = self._cause
        if self.model.report is None:
            self.action_again()
        elif shown is None:
            self.wizard.next_step()
        elif shown.changes:
            self.model.apply(shown)
            self.action_again()
        elif shown.id in ELSEWHERE:
            self.action_again()
        else:
            self.wizard.focus_variable(self.model.concerned(shown))

    def action_cancel_or_back(self) -> None:
        if self.model.running is not None:
            self._cancel()
        elif self._cause is not None:
            # Back, with the field marked that the cause is about.
            self.wizard.focus_variable(self.model.concerned(self._cause))
        else:
            self.wizard.back()

    def action_save_anyway(self) -> None:
        if self.model.running is None:
            self.wizard.go("save")

    def action_open_page(self) -> None:
        """Open the page that the cause names."""
        if page := page_of(self.board.card.current):
            self.wizard.action_open_page(page)

    def action_transcript(self) -> None:
        if self.state.report is None:
            return
        from smtpwizard.tui.screens.dialogs import TranscriptScreen

        self.app.push_screen(TranscriptScreen(self.state.report))

    def action_again(self) -> None:
        """Run, unless a run is under way or the server wants a pause; ask first where the login was refused before."""
        question = self.model.question
        if self.model.running is not None or self.model.pause is not None:
            self._draw()
        elif question is None:
            self._start()
        else:
            from smtpwizard.tui.screens.dialogs import ConfirmScreen

            self.app.push_screen(ConfirmScreen(**question), lambda yes: self._start() if yes else self._draw())

    # Running

    def _start(self) -> None:
        self._note = ""
        if self._clock is not None:
            self._clock.resume()
        self._run()

    def _cancel(self) -> None:
        """End what is under way; of a run whose stages are through, the survey alone is given up."""
        running = self.model.running
        if running is not None:
            self.workers.cancel_group(self, _RUN)
            self.model.stop()
            self._ended("" if running.report is not None else "Cancelled. Nothing was sent and nothing was written.")

    @work(exclusive=True, group=_RUN, exit_on_error=False, description="SMTP test")
    async def _run(self) -> None:
        try:
            self.model.begin()
        except SmtpWizardError as error:  # a certificate authority that was named cannot be read
            self._ended(error.text)
            return
        self._draw()
        try:
            async with aclosing(self.model.run()) as results:
                async for _ in results:
                    self._draw()
        except SmtpWizardError as error:  # this machine has no descriptors left, or no roots
            self._ended(error.text)
            return
        self._ended("")

    def _ended(self, note: str) -> None:
        self._note = note
        self._tick()

    @on(Worker.StateChanged)
    def _broke_off(self, event: Worker.StateChanged) -> None:
        event.stop()
        if event.state is WorkerState.ERROR and event.worker.group == _RUN:
            what = "The test" if self.model.report is None else "The look at other ports"
            self._ended(f"{what} broke off: {bug_place(event.worker.error)}. This is a bug in smtpwizard.")

    def _tick(self) -> None:
        if self.model.running is None and self.model.pause is None and self._clock is not None:
            self._clock.pause()
        self._draw()

    # Drawing

    @on(Card.Turned)
    def _turned(self) -> None:
        self.hints_changed()

    def _draw(self) -> None:
        running, report, state = self.model.running, self.model.report, self.state
        settings = running.settings if running is not None else state.settings
        played = f", playing {state.rehearsed.ref}" if state.rehearsed else ""
        server = redact(f"{settings.host}:{settings.port}", self.session.secrets())
        self.board.head(f"Test: {server}{played}" if settings.host else "Test", self.model.report)
        if running is None:
            lines = stage_lines(report.steps if report is not None else ())
            ports = state.survey.ports if report is not None and state.survey is not None else ()
            lines += (port_line(ports),) if ports else ()
        else:
            passed = monotonic() - running.since
            waiting = "waiting"
            if passed >= 1:
                waiting += f", {passed:.0f} s; each stage has {self.session.services.timeout:.0f} s"
            lines = stage_lines(running.results, expected=expected_order(settings), running=waiting)
            lines += (port_line(running.ports, running=f"{passed:.0f} s"),) if running.surveying else ()
        self.board.show(lines, problems=self.model.problems(), report=report, note=self._sentence())
        self.hints_changed()

    def _sentence(self) -> str:
        pause = self.model.pause
        if pause is not None and self.model.running is None:
            left = login_guard.countdown(pause.seconds)
            host = redact(self.state.settings.host or "", self.session.secrets())
            return f"{host} asks for a pause. Testing goes on in {left}; more tries make it longer."
        return self._note
