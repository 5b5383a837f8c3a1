"""Planning and writing for the Save step: the workers behind its keys, and the consents they need. Draws nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from textual import on, work
from textual.worker import Worker, WorkerState

from smtpwizard.errors import FileError, SmtpWizardError
from smtpwizard.tui.steps import save_run
from smtpwizard.tui.steps.base import StepPane
from smtpwizard.tui.steps.save_plan import next_command
from smtpwizard.tui.steps.save_words import Sentence, told, undecided
from smtpwizard.tui.steps.test_lines import Mark
from smtpwizard.tui.steps.test_verdict import bug_place

if TYPE_CHECKING:
    from smtpwizard.outputs import Applied, Change, Note

Changes = tuple["Change", ...]


class SaveWriting(StepPane):
    """The part of the step that touches files. What went wrong stands in `_above`, over the sentences of the change."""

    def __init__(self) -> None:
        super().__init__()
        self._changes: Changes | None = None
        self._busy = False
        self._done: list[tuple[Change, Applied]] = []
        """What was applied of `_changes`, in their order."""
        self._notes: tuple[Note, ...] = ()
        self._above: list[Sentence] = []
        self._ignore = False
        """Whether missing ignore rules are to be added, as the operator asked."""
        self._undecided = False
        self._env_files: tuple[Path, ...] = ()
        """What the service reads through env_file, where its compose file cannot be edited."""

    def _draw(self) -> None:
        """Show what has changed here; a step adds its own."""
        self.hints_changed()

    async def _after_writing(self) -> None:
        """What a step wants done once everything was written."""

    def _forget(self) -> None:
        """Drop the plan: another target was chosen, or it is made anew."""
        self._changes, self._done, self._notes = None, [], ()
        self._undecided, self._env_files = False, ()

    @work(exclusive=True, group="plan", exit_on_error=False, description="planning a change")
    async def _plan(self) -> None:
        state, app = self.state, self.wizard.services.app
        path = state.target.path
        if path is None:
            return
        from smtpwizard.outputs.compose_services import Undecided

        self._forget()
        try:
            self._changes = await save_run.plan(state, app, ignore=self._ignore)
        except Undecided as error:
            await self._ways_out(error)
        except SmtpWizardError as error:
            self._above = [(Mark.FAILED, told(error))]
        except TimeoutError:
            limit = f"{save_run.PLAN_SECONDS:.0f} s"
            self._above = [(Mark.FAILED, f"{path} was not read within {limit}. Is its disk away?")]
        self._draw()

    async def _ways_out(self, error: FileError) -> None:
        from smtpwizard.outputs.compose_project import override_target

        target = self.state.target
        assert target.path is not None
        self._undecided = True
        try:
            self._env_files = await save_run.env_files(target, self.wizard.services.app)
        except TimeoutError:
            self._env_files = ()
        self._above = undecided(error, override_target(target.path).name, self._env_files)

    @work(exclusive=True, group="write", exit_on_error=False, description="writing files")
    async def _write(self, changes: Changes, agreed: frozenset[str] = frozenset()) -> None:
        """Write what is not written yet. `agreed`: the consents given for the next file of them."""
        from smtpwizard.outputs import Conflict, InPlaceRequired, LeavesProject

        self._busy, self._above = True, []
        self._draw()
        change = changes[len(self._done)]
        try:
            for change in changes[len(self._done) :]:
                applied = await save_run.write(
                    change, in_place="in place" in agreed, follow_link="follow link" in agreed
                )
                self._done.append((change, applied))
                agreed = frozenset()
                self.wizard.update(applied=(*self.state.applied, applied))
        except Conflict as error:
            self._above = [(Mark.WARNING, told(error))]
            self._forget()
            self._plan()
        except InPlaceRequired as error:
            self._ask(changes, agreed | {"in place"}, error.title, error.message, "Overwrite it in place")
        except LeavesProject as error:
            question = (
                f"{change.path.name} is a link that leads out of the project, to {change.real_path}. That file may "
                "belong to something else."
            )
            self._ask(changes, agreed | {"follow link"}, error.title, question, "Write that file")
        except SmtpWizardError as error:
            self._above = [(Mark.FAILED, told(error))]
        except TimeoutError:
            limit = f"{save_run.WRITE_SECONDS:.0f} s"
            words = f"{change.path} was not written within {limit}. Look at it before trying again."
            self._above = [(Mark.FAILED, words)]
        else:
            await self._written(changes)
        finally:
            self._busy = False
            self._draw()

    async def _written(self, changes: Changes) -> None:
        """Find out what makes the app see it, and what else has a say."""
        state, app = self.state, self.wizard.services.app
        self.wizard.update(saved=state.settings)
        try:
            self._notes = await save_run.notes(state, changes, app)
        except (TimeoutError, SmtpWizardError):
            self._notes = ()
        command = next((note.command for note in self._notes if note.command), next_command(app.service))
        self.wizard.update(next_command=command)
        await self._after_writing()

    def _ask(self, changes: Changes, agreed: frozenset[str], title: str, question: str, yes: str) -> None:
        from smtpwizard.tui.screens.confirm import ConfirmScreen

        def consented(answer: bool | None) -> None:
            if answer:
                self._write(changes, agreed)

        self.app.push_screen(ConfirmScreen(title=title, question=question, yes=yes, no="Leave it"), consented)

    @on(Worker.StateChanged)
    def _broke_off(self, event: Worker.StateChanged) -> None:
        event.stop()
        if event.state is WorkerState.ERROR and event.worker.group != "warm":
            self._busy = False
            self._above = [(Mark.FAILED, f"Saving broke off: {bug_place(event.worker.error)}. A bug in smtpwizard.")]
            self._draw()

    @property
    def _wrote(self) -> bool:
        """Whether all of the plan is applied."""
        return self._changes is not None and bool(self._done) and len(self._done) == len(self._changes)
