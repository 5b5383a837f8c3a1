"""What the Save step writes to: the targets of the folder, who reads them, the ways out where one cannot be edited."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from textual import on, work

from smtpwizard.errors import SmtpWizardError
from smtpwizard.tui.content import plain
from smtpwizard.tui.state import Target, TargetKind
from smtpwizard.tui.steps import save_run
from smtpwizard.tui.steps.save_targets import SaveTarget, chosen_index, save_targets
from smtpwizard.tui.steps.save_writing import SaveWriting
from smtpwizard.tui.widgets.target_picker import Choice, TargetPicker


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
        from smtpwizard.tui.screens.readers import ReadersScreen

        chosen = [reader.value for reader in save_run.readers_of(self.state)]
        self.app.push_screen(ReadersScreen(self.state.target.label, chosen), self._readers_chosen)

    def _readers_chosen(self, names: tuple[str, ...] | None) -> None:
        if names is not None:
            self.wizard.update(readers=names)
            self._aim(self.state.target)
