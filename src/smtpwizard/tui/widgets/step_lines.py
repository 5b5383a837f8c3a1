"""One line a stage: symbol, name, the server's words, time. Shows what it is given, as plain text; decides nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from smtpwizard.tui.content import plain
from smtpwizard.tui.steps.test_lines import Mark, StageLine

_NAME_WIDTH: Final = 10
"""The longest stage names, `starttls` and `greeting`, and two columns of air."""

_TIME_WIDTH: Final = 8
"""`9999 ms` cannot occur (it is `10.0 s`); one column of air before it."""

_STYLES: Final = {
    Mark.OK: ("$text-success", ""),
    Mark.WARNING: ("$text-warning", ""),
    Mark.FAILED: ("$text-error bold", "bold"),
    Mark.SKIPPED: ("$foreground-muted", "$foreground-muted"),
    Mark.WAITING: ("$foreground-muted", "$foreground-muted"),
    Mark.RUNNING: ("$text-primary bold", ""),
}
"""Style of the symbol and of the words. `$text-…` are the variants with a contrast of at least 4.5:1."""


class StepLines(Widget):
    """The list of stages. A failed line is opened: its words are wrapped instead of cut."""

    DEFAULT_CSS = """
    StepLines { height: auto; width: 1fr; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._lines: tuple[StageLine, ...] = ()

    def show(self, lines: Sequence[StageLine]) -> None:
        """Show `lines` instead of what stood here."""
        if tuple(lines) != self._lines:
            grown = len(lines) != len(self._lines) or any(line.mark is Mark.FAILED for line in lines)
            self._lines = tuple(lines)
            self.refresh(layout=grown)

    @property
    def lines(self) -> tuple[StageLine, ...]:
        """What is shown."""
        return self._lines

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return sum(len(self._rows(line, width)) for line in self._lines)

    def render(self) -> Content:
        rows = [row for line in self._lines for row in self._rows(line, self.content_size.width)]
        return Content("\n").join(rows)

    def _rows(self, line: StageLine, width: int) -> list[Content]:
        symbol_style, word_style = _STYLES[line.mark]
        name_width = max(_NAME_WIDTH, len(line.name))
        room = max(width - 2 - name_width - 1 - _TIME_WIDTH, 8)
        words = plain(line.words, newlines=False)
        parts = (
            list(words.wrap(room)) if line.mark is Mark.FAILED and line.words else [words.truncate(room, ellipsis=True)]
        )
        head = Content.assemble(
            (f"{line.mark.symbol} ", symbol_style),
            (line.name.ljust(name_width) + " ", "bold" if line.mark is Mark.FAILED else word_style),
        )
        rows = []
        for index, part in enumerate(parts):
            start = head if index == 0 else Content(" " * head.cell_length)
            body = part.rstrip().stylize(word_style) if word_style else part.rstrip()
            row = start + body
            if index == 0 and line.time:
                gap = max(width - row.cell_length - len(line.time), 1)
                row = row + Content(" " * gap) + Content.styled(line.time, "$foreground-muted")
            rows.append(row)
        return rows
