"""What became of each mail: symbol, title, the server's words, queue id, time. Shows what it is given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from smtpwizard.tui.content import plain
from smtpwizard.tui.steps.send_run import MailLine
from smtpwizard.tui.steps.test_lines import Mark

_STYLES: Final = {
    Mark.OK: "$text-success",
    Mark.FAILED: "$text-error bold",
    Mark.WARNING: "$text-warning",
    Mark.RUNNING: "$text-primary bold",
}

_FEWEST: Final = 10
"""Cells for the server's words; where that is all there is, the time is left out."""


class MailResults(Widget):
    """A line a mail; a failed one is wrapped instead of cut. Hidden while there is none."""

    DEFAULT_CSS = """
    MailResults { height: auto; width: 1fr; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._mails: tuple[MailLine, ...] = ()

    def show(self, mails: Sequence[MailLine]) -> None:
        """Show `mails` instead of what stood here."""
        self._mails = tuple(mails)
        self.display = bool(mails)
        self.refresh(layout=True)

    @property
    def mails(self) -> tuple[MailLine, ...]:
        """What is shown."""
        return self._mails

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return sum(len(self._rows(mail, width)) for mail in self._mails)

    def render(self) -> Content:
        rows = [row for mail in self._mails for row in self._rows(mail, self.content_size.width)]
        return Content("\n").join(rows)

    def _rows(self, mail: MailLine, width: int) -> list[Content]:
        title_width = max(len(item.title) for item in self._mails)
        head = Content.assemble(
            (f"{mail.mark.symbol} ", _STYLES.get(mail.mark, "$foreground-muted")),
            plain(mail.title.ljust(title_width) + "  ", newlines=False),
        )
        words = plain(mail.words, newlines=False)
        queue = plain(f"queue id {mail.queue}" if mail.queue else "", newlines=False, limit=40)
        beside = head.cell_length + words.cell_length + queue.cell_length + len(mail.time) + 4 <= width
        tail = Content("  ").join(
            [part for part in (queue, Content(mail.time)) if part.plain and (beside or part is not queue)]
        )
        if width - head.cell_length - tail.cell_length - 2 < _FEWEST:
            tail = Content()
        room = max(width - head.cell_length - (tail.cell_length + 2 if tail.plain else 0), _FEWEST)
        if mail.mark is Mark.FAILED:
            parts = [part.rstrip() for part in words.wrap(room)]
        else:
            parts = [words.truncate(room, ellipsis=True)]
        first = head + parts[0]
        if tail.plain:
            gap = max(width - first.cell_length - tail.cell_length, 1)
            first = first + Content(" " * gap) + tail.stylize("$foreground-muted")
        if queue.plain and not beside:
            parts.append(queue.stylize("$foreground-muted"))
        return [first, *(Content(" " * head.cell_length) + part for part in parts[1:])]
