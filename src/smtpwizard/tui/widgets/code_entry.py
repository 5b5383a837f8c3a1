"""Six digits typed or pasted from a mail. Tells when they are complete; does not know whether they are right."""

from __future__ import annotations

from textual import events, on
from textual.message import Message
from textual.widgets import Input

from smtpwizard.tui.steps.send_arrival import DIGITS, digits


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
