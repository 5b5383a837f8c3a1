"""How the screen draws a `Line`: its mark's symbol, its role as a style, wrapped below its own beginning."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Final

from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from smtpwizard.report.lines import Line, LineRole, Mark
from smtpwizard.tui.base import plain

if TYPE_CHECKING:
    from smtpwizard.dns.sender import DnsRecord


MARKS: Final = {
    Mark.OK: "$text-success",
    Mark.WARNING: "$text-warning",
    Mark.FAILED: "$text-error bold",
    Mark.SKIPPED: "$foreground-muted",
    Mark.WAITING: "$foreground-muted",
    Mark.RUNNING: "$text-primary bold",
    Mark.NOTE: "$foreground-muted",
}
"""Style of a symbol. `$text-…` are the variants with a contrast of at least 4.5:1."""

_ROLES: Final = {
    LineRole.TITLE: "bold",
    LineRole.ACTION: "$text-primary",
    LineRole.REPAIR: "$text-primary",
    LineRole.EVIDENCE: "bold",
    LineRole.REMARK: "$foreground-muted",
}
"""Style of a line's text."""

_ROOM: Final = 24
"""Cells beside a name below which its sentence would be a column of single words."""


def symbol(mark: Mark) -> Content:
    """Return a mark's symbol and a blank."""
    return Content.styled(f"{mark.symbol} ", MARKS[mark])


class Rows(Widget):
    """A widget of rows that are made for its width, and as high as they are many."""

    DEFAULT_CSS = """
    Rows { height: auto; width: 1fr; }
    """

    def rows(self, width: int) -> list[Content]:
        """Return what is shown in `width` cells."""
        raise NotImplementedError

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self.rows(width))

    def render(self) -> Content:
        return Content("\n").join(self.rows(self.content_size.width))


Part = Content | Callable[[int], Content]
"""What is wrapped as it is, or is made for the width that it gets."""

_SAMPLE: Final = 80
"""Cells for which parts are compared with those before."""


class Wrapped(Rows):
    """Parts one below the other. Nobody has to know their width before the layout, or draw them again after it."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self.auto_links = False
        self._parts: tuple[Part, ...] = ()
        self._sample = Content()

    def show(self, parts: Iterable[Part]) -> None:
        """Show `parts` instead of what stood here; hide where there are none. The same again costs nothing."""
        self._parts = tuple(parts)
        self.display = bool(self._parts)
        sample = Content("\n").join(self.rows(_SAMPLE))
        if not sample.is_same(self._sample):
            self._sample = sample
            self.refresh(layout=True)

    def rows(self, width: int) -> list[Content]:
        made = (part if isinstance(part, Content) else part(width) for part in self._parts)
        return [row.rstrip() for content in made for row in content.wrap(max(width, 1))]


class Paragraphs(Rows):
    """Lines one below the other; what a line is about stands in a column of its own where there is room."""

    def __init__(self, lines: Iterable[Line] = (), *, id: str | None = None, name_width: int = 0) -> None:  # noqa: A002
        super().__init__(id=id)
        self._lines = tuple(lines)
        self._name_width = name_width

    def show(self, lines: Iterable[Line]) -> None:
        """Show `lines` instead of what stood here."""
        new = tuple(lines)
        if new != self._lines:
            self._lines = new
            self.refresh(layout=True)

    def rows(self, width: int) -> list[Content]:
        named = max([self._name_width, *(len(line.name) for line in self._lines if line.mark)])
        return [row for line in self._lines for row in _rows(line, width, named)]


def _rows(line: Line, width: int, named: int) -> list[Content]:
    """Return a line wrapped below its own beginning."""
    head = Content("  " * line.indent) + (symbol(line.mark) if line.mark else Content())
    text = f"→ {line.text}" if line.role is LineRole.REPAIR else line.text
    if line.name and line.mark:
        if width - head.cell_length - named >= _ROOM:
            head = head + plain(f"{line.name.ljust(named)}  ", newlines=False)
        else:
            text = f"{line.name}  {text}"
    room = max(width - head.cell_length, 10)
    parts = [part.rstrip() for part in plain(text, newlines=False).wrap(room)] or [Content()]
    style = _ROLES.get(line.role, "")
    body = [part.stylize(style) if style else part for part in parts]
    return [head + body[0], *(Content(" " * head.cell_length) + part for part in body[1:])]


_FEWEST: Final = 10
"""Cells for a result's words; where that is all there is, what stands beside them is left out."""
_DIMMED: Final = frozenset({Mark.SKIPPED, Mark.WAITING})


class Results(Rows):
    """A row a result: what it is about in a column, its words, its note and time at the right.

    The words of a failed one are wrapped instead of cut. Hidden while there is none. The column has `name_width` cells,
    and a longer name pushes its own words; without a width it is as wide as the longest name.
    """

    def __init__(self, *, name_width: int = 0, folded: bool = False) -> None:
        """`folded`: what a failed one was told is cut to a row too; F4 shows it whole."""
        super().__init__()
        self._lines: tuple[Line, ...] = ()
        self._name_width = name_width
        self._folded = folded

    def show(self, lines: Sequence[Line]) -> None:
        """Show `lines` instead of what stood here."""
        if tuple(lines) != self._lines:
            # A time that runs changes no height: it is drawn anew without a layout.
            grown = len(lines) != len(self._lines) or any(line.mark is Mark.FAILED or line.note for line in lines)
            self._lines = tuple(lines)
            self.display = bool(lines)
            self.refresh(layout=grown)

    @property
    def lines(self) -> tuple[Line, ...]:
        """What is shown."""
        return self._lines

    def rows(self, width: int) -> list[Content]:
        return [row for line in self._lines for row in self._rows(line, width)]

    def _rows(self, line: Line, width: int) -> list[Content]:
        failed = line.mark is Mark.FAILED
        style = "bold" if failed else "$foreground-muted" if line.mark in _DIMMED else ""
        named = max(self._name_width or max(len(item.name) for item in self._lines), len(line.name))
        head = symbol(line.mark or Mark.NOTE) + plain(f"{line.name.ljust(named)} ", newlines=False).stylize(style)
        words, note = plain(line.text, newlines=False), plain(line.note, newlines=False, limit=40)
        beside = head.cell_length + words.cell_length + note.cell_length + len(line.aside) + 4 <= width
        aside = line.aside
        if failed and self._folded and head.cell_length + words.cell_length + len(aside) + 2 > width:
            aside = "F4 all"
        tail = "  ".join(part for part in (note.plain if beside else "", aside) if part)
        if width - head.cell_length - len(tail) - 2 < _FEWEST:
            tail = ""
        room = max(width - head.cell_length - (len(tail) + 2 if tail else 0), _FEWEST)
        wraps = failed and not self._folded
        parts = [part.rstrip() for part in words.wrap(room)] if wraps else [words.truncate(room, ellipsis=True)]
        first = head + parts[0].stylize(style)
        if tail:
            gap = max(width - first.cell_length - len(tail), 1)
            first = first + Content(" " * gap) + Content.styled(tail, "$foreground-muted")
        below = [part.stylize(style) for part in parts[1:]]
        if note.plain and not beside:
            below.append(note.stylize("$foreground-muted"))
        return [first, *(Content(" " * head.cell_length) + part for part in below)]


class RecordCard(Rows, can_focus=True):
    """One record. The screen copies the one that has the focus."""

    DEFAULT_CSS = """
    RecordCard { margin: 0 0 0 2; padding: 0 1; border-left: outer $bar; }
    RecordCard:focus { border-left: outer $accent; background: $boost; }
    """

    def __init__(self, record: DnsRecord) -> None:
        super().__init__()
        self.record = record

    def rows(self, width: int) -> list[Content]:
        rows = []
        for label, text in (("Name", self.record.name), ("Type", self.record.type), ("Value", self.record.value)):
            parts = [part.rstrip() for part in plain(text, newlines=False).wrap(max(width - 7, 10))] or [Content()]
            rows.append(Content.styled(label.ljust(7), "$foreground-muted") + parts[0].stylize("bold"))
            rows += [Content(" " * 7) + part.stylize("bold") for part in parts[1:]]
        return rows
