"""Foreign text made safe to show: server replies, DNS records, file content, provider presets of users.

Pure functions. Nothing here decides about colour or markup; a front end still has to show the result as plain text.
"""

from __future__ import annotations

import unicodedata
from typing import Final

LIMIT: Final = 2000
"""Characters of foreign text that are shown at most, unless the caller says otherwise."""

_BIDI: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_INVISIBLE: Final = frozenset("\u00ad\u200b\u200c\u200d\u2060\ufeff\u2028\u2029")


def safe(text: str, *, limit: int = LIMIT, newlines: bool = False) -> str:
    """Return `text` without control characters, bidi overrides and invisible characters, at most `limit` characters.

    Each such character becomes one visible stand-in (`␛` for ESC, `�` otherwise), tabs become a space. Line feeds stay
    only with `newlines`; otherwise a line break becomes ` / ` as one reads a multi-line reply aloud.
    """
    cut = text if len(text) <= limit else text[: max(limit - 1, 0)] + "…"
    cut = cut.replace("\r\n", "\n")
    if not newlines:
        cut = " / ".join(part for part in cut.split("\n") if part) if "\n" in cut else cut
    return "".join(_stand_in(char) for char in cut)


def _stand_in(char: str) -> str:
    if char == "\n":
        return char
    if char == "\t":
        return " "
    code = ord(char)
    if code < 0x20:
        return chr(0x2400 + code)  # Unicode's pictures of the C0 controls: ESC is ␛
    if code == 0x7F:
        return "␡"
    if char in _BIDI or char in _INVISIBLE or unicodedata.category(char) in ("Cc", "Cs", "Co", "Cn"):
        return "\ufffd"
    return char
