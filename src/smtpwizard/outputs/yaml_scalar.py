"""Scalars as they must stand under `environment:` so that compose v1, v2 and podman-compose hand on exactly the value.

`$` is doubled always, and everything not obviously plain is double-quoted: compose reads a bare `0587` as 587 and
`1e3` as 1000. In a list the whole item is quoted; quotes inside an item become part of the value. Pure.
"""

from __future__ import annotations

import re
from typing import Final

_PLAIN_VALUE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_./@+-]*")
_PLAIN_ITEM: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=(?:[A-Za-z0-9_./@+:=-]*[A-Za-z0-9_./@+=-])?")
_WORDS: Final = frozenset({"true", "false", "yes", "no", "on", "off", "y", "n", "null", "none"})
"""Plain words that some YAML reader takes for a boolean or null."""


def mapping_value(value: str, *, reference: bool = False) -> str:
    """Return the text after `KEY: `. With `reference`, `value` is a `${…}` of compose's own and its `$` stays."""
    text = value if reference else doubled(value)
    return text if _PLAIN_VALUE.fullmatch(text) and text.lower() not in _WORDS else quoted(text)


def list_item(key: str, value: str, *, reference: bool = False) -> str:
    """Return the text after `- `."""
    text = f"{key}={value if reference else doubled(value)}"
    return text if _PLAIN_ITEM.fullmatch(text) else quoted(text)


def doubled(value: str) -> str:
    """Return `value` with each `$` doubled: a single one starts a substitution, and compose v1 refuses it alone."""
    return value.replace("$", "$$")


def quoted(text: str) -> str:
    """Return `text` as a double-quoted scalar on one line."""
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(char: str) -> str:
    if char in '\\"':
        return "\\" + char
    if char == "\t":
        return "\\t"
    if char.isprintable():
        return char
    return f"\\u{ord(char):04X}" if ord(char) < 0x10000 else f"\\U{ord(char):08X}"
