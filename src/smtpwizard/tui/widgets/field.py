"""One question as a row, and the advanced rows folded into one line. The answers are in the session."""

from __future__ import annotations

from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, RadioSet

from smtpwizard.apps.profile import Role
from smtpwizard.tui.style import plain, styled
from smtpwizard.tui.widgets.inputs import BarInput, PlainText, SecretInput, ShapeRadio, ShapeRadioSet
from smtpwizard.wizard.questions import Question, clean
from smtpwizard.wizard.settings import SettingsStep


class Finished(Message):
    """A field was left or pasted into: now what is wrong with it may be said."""


class Field(Vertical):
    """A question with a free answer."""

    def __init__(self, question: Question, model: SettingsStep) -> None:
        super().__init__(id=f"field-{question.id.lower()}", classes="field")
        self.question = question
        self._model = model
        self.finished = False
        """Whether the operator has finished with it once. Before that nothing is marked wrong."""
        self._left_out = ""

    def compose(self) -> ComposeResult:
        question = self.question
        with Horizontal():
            yield PlainText(plain(question.label, limit=18), classes="label")
            if question.secret:
                yield SecretInput(placeholder=question.placeholder)
            else:
                restrict = r"\d{0,5}" if question.role is Role.PORT else None
                yield BarInput(placeholder=question.placeholder, restrict=restrict)
            yield PlainText(self._side(shown=False), classes="side")
        yield PlainText(classes="below")

    def on_mount(self) -> None:
        # Watched and not told by a message: keys come faster than messages are handled, and an answer must not be
        # older than what stands in its input.
        self.watch(self.input, "value", self._typed, init=False)

    @property
    def input(self) -> BarInput:
        """The input itself."""
        return self.query_one(BarInput)

    def help_page(self) -> tuple[str, str]:
        """Title and prose for F1."""
        return self.question.label, self.question.help

    def show(self) -> None:
        """Show the present answer, unless what stands here means just that."""
        if not self._model.holds(self.question, self.input.value):
            self.input.fill(self._model.value(self.question))

    def problem(self) -> str:
        """Return why the text cannot be an answer, once the operator has finished with it; else ''."""
        return (self.question.check(self.input.value) or "") if self.finished else ""

    def tell(self, below: Content | None, *, wrong: bool) -> None:
        """Show lines under the input; `wrong` marks the bar too."""
        parts = [styled(self._left_out, "$text-muted")] if self._left_out else []
        parts += [below] if below is not None else []
        line = self.query_one(".below", PlainText)
        line.display = bool(parts)
        line.update(Content("\n").join(parts))
        self.input.set_class(wrong, "-invalid")

    def mark(self) -> None:
        """Focus the input and mark the row as the one concerned."""
        self.finished = True
        self.add_class("-marked")
        self.input.focus()

    def _typed(self, text: str) -> None:
        self.remove_class("-marked")
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


class ChoiceField(Vertical):
    """A question with a closed set of answers: radio buttons whose state is a shape."""

    def __init__(self, question: Question, model: SettingsStep) -> None:
        super().__init__(id=f"field-{question.id.lower()}", classes="field")
        self.question = question
        self._model = model
        self.finished = True

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield PlainText(plain(self.question.label, limit=18), classes="label")
            with ShapeRadioSet():
                for choice in self.question.choices:
                    yield ShapeRadio(choice.label)
        yield PlainText(classes="below")

    def help_page(self) -> tuple[str, str]:
        """Title and prose for F1."""
        return self.question.label, self.question.help

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

    def tell(self, below: Content | None, *, wrong: bool) -> None:
        """Show lines under the choices."""
        line = self.query_one(".below", PlainText)
        line.display = below is not None
        line.update(below or Content())

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
    """Header and fields."""

    class Opened(Message):
        """The fields were shown or hidden by the operator."""

    def __init__(self, *fields: Widget) -> None:
        super().__init__(id="advanced")
        self._fields = fields
        self._summary = ""
        self.opened = False

    def compose(self) -> ComposeResult:
        yield AdvancedHeader()
        with Vertical(id="advanced-fields"):
            yield from self._fields

    def on_mount(self) -> None:
        self.open(self.opened)

    def open(self, opened: bool) -> None:
        """Show or hide the fields."""
        self.opened = opened
        self.query_one("#advanced-fields").display = opened
        self.query_one(AdvancedHeader).draw(self._summary, opened=opened)

    def action_open_or_close(self) -> None:
        """Open it, or close it again."""
        self.open(not self.opened)
        self.post_message(self.Opened())

    def summarize(self, summary: str) -> None:
        """Show the values in the line."""
        self._summary = summary
        self.query_one(AdvancedHeader).draw(summary, opened=self.opened)

    def on_advanced_header_toggled(self, event: AdvancedHeader.Toggled) -> None:
        event.stop()
        self.action_open_or_close()
