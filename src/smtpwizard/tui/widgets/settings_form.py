"""The form of the settings step: a row for each question that a provider leaves open, and what is found about them.

The answers are in the session.

Nothing is marked wrong while it is being typed: a field counts once it was left, pasted into, or found filled in.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from typing import ClassVar, Final

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, RadioSet

from smtpwizard.apps.profile import Role
from smtpwizard.presets.schema import Provider
from smtpwizard.problems import Problem, Severity
from smtpwizard.report.lines import Line, Mark
from smtpwizard.text import safe
from smtpwizard.tui.base import MARKS, Command, Hint, clickable, hanging, lines, plain, styled, wizard_of, wrapped
from smtpwizard.tui.widgets.inputs import BarInput, PlainText, SecretInput, ShapeRadio, ShapeRadioSet
from smtpwizard.tui.widgets.text import Paragraphs, Part, Wrapped
from smtpwizard.wizard.questions import Question, clean
from smtpwizard.wizard.settings import Outlook, SettingsStep


class Finished(Message):
    """A field was left or pasted into: now what is wrong with it may be said."""


class QuestionRow(Vertical):
    """A question with its label; what it is answered with is the subclass's."""

    def __init__(self, question: Question, model: SettingsStep) -> None:
        # A part of a variable, or a label on a page, has signs that no id has.
        super().__init__(id="field-" + re.sub(r"[^a-z0-9_-]+", "-", question.id.lower()), classes="field")
        self.question = question
        self._model = model

    def help_page(self) -> tuple[str, str]:
        """Title and prose for F1."""
        return self.question.label, self.question.help

    def suspect(self, suspected: bool) -> None:
        """Put a sign before the label, or take it away: the last test failed over this."""
        sign = "! " if suspected else ""
        self.query_one(".label", PlainText).update(plain(f"{sign}{self.question.label}", limit=20))
        self.set_class(suspected, "-suspect")

    def tell(self, below: Sequence[Part], *, wrong: bool) -> None:
        """Show lines under the answer; `wrong` says that they are about a mistake in it."""
        self.query_one(Wrapped).show(below)


class Field(QuestionRow):
    """A question with a free answer."""

    def __init__(self, question: Question, model: SettingsStep) -> None:
        super().__init__(question, model)
        self.finished = False
        """Whether the operator has finished with it once. Before that nothing is marked wrong."""
        self._left_out = ""

    def compose(self) -> ComposeResult:
        question = self.question
        with Horizontal():
            yield PlainText(plain(question.label, limit=20), classes="label")
            if question.secret:
                yield SecretInput(placeholder=question.placeholder)
            else:
                restrict = r"\d{0,5}" if question.role is Role.PORT else None
                yield BarInput(placeholder=question.placeholder, restrict=restrict)
            yield PlainText(self._side(shown=False), classes="side")
        yield Wrapped(classes="below")

    def on_mount(self) -> None:
        # Watched and not told by a message: keys come faster than messages are handled, and an answer must not be
        # older than what stands in its input.
        self.watch(self.input, "value", self._typed, init=False)

    @property
    def input(self) -> BarInput:
        """The input itself."""
        return self.query_one(BarInput)

    def show(self) -> None:
        """Show the present answer, unless what stands here means just that."""
        if not self._model.holds(self.question, self.input.value):
            self.input.fill(self._model.value(self.question))

    def problem(self) -> str:
        """Return why the text cannot be an answer, once the operator has finished with it; else ''."""
        return (self.question.check(self.input.value) or "") if self.finished else ""

    def tell(self, below: Sequence[Part], *, wrong: bool) -> None:
        """Show lines under the input; `wrong` marks the bar too."""
        left_out = [styled(self._left_out, "$text-muted")] if self._left_out else []
        super().tell([*left_out, *below], wrong=wrong)
        self.input.set_class(wrong, "-invalid")

    def mark(self) -> None:
        """Focus the input of the row that is concerned; what is wrong with its answer may be said."""
        self.finished = True
        self.input.focus()

    def _typed(self, text: str) -> None:
        self._left_out = ""
        if not self._model.holds(self.question, text):
            self._model.answer(self.question, text)

    @on(Input.Blurred)
    def _blurred(self, event: Input.Blurred) -> None:
        event.stop()
        self._finish(event.value)

    @on(BarInput.Pasted)
    def _pasted(self, event: BarInput.Pasted) -> None:
        event.stop()
        self._finish(event.input.value, event.left_out)

    def _finish(self, text: str, left_out: str = "") -> None:
        value, removed = clean(self.question, text)
        left_out = " ".join(part for part in (left_out, removed) if part) or self._left_out
        if value != text:
            self.input.value = value
            self.input.cursor_position = len(value)
        self._left_out = left_out
        self.finished = self.finished or bool(value)
        self.post_message(Finished())

    @on(SecretInput.Toggled)
    def _toggled(self) -> None:
        self.query_one(".side", PlainText).update(self._side(shown=not self.input.password))

    def _side(self, *, shown: bool) -> Content:
        if self.question.secret:
            return styled(f"F8 {'hide' if shown else 'show'}", "$text-muted")
        return styled("optional" if self.question.optional else "", "$text-muted")


class ChoiceField(QuestionRow):
    """A question with a closed set of answers: radio buttons whose state is a shape."""

    def __init__(self, question: Question, model: SettingsStep) -> None:
        super().__init__(question, model)
        self.finished = True

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield PlainText(plain(self.question.label, limit=20), classes="label")
            with ShapeRadioSet():
                for choice in self.question.choices:
                    yield ShapeRadio(choice.label)
        yield Wrapped(classes="below")

    def show(self) -> None:
        """Press the button of the present answer."""
        value = self._model.value(self.question)
        for button, choice in zip(self.query(ShapeRadio), self.question.choices, strict=True):
            if choice.value == value and not button.value:
                with self.prevent(RadioSet.Changed):
                    button.value = True

    def problem(self) -> str:
        """Return '': one of the choices is always pressed."""
        return ""

    def mark(self) -> None:
        """Focus the choices."""
        self.query_one(ShapeRadioSet).focus()

    @on(RadioSet.Changed)
    def _changed(self, event: RadioSet.Changed) -> None:
        event.stop()
        if 0 <= event.index < len(self.question.choices):
            self._model.answer(self.question, self.question.choices[event.index].value)


def make_field(question: Question, model: SettingsStep) -> Field | ChoiceField:
    """Return the row for a question."""
    return ChoiceField(question, model) if question.choices else Field(question, model)


class AdvancedHeader(PlainText, can_focus=True):
    """The line itself."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,space", "open_or_close", "Open", show=False)]
    HELP = (
        "What the preset has filled in: host, port, TLS, cipher, region, and where links in mails lead. Enter opens it."
    )

    class Toggled(Message):
        """Enter, Space or a click."""

    def __init__(self) -> None:
        super().__init__()

    def help_page(self) -> tuple[str, str]:
        """Title and prose for F1."""
        return "Advanced", self.HELP

    def action_open_or_close(self) -> None:
        self.post_message(self.Toggled())

    def on_click(self, event: events.Click) -> None:
        self.action_open_or_close()

    def draw(self, summary: str, *, opened: bool) -> None:
        """Show the arrow and the values in one line."""
        arrow = "▾" if opened else "▸"
        self.update(Content.assemble(f"{arrow} Advanced  ", styled("" if opened else summary, "$text-muted")))


class Advanced(Vertical):
    """Header and fields. These are composed when they are opened: seldom, and they are half of the form's widgets."""

    class Opened(Message):
        """The fields were shown or hidden."""

    def __init__(self, fields: Sequence[Field | ChoiceField]) -> None:
        super().__init__(id="advanced")
        self._fields = fields
        self._summary = ""
        self.opened = False

    def compose(self) -> ComposeResult:
        yield AdvancedHeader()
        yield Vertical(id="advanced-fields")

    def on_mount(self) -> None:
        self.query_one("#advanced-fields").display = False

    async def open(self, opened: bool) -> None:
        """Show the fields with their present answers, or hide them."""
        fields = self.query_one("#advanced-fields")
        if opened and not fields.children:
            await fields.mount(*self._fields)
        for field in self._fields if opened else ():
            field.show()
        self.opened = fields.display = opened
        self.query_one(AdvancedHeader).draw(self._summary, opened=opened)
        self.post_message(self.Opened())

    def summarize(self, summary: str) -> None:
        """Show the values in the line."""
        self._summary = summary
        self.query_one(AdvancedHeader).draw(summary, opened=self.opened)

    async def on_advanced_header_toggled(self, event: AdvancedHeader.Toggled) -> None:
        event.stop()
        await self.open(not self.opened)


def outlook_line(outlook: Outlook, width: int) -> Content:
    """Return in one line what the app will do with the settings."""
    if outlook.refused:
        return hanging("·", f"the same as was refused: {outlook.text}", width, mark_style="$text-muted")
    mark, style = ("✓", "$success") if outlook.ok else ("✗", "$error")
    return hanging(mark, outlook.text, width, mark_style=style)


def finding_line(finding: Problem, width: int, *, key: str = "") -> Content:
    """Return a finding with its mark, and its repair as something to click; `key` is the key that does it now."""
    mark, style = MARKS[finding.severity]
    quiet = "$text-muted" if finding.severity is Severity.INFO else ""
    text = hanging(mark, finding.message, width, mark_style=style, style=quiet)
    return lines(text, repair_line(finding, key=key)) if finding.changes else text


def repair_line(finding: Problem, *, key: str) -> Content:
    """Return the repair of a finding as something to click, after the key that does it now."""
    words = safe(finding.label or "Repair", limit=60)
    repair = Content.assemble((f"{key} ", "bold $accent") if key else "", (words, "underline"))
    return Content.assemble("  ", clickable(repair, "app.repair", finding.id))


def repair_hints(repairs: Sequence[Problem]) -> tuple[Hint, ...]:
    """Return the key that makes the repairs, with their number."""
    words = "Repair" if len(repairs) == 1 else f"Repair all ({len(repairs)})"
    return (Hint("f6", words),) if repairs else ()


def repair_commands(repairs: Sequence[Problem]) -> tuple[Command, ...]:
    """Return the palette's entry for it."""
    words = repairs[0].label or "Repair" if len(repairs) == 1 else f"Make all {len(repairs)} repairs"
    return (Command(f"settings: {words}", "What stands beside F6", "repair"),) if repairs else ()


_NO_NEWS: Final = frozenset({"opportunistic-tls-ignored"})
"""Findings after which there is nothing to do: `lint` tells them."""


class SettingsForm(VerticalScroll, can_focus=False):
    """Fields, the advanced ones folded away, and what the app will make of them."""

    def __init__(self) -> None:
        super().__init__(id="form", classes="box -acting")
        self._rows: list[Field | ChoiceField] = []

    def compose(self) -> ComposeResult:
        yield Paragraphs(id="told")
        yield Vertical(id="fields")
        yield PlainText(styled("What the app will make of this", "bold"))
        yield Wrapped(id="outlook")

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
        await fields.mount(*(row for row in self._rows if row not in folded), Advanced(folded))

    def fields(self) -> list[Field | ChoiceField]:
        """Return all rows, the folded ones too, in the order on screen."""
        return self._rows

    def field(self, variable: str | None) -> Field | ChoiceField | None:
        """Return the row of a variable."""
        return next((item for item in self._rows if item.question.id == variable), None)

    def folded(self, field: Field | ChoiceField) -> bool:
        """Say whether a row is in the advanced part and that is closed: then it may not be composed yet."""
        return field.question.advanced and not self.query_one(Advanced).opened

    @property
    def unfinished(self) -> frozenset[str]:
        """The variables whose fields are still being filled in."""
        return frozenset(field.question.id for field in self._rows if not field.finished)

    def show(self, *, arrived: bool) -> None:
        """Show the present answers. On arrival, what is filled in already counts as left."""
        settings = wizard_of(self).state.settings
        for field in self._rows:
            if not self.folded(field):
                field.show()
            if arrived and isinstance(field, Field):
                role = field.question.role
                field.finished = field.finished or (role is not None and settings.of(role) is not None)

    def finish(self, variables: set[str]) -> None:
        """Have fields judged although they were not left: the operator wants to go on."""
        for field in self._rows:
            field.finished = field.finished or field.question.id in variables

    def draw(self, variable: str | None) -> None:
        """Say everything anew; what is to be known of `variable`, which has the focus, stands below its field."""
        model, unfinished = self._model, self.unfinished
        found = [item for item in model.findings(unfinished) if item.changes or item.id not in _NO_NEWS]
        repaired = model.repairs(variable, unfinished=unfinished)
        told = self.query_one("#told", Paragraphs)
        done = Line(f"Repaired: {'; '.join(model.repaired)}.", Mark.OK) if model.repaired else None
        told.show((done,) if done else model.refusal)
        told.display = bool(done or model.refusal)
        suspects = model.suspects
        under: set[str] = set()
        for field in (row for row in self._rows if not self.folded(row)):
            question = field.question
            own = [item for item in found if item.variable == question.id and item.severity != Severity.INFO]
            under |= {item.id for item in own}
            # An answer that is missing is one short sentence; what the app says of it would only repeat it.
            missing = field.problem()
            below: list[Part]
            if missing:
                below = [partial(hanging, "✗", missing, mark_style="$error")]
                below += [repair_line(item, key="F6") for item in own if item in repaired]
            else:
                below = [partial(finding_line, item, key="F6" if item in repaired else "") for item in own]
            if model.sender_is_account and question.role is Role.USERNAME:
                below.append(styled("also used as the sender", "$text-muted"))
            if question.id == variable and question.about:
                below.append(partial(wrapped, question.about, style="$text-muted"))
            wrong = bool(missing) or any(item.severity is Severity.ERROR for item in own)
            field.tell(below, wrong=wrong)
            field.suspect(question.id in suspects)
        self._suggest_sender()
        rest = [item for item in found if item.id not in under]
        shown = [partial(finding_line, item, key="F6" if item in repaired else "") for item in rest]
        self.query_one("#outlook", Wrapped).show([self._headline(unfinished), *shown])
        self.query_one(Advanced).summarize(model.advanced_line)

    def _headline(self, unfinished: frozenset[str]) -> Part:
        needed = {variable for variable, _ in self._model.missing()}
        asked = [field.question for field in self._rows if field.question.id in needed]
        lacking = [question.label for question in asked if not self._model.value(question)]
        wrong = [question.label for question in asked if self._model.value(question)]
        groups = (("still needed", lacking), ("to be corrected", wrong))
        if asked:
            text = "; ".join(f"{words}: {', '.join(labels)}" for words, labels in groups if labels)
            return Content.assemble(("·", "$text-muted"), " ", styled(text, "$text-muted"))
        return partial(outlook_line, self._model.outlook(unfinished))

    def _suggest_sender(self) -> None:
        """Show the account as the sender's placeholder, where it is the sender too."""
        field = self.field(wizard_of(self).state.settings.app.variable(Role.SENDER))
        if isinstance(field, Field) and not self.folded(field):
            account = wizard_of(self).state.settings.username or ""
            field.input.placeholder = account if self._model.sender_is_account else field.question.placeholder
