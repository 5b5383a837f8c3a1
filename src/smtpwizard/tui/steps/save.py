"""The Save step: where to, what changes, then one key that writes it. Plans and writes through `save_run`."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widget import Widget

from smtpwizard.errors import SmtpWizardError
from smtpwizard.preset_schema import Kind
from smtpwizard.secret import Secret, redact
from smtpwizard.tui.content import plain
from smtpwizard.tui.state import Target, TargetKind
from smtpwizard.tui.steps import save_run
from smtpwizard.tui.steps.base import Command, Hint
from smtpwizard.tui.steps.save_targets import STYLES, SaveTarget, chosen_index, save_targets
from smtpwizard.tui.steps.save_words import Sentence, block_words, planned, told, written
from smtpwizard.tui.steps.save_writing import SaveWriting
from smtpwizard.tui.steps.test_lines import Mark
from smtpwizard.tui.widgets.change_view import ChangeView
from smtpwizard.tui.widgets.target_picker import Choice, TargetPicker


class SaveStep(SaveWriting):
    """Shows the whole change before Enter makes it. Truth is the state's target; each entry plans anew."""

    step_id = "save"
    title = "Save"
    HELP = (
        "Nothing is written before Enter. What is written is what is shown: the lines with + and -, secrets masked. "
        "Every other line of the file stays byte for byte.\n\n"
        "The file as it was is kept in the state folder. The new one is put in its place in one step, read back, and "
        "compared."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+y", "copy", "Copy", show=False),
        Binding("f8", "reveal", "Show password", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._targets: tuple[SaveTarget, ...] = ()
        self._revealed = False

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="box -acting", id="save-targets", can_focus=False) as box:
            box.border_title = "Save to"
            yield TargetPicker()
        yield ChangeView()

    @property
    def picker(self) -> TargetPicker:
        """The list of targets."""
        return self.query_one(TargetPicker)

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
        target = self.state.target
        if self._is_saved():
            return "Send a mail"
        if target.kind is not TargetKind.ENV_FILE:
            return "Use this block"
        if self._change is None:
            return "Try again"
        return f"Write {target.label}"

    def hints(self) -> tuple[Hint, ...]:
        copy = Hint("ctrl+y", "Copy")
        if self.state.target.kind is TargetKind.ENV_FILE:
            return (copy, Hint("escape", "Back"))
        return (copy, Hint("f8", "Hide" if self._revealed else "Show"), Hint("escape", "Back"))

    def commands(self) -> tuple[Command, ...]:
        found = [Command("save: Copy block", "The variables as lines, to the terminal's clipboard (Ctrl+Y)", "copy")]
        if self.state.target.kind is not TargetKind.ENV_FILE:
            found.append(Command("save: Show or hide the password", "In the block on screen (F8)", "reveal"))
        return tuple(found)

    def action_primary(self) -> None:
        if self._busy:
            return
        if self._is_saved():
            self.wizard.next_step()
        elif self.state.target.kind is not TargetKind.ENV_FILE:
            self._take_block()
        elif self._change is None:
            self._above = []
            self._plan()
        elif self._change.changed:
            self._write(self._change, in_place=False)
        else:
            self.wizard.update(saved=self.state.settings)
            self._draw()

    def action_reveal(self) -> None:
        """Show the password in the block, or mask it again."""
        if self.state.target.kind is not TargetKind.ENV_FILE:
            self._revealed = not self._revealed
            self._draw()

    def action_copy(self) -> None:
        """Copy the variables as lines; a password among them only after a question."""
        if not self.state.settings.password:
            self._copy()
            return
        from smtpwizard.tui.screens.confirm import ConfirmScreen

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

    # Choosing

    @work(exclusive=True, group="targets", exit_on_error=False, description="listing the folder")
    async def _look(self) -> None:
        chosen, style = await self._list()
        self._take(chosen, style)

    async def _after_writing(self) -> None:
        await self._list()

    async def _list(self) -> tuple[int, int]:
        """List the folder, and return the line and the kind of block that are chosen."""
        wanted = self.state.target
        folder = wanted.path.parent if wanted.path else Path()
        self.query_one("#save-targets").border_title = plain("Save to" if folder == Path() else f"Save to {folder}")
        try:
            found = await save_run.discover(folder)
        except (TimeoutError, SmtpWizardError):
            found = ()  # the target that was named is offered all the same
        self._targets = save_targets(found, wanted)
        chosen = chosen_index(self._targets, wanted)
        names = tuple(name for _, name in STYLES)
        choices = [Choice(item.label, item.words, names if item.styles else ()) for item in self._targets]
        style = next((index for index, (style, _) in enumerate(STYLES) if style == wanted.style), 0)
        self.picker.show(choices, chosen, style)
        return chosen, style

    @on(TargetPicker.Picked)
    def _picked(self, event: TargetPicker.Picked) -> None:
        event.stop()
        self._above, self._revealed = [], False
        self._take(event.index, event.variant)

    def _take(self, index: int, style: int) -> None:
        self.wizard.update(target=self._targets[index].with_style(style))
        self._change = None
        if self.state.target.kind is TargetKind.ENV_FILE:
            self.wizard.update(block=None)  # a block taken before is not what the operator wants any more
            self._plan()
        else:
            self._draw()

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
        if state.target.kind is not TargetKind.ENV_FILE:
            return state.block is not None
        return self._change is not None and (not self._change.changed or self._wrote(self._change))

    def _draw(self) -> None:
        target, service = self.state.target, self.wizard.services.app.service
        if target.kind is not TargetKind.ENV_FILE:
            text = self._block(masked=not self._revealed)
            words = block_words(target, service, taken=self._is_saved()) if text else []
            self.view.show_block(f"Lines for {target.label}", text, [*self._above, *words])
        elif self._change is None:
            waiting: list[Sentence] = [] if self._above else [(None, f"Reading {target.label}…")]
            self.view.show_diff("", [*self._above, *waiting])
        elif self._done is not None and self._wrote(self._change):
            provider = self.state.provider
            practice = provider is not None and provider.kind is Kind.PRACTICE
            sentences = written(*self._done, service, practice=practice)
            self.view.show_diff(self._change.diff, [*self._above, *sentences])
        else:
            self.view.show_diff(self._change.diff, [*self._above, *planned(self._change)])
        super()._draw()
