"""The wizard's own theme: one saturated accent, for the primary action and the focused edge; red only for failure."""

from __future__ import annotations

from typing import Final

from textual.theme import Theme

THEME: Final = Theme(
    name="smtpwizard",
    primary="#5fb3a8",
    secondary="#7f96a8",
    accent="#5fb3a8",
    foreground="#d7dde2",
    background="#14181c",
    surface="#1a1f24",
    panel="#232a31",
    boost="#2a323a",
    success="#7fb77e",
    warning="#d9a75f",
    error="#e0707a",
    dark=True,
    variables={
        "text-muted": "#919da6",  # 6.4:1 on the background; Textual's own is worked out per widget and not in Content
        "text-disabled": "#76828b",
        "border": "#3a444d",
        "border-blurred": "#3a444d",
        "block-cursor-background": "#2d5450",  # the light text on it keeps 7:1; the accent itself would swallow it
        "block-cursor-foreground": "#ffffff",
        "block-cursor-blurred-background": "#263f3d",
        "block-cursor-text-style": "bold",
    },
)
