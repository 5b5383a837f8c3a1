"""The Save step: where to, what changes, then one key that writes it. Plans and writes through `save_run`."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widget import Widget

from smtpwizard.errors import SmtpWizardError
from smtpwizard.preset_schema import Kind
from smtpwizard.secret import Secret, redact
from smtpwizard.tui.state import Target, TargetKind
from smtpwizard.tui.steps import save_run
from smtpwizard.tui.steps.base import APP_LOG, Command, Hint
from smtpwizard.tui.steps.save_choosing import SaveChoosing
from smtpwizard.tui.steps.save_plan import listed
from smtpwizard.tui.steps.save_words import Sentence, block_words, planned, told, written
from smtpwizard.tui.steps.test_lines import Mark
from smtpwizard.tui.widgets.change_view import ChangeView
from smtpwizard.tui.widgets.target_picker import TargetPicker


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
