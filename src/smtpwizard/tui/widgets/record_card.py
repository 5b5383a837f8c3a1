"""A DNS record to publish: name, type and value, each on a line of its own to be read, selected or copied."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from smtpwizard.tui.content import plain

if TYPE_CHECKING:
    from smtpwizard.sender.results import DnsRecord


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
