"""Before step 1, where the target holds settings: what was found, what the app makes of it, and three choices."""

from __future__ import annotations

from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList

from smtpwizard.tui.base import Command, Hint, StepPane, hanging, lines, plain, styled
from smtpwizard.tui.widgets.inputs import PlainList, PlainText
from smtpwizard.tui.widgets.settings_form import finding_line, outlook_line, repair_commands, repair_hints
from smtpwizard.wizard.opening import OFFERS, Opening
from smtpwizard.wizard.session import WizardState
from smtpwizard.wizard.settings import SettingsStep


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
        words = [Content.assemble(f"{offer.verb:<12}", styled(offer.result, "$text-muted")) for offer in OFFERS]
        self.query_one(PlainList).fill(words)
        self.watch(self.app, "state", self._state_changed, init=False)

    @property
    def model(self) -> Opening:
        """The step without its screen."""
        return self.session.step(Opening)

    @property
    def _settings(self) -> SettingsStep:
        return self.session.step(SettingsStep)

    @property
    def primary(self) -> str:
        index = self.query_one(OptionList).highlighted
        return OFFERS[index].verb if index is not None else ""

    def hints(self) -> tuple[Hint, ...]:
        return repair_hints(self._settings.repairs())

    def commands(self) -> tuple[Command, ...]:
        return repair_commands(self._settings.repairs())

    def first_focus(self) -> Widget | None:
        return self.query_one(OptionList)

    async def entered(self) -> None:
        self._suggest()
        self._draw()

    def _suggest(self) -> None:
        suggested = self.model.suggested
        self.query_one(OptionList).highlighted = next(i for i, offer in enumerate(OFFERS) if offer.choice is suggested)

    def action_primary(self) -> None:
        index = self.query_one(OptionList).highlighted
        if index is not None:
            self.wizard.go(self.model.choose(OFFERS[index].choice))

    @on(OptionList.OptionSelected)
    def _selected(self) -> None:
        self.action_primary()

    @on(OptionList.OptionHighlighted)
    def _highlighted(self) -> None:
        self.hints_changed()

    def action_repair(self, finding_id: str = "") -> None:
        self._settings.repair(finding_id)
        self._suggest()
        self._draw()

    def on_resize(self, event: events.Resize) -> None:
        self._draw()

    def _state_changed(self, old: WizardState, new: WizardState) -> None:
        if new.step == self.step_id and old.settings != new.settings:
            self._draw()

    def _draw(self) -> None:
        width = max(self.query_one("#opening-found").scrollable_content_region.width - 1, 30)
        settings = self._settings
        found, repaired = settings.findings(), settings.repairs()
        parts: list[Content | str] = [styled(self.model.sentence, "bold"), ""]
        parts += [hanging("!", line, width, mark_style="$warning") for line in self.model.unreadable]
        parts += [styled("What the app makes of it", "bold"), outlook_line(settings.outlook(), width)]
        if settings.repaired:
            parts.append(hanging("✓", f"Repaired: {'; '.join(settings.repaired)}.", width, mark_style="$success"))
        parts += [finding_line(item, width, key="F6" if item in repaired else "") for item in found]
        self.query_one("#found", PlainText).update(lines(*parts))
        self.hints_changed()
