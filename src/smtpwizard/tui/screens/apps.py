"""Which app the settings are for: a list to type into. The focus stays in the input; the arrows move the list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList

from smtpwizard.tui.base import plain
from smtpwizard.tui.widgets.inputs import BarInput, PlainList, PlainText
from smtpwizard.wizard.session import AppChoice


class AppsScreen(ModalScreen[str | None]):
    """Dismisses with the id of the app that was chosen, or None."""

    DEFAULT_CSS = """
    AppsScreen { align: center middle; background: $background 60%; }
    AppsScreen > Vertical {
        width: 96%; max-width: 70; height: 90%; max-height: 24;
        border: round $accent; border-title-style: bold; border-subtitle-color: $text-muted;
        padding: 0 1; background: $surface;
    }
    AppsScreen PlainList { height: 1fr; margin-top: 1; }
    AppsScreen #apps-foot { height: 1; color: $text-muted; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "Close", show=False),
        Binding("up", "move('cursor_up')", show=False),
        Binding("down", "move('cursor_down')", show=False),
        Binding("pageup", "move('page_up')", show=False),
        Binding("pagedown", "move('page_down')", show=False),
    ]

    def __init__(self, choices: Sequence[AppChoice], about: str) -> None:
        super().__init__()
        self._all, self._found, self._about = tuple(choices), tuple(choices), about

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = "Which app?"
            box.border_subtitle = "Enter Take   Esc Close"
            yield BarInput(placeholder="a name: ghost, nextcloud", id="apps-query")
            found = PlainList(id="apps")
            found.can_focus = False
            yield found
            yield PlainText(plain(self._about, newlines=False), id="apps-foot")

    def on_mount(self) -> None:
        self.query_one("#apps-query").focus()
        self._fill("")

    def action_move(self, action: str) -> None:
        """Move the list's highlight while the focus stays in the input."""
        getattr(self.query_one("#apps", OptionList), f"action_{action}")()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._fill(event.value)

    def _fill(self, text: str) -> None:
        word = text.strip().lower()
        self._found = tuple(item for item in self._all if word in item.name.lower() or word in item.id)
        rows = [
            Content.assemble(plain(f"{item.name}  ", newlines=False), (item.why, "$text-muted")) for item in self._found
        ]
        self.query_one("#apps", PlainList).fill(rows, start=0 if rows else None)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        index = self.query_one("#apps", OptionList).highlighted
        if index is not None and index < len(self._found):
            self.dismiss(self._found[index].id)

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(self._found[event.option_index].id)
