"""The programs that read an env file: those that are ticked must all read the same value."""

from __future__ import annotations

from collections.abc import Collection
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen

from smtpwizard.outputs import Reader
from smtpwizard.tui.content import plain
from smtpwizard.tui.widgets.plain_text import PlainText
from smtpwizard.tui.widgets.shapes import ShapeCheckbox


class ReadersScreen(ModalScreen[tuple[str, ...] | None]):
    """Dismisses with the names that are ticked, in the order of their weight; None leaves all as it was."""

    DEFAULT_CSS = """
    ReadersScreen { align: center middle; background: $background 60%; }
    ReadersScreen .dialog { padding: 0 2; }
    ReadersScreen ShapeCheckbox { width: 1fr; }
    ReadersScreen ShapeCheckbox:focus { background: $boost; }
    ReadersScreen #readers-problem { color: $text-error; display: none; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "take", "Take", show=False, priority=True),  # a checkbox would toggle on it
        Binding("escape,f5", "dismiss", "Leave", show=False),
        Binding("up", "app.focus_previous", show=False),
        Binding("down", "app.focus_next", show=False),
    ]

    def __init__(self, file: str, chosen: Collection[str]) -> None:
        super().__init__()
        self._file, self._ticked = file, frozenset(chosen)

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog", can_focus=False) as box:
            box.border_title = plain(f"Who reads {self._file}", newlines=False)
            box.border_subtitle = "Space Tick   Enter Take   Esc Leave"
            yield PlainText("A reader must be ticked: something has to read it.", id="readers-problem")
            for reader in Reader:
                yield ShapeCheckbox(reader.label, reader.value in self._ticked, id=f"reader-{reader.value}")

    def on_mount(self) -> None:
        self.query(ShapeCheckbox).first().focus()

    def action_take(self) -> None:
        """Take what is ticked; nothing at all is no choice."""
        names = tuple(
            reader.value for reader in Reader if self.query_one(f"#reader-{reader.value}", ShapeCheckbox).value
        )
        if names:
            self.dismiss(names)
        else:
            self.query_one("#readers-problem").display = True
