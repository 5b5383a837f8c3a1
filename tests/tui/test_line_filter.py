"""No widget can forget what foreign text may not do: lines are made safe on their way to the terminal."""

from __future__ import annotations

from rich.segment import Segment
from rich.text import Text
from textual.color import Color
from textual.widgets import Static

from smtpwizard.tui.app import SmtpWizard
from support.hostile import unsafe
from support.tui import settled, wizard

SPICE = "a\x1b]52;c;cHduZWQ=\x1b\\b\x07c\u202ed\u200be\x9b31mf\u2066g"


def drawn(app: SmtpWizard) -> str:
    """Return every segment that is drawn: a copy of what goes to the terminal, without styles."""
    strips = app.screen._compositor.render_strips()
    return "".join(segment.text for strip in strips for segment in strip)


async def test_a_widget_that_shows_foreign_text_as_it_is_does_the_terminal_nothing() -> None:
    async with wizard() as (app, pilot):
        await app.screen.mount(Static(Text(SPICE), id="careless"))
        app.screen.query_one("#careless").styles.dock = "top"
        await settled(pilot)
        text = drawn(app)
        assert "52;c;cHduZWQ=" in text
        assert not unsafe(text)


async def test_a_line_stays_as_wide_as_it_was_laid_out() -> None:
    async with wizard() as (app, _):
        line = [Segment("plain"), Segment(SPICE), Segment("│ ✓ 日本")]
        filtered = line
        for item in app.get_line_filters():
            filtered = item.apply(filtered, Color(0, 0, 0))
        assert Segment.get_line_length(filtered) == Segment.get_line_length(line)
        assert [segment.text for segment in filtered][::2] == ["plain", "│ ✓ 日本"]
