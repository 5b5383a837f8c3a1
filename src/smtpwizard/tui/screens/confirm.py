"""One question with two answers."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button

from smtpwizard.tui.content import plain
from smtpwizard.tui.widgets.plain_text import PlainText


class ConfirmScreen(ModalScreen[bool]):
    """Dismisses with True for yes, False for no or Escape. The focus starts on no: Enter loses nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(False)", "No", show=False),
        Binding("left,right", "app.focus_next", show=False),
    ]

    def __init__(self, *, title: str, question: str, yes: str, no: str) -> None:
        super().__init__()
        self._words = (title, question, yes, no)

    def compose(self) -> ComposeResult:
        title, question, yes, no = self._words
        with Vertical(classes="dialog") as box:
            box.border_title = plain(title)
            yield PlainText(plain(question), classes="question")
            with Horizontal(classes="buttons"):
                yield Button(plain(no), id="no", compact=True)
                yield Button(plain(yes), id="yes", compact=True)

    def on_mount(self) -> None:
        self.query_one("#no").focus()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "yes")
