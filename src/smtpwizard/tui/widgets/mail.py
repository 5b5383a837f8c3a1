"""To whom, and which of the app's mails. Tells when the answers change; the step asks for them when it sends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Checkbox, Input

from smtpwizard.report.lines import Line, LineRole, Mark
from smtpwizard.tui.style import plain
from smtpwizard.tui.widgets.inputs import BarInput, PlainText, ShapeCheckbox
from smtpwizard.tui.widgets.text import Paragraphs
from smtpwizard.wizard.arrival import DIGITS, digits


class CodeEntry(Input):
    """An input for an arrival code: complete at six digits, without Enter."""

    class Complete(Message):
        """Six digits stand in the field."""

        def __init__(self, code: str) -> None:
            super().__init__()
            self.code = code

    def __init__(self) -> None:
        super().__init__(placeholder="000000", restrict=r"[0-9 \-]*", max_length=DIGITS + 3)

    def help_page(self) -> tuple[str, str]:
        """Say what the code is for."""
        return (
            "Code from the mail",
            "Each mail carries a code of six digits that is made for this test alone. Typed back here, it proves that "
            "the mail arrived; accepted by the server is not arrived.",
        )

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        found = digits(event.value)
        if len(found) == DIGITS:
            self.post_message(self.Complete(found))

    def _on_paste(self, event: events.Paste) -> None:
        # The field's own paste keeps the first line alone, which is often empty when a mail was copied.
        self.value = digits(event.text)
        self.cursor_position = len(self.value)
        event.prevent_default()
        event.stop()


class MailCheckbox(ShapeCheckbox, inherit_bindings=False):
    """Space ticks; Enter is left to the step, which sends."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("space", "toggle_button", "Tick", show=False)]


class MailForm(Vertical):
    """The upper half of the Send step."""

    class Changed(Message):
        """The address was typed into, or a mail ticked."""

    def __init__(self, titles: Mapping[str, str]) -> None:
        super().__init__()
        self._titles = dict(titles)

    def compose(self) -> ComposeResult:
        with Horizontal(classes="send-to"):
            yield PlainText("To", classes="send-label")
            yield BarInput(placeholder="you@example.com", id="send-to")
        yield PlainText("", id="send-problem")
        yield Paragraphs(id="send-notes")
        width = max((len(title) for title in self._titles.values()), default=0)
        for name, title in self._titles.items():
            yield MailCheckbox(title.ljust(width), True, id=f"send-{name}")

    @property
    def recipient(self) -> str:
        """The address as typed, trimmed."""
        return self.query_one("#send-to", Input).value.strip()

    @property
    def field(self) -> Input:
        """The field of the address."""
        return self.query_one("#send-to", Input)

    @property
    def chosen(self) -> tuple[str, ...]:
        """Names of the mails that are ticked, in the app's order."""
        return tuple(name for name in self._titles if self.query_one(f"#send-{name}", Checkbox).value)

    def describe(self, words: Sequence[tuple[str, str]]) -> None:
        """Put beside each mail's title what it carries: (name, words)."""
        width = max((len(title) for title in self._titles.values()), default=0)
        for name, text in words:
            label = plain(self._titles[name].ljust(width + 2), newlines=False)
            box = self.query_one(f"#send-{name}", Checkbox)
            box.label = label + plain(text, newlines=False).stylize("$foreground-muted")

    def note(self, notes: Sequence[str]) -> None:
        """Show under the address what a mail to it would bring, before it is sent."""
        shown = self.query_one("#send-notes", Paragraphs)
        shown.show([Line(note, Mark.WARNING, LineRole.REMARK) for note in notes])
        shown.display = bool(notes)

    @on(Input.Changed)
    @on(Checkbox.Changed)
    def _changed(self, event: Message) -> None:
        event.stop()
        self.post_message(self.Changed())

    def problem(self, sentence: str) -> None:
        """Show `sentence` under the address, or nothing."""
        shown = self.query_one("#send-problem", PlainText)
        shown.update(plain(f"! {sentence}") if sentence else "")
        shown.display = bool(sentence)


ASKED: Final = "Accepted is not arrived. Type the six digits from the mail:"


class Arrival(Vertical):
    """The lower half of the Send step, once a mail was accepted."""

    def compose(self) -> ComposeResult:
        yield Paragraphs(id="arrival-proved")
        with Horizontal(id="arrival-row"):
            yield PlainText(ASKED, id="arrival-ask")
            yield CodeEntry()
        yield PlainText("", id="arrival-remark")
        yield PlainText("", id="arrival-hint")

    def on_mount(self) -> None:
        self.display = False

    @property
    def entry(self) -> CodeEntry:
        """The field of the code."""
        return self.query_one(CodeEntry)

    def show(self, known: Sequence[Line], remark: str, hint: str, *, asking: str) -> None:
        """Show what is known, the field after the words `asking` (none: no field), a remark on it, where to look."""
        self.display = True
        self.query_one("#arrival-row").display = bool(asking)
        self.query_one("#arrival-ask", PlainText).update(asking)
        proved = self.query_one("#arrival-proved", Paragraphs)
        proved.show(known)
        proved.display = bool(known)
        self._put("#arrival-remark", plain(f"! {remark}" if remark else "").stylize("$text-warning"))
        self._put("#arrival-hint", plain(hint).stylize("$foreground-muted"))

    def _put(self, selector: str, content: object) -> None:
        static = self.query_one(selector, PlainText)
        static.update(content)  # type: ignore[arg-type]  # Content is a visual
        static.display = bool(str(content))
