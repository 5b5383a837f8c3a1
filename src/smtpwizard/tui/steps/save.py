"""The Save step: where to, what changes, then one key that writes it. Plans and writes through `save_run`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.worker import Worker, WorkerState

from smtpwizard.errors import FileError, SmtpWizardError
from smtpwizard.presets.schema import Kind
from smtpwizard.problems import Problem
from smtpwizard.report.stages import Mark
from smtpwizard.secret import Secret, redact
from smtpwizard.tui.steps.base import APP_LOG, Command, Hint, StepPane
from smtpwizard.tui.style import plain
from smtpwizard.tui.widgets.save import ChangeView, Choice, TargetPicker
from smtpwizard.wizard import save as save_run
from smtpwizard.wizard.check import bug_place
from smtpwizard.wizard.save import (
    SaveTarget,
    Sentence,
    block_words,
    chosen_index,
    listed,
    next_command,
    planned,
    save_targets,
    told,
    undecided,
    written,
)
from smtpwizard.wizard.state import Target, TargetKind

if TYPE_CHECKING:
    from smtpwizard.targets.change import Applied, Change


Changes = tuple["Change", ...]


class SaveWriting(StepPane):
    """The part of the step that touches files. What went wrong stands in `_above`, over the sentences of the change."""

    def __init__(self) -> None:
        super().__init__()
        self._changes: Changes | None = None
        self._busy = False
        self._done: list[tuple[Change, Applied]] = []
        """What was applied of `_changes`, in their order."""
        self._notes: tuple[Problem, ...] = ()
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
        from smtpwizard.targets.compose.services import Undecided

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
        from smtpwizard.targets.compose.services import override_target

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
        from smtpwizard.targets.change import Conflict, InPlaceRequired, LeavesProject

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
        from smtpwizard.tui.screens.dialogs import ConfirmScreen

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


class SaveChoosing(SaveWriting):
    """The part of the step that chooses. Truth is the state's target."""

    def __init__(self) -> None:
        super().__init__()
        self._targets: tuple[SaveTarget, ...] = ()
        self._revealed = False
        """Whether the password of a block is shown."""

    @property
    def picker(self) -> TargetPicker:
        """The list of targets."""
        return self.query_one(TargetPicker)

    @work(exclusive=True, group="targets", exit_on_error=False, description="listing the folder")
    async def _look(self) -> None:
        await self._list()
        index = chosen_index(self._targets, self.state.target)
        taken = self._targets[index].target
        # Coming back to a target with its override chosen keeps it.
        self._aim(self.state.target if self.state.target.override else taken)

    async def _after_writing(self) -> None:
        await self._list()

    async def _list(self) -> None:
        """List the folder anew."""
        wanted = self.state.target
        folder = wanted.path.parent if wanted.path else Path()
        self.query_one("#save-targets").border_title = plain("Save to" if folder == Path() else f"Save to {folder}")
        try:
            found = await save_run.discover(folder, self.wizard.services.app)
        except (TimeoutError, SmtpWizardError):
            found = ()  # the target that was named is offered all the same
        self._targets = save_targets(found, wanted)
        choices = [
            Choice(item.label, item.words, tuple(name for _, name in item.kinds), item.kind) for item in self._targets
        ]
        self.picker.show(choices, chosen_index(self._targets, wanted))

    @on(TargetPicker.Picked)
    def _picked(self, event: TargetPicker.Picked) -> None:
        event.stop()
        self._above, self._revealed, self._ignore = [], False, False
        self._targets = (
            *self._targets[: event.index],
            replace(self._targets[event.index], target=self._targets[event.index].with_kind(event.variant)),
            *self._targets[event.index + 1 :],
        )
        self._aim(self._targets[event.index].target)

    def _aim(self, target: Target) -> None:
        """Take `target`, and plan its change."""
        self.wizard.update(target=target)
        self._forget()
        if target.kind is TargetKind.PRINT:
            self._draw()
            return
        self._above = []
        self.wizard.update(block=None)  # a block taken before is not what the operator wants any more
        self._draw()
        self._plan()

    # Ways out and readers

    def _help_words(self) -> str:
        """Return what F6 does now, or ''."""
        if self._undecided:
            return f"Use {self._env_files[-1].name}" if self._env_files else ""
        found = {item.id for change in self._changes or () for item in change.findings}
        return "Add ignore rule" if found & save_run.RULES and not self._wrote else ""

    def action_help_out(self) -> None:
        """Take the env file that the service reads, where its compose file cannot be edited; or add ignore rules."""
        if self._busy or not self._help_words():
            return
        if self._undecided:
            self._above = []
            self.wizard.update(target=Target(TargetKind.ENV_FILE, self._env_files[-1]))
            self._look()
        else:
            self._ignore = True
            self._plan()

    def action_readers(self) -> None:
        """Choose who reads the env file, and plan anew."""
        if self._busy or self.state.target.kind is not TargetKind.ENV_FILE:
            return
        from smtpwizard.tui.screens.dialogs import ReadersScreen

        chosen = [reader.value for reader in save_run.readers_of(self.state)]
        self.app.push_screen(ReadersScreen(self.state.target.label, chosen), self._readers_chosen)

    def _readers_chosen(self, names: tuple[str, ...] | None) -> None:
        if names is not None:
            self.wizard.update(readers=names)
            self._aim(self.state.target)


class SaveStep(SaveChoosing):
    """Shows the whole change before Enter makes it. Truth is the state's target; each entry plans anew."""

    step_id = "save"
    title = "Save"
    HELP = (
        "Nothing is written before Enter. What is written is what is shown: the lines with + and -, secrets masked. "
        "Every other line of the file stays byte for byte.\n\n"
        "The file as it was is kept in the state folder. The new one is put in its place in one step, read back, and "
        "compared.\n\n"
        "Programs read a .env each by rules of their own; F5 says which ones read yours. In a compose file the service "
        "of the app stands first. Where git keeps the compose file, the password goes into the .env beside it."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+y", "copy", "Copy", show=False),
        Binding("f5", "readers", "Readers", show=False),
        Binding("f6", "help_out", "Way out", show=False),
        Binding("f8", "reveal", "Show password", show=False),
        Binding("f9", "app_log", "What the app says", show=False),
    ]

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="box -acting", id="save-targets", can_focus=False) as box:
            box.border_title = "Save to"
            yield TargetPicker()
        yield ChangeView()

    @property
    def view(self) -> ChangeView:
        """The change, or the block."""
        return self.query_one(ChangeView)

    # Coming and going

    async def entered(self) -> None:
        self._above = []
        self._look()
        self._warm()

    async def leaving(self) -> None:
        self._revealed = False

    def first_focus(self) -> Widget | None:
        return self.picker

    # Keys

    @property
    def primary(self) -> str:
        if self._busy:
            return ""
        if self._is_saved():
            return "Send a mail"
        if self.state.target.kind is TargetKind.PRINT:
            return "Use this block"
        if self._undecided:
            return "Show the override file"
        if self._changes is None:
            return "Try again"
        changed = [change.path.name for change in self._changes if change.changed]
        return f"Write {listed(changed) or self.state.target.label}"

    def hints(self) -> tuple[Hint, ...]:
        copy = Hint("ctrl+y", "Copy")
        if self.state.target.kind is TargetKind.PRINT:
            return (copy, Hint("f8", "Hide" if self._revealed else "Show"), Hint("escape", "Back"))
        helps = self._help_words()
        readers = (Hint("f5", "Readers"),) if self.state.target.kind is TargetKind.ENV_FILE else ()
        return (*((Hint("f6", helps),) if helps else ()), copy, *readers, Hint("escape", "Back"))[:3]

    def commands(self) -> tuple[Command, ...]:
        found = [Command("save: Copy block", "The variables as lines, to the terminal's clipboard (Ctrl+Y)", "copy")]
        kind, helps = self.state.target.kind, self._help_words()
        if kind is TargetKind.PRINT:
            found.append(Command("save: Show or hide the password", "In the block on screen (F8)", "reveal"))
        if kind is TargetKind.ENV_FILE:
            found.append(Command("save: Choose readers", "The programs that read the file (F5)", "readers"))
        if helps:
            found.append(Command(f"save: {helps}", "What the finding or the way out names (F6)", "help_out"))
        if self._is_saved():
            found.append(APP_LOG)
        return tuple(found)

    def action_primary(self) -> None:
        if self._busy:
            return
        if self._is_saved():
            self.wizard.next_step()
        elif self.state.target.kind is TargetKind.PRINT:
            self._take_block()
        elif self._undecided:
            self._aim(replace(self.state.target, override=True))
        elif self._changes is None:
            self._above = []
            self._plan()
        elif any(change.changed for change in self._changes):
            self._write(self._changes)
        else:
            self.wizard.update(saved=self.state.settings)
            self._draw()

    def action_reveal(self) -> None:
        """Show the password in the block, or mask it again."""
        if self.state.target.kind is TargetKind.PRINT:
            self._revealed = not self._revealed
            self._draw()

    def action_copy(self) -> None:
        """Copy the variables as lines; a password among them only after a question."""
        if not self.state.settings.password:
            self._copy()
            return
        from smtpwizard.tui.screens.dialogs import ConfirmScreen

        self.app.push_screen(
            ConfirmScreen(
                title="Copy",
                question="The lines hold SMTP_PASSWORD. Other programs can read the clipboard.",
                yes="Copy with password",
                no="Do not copy",
            ),
            lambda yes: self._copy() if yes else None,
        )

    def _copy(self) -> None:
        self.wizard.copy(self._block(masked=False), what="Block", secret=True)

    @work(exclusive=True, group="warm", exit_on_error=False, description="loading the mail templates")
    async def _warm(self) -> None:
        """Import pybars while the operator reads the difference: 0.4–0.6 s that the Send step would show."""
        await save_run.warm_templates()

    # Handing over a block

    def _take_block(self) -> None:
        """Keep the block for stdout after leaving: the one way out of the alternate screen that all terminals have."""
        text = self._block(masked=False)
        if text:
            self.wizard.update(block=Secret(text), saved=self.state.settings)
        self._draw()

    # Drawing

    def _block(self, *, masked: bool) -> str:
        """Return the block for the target, .env lines where it is a file; empty, and told, where it cannot be."""
        target = self.state.target
        style = Target(TargetKind.PRINT, style="env") if target.kind is TargetKind.ENV_FILE else target
        try:
            text = save_run.block_of(self.state.settings.to_variables(), style, masked=masked)
        except SmtpWizardError as error:
            self._above = [(Mark.FAILED, told(error))]
            return ""
        # Where one token is user name and password (Postmark), only the password's own line would be masked.
        return redact(text, self.state.settings.secrets()) if masked else text

    def _is_saved(self) -> bool:
        state = self.state
        if state.saved != state.settings:
            return False
        if state.target.kind is TargetKind.PRINT:
            return state.block is not None
        return self._changes is not None and (self._wrote or not any(change.changed for change in self._changes))

    def _draw(self) -> None:
        target, service = self.state.target, self.wizard.services.app.service
        if target.kind is TargetKind.PRINT:
            text = self._block(masked=not self._revealed)
            words = block_words(target, service, taken=self._is_saved()) if text else []
            self.view.show_block(f"Lines for {target.label}", text, [*self._above, *words])
        elif self._changes is None:
            waiting: list[Sentence] = [] if self._above else [(None, f"Reading {target.label}…")]
            self.view.show_diff((), [*self._above, *waiting])
        else:
            provider = self.state.provider
            practice = provider is not None and provider.kind is Kind.PRACTICE
            if self._wrote:
                words = written(self._done, self._notes, service, practice=practice)
            else:
                words = planned(self._changes, reference=target.refers)
            diffs = [(change.path.name, change.diff) for change in self._changes]
            self.view.show_diff(diffs, [*self._above, *words])
        super()._draw()
