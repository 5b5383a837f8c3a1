"""To whom, and which of the app's mails. Posts nothing of its own: the step asks when it sends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Checkbox, Input

from smtpwizard.tui.content import plain
from smtpwizard.tui.widgets.inputs import BarInput
from smtpwizard.tui.widgets.plain_text import PlainText
from smtpwizard.tui.widgets.shapes import ShapeCheckbox


class MailCheckbox(ShapeCheckbox, inherit_bindings=False):
    """Space ticks; Enter is left to the step, which sends."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("space", "toggle_button", "Tick", show=False)]


class MailForm(Vertical):
    """The upper half of the Send step."""

    def __init__(self, titles: Mapping[str, str]) -> None:
        super().__init__()
        self._titles = dict(titles)

    def compose(self) -> ComposeResult:
        with Horizontal(classes="send-to"):
            yield PlainText("To", classes="send-label")
            yield BarInput(placeholder="you@example.com", id="send-to")
        yield PlainText("", id="send-problem")
        width = max((len(title) for title in self._titles.values()), default=0)
        for index, (name, title) in enumerate(self._titles.items()):
            yield MailCheckbox(title.ljust(width), index == 0, id=f"send-{name}")

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

    def problem(self, sentence: str) -> None:
        """Show `sentence` under the address, or nothing."""
        shown = self.query_one("#send-problem", PlainText)
        shown.update(plain(f"! {sentence}") if sentence else "")
        shown.display = bool(sentence)
