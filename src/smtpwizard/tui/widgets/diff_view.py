"""A unified diff on screen: `+` and `-` tell by shape what colour tells too. Takes a diff that is masked already."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from smtpwizard.secret import BULLETS, MASK
from smtpwizard.tui.content import plain

_STYLES: Final = {"+": "$text-success", "-": "$text-error", "▾": "bold"}


def diff_rows(diff: str) -> tuple[tuple[str, str], ...]:
    """Return a unified diff as (shape, text) rows: file headers left out, the gap between two hunks as `⋯`."""
    rows: list[tuple[str, str]] = []
    body = False
    for line in diff.splitlines():
        if line.startswith("@@"):
            if body:
                rows.append(("⋯", ""))
            body = True
        elif body and line.startswith("\\"):
            rows.append((" ", "(no line end here)"))
        elif body:
            rows.append((line[:1] or " ", line[1:]))
    return tuple(rows)


class DiffView(Widget):
    """The rows of one diff, a long line cut at the edge: nothing scrolls sideways."""

    DEFAULT_CSS = """
    DiffView { height: auto; width: 1fr; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._rows: tuple[tuple[str, str], ...] = ()

    def show(self, diffs: Sequence[tuple[str, str]]) -> None:
        """Show diffs, each with its file's name, instead of what stood here; one alone needs no name."""
        shown = [(name, diff) for name, diff in diffs if diff]
        rows: list[tuple[str, str]] = []
        for name, diff in shown:
            rows += [("▾", name)] if len(shown) > 1 else []
            rows += diff_rows(diff)
        self._rows = tuple(rows)
        self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._rows)

    def render(self) -> Content:
        width = self.content_size.width
        return Content("\n").join(_row(shape, text, width) for shape, text in self._rows)


def _row(shape: str, text: str, width: int) -> Content:
    line = plain(f"{shape} {text.replace(MASK, BULLETS)}", newlines=False).truncate(width, ellipsis=True)
    style = _STYLES.get(shape, "$foreground-muted" if shape == "⋯" else "")
    return line.stylize(style) if style else line
