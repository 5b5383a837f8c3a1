"""What arrived: the practice server's inbox, the code typed back, and where to look. Shows; the step compares."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from smtpwizard.tui.content import plain
from smtpwizard.tui.widgets.code_entry import CodeEntry
from smtpwizard.tui.widgets.plain_text import PlainText


class Arrival(Vertical):
    """The lower half of the Send step, once a mail was accepted."""

    def compose(self) -> ComposeResult:
        yield PlainText("", id="arrival-inbox")
        yield PlainText("", id="arrival-proved")
        with Horizontal(id="arrival-row"):
            yield PlainText("Accepted is not arrived. Type the six digits from the mail:")
            yield CodeEntry()
        yield PlainText("", id="arrival-remark")
        yield PlainText("", id="arrival-hint")

    def on_mount(self) -> None:
        self.display = False

    @property
    def entry(self) -> CodeEntry:
        """The field of the code."""
        return self.query_one(CodeEntry)

    def show(self, inbox: Sequence[str], proved: Sequence[str], remark: str, hint: str, *, asking: bool) -> None:
        """Show the inbox, what the codes proved, the field while `asking`, a remark on a code, and where to look."""
        self.display = True
        self.query_one("#arrival-row").display = asking
        self._put("#arrival-inbox", plain("\n".join(inbox)).stylize("$text-primary"))
        self._put("#arrival-proved", plain("\n".join(f"✓ {line}" for line in proved)).stylize("$text-success"))
        self._put("#arrival-remark", plain(f"! {remark}" if remark else "").stylize("$text-warning"))
        self._put("#arrival-hint", plain(hint).stylize("$foreground-muted"))

    def _put(self, selector: str, content: object) -> None:
        static = self.query_one(selector, PlainText)
        static.update(content)  # type: ignore[arg-type]  # Content is a visual
        static.display = bool(str(content))
