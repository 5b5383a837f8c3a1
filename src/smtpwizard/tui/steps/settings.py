"""Step 2: only what the preset cannot know; the rest is filled in and can be opened."""

from __future__ import annotations

from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widget import Widget

from smtpwizard.problems import Problem
from smtpwizard.tui.base import Command, Hint, StepPane
from smtpwizard.tui.widgets.inputs import SecretInput
from smtpwizard.tui.widgets.settings_form import (
    Advanced,
    AdvancedHeader,
    ChoiceField,
    Field,
    Finished,
    SettingsForm,
    repair_commands,
    repair_hints,
)
from smtpwizard.wizard import settings as model
from smtpwizard.wizard.session import WizardState


class SettingsStep(StepPane):
    """The form. What is to be known of the field that has the focus stands below it."""

    step_id = "settings"
    title = "Settings"
    HELP = "The answers that only you have. F1 on a field explains it; F6 makes every repair that is offered."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f6", "repair", "Repair", show=False),
        Binding("ctrl+o", "open_page", "Open page", show=False),
        Binding("pagedown", "scroll('page_down')", show=False),
        Binding("pageup", "scroll('page_up')", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._asked_for: str | None = None
        """Id of the provider that the fields are for."""
        self._stale = False

    def compose(self) -> ComposeResult:
        yield SettingsForm()

    def on_mount(self) -> None:
        self.watch(self.app, "state", self._state_changed, init=False)

    @property
    def model(self) -> model.SettingsStep:
        """The step without its screen."""
        return self.session.step(model.SettingsStep)

    @property
    def form(self) -> SettingsForm:
        """The form."""
        return self.query_one(SettingsForm)

    # Contract of a step

    @property
    def primary(self) -> str:
        if isinstance(self.app.focused, AdvancedHeader):
            return "Close" if self.query_one(Advanced).opened else "Open"
        return "Test"

    def hints(self) -> tuple[Hint, ...]:
        return (Hint("escape", "Back"), *repair_hints(self._repairs()))

    def commands(self) -> tuple[Command, ...]:
        return (
            *repair_commands(self._repairs()),
            Command("settings: Show or hide the secret", "Until the step is left (F8)", "toggle_secret"),
            Command("settings: Open or close the advanced part", "Host, port, TLS, links", "toggle_advanced"),
        )

    async def entered(self) -> None:
        provider = self.state.provider
        wanted = provider.id if provider else ""
        if wanted != self._asked_for:
            await self.form.build(provider)
            self._asked_for = wanted
        self.form.show(arrived=True)
        self._draw()

    async def leaving(self) -> None:
        for secret in self.query(SecretInput):
            secret.hide()

    def first_focus(self) -> Widget | None:
        fields = [field for field in self.form.fields() if isinstance(field, Field) and not self.form.folded(field)]
        empty = [field for field in fields if not field.input.value and not field.question.optional]
        return next((field.input for field in (*empty, *fields)), None)

    def missing(self) -> tuple[tuple[str, str], ...]:
        # What was typed last is judged once it is left: a login that cannot be right is not tried before that is seen.
        found = self.model.missing() or self.model.doubts(self.form.unfinished)
        self.form.finish({variable for variable, _ in found})
        self._draw()
        return found

    def focus_variable(self, variable: str) -> bool:
        field = self.form.field(variable)
        if field is None:
            return False
        self.call_next(self._mark, field)
        return True

    async def _mark(self, field: Field | ChoiceField) -> None:
        if self.form.folded(field):
            await self.query_one(Advanced).open(True)
        field.mark()

    # What is said

    def _state_changed(self, old: WizardState, new: WizardState) -> None:
        if self._asked_for is not None and (old.settings != new.settings or old.report is not new.report):
            self.form.show(arrived=False)
            self._draw()

    @property
    def _variable(self) -> str | None:
        """The variable of the focused field."""
        focused = self.app.focused
        for node in focused.ancestors_with_self if focused else ():
            if isinstance(node, Field | ChoiceField):
                return node.question.id
        return None

    def _repairs(self) -> tuple[Problem, ...]:
        return self.model.repairs(self._variable, unfinished=self.form.unfinished)

    def _draw(self) -> None:
        """Draw once for all that changes together: a visit alone asks three times."""
        if self._asked_for is not None and not self._stale:
            self._stale = True
            self.call_next(self._draw_now)

    def _draw_now(self) -> None:
        self._stale = False
        if self.display:
            self.form.draw(self._variable)
            self.hints_changed()

    @on(Finished)
    def _finished(self, event: Finished) -> None:
        event.stop()
        self._draw()

    @on(events.DescendantFocus)
    def _focus_moved(self) -> None:
        self._draw()

    @on(Advanced.Opened)
    def _advanced_opened(self) -> None:
        self._draw()

    # Actions

    def action_repair(self, finding_id: str = "") -> None:
        self.model.repair(finding_id, self._variable, unfinished=self.form.unfinished)
        self._draw()

    def action_open_page(self) -> None:
        field = self.form.field(self._variable)
        if field is not None and field.question.url:
            self.wizard.action_open_page(field.question.url)

    def action_toggle_secret(self) -> None:
        for secret in self.query(SecretInput):
            secret.action_toggle_shown()

    async def action_toggle_advanced(self) -> None:
        advanced = self.query_one(Advanced)
        await advanced.open(not advanced.opened)

    def action_scroll(self, action: str) -> None:
        getattr(self.form, f"scroll_{action}")()
