"""A Static that never reads markup, and leaves the colours of clickable words to whoever made them."""

from __future__ import annotations

from textual.content import Content
from textual.visual import VisualType
from textual.widgets import Static

from smtpwizard.tui.content import plain


class PlainText(Static):
    """Shows Content as it is, and text with its control characters made visible."""

    def __init__(self, content: Content | str = "", *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(_content(content), id=id, classes=classes, markup=False)
        self.auto_links = False

    def update(self, content: VisualType = "", *, layout: bool = True) -> None:
        """Show other content. The same again costs nothing: no layout, no frame."""
        new, old = _content(content), self.content
        if not (isinstance(new, Content) and isinstance(old, Content) and new.is_same(old)):
            super().update(new, layout=layout)


def _content(content: VisualType) -> VisualType:
    return plain(content) if isinstance(content, str) else content
