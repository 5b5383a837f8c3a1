"""Inputs of one line's height with a bar at the left, and the one for secrets, which never reaches the clipboard."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.actions import SkipAction
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input


class BarInput(Input):
    """An Input of height 1. Paste takes the first line that is not blank, trimmed, and says what it left out."""

    untold = 0
    """Changes typed here whose message is still on its way. A field counts them down as its answers are taken."""

    class Pasted(Message):
        """A text was pasted."""

        def __init__(self, sender: BarInput, left_out: str) -> None:
            super().__init__()
            self.input = sender
            self.left_out = left_out
            """A sentence on what around the pasted text was not taken, or ''."""

        @property
        def control(self) -> BarInput:
            """The input, for `@on(..., selector)`."""
            return self.input

    def post_message(self, message: Message) -> bool:
        """Count what is typed: the key after this one may come before the message of this one has been handled."""
        posted = super().post_message(message)
        if posted and isinstance(message, Input.Changed):
            self.untold += 1
        return posted

    def _on_paste(self, event: events.Paste) -> None:
        # Textual's own takes splitlines()[0]: a password pasted after a line break would be ''.
        event.prevent_default()
        event.stop()
        lines = [line for line in event.text.splitlines() if line.strip()]
        text = lines[0].strip() if lines else ""
        clean = "".join(char for char in text if char.isprintable() or char == "\u00a0")
        self.replace(clean, *self.selection)
        left_out = ""
        if len(lines) > 1:
            left_out = f"Only the first of {len(lines)} pasted lines was taken."
        elif clean != text:
            left_out = "Control characters in it were removed."
        elif clean != event.text:
            left_out = "Blanks and line ends around it were removed."
        self.post_message(self.Pasted(self, left_out))


class SecretInput(BarInput):
    """Shows bullets; F8 shows the text until the step is left. Copy and cut give nothing to the clipboard."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("f8", "toggle_shown", "Show", show=False)]

    class Toggled(Message):
        """The text was shown or hidden."""

    def __init__(self, *, placeholder: str = "", id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        # select_on_focus would make Ctrl+C, pressed to quit, a copy of the whole password.
        super().__init__(password=True, select_on_focus=False, placeholder=placeholder, id=id, classes=classes)

    def action_copy(self) -> None:
        raise SkipAction

    def action_cut(self) -> None:
        self.delete_selection()

    def action_toggle_shown(self) -> None:
        """Show the text, or hide it again."""
        self.password = not self.password
        self.post_message(self.Toggled())

    def hide(self) -> None:
        """Show bullets again."""
        if not self.password:
            self.password = True
            self.post_message(self.Toggled())
