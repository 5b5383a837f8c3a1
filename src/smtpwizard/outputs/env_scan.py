"""A `.env` text cut into statements whose spans add up to the text again, so that one value can be replaced in place.

Follows what all readers have in common; where they differ, the span is the physical line and `closed` says so. Decides
nothing about values: `reader_models` does. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final


class Kind(Enum):
    """What a statement is."""

    BLANK = auto()
    COMMENT = auto()
    ASSIGNMENT = auto()
    BARE = auto()
    """A name without a sign: compose and docker take its value from the process, node glues it to the next line."""
    ODD = auto()
    """An assignment to a name that only some readers take: empty, or with letters beyond ASCII."""
    GARBAGE = auto()
    """None of these: compose refuses the whole file."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One line, or the lines of one quoted value. Offsets count characters of the text."""

    kind: Kind
    line: int
    """Its first line, counted from 1."""
    start: int
    end: int
    """After its line end."""
    key: str = ""
    """For a COMMENT: the variable of a commented-out assignment, else empty."""
    sign: str = ""
    """`=`, or `:` as npm dotenv and compose also take it."""
    value_start: int = 0
    value_end: int = 0
    body_end: int = 0
    """Before its line end."""
    closed: bool = True
    """False where a quote opens and no reader-independent end of it exists."""


_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n|\n|\r|\Z)")
_HEAD: Final = re.compile(r"[ \t]*(?:export[ \t]+)?(?P<key>[A-Za-z0-9_.-]+)[ \t]*(?P<sign>=|:(?=[ \t]))")
_BARE: Final = re.compile(r"[ \t]*(?:export[ \t]+)?(?P<key>[A-Za-z_][A-Za-z0-9_.-]*)[ \t]*\Z")
_ODD: Final = re.compile(r"\s*(?:export\s+)?[\w.\-\[\]]*[ \t]*[=:]")
_COMMENTED: Final = re.compile(r"[ \t]*#+[ \t]*(?:export[ \t]+)?(?P<key>[A-Za-z_][A-Za-z0-9_]*)[ \t]*=")
_BLANKS: Final = re.compile(r"[ \t]*")
_REST: Final = re.compile(r"[ \t]*(?:#[^\r\n]*)?(?=[\r\n]|\Z)")
_INLINE_COMMENT: Final = re.compile(r"[ \t]+#|[ \t]*\Z")
_LONG: Final = {
    "'": re.compile(r"'(?:\\.|[^'\\])*'", re.DOTALL),
    '"': re.compile(r'"(?:\\.|[^"\\])*"', re.DOTALL),
}


def scan(text: str) -> Iterator[Statement]:
    """Yield the statements of `text` (without a BOM) in order; together they cover it."""
    position, line = 0, 1
    while position < len(text):
        statement = _statement(text, position, line)
        yield statement
        line += line_ends(text, position, statement.end)
        position = statement.end


def head(text: str, item: Statement) -> str:
    """Return everything before the value: indentation, `export`, name and sign."""
    return text[item.start : item.value_start]


def tail(text: str, item: Statement) -> str:
    """Return everything between the value and the line end: blanks and comment."""
    return text[item.value_end : item.body_end]


def eol(text: str, item: Statement) -> str:
    """Return the line end of a statement: empty on a last line without one."""
    return text[item.body_end : item.end]


def _statement(text: str, start: int, line: int) -> Statement:
    whole = _LINE.match(text, start)
    assert whole is not None  # the pattern matches everywhere
    end = whole.end()
    body = whole.group().rstrip("\r\n")
    stop = start + len(body)
    stripped = body.strip()
    if not stripped:
        return Statement(Kind.BLANK, line, start, end, body_end=stop)
    if stripped.startswith("#"):
        commented = _COMMENTED.match(body)
        return Statement(Kind.COMMENT, line, start, end, key=commented["key"] if commented else "", body_end=stop)
    found = _HEAD.match(text, start, stop)
    if not found:
        bare = _BARE.match(body)
        kind = Kind.BARE if bare else Kind.ODD if _ODD.match(body) else Kind.GARBAGE
        return Statement(kind, line, start, end, key=bare["key"] if bare else "", body_end=stop)
    return _assignment(text, found, line, stop, end)


def _assignment(text: str, found: re.Match[str], line: int, stop: int, end: int) -> Statement:
    start = found.start()
    after_sign = found.end()
    blanks = _BLANKS.match(text, after_sign, stop)
    value_start = blanks.end() if blanks else after_sign
    closed = True
    opener = text[value_start] if value_start < stop else ""
    if not opener or (opener == "#" and value_start > after_sign):
        value_start = value_end = after_sign
    elif opener in "'\"`":
        close = _close_on_line(text, value_start, stop)
        if close < 0 and (long := _close_below(text, value_start)) > 0:
            value_end = long
            rest = _LINE.match(text, long)
            end = rest.end() if rest else long
            stop = end - (len(rest.group()) - len(rest.group().rstrip("\r\n")) if rest else 0)
        else:
            closed = close >= 0 or opener == "`"
            value_end = close if close >= 0 else _unquoted_end(text, value_start, stop)
    else:
        value_end = _unquoted_end(text, value_start, stop)
    return Statement(
        Kind.ASSIGNMENT, line, start, end, found["key"], found["sign"], value_start, value_end, stop, closed
    )


def _close_on_line(text: str, start: int, stop: int) -> int:
    """Return the end of the quoted value where it closes on its line with only a comment after it, else -1."""
    quote = text[start]
    at = text.find(quote, start + 1, stop)
    while at >= 0:
        rest = _REST.match(text, at + 1)
        if rest and rest.end() >= stop:
            return at + 1
        at = text.find(quote, at + 1, stop)
    return -1


def _close_below(text: str, start: int) -> int:
    """Return the end of a value that closes on a later line, else -1. Backticks span lines in npm dotenv alone."""
    pattern = _LONG.get(text[start])
    found = pattern.match(text, start) if pattern else None
    return found.end() if found and _REST.match(text, found.end()) else -1


def _unquoted_end(text: str, start: int, stop: int) -> int:
    found = _INLINE_COMMENT.search(text, start, stop)
    return found.start() if found else stop


def line_ends(text: str, start: int, end: int) -> int:
    """Return the number of line ends in a span: LF, CRLF or lone CR."""
    count = text.count("\n", start, end)
    lone = text.count("\r", start, end)
    return count + lone - text.count("\r\n", start, end) if lone else count
