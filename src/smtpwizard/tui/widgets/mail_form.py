"""To whom, and which of the app's mails. Tells when the answers change; the step asks for them when it sends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Checkbox, Input

from smtpwizard.tui.content import plain
from smtpwizard.tui.widgets.inputs import BarInput
from smtpwizard.tui.widgets.paragraphs import Paragraph, Paragraphs
from smtpwizard.tui.widgets.plain_text import PlainText
from smtpwizard.tui.widgets.shapes import ShapeCheckbox


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
        shown.show([Paragraph(note, "!", "$text-warning", "$foreground-muted") for note in notes])
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
