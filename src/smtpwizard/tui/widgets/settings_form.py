"""The form of the settings step: the fields that a provider leaves open, and what is found about them. Holds no answer.

Nothing is marked wrong while it is being typed: a field counts once it was left, pasted into, or found filled in.
"""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widget import Widget

from smtpwizard.apps.profile import Role
from smtpwizard.presets.schema import Provider
from smtpwizard.problems import Problem, Severity
from smtpwizard.text import safe
from smtpwizard.tui.base import wizard_of
from smtpwizard.tui.style import MARKS, clickable, hanging, lines, plain, styled
from smtpwizard.tui.widgets.field import Advanced, ChoiceField, Field, make_field
from smtpwizard.tui.widgets.inputs import PlainText
from smtpwizard.wizard.settings import Outlook, SettingsStep


def outlook_line(outlook: Outlook, width: int) -> Content:
    """Return in one line what the app will do with the settings."""
    mark, style = ("✓", "$success") if outlook.ok else ("✗", "$error")
    return hanging(mark, outlook.text, width, mark_style=style)


def finding_line(finding: Problem, width: int, *, key: str = "") -> Content:
    """Return a finding with its mark, and its repair as something to click; `key` is the key that does it now."""
    mark, style = MARKS[finding.severity]
    text = hanging(mark, finding.message, width, mark_style=style)
    if not finding.changes:
        return text
    words = safe(finding.label or "Repair", limit=60)
    repair = Content.assemble((f"{key} ", "bold $accent") if key else "", (words, "underline"))
    return lines(text, Content.assemble("  ", clickable(repair, "app.repair", finding.id)))


_LABEL = 21
"""Cells before the text of an input: label, bar, gap."""


class SettingsForm(VerticalScroll, can_focus=False):
    """Fields, the advanced ones folded away, and what the app will make of them."""

    def __init__(self) -> None:
        super().__init__(id="form", classes="box -acting")
        self._rows: list[Field | ChoiceField] = []

    def compose(self) -> ComposeResult:
        yield Vertical(id="fields")
        yield PlainText(styled("What the app will make of this", "bold"))
        yield PlainText(id="outlook")

    @property
    def _model(self) -> SettingsStep:
        return wizard_of(self).session.step(SettingsStep)

    async def build(self, provider: Provider | None) -> None:
        """Make the fields that `provider` leaves open."""
        self.border_title = plain(provider.name if provider else "Settings", limit=60)
        fields = self.query_one("#fields")
        await fields.remove_children()
        self._rows = [make_field(question, self._model) for question in self._model.questions()]
        folded = [row for row in self._rows if row.question.advanced]
        await fields.mount(*(row for row in self._rows if row not in folded), Advanced(*folded))

    def fields(self) -> list[Field | ChoiceField]:
        """Return all rows, the folded ones too, in the order on screen."""
        return self._rows

    def field(self, variable: str | None) -> Field | ChoiceField | None:
        """Return the row of a variable."""
        return next((item for item in self._rows if item.question.id == variable), None)

    def folded(self, field: Widget) -> bool:
        """Say whether a row is in the advanced part and that is closed."""
        advanced = self.query_one(Advanced)
        return not advanced.opened and advanced in field.ancestors

    @property
    def unfinished(self) -> frozenset[str]:
        """The variables whose fields are still being filled in."""
        return frozenset(field.question.id for field in self._rows if not field.finished)

    def show(self, *, arrived: bool) -> None:
        """Show the present answers. On arrival, what is filled in already counts as left."""
        settings = wizard_of(self).state.settings
        for field in self._rows:
            field.show()
            if arrived and isinstance(field, Field):
                field.finished = field.finished or settings.get(field.question.id) is not None

    def finish(self, variables: set[str]) -> None:
        """Have fields judged although they were not left: the operator wants to go on."""
        for field in self._rows:
            field.finished = field.finished or field.question.id in variables

    def draw(self, variable: str | None) -> None:
        """Say everything anew; the repair key acts on a finding about `variable` first."""
        unfinished = self.unfinished
        found = self._model.findings(unfinished)
        repair = self._model.next_repair(variable, unfinished=unfinished)
        width = max(self.scrollable_content_region.width, 30)
        under: set[str] = set()
        for field in self._rows:
            own = [item for item in found if item.variable == field.question.id and item.severity != Severity.INFO]
            own = [] if self.folded(field) else own
            under |= {item.id for item in own}
            # An answer that is missing is one short sentence; what the app says of it would only repeat it.
            missing = field.problem()
            below = [hanging("✗", missing, width - _LABEL, mark_style="$error")] if missing else []
            below = below or [finding_line(item, width - _LABEL, key="F6" if item is repair else "") for item in own]
            if self._model.sender_is_account and field.question.role is Role.USERNAME:
                below.append(styled("also used as the sender", "$text-muted"))
            wrong = bool(missing) or any(item.severity is Severity.ERROR for item in own)
            field.tell(lines(*below) if below else None, wrong=wrong)
        self._suggest_sender()
        rest = [item for item in found if item.id not in under]
        shown = [finding_line(item, width, key="F6" if item is repair else "") for item in rest]
        self.query_one("#outlook", PlainText).update(lines(self._headline(unfinished, width), *shown))
        self.query_one(Advanced).summarize(self._model.advanced_line)

    def _headline(self, unfinished: frozenset[str], width: int) -> Content:
        needed = {variable for variable, _ in self._model.missing()}
        labels = [field.question.label for field in self._rows if field.question.id in needed]
        if labels:
            text = styled(f"still needed: {', '.join(labels)}", "$text-muted")
            return Content.assemble(("·", "$text-muted"), " ", text)
        return outlook_line(self._model.outlook(unfinished), width)

    def _suggest_sender(self) -> None:
        """Show the account as the sender's placeholder, where it is the sender too."""
        field = self.field(wizard_of(self).state.settings.app.variable(Role.SENDER))
        if isinstance(field, Field):
            account = wizard_of(self).state.settings.username or ""
            example = account if self._model.sender_is_account else field.question.placeholder
            field.input.placeholder = example
