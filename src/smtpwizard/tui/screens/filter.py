"""A list to type into, over a step. The focus stays in the input; the arrows move the list's highlight."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList

from smtpwizard.tui.base import plain
from smtpwizard.tui.widgets.inputs import BarInput, PlainList, PlainText

T = TypeVar("T")


class FilterScreen(ModalScreen[T | None]):
    """Dismisses with what was chosen, or None. A subclass says what is found for a text, and what a row stands for."""

    DEFAULT_CSS = """
    FilterScreen { align: center middle; background: $background 60%; }
    FilterScreen > Vertical {
        width: 96%; height: 90%;
        border: round $accent; border-title-style: bold; border-subtitle-color: $text-muted;
        padding: 0 1; background: $surface;
    }
    FilterScreen PlainList { height: 1fr; margin-top: 1; }
    FilterScreen #foot { height: 1; color: $text-muted; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "Close", show=False),
        Binding("up", "move('cursor_up')", show=False),
        Binding("down", "move('cursor_down')", show=False),
        Binding("pageup", "move('page_up')", show=False),
        Binding("pagedown", "move('page_down')", show=False),
    ]

    heading: ClassVar[str]
    keys: ClassVar[str]
    placeholder: ClassVar[str]

    def find(self, text: str) -> None:
        """List what is found for `text`, with `show`."""
        raise NotImplementedError

    def chosen(self, index: int) -> T | None:
        """Return what the row at `index` stands for; None where there is no such row."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title, box.border_subtitle = self.heading, self.keys
            yield BarInput(placeholder=self.placeholder)
            found = PlainList(id="found")
            found.can_focus = False
            yield found
            yield PlainText("", id="foot")

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    def show(self, rows: Sequence[Content]) -> None:
        """Show `rows`, the first one highlighted."""
        self.query_one(PlainList).fill(rows, start=0 if rows else None)

    def tell(self, text: str) -> None:
        """Show a sentence below the list."""
        self.query_one("#foot", PlainText).update(plain(text, newlines=False))

    @property
    def highlighted(self) -> T | None:
        """What the highlighted row stands for."""
        index = self.query_one(PlainList).highlighted
        return None if index is None else self.chosen(index)

    def action_move(self, action: str) -> None:
        """Move the list's highlight while the focus stays in the input."""
        getattr(self.query_one(PlainList), f"action_{action}")()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self.find(event.value)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if self.highlighted is not None:
            self.dismiss(self.highlighted)

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(self.chosen(event.option_index))
