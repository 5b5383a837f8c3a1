"""What stands on a terminal, as SVG: cells as they are drawn there, in their colours."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Final, NamedTuple

import pyte
from pyte.screens import Char
from rich.cells import cell_len

CELL: Final = (8.4, 16.5)
"""Width and height of a cell, in SVG's units."""
_FONT: Final = "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace"
_SIZE: Final = 14


class Colours(NamedTuple):
    """What a terminal shows where a program names no colour, or one of its sixteen."""

    ink: str
    paper: str
    named: dict[str, str]


_NAMED: Final = {
    "black": "#1e1e1e", "red": "#cd3131", "green": "#0dbc79", "brown": "#b58900", "blue": "#2472c8",
    "magenta": "#bc3fbc", "cyan": "#11a8cd", "white": "#e5e5e5",
}  # fmt: skip
DARK: Final = Colours("#d4d4d4", "#1e1e1e", _NAMED)
LIGHT: Final = Colours("#1e1e1e", "#ffffff", {**_NAMED, "white": "#555555", "brown": "#7a5c00", "green": "#0a7d4f"})


class Run(NamedTuple):
    """Cells of one look beside each other."""

    column: int
    cells: int
    text: str
    ink: str
    paper: str
    bold: bool
    underlined: bool


def runs(screen: pyte.Screen, row: int, colours: Colours) -> Iterator[Run]:
    """Yield a row of the screen, from the left."""
    line = screen.buffer[row]
    column = 0
    while column < screen.columns:
        first = line[column]
        text, begin = "", column
        while column < screen.columns and _look(line[column]) == _look(first):
            text += line[column].data
            column += 1
        ink, paper = _colour(first.fg, colours.ink, colours), _colour(first.bg, colours.paper, colours)
        if first.reverse:
            ink, paper = paper, ink
        yield Run(begin, column - begin, text, ink, paper, first.bold, first.underscore)


def _look(char: Char) -> tuple[object, ...]:
    return char.fg, char.bg, char.bold, char.underscore, char.reverse


def _colour(name: str, default: str, colours: Colours) -> str:
    if name == "default":
        return default
    if name in colours.named:
        return colours.named[name]
    return f"#{name}" if len(name) == 6 else default


def ground(screen: pyte.Screen, colours: Colours) -> str:
    """Return the colour on which all stands: the upper left corner's."""
    return _colour(screen.buffer[0][0].bg, colours.paper, colours)


def rows_svg(screen: pyte.Screen, colours: Colours) -> Iterator[tuple[int, str]]:
    """Yield each row that is not empty as (number, SVG elements at the top left corner)."""
    wide, high = CELL
    paper = ground(screen, colours)
    for row in range(screen.lines):
        parts = []
        for run in runs(screen, row, colours):
            left, width = run.column * wide, run.cells * wide
            if run.paper != paper:
                parts.append(
                    f'<rect x="{left:.1f}" width="{width + 0.3:.1f}" height="{high + 0.4}" fill="{run.paper}"/>'
                )
            text = run.text.rstrip()
            if text:
                lead = len(run.text) - len(run.text.lstrip())
                begin = left + cell_len(run.text[:lead]) * wide
                bare = text[lead:]
                weight = ' font-weight="bold"' if run.bold else ""
                line = ' text-decoration="underline"' if run.underlined else ""
                parts.append(
                    f'<text x="{begin:.1f}" y="12.2" textLength="{cell_len(bare) * wide:.1f}" fill="{run.ink}"'
                    f"{weight}{line}>{escape(bare)}</text>"
                )
        if parts:
            yield row, "".join(parts)


def frame(screen: pyte.Screen, colours: Colours, body: str, *, style: str = "") -> str:
    """Return a whole SVG with `body` on the terminal's paper."""
    wide, high = screen.columns * CELL[0], screen.lines * CELL[1]
    paper = ground(screen, colours)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide + 16:.0f} {high + 16:.0f}" '
        f'font-family="{_FONT}" font-size="{_SIZE}" xml:space="preserve">'
        f"<style>text{{white-space:pre}}{style}</style>"
        f'<rect width="100%" height="100%" rx="8" fill="{paper}"/>'
        f'<g transform="translate(8 8)">{body}</g></svg>'
    )


def picture(screen: pyte.Screen, colours: Colours) -> str:
    """Return the screen as an SVG."""
    body = "".join(
        f'<g transform="translate(0 {row * CELL[1]:.0f})">{svg}</g>' for row, svg in rows_svg(screen, colours)
    )
    return frame(screen, colours, body)
