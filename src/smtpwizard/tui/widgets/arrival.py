"""What arrived: what was seen in an inbox, the code typed back, and where to look. Shows; the step compares."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from smtpwizard.tui.content import plain
from smtpwizard.tui.widgets.code_entry import CodeEntry
from smtpwizard.tui.widgets.paragraphs import Paragraph, Paragraphs
from smtpwizard.tui.widgets.plain_text import PlainText

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

    def show(self, known: Sequence[Paragraph], remark: str, hint: str, *, asking: str) -> None:
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
