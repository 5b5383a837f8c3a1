"""A framed text over the step, to read and to close: the look that all such screens share."""

from __future__ import annotations

from textual.screen import ModalScreen


class FramedScreen(ModalScreen[None]):
    """One VerticalScroll in the middle, as high as its text; title and keys in its border."""

    DEFAULT_CSS = """
    FramedScreen { align: center middle; background: $background 60%; }
    FramedScreen > VerticalScroll {
        width: 98%; max-width: 100; height: auto; max-height: 92%;
        border: round $accent; border-title-style: bold; border-subtitle-color: $text-muted;
        padding: 0 1; background: $surface; scrollbar-size-vertical: 1;
    }
    """
