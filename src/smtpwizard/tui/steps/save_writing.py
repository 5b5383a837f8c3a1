"""Planning and writing one file: the workers behind the Save step's Enter. Draws nothing itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on, work
from textual.worker import Worker, WorkerState

from smtpwizard.errors import FileError, SmtpWizardError
from smtpwizard.tui.steps import save_run
from smtpwizard.tui.steps.base import StepPane
from smtpwizard.tui.steps.save_words import Sentence, told
from smtpwizard.tui.steps.test_lines import Mark
from smtpwizard.tui.steps.test_verdict import bug_place

if TYPE_CHECKING:
    from smtpwizard.outputs import Applied, Change


class SaveWriting(StepPane):
    """The part of the step that touches files. What went wrong stands in `_above`, over the sentences of the change."""

    def __init__(self) -> None:
        super().__init__()
        self._change: Change | None = None
        self._busy = False
        self._done: tuple[Change, Applied] | None = None
        self._above: list[Sentence] = []

    def _draw(self) -> None:
        """Show what has changed here; a step adds its own."""
        self.hints_changed()

    async def _after_writing(self) -> None:
        """What a step wants done once a file was written."""

    @work(exclusive=True, group="plan", exit_on_error=False, description="planning a change")
    async def _plan(self) -> None:
        path = self.state.target.path
        if path is None:
            return
        try:
            self._change = await save_run.plan(self.state, path)
        except SmtpWizardError as error:
            self._above = [(Mark.FAILED, told(error))]
        except TimeoutError:
            limit = f"{save_run.PLAN_SECONDS:.0f} s"
            self._above = [(Mark.FAILED, f"{path} was not read within {limit}. Is its disk away?")]
        self._draw()

    @work(exclusive=True, group="write", exit_on_error=False, description="writing a file")
    async def _write(self, change: Change, *, in_place: bool) -> None:
        from smtpwizard.outputs import Conflict, InPlaceRequired

        self._busy, self._above = True, []
        self._draw()
        try:
            applied = await save_run.write(change, in_place=in_place)
        except Conflict as error:
            self._above = [(Mark.WARNING, told(error))]
            self._change = None
            self._plan()
        except InPlaceRequired as error:
            self._ask_in_place(change, error)
        except SmtpWizardError as error:
            self._above = [(Mark.FAILED, told(error))]
        except TimeoutError:
            limit = f"{save_run.WRITE_SECONDS:.0f} s"
            words = f"{change.path} was not written within {limit}. Look at it before trying again."
            self._above = [(Mark.FAILED, words)]
        else:
            self._done = (change, applied)
            self.wizard.update(saved=self.state.settings, applied=(*self.state.applied, applied))
            await self._after_writing()
        finally:
            self._busy = False
            self._draw()

    def _ask_in_place(self, change: Change, error: FileError) -> None:
        from smtpwizard.tui.screens.confirm import ConfirmScreen

        def consented(yes: bool | None) -> None:
            if yes:
                self._write(change, in_place=True)

        self.app.push_screen(
            ConfirmScreen(title=error.title, question=error.message, yes="Overwrite it in place", no="Leave it"),
            consented,
        )

    @on(Worker.StateChanged)
    def _broke_off(self, event: Worker.StateChanged) -> None:
        event.stop()
        if event.state is WorkerState.ERROR and event.worker.group != "warm":
            self._busy = False
            self._above = [(Mark.FAILED, f"Saving broke off: {bug_place(event.worker.error)}. A bug in smtpwizard.")]
            self._draw()

    def _wrote(self, change: Change) -> bool:
        return self._done is not None and self._done[0] is change
