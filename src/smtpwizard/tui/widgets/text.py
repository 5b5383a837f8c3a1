"""Sentences one below the other, each with a mark, wrapped below their own beginning. Shows what it is given."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, NamedTuple

from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from smtpwizard.tui.style import plain

if TYPE_CHECKING:
    from smtpwizard.dns.sender import DnsRecord


class Paragraph(NamedTuple):
    """One sentence, or a gap where `text` is empty. The text may be foreign; styles may not."""

    text: str
    mark: str = ""
    """A symbol or a name before the text; later lines stand below the text, not below it."""
    mark_style: str = ""
    style: str = ""
    indent: int = 0
    """Cells before the mark."""
    name: str = ""
    """What the sentence is about, in a column of its own where there is room: padded to the column's width."""


GAP = Paragraph("")

_ROOM: Final = 24
"""Cells beside a name below which its sentence would be a column of single words."""


class Paragraphs(Widget):
    """A column of paragraphs."""

    DEFAULT_CSS = """
    Paragraphs { height: auto; width: 1fr; }
    """

    def __init__(self, paragraphs: Iterable[Paragraph] = (), *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._paragraphs = tuple(paragraphs)

    def show(self, paragraphs: Iterable[Paragraph]) -> None:
        """Show `paragraphs` instead of what stood here."""
        new = tuple(paragraphs)
        if new != self._paragraphs:
            self._paragraphs = new
            self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return sum(len(_rows(item, width)) for item in self._paragraphs)

    def render(self) -> Content:
        rows = [row for item in self._paragraphs for row in _rows(item, self.content_size.width)]
        return Content("\n").join(rows)


def _rows(item: Paragraph, width: int) -> list[Content]:
    if not item.text and not item.mark:
        return [Content()]
    head = Content(" " * item.indent)
    if item.mark:
        head = head + Content.styled(item.mark + " ", item.mark_style)
    text = item.text
    if item.name and width - head.cell_length - len(item.name) >= _ROOM:
        head = head + plain(item.name, newlines=False)
    else:
        text = item.name + text
    room = max(width - head.cell_length, 10)
    lines = [line.rstrip() for line in plain(text).wrap(room)] or [Content()]
    body = [line.stylize(item.style) if item.style else line for line in lines]
    return [head + body[0], *(Content(" " * head.cell_length) + line for line in body[1:])]


class RecordCard(Widget, can_focus=True):
    """One record. The screen copies the one that has the focus."""

    DEFAULT_CSS = """
    RecordCard { height: auto; width: 1fr; margin: 0 0 0 2; padding: 0 1; border-left: outer $border; }
    RecordCard:focus { border-left: outer $accent; background: $boost; }
    """

    def __init__(self, record: DnsRecord) -> None:
        super().__init__()
        self.record = record

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._rows(width))

    def render(self) -> Content:
        return Content("\n").join(self._rows(self.content_size.width))

    def _rows(self, width: int) -> list[Content]:
        rows = []
        for label, text in (("Name", self.record.name), ("Type", self.record.type), ("Value", self.record.value)):
            parts = [part.rstrip() for part in plain(text, newlines=False).wrap(max(width - 7, 10))] or [Content()]
            rows.append(Content.styled(label.ljust(7), "$foreground-muted") + parts[0].stylize("bold"))
            rows += [Content(" " * 7) + part.stylize("bold") for part in parts[1:]]
        return rows
