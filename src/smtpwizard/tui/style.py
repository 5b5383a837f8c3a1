"""Colours, and foreign text as Textual content, never as markup: `[/]` from a server would end the app, `[b]` vanish.

Pure functions, but for the traceback of a crash. Styles are theme variables; every mark is a shape as well as a colour.
"""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import TYPE_CHECKING, Any, Final

from textual.content import Content
from textual.style import Style
from textual.theme import Theme

from smtpwizard.problems import Severity
from smtpwizard.text import safe

if TYPE_CHECKING:
    from textual.app import App


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


def fatal_error(app: App[Any]) -> None:
    """Do what `App._fatal_error` of Textual 8.2.8 does, with a traceback that shows no locals."""
    # Rich's traceback costs 30 ms: only in a crash.
    from rich.segment import Segments
    from rich.traceback import Traceback

    app.bell()
    traceback = Traceback(show_locals=False, width=None)
    app._exit_renderables.append(Segments(app.console.render(traceback, app.console.options)))
    app._close_messages_no_wait()


MARKS: Final = {
    Severity.ERROR: ("✗", "$error"),
    Severity.WARNING: ("!", "$warning"),
    Severity.INFO: ("–", "$text-muted"),
}
"""Severity → its shape and colour."""


def plain(text: str, *, limit: int = 2000, newlines: bool = True) -> Content:
    """Return `text` as unstyled content: control characters made visible, markup left as it is, length bounded."""
    return Content(safe(text, limit=limit, newlines=newlines))


def styled(text: str, style: str, *, limit: int = 2000) -> Content:
    """Return `text` as content in a style such as `bold $accent`. The text may be foreign, the style must not be."""
    return Content.styled(safe(text, limit=limit), style)


def hanging(mark: str, text: str, width: int, *, mark_style: str = "", style: str = "") -> Content:
    """Return a mark and `text` wrapped to `width` cells, later lines indented below the first."""
    room = max(width - len(mark) - 1, 10)
    lines = wrap(safe(text), room, break_on_hyphens=False) or [""]
    rest = "".join(f"\n{' ' * (len(mark) + 1)}{line}" for line in lines[1:])
    return Content.assemble((mark, mark_style), " ", (lines[0] + rest, style))


def wrapped(text: str, width: int, *, style: str = "") -> Content:
    """Return `text` wrapped to `width` cells."""
    return styled_lines(wrap(safe(text), max(width, 10), break_on_hyphens=False), style)


def styled_lines(parts: list[str], style: str) -> Content:
    """Return lines of one style."""
    return Content.styled("\n".join(parts), style)


def clickable(content: Content, action: str, *arguments: Any) -> Content:
    """Return `content` so that a click runs an action. The arguments are passed as values, never parsed."""
    return content.stylize(Style.from_meta({"@click": (action, arguments)}))


def lines(*parts: Content | str) -> Content:
    """Join parts with line breaks."""
    return Content("\n").join(parts)


def keys_line(keys: Sequence[str], width: int) -> str:
    """Return the keys of a dialog for its lower border of `width` cells: the first are left out where room is short."""
    shown = list(keys)
    while len(shown) > 1 and len("   ".join(shown)) > width - 4:
        del shown[0]
    return "   ".join(shown)
