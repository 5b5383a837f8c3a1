"""The Save step: where to, what changes, then one key that writes it."""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.worker import Worker, WorkerState

from smtpwizard.apps.profile import Role
from smtpwizard.background import in_daemon_thread
from smtpwizard.errors import SmtpWizardError
from smtpwizard.report.lines import Line, LineRole, Mark
from smtpwizard.targets.change import Conflict, Consent, ConsentRequired
from smtpwizard.text import listed
from smtpwizard.tui.base import APP_LOG, Command, Hint, StepPane, plain
from smtpwizard.tui.widgets.save import ChangeView, TargetPicker
from smtpwizard.wizard import save
from smtpwizard.wizard.check import bug_place
from smtpwizard.wizard.session import TargetKind

_WARM_AFTER = 0.4
"""Seconds from coming here to loading the templates: by then the change stands on the screen, and is being read."""
_WARM_SECONDS = 30.0


class SaveStep(StepPane):
    """Shows the whole change before Enter makes it; each entry plans anew."""

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
        Binding("pagedown", "page('down')", "Scroll", show=False),
        Binding("pageup", "page('up')", "Scroll", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._busy = False
        self._above: list[Line] = []
        """What went wrong, over the lines of the change."""
        self._revealed = False
        """Whether the password of a block is shown."""

    @cached_property
    def model(self) -> save.SaveStep:
        """The step without its screen."""
        return self.session.step(save.SaveStep)

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="box -acting", id="save-targets", can_focus=False) as box:
            box.border_title = "Save to"
            yield TargetPicker()
        yield ChangeView()

    @property
    def picker(self) -> TargetPicker:
        """The list of targets."""
        return self.query_one(TargetPicker)

    # Coming and going

    async def entered(self) -> None:
        self._above = []
        self._look()
        self.set_timer(_WARM_AFTER, self._warm)

    async def leaving(self) -> None:
        self._revealed = False

    def first_focus(self) -> Widget | None:
        return self.picker

    @work(exclusive=True, group="warm", exit_on_error=False, description="loading the mail templates")
    async def _warm(self) -> None:
        """Import pybars while the operator reads the difference: 0.4–0.6 s that the Send step would show."""
        from smtpwizard.mail.templates import warm

        await in_daemon_thread(warm, timeout=_WARM_SECONDS, name="templates")

    # Choosing

    @work(exclusive=True, group="targets", exit_on_error=False, description="listing the folder")
    async def _look(self) -> None:
        await self._list()
        if self._busy:  # a file is being written: its plan stays
            return
        model = self.model
        # Coming back to a target with its override chosen keeps it.
        model.choose(self.state.target if self.state.target.override else model.targets[model.index].target)
        self._show_target()

    async def _list(self) -> None:
        folder = self.state.target.path.parent if self.state.target.path else Path()
        self.query_one("#save-targets").border_title = plain("Save to" if folder == Path() else f"Save to {folder}")
        await self.model.discover()
        self._show_targets()

    def _show_targets(self) -> None:
        self.picker.show(self.model.targets, self.model.index)

    @on(TargetPicker.Picked)
    def _picked(self, event: TargetPicker.Picked) -> None:
        event.stop()
        if self._busy:  # a file is being written: the choice waits
            self._show_targets()
            return
        self._above, self._revealed = [], False
        self.model.pick(event.index, event.kind)
        self._show_targets()
        self._show_target()

    def _show_target(self) -> None:
        """Show the target that was taken, and plan its change."""
        if self.state.target.kind is not TargetKind.PRINT:
            self._above = []
            self._plan()
        self._draw()

    # Planning and writing

    @work(exclusive=True, group="plan", exit_on_error=False, description="planning a change")
    async def _plan(self) -> None:
        try:
            await self.model.plan()
        except SmtpWizardError as error:
            self._above = [Line(error.text, Mark.FAILED)]
            for key, way in zip(("Enter", "F6"), self.model.ways_out(), strict=False):
                verb, what = way.split(" ", 1)
                self._above.append(Line(f"{key} {verb}s {what}.", role=LineRole.REMARK))
        self._draw()

    @work(exclusive=True, group="write", exit_on_error=False, description="writing files")
    async def _write(self, consents: Collection[Consent] = ()) -> None:
        self._busy, self._above = True, []
        self._draw()
        try:
            await self.model.apply(consents)
        except ConsentRequired as error:
            self._ask(error, [*consents, error.consent])
        except SmtpWizardError as error:
            self._above = [Line(error.text, Mark.WARNING if isinstance(error, Conflict) else Mark.FAILED)]
        else:
            await self._list()
        finally:
            self._busy = False
            self._draw()

    def _ask(self, error: ConsentRequired, consents: Collection[Consent]) -> None:
        from smtpwizard.tui.screens.dialogs import ConfirmScreen

        question = ConfirmScreen(title=error.title, question=error.question, yes=error.consent.action, no="Leave it")

        def answered(yes: bool | None) -> None:
            if yes:
                self._write(consents)

        self.app.push_screen(question, answered)

    @on(Worker.StateChanged)
    def _broke_off(self, event: Worker.StateChanged) -> None:
        event.stop()
        if event.state is WorkerState.ERROR and event.worker.group != "warm":
            self._busy = False
            words = f"Saving broke off: {bug_place(event.worker.error)}. A bug in smtpwizard."
            self._above = [Line(words, Mark.FAILED)]
            self._draw()

    # Keys

    @property
    def primary(self) -> str:
        model = self.model
        if self._busy:
            return ""
        if model.is_saved:
            return "Send a mail"
        if self.state.target.kind is TargetKind.PRINT:
            return "Use this block"
        if model.undecided:
            return "Show the override file"
        if model.changes is None:
            return "Try again"
        changed = [change.path.name for change in model.open_changes if change.changed]
        return f"Write {listed(changed) or self.state.target.label}"

    def hints(self) -> tuple[Hint, ...]:
        copy = Hint("ctrl+y", "Copy")
        taken = self.picker.choices[self.picker.chosen] if self.picker.choices else None
        turn: tuple[Hint, ...] = ()
        if taken is not None and taken.kinds and not self.model.is_saved:
            words = "Password" if taken.target.kind is TargetKind.COMPOSE else "Kind"
            turn = (Hint("right", words),)
        if self.state.target.kind is TargetKind.PRINT:
            return (*turn, copy, Hint("f8", "Hide" if self._revealed else "Show"), Hint("escape", "Back"))
        helps = self._help_words()
        readers = (Hint("f5", "Readers"),) if self.state.target.kind is TargetKind.ENV_FILE else ()
        return (*((Hint("f6", helps),) if helps else ()), *turn, Hint("escape", "Back"), copy, *readers)[:4]

    def commands(self) -> tuple[Command, ...]:
        found = [Command("save: Copy block", "The variables as lines, to the terminal's clipboard (Ctrl+Y)", "copy")]
        kind, helps = self.state.target.kind, self._help_words()
        if kind is TargetKind.PRINT:
            found.append(Command("save: Show or hide the password", "In the block on screen (F8)", "reveal"))
        if kind is TargetKind.ENV_FILE:
            found.append(Command("save: Choose readers", "The programs that read the file (F5)", "readers"))
        if helps:
            found.append(Command(f"save: {helps}", "What the finding or the way out names (F6)", "help_out"))
        if self.model.is_saved:
            found.append(APP_LOG)
        return tuple(found)

    def action_primary(self) -> None:
        model = self.model
        if self._busy:
            return
        if model.is_saved:
            self.wizard.next_step()
        elif self.state.target.kind is TargetKind.PRINT:
            self._take_block()
        elif model.undecided:
            model.choose_override()
            self._show_target()
        elif model.changes is None:
            self._above = []
            self._plan()
        else:
            self._write()

    def _help_words(self) -> str:
        """Return what F6 does now, or ''."""
        if self.model.undecided:
            return f"Use {self.model.env_file.name}" if self.model.env_file else ""
        return "Add ignore rule" if self.model.lacks_rules else ""

    def action_help_out(self) -> None:
        """Take the env file that the service reads, where its compose file cannot be edited; or add ignore rules."""
        if self._busy or not self._help_words():
            return
        if self.model.undecided:
            self._above = []
            self.model.choose_env_file()
            self._look()
        else:
            self.model.add_rules = True
            self._plan()

    def action_readers(self) -> None:
        """Choose who reads the env file, and plan anew."""
        if self._busy or self.state.target.kind is not TargetKind.ENV_FILE:
            return
        from smtpwizard.tui.screens.dialogs import ReadersScreen

        chosen = [reader.value for reader in self.model.readers]
        self.app.push_screen(ReadersScreen(self.state.target.label, chosen), self._readers_chosen)

    def _readers_chosen(self, names: tuple[str, ...] | None) -> None:
        if names is not None:
            self.model.choose_readers(names)
            self._show_target()

    def action_page(self, direction: str) -> None:
        """Scroll the change, wherever the focus is."""
        getattr(self.query_one(ChangeView), f"scroll_page_{direction}")(animate=False)

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

        secret = self.state.settings.app.variable(Role.PASSWORD)
        self.app.push_screen(
            ConfirmScreen(
                title="Copy",
                question=f"The lines hold {secret}. Other programs can read the clipboard.",
                yes="Copy with password",
                no="Do not copy",
            ),
            lambda yes: self._copy() if yes else None,
        )

    def _copy(self) -> None:
        text = self._block(masked=False)
        if text:
            self.wizard.copy(text, what="Block", secret=True)

    def _take_block(self) -> None:
        if self._block(masked=False):
            self.model.take_block()
        self._draw()

    # Drawing

    def _block(self, *, masked: bool) -> str:
        """Return the block for the target; empty, and told, where it cannot be."""
        try:
            return self.model.block(masked=masked)
        except SmtpWizardError as error:
            self._above = [Line(error.text, Mark.FAILED)]
            return ""

    def _draw(self) -> None:
        model, target, view = self.model, self.state.target, self.query_one(ChangeView)
        if target.kind is TargetKind.PRINT:
            text = self._block(masked=not self._revealed)
            words = self._block_words() if text else []
            view.show_block(f"Lines for {target.label}", text, [*self._above, *words])
        elif model.changes is None:
            waiting: list[Line] = [] if self._above else [Line(f"Reading {target.label}…", role=LineRole.REMARK)]
            view.show_diff((), [*self._above, *waiting])
        else:
            changes = model.changes if model.wrote else model.open_changes
            words = model.written() if model.wrote else model.planned()
            view.show_diff([(change.path.name, change.diff) for change in changes], [*self._above, *words])
        self.hints_changed()

    def _block_words(self) -> list[Line]:
        where, following = self.model.block_lines()
        out = (
            Line("The block is printed, with the password, when the wizard is left.", Mark.OK)
            if self.model.is_saved
            else Line(
                "Enter has it printed, with the password, when the wizard is left. Ctrl+Y copies it now.",
                role=LineRole.REMARK,
            )
        )
        return [where, out, following]
