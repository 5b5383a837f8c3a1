"""Foreign text made safe to show: server replies, DNS records, file content, provider presets of users.

Pure functions. Nothing here decides about colour or markup; a front end still has to show the result as plain text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

INVISIBLE: Final = frozenset(
    "\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
)
"""Characters that a copy from a web page brings along and nobody sees (failure C6)."""

LIMIT: Final = 2000
"""Characters of foreign text that are shown at most, unless the caller says otherwise."""

_LOOK_AHEAD: Final = 4
"""How often the limit is read: line ends and empty lines make the result shorter than what it came from."""

_COMPARED: Final = 60
"""Characters of a word that are compared with those known."""

_UNSAFE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories: control, format (bidi overrides, zero-width), surrogate, private, unassigned, separators."""


def safe(text: str, *, limit: int = LIMIT, newlines: bool = False) -> str:
    """Return `text` without control characters, bidi overrides and invisible characters, at most `limit` characters.

    Each such character becomes one visible stand-in (`␛` for ESC, `�` otherwise), tabs become a space. Line feeds stay
    only with `newlines`; otherwise a line break becomes ` / ` as one reads a multi-line reply aloud.
    """
    head = text[: limit * _LOOK_AHEAD].replace("\r\n", "\n")
    if not newlines and "\n" in head:
        head = " / ".join(part for part in head.split("\n") if part)
    if len(head) > limit or len(text) > limit * _LOOK_AHEAD:
        head = head[: max(limit - 1, 0)] + "…"
    if head.isascii() and head.isprintable():
        return head  # most texts by far
    return "".join(_stand_in(char) for char in head)


def escaped(text: str, escape: Callable[[str], str]) -> str:
    """Return `text` with every character that `safe` would replace as its `escape`, so that none is lost."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(escape(char) if char == "\t" or _stand_in(char) != char or char == "\n" else char for char in text)


def command_line(words: Iterable[str]) -> str:
    """Return a command as one line that is safe to show and to paste into a shell: a line end as in `$'a\\x0ab'`."""
    import shlex

    quoted = []
    for word in words:
        octets = escaped(word.replace("\\", "\\\\").replace("'", "\\'"), _octets)
        odd = escaped(word, _octets) != word
        quoted.append(f"$'{octets}'" if odd else shlex.quote(word))
    return " ".join(quoted)


def _octets(char: str) -> str:
    return "".join(f"\\x{octet:02x}" for octet in char.encode("utf-8", "surrogateescape"))


def listed(words: Iterable[str], last: str = "and") -> str:
    """Return `one`, `one and two`, or `one, two and three`; nothing for nothing."""
    *first, end = list(words) or [""]
    return f"{', '.join(first)} {last} {end}" if first else end


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ` Did you mean check?`, a blank before it: the known word that is most like `word`; '' where none is."""
    from difflib import get_close_matches  # wanted only where something is wrong

    names = {name.casefold(): name for name in known}
    near = get_close_matches(word[:_COMPARED].casefold(), names, 1)
    return f" Did you mean {safe(names[near[0]])}?" if near else ""


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
    from unicodedata import category  # most texts are ASCII

    return "\ufffd" if category(char) in _UNSAFE else char
