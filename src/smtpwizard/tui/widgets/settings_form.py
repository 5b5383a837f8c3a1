"""The form of the settings step: the fields that a provider leaves open, and what is found about them. Holds no answer.

Nothing is marked wrong while it is being typed: a field is judged once it was left, pasted into, or found filled in.
"""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widget import Widget

from smtpwizard.clients.transport import Origin, transport
from smtpwizard.hosts import is_private_host
from smtpwizard.lint.check import findings, masked_settings
from smtpwizard.presets.schema import Provider
from smtpwizard.problems import Problem, Severity, has_errors
from smtpwizard.secret import MASK, redact
from smtpwizard.settings import Settings
from smtpwizard.text import safe
from smtpwizard.tui.style import MARKS, clickable, hanging, lines, plain, styled
from smtpwizard.tui.widgets.field import Advanced, ChoiceField, Field, make_field
from smtpwizard.tui.widgets.inputs import PlainText
from smtpwizard.wizard.questions import follows_account, missing, questions

DEFAULT_ADMIN_URL = "http://localhost:3000"
"""What the app takes without ADMIN_WEB_URL."""


def outlook(settings: Settings, found: Sequence[Problem], width: int) -> Content:
    """Return in one line what the app will do with these settings: log in where, over what, as whom."""
    plan = transport(settings, origin=Origin.ANSWERS)
    if plan is None:
        return hanging("✗", "the app refuses to start with these settings", width, mark_style="$error")
    if has_errors(found):
        return hanging("✗", "no mail will leave with these settings", width, mark_style="$error")
    where = f"{plan.host}:{plan.port}"
    login = bool(plan.username and plan.password)
    hidden = masked_settings(settings).get("SMTP_USERNAME") == MASK
    user = MASK if hidden else redact(plan.username or "", settings.secrets())
    who = f" as {user}" if login and user else ""
    does = "logs in" if login else "sends without a login"
    if plan.secure:
        return hanging("✓", f"{does} over TLS to {where}{who}", width, mark_style="$success")
    if is_private_host(plan.host):
        return hanging(
            "✓", f"{does} to {where}{who}, on this machine or a private network", width, mark_style="$success"
        )
    return hanging("✓", f"{does} to {where}{who}, over TLS if the server offers STARTTLS", width, mark_style="$success")


def advanced_line(settings: Settings) -> str:
    """Return the advanced values in one line: `smtp.gmail.com : 587  STARTTLS  links → http://localhost:3000`."""
    tls = "TLS" if (settings.tls or "").lower() == "true" else "STARTTLS"
    if tls == "STARTTLS" and settings.port_number in (465, 2465):
        tls = "no TLS"  # those ports have no STARTTLS
    links = settings.admin_web_url or DEFAULT_ADMIN_URL
    return safe(f"{settings.host or 'no host'} : {settings.port or 'no port'}  {tls}  links → {links}", limit=200)


def finding_line(finding: Problem, width: int, *, key: str = "") -> Content:
    """Return a finding with its mark, and its repair as something to click; `key` is the key that does it now."""
    mark, style = MARKS[finding.severity]
    text = hanging(mark, finding.message, width, mark_style=style)
    if not finding.changes:
        return text
    words = safe(finding.label or "Repair", limit=60)
    repair = Content.assemble((f"{key} ", "bold $accent") if key else "", (words, "underline"))
    return lines(text, Content.assemble("  ", clickable(repair, "app.repair", finding.id)))


def next_repair(findings: Sequence[Problem], variable: str | None) -> Problem | None:
    """Return the finding that the repair key acts on: one of the focused field, else the first with a repair."""
    able = [finding for finding in findings if finding.changes]
    return next((item for item in able if variable and item.variable == variable), able[0] if able else None)


def still_needed(labels: Sequence[str]) -> Content:
    """Return what is not filled in yet, in one line."""
    return Content.assemble(("·", "$text-muted"), " ", styled(f"still needed: {', '.join(labels)}", "$text-muted"))


_LABEL = 21
"""Cells before the text of an input: label, bar, gap."""


class SettingsForm(VerticalScroll, can_focus=False):
    """Fields, the advanced ones folded away, and what the app will make of them."""

    def __init__(self) -> None:
        super().__init__(id="form", classes="box -acting")
        self._provider: Provider | None = None
        self._settings = Settings()
        self._rows: list[Field | ChoiceField] = []
        self._judged: tuple[object, tuple[Problem, ...]] = (None, ())

    def compose(self) -> ComposeResult:
        yield Vertical(id="fields")
        yield PlainText(styled("What the app will make of this", "bold"))
        yield PlainText(id="outlook")

    async def build(self, provider: Provider | None) -> None:
        """Make the fields that `provider` leaves open."""
        self._provider = provider
        self.border_title = plain(provider.name if provider else "Settings", limit=60)
        asked = questions(provider)
        fields = self.query_one("#fields")
        await fields.remove_children()
        self._rows = [make_field(question) for question in asked]
        folded = [row for row in self._rows if row.question.advanced]
        await fields.mount(*(row for row in self._rows if row not in folded), Advanced(*folded))

    def fields(self) -> list[Field | ChoiceField]:
        """Return all rows, the folded ones too, in the order on screen."""
        return self._rows

    def field(self, variable: str | None) -> Field | ChoiceField | None:
        """Return the row of a variable."""
        return next((item for item in self.fields() if item.question.id == variable), None)

    def folded(self, field: Widget) -> bool:
        """Say whether a row is in the advanced part and that is closed."""
        advanced = self.query_one(Advanced)
        return not advanced.opened and advanced in field.ancestors

    def show(self, settings: Settings, *, arrived: bool) -> None:
        """Take the texts from `settings`. On arrival, what is filled in already counts as left."""
        self._settings = settings
        for field in self.fields():
            if arrived and isinstance(field, Field):
                field.settled = field.settled or settings.get(field.question.id) is not None
            field.show(settings, self._provider)

    def settle(self, variables: set[str]) -> None:
        """Have fields judged although they were not left: the operator wants to go on."""
        for field in self.fields():
            field.settled = field.settled or field.question.id in variables

    def judged(self) -> tuple[Problem, ...]:
        """Return the findings that may be shown now: not about a field that is still being filled in."""
        unsettled = frozenset(field.question.id for field in self.fields() if not field.settled)
        about = (self._settings, self._provider, unsettled)
        if self._judged[0] != about:  # the key bar and the palette ask too
            found = findings(self._settings, provider=self._provider)
            self._judged = (about, tuple(finding for finding in found if finding.variable not in unsettled))
        return self._judged[1]

    def draw(self, variable: str | None) -> None:
        """Say everything anew; the repair key acts on a finding about `variable` first."""
        judged = self.judged()
        repair = next_repair(judged, variable)
        width = max(self.scrollable_content_region.width, 30)
        under: set[str] = set()
        for field in self.fields():
            own = [item for item in judged if item.variable == field.question.id and item.severity != Severity.INFO]
            own = [] if self.folded(field) else own
            under |= {item.id for item in own}
            # An answer that is missing is one short sentence; what the app says of it would only repeat it.
            said = self._missing(field, width)
            said = said or [finding_line(item, width - _LABEL, key="F6" if item is repair else "") for item in own]
            said += self._follows(field)
            field.tell(lines(*said) if said else None, wrong=_wrong(field, own))
        rest = [item for item in judged if item.id not in under]
        shown = [finding_line(item, width, key="F6" if item is repair else "") for item in rest]
        self.query_one("#outlook", PlainText).update(lines(self._headline(judged, width), *shown))
        self.query_one(Advanced).summarize(redact(advanced_line(self._settings), self._settings.secrets()))

    def _headline(self, judged: tuple[Problem, ...], width: int) -> Content:
        needed = {variable for variable, _ in missing(self._settings, questions(self._provider))}
        labels = [field.question.label for field in self.fields() if field.question.id in needed]
        return still_needed(labels) if labels else outlook(self._settings, judged, width)

    def _missing(self, field: Field | ChoiceField, width: int) -> list[Content]:
        """Return why the text cannot be an answer."""
        if not isinstance(field, Field) or not field.settled:
            return []
        sentence = field.question.check(field.input.value)
        return [hanging("✗", sentence, width - _LABEL, mark_style="$error")] if sentence else []

    def _follows(self, field: Field | ChoiceField) -> list[Content]:
        """Say under the user name that it is the sender too, and show it as the sender's placeholder."""
        settings = self._settings
        follows = self._provider is not None and follows_account(self._provider)
        same = follows and bool(settings.username) and settings.sender == settings.username
        if field.question.id == "SMTP_SENDER":
            field.suggest(settings.username or "" if same else "")
        if same and field.question.id == "SMTP_USERNAME":
            return [styled("also used as the sender", "$text-muted")]
        return []


def _wrong(field: Field | ChoiceField, own: list[Problem]) -> bool:
    """Say whether the bar of a field is to be marked too."""
    cannot = isinstance(field, Field) and field.settled and field.question.check(field.input.value) is not None
    return cannot or any(item.severity is Severity.ERROR for item in own)
