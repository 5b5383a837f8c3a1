"""A box whose scrolling part grows with its content, and a foot right under it that a short screen never hides."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll

_LEAST = 1
"""Rows that the scrolling part keeps, however long the foot is."""


class Scroll(VerticalScroll):
    """The scrolling part. Takes the focus: up and down scroll it."""

    DEFAULT_CSS = """
    Scroll { height: auto; scrollbar-size-vertical: 1; }
    """

    BINDINGS: ClassVar[list[BindingType]] = []


class Fitted(Vertical):
    """Its first child is a Scroll, its second the foot. CSS has no `what the foot leaves`: set after each layout."""

    @property
    def scroll(self) -> Scroll:
        """The part that scrolls."""
        return self.query_one(Scroll)

    def on_resize(self) -> None:
        self.fit()

    def fit(self) -> None:
        """Divide the rows anew, once what was changed is laid out."""
        self.call_after_refresh(self._leave_room)

    def _leave_room(self) -> None:
        foot = self.children[1]
        rows = foot.outer_size.height + foot.styles.margin.height if foot.display else 0
        self.scroll.styles.max_height = max(self.content_size.height - rows, _LEAST)
