"""Before step 1, where the target holds settings: what was found, what the app makes of it, and three ways on."""

from __future__ import annotations

from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList

from smtpwizard.lint.check import findings, masked_settings
from smtpwizard.presets.schema import Kind
from smtpwizard.problems import Problem, has_errors
from smtpwizard.settings import LEGACY, Settings
from smtpwizard.tui.steps.base import Command, Hint, StepPane
from smtpwizard.tui.style import hanging, lines, plain, styled
from smtpwizard.tui.widgets.inputs import PlainList, PlainText
from smtpwizard.tui.widgets.settings_form import finding_line, next_repair, outlook
from smtpwizard.wizard.state import WizardState

CHOICES = (
    ("test", "Test it", "as it is; nothing is changed"),
    ("change", "Change it", "filled in with what was found"),
    ("over", "Start over", "the file stays as it is until step 4"),
)
"""Id, verb, and what it does."""


class OpeningStep(StepPane):
    """Shown instead of the provider list; Escape in the list comes back here."""

    step_id = "opening"
    title = "Found settings"
    HELP = (
        "The target holds mail settings already. Test them as they are, change them, or start over with another "
        "provider. Nothing is written before step 4, and that step shows the change first."
    )
    BINDINGS: ClassVar[list[BindingType]] = [Binding("f6", "repair", "Repair", show=False)]

    def compose(self) -> ComposeResult:
        with Vertical(classes="box -acting", id="opening-box") as box:
            box.border_title = plain(f"Found in {self.state.target.label}", limit=60)
            with VerticalScroll(can_focus=False, id="opening-found"):
                yield PlainText(id="found")
            yield PlainList(id="choices")

    def on_mount(self) -> None:
        words = [Content.assemble(f"{verb:<12}", styled(text, "$text-muted")) for _, verb, text in CHOICES]
        self.query_one(PlainList).fill(words)
        self.watch(self.app, "state", self._state_changed, init=False)

    @property
    def primary(self) -> str:
        index = self.query_one(OptionList).highlighted
        return CHOICES[index][1] if index is not None else ""

    def hints(self) -> tuple[Hint, ...]:
        return (Hint("f6", "Repair"),) if next_repair(self._findings(), None) else ()

    def commands(self) -> tuple[Command, ...]:
        repair = next_repair(self._findings(), None)
        return (
            (Command(f"settings: {repair.label or 'Repair'}", "Make the repair that stands beside F6", "repair"),)
            if repair
            else ()
        )

    def first_focus(self) -> Widget | None:
        return self.query_one(OptionList)

    async def entered(self) -> None:
        self.query_one(OptionList).highlighted = 1 if has_errors(self._findings()) else 0
        self._draw()

    def action_primary(self) -> None:
        index = self.query_one(OptionList).highlighted
        if index is None:
            return
        if CHOICES[index][0] == "over":
            kept = self.state.settings
            start = Settings(admin_web_url=kept.admin_web_url, legacy=kept.legacy)
            self.wizard.update(settings=start, provider=None, region=None)
            self.wizard.go("provider")
            return
        if self.state.provider is None:
            self.wizard.update(provider=self.wizard.services.custom)
        self.wizard.go("test" if CHOICES[index][0] == "test" else "settings")

    @on(OptionList.OptionSelected)
    def _selected(self) -> None:
        self.action_primary()

    @on(OptionList.OptionHighlighted)
    def _highlighted(self) -> None:
        self.hints_changed()

    def action_repair(self, finding_id: str = "") -> None:
        """Make a repair: that of the finding, or the first one."""
        found = self._findings()
        repair = next((item for item in found if item.id == finding_id), None) or next_repair(found, None)
        if repair is not None:
            self.wizard.apply_changes(repair.changes)

    def on_resize(self, event: events.Resize) -> None:
        self._draw()

    def _state_changed(self, old: WizardState, new: WizardState) -> None:
        if new.step == self.step_id and old.settings != new.settings:
            self._draw()

    def _findings(self) -> tuple[Problem, ...]:
        return findings(self.state.settings, provider=self.state.provider)

    def _draw(self) -> None:
        state = self.state
        width = max(self.query_one("#opening-found").scrollable_content_region.width - 1, 30)
        found = self._findings()
        repair = next_repair(found, None)
        parts: list[Content | str] = [styled(found_sentence(state), "bold"), ""]
        parts += problem_lines(state, width)
        parts += [styled("What the app makes of it", "bold"), outlook(state.settings, found, width)]
        parts += [finding_line(item, width, key="F6" if item is repair else "") for item in found]
        self.query_one("#found", PlainText).update(lines(*parts))
        self.hints_changed()


def found_sentence(state: WizardState) -> str:
    """Return what was found in one line: `smtp.gmail.com:587, Gmail, as you@gmail.com`."""
    settings = state.settings
    parts = [f"{settings.shown_host}:{settings.port or '?'}" if settings.host else "no SMTP_HOST"]
    if state.provider is not None and state.provider.kind is not Kind.CUSTOM:
        parts.append(state.provider.name)
    if settings.username:
        parts.append(f"as {masked_settings(settings, state.provider)['SMTP_USERNAME']}")
    old = [name for name, _ in settings.legacy if name in LEGACY]
    if old:
        parts.append(f"old names: {', '.join(old)}")
    return ", ".join(parts)


def problem_lines(state: WizardState, width: int) -> list[Content]:
    """Return the lines of the file that some reader cannot read, by number, at most three."""
    found = state.env_file.problems[:3] if state.env_file is not None else ()
    return [hanging("!", f"line {item.line}: {item.message}", width, mark_style="$warning") for item in found]
