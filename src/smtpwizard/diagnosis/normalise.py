"""A reply made comparable: one line, lower case, without the codes that repeat at each line. Pure functions.

Text is bounded before anything looks at it; nothing here may take more than linear time.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

LIMIT: Final = 4000
"""Characters of one reply or message that are looked at. The longest known reply (Microsoft's) has some 700."""

_CODE_AT_START: Final = re.compile(r"^\s{0,8}([2-5]\d\d)(?:[ -]|$)")
_ENHANCED: Final = r"[245]\.\d{1,3}\.\d{1,3}"
_ENHANCED_AT_START: Final = re.compile(rf"^\s{{0,8}}[#(\[]?({_ENHANCED})(?![\d.])[)\]:]?")
_ENHANCED_ANYWHERE: Final = re.compile(rf"(?<![\w.])({_ENHANCED})(?![\w.]\w)")
_SPACE: Final = re.compile(r"\s+")
_PLAIN: Final = str.maketrans(
    {
        "’": "'", "‘": "'", "‛": "'", "“": '"', "”": '"', "–": "-", "—": "-", "‑": "-", "\u00a0": " ", "…": "...",
        "\u200b": "", "\ufeff": "", "\x00": "",
    }
)  # fmt: skip


class Words(NamedTuple):
    """A reply taken apart."""

    code: int | None
    enhanced: frozenset[str]
    """The enhanced codes of its lines: the last line's may differ from the first's."""
    text: str
    """Lower case, one space between words, codes at line starts left out."""


def bound(text: str, limit: int = LIMIT) -> str:
    """Return at most `limit` characters: the beginning, and the end, where the last line of a reply is."""
    if len(text) <= limit:
        return text
    head = limit * 3 // 4
    return text[:head] + "\n" + text[head - limit :]


def plain(text: str) -> str:
    """Return `text` bounded, in lower case, on one line, with plain quotes and hyphens."""
    return _SPACE.sub(" ", bound(text).translate(_PLAIN).lower()).strip()


def reply_words(text: str) -> Words:
    """Take a reply apart, be it on several lines or joined to one."""
    code: int | None = None
    enhanced: list[str] = []
    pieces: list[str] = []
    for line in bound(text).splitlines():
        found = _CODE_AT_START.match(line)
        if found:
            code = int(found[1]) if code is None else code
            line = line[found.end() :]
        status = _ENHANCED_AT_START.match(line)
        if status:
            enhanced.append(status[1])
            line = line[status.end() :]
        pieces.append(line)
    joined = plain(" ".join(pieces))
    if code is not None:
        joined, inner = _without_repeats(joined, code)
        enhanced += inner
    if not enhanced:
        # `550 SendAsDenied; 5.7.60`: only where no line starts with one.
        enhanced = _ENHANCED_ANYWHERE.findall(joined)[-2:]
    return Words(code, frozenset(enhanced), joined)


def _without_repeats(text: str, code: int) -> tuple[str, list[str]]:
    """Leave out the `535-5.7.8 ` of further lines when a log has joined them with blanks."""
    repeat = re.compile(rf"(?:^|(?<= )){code}(?:-| (?={_ENHANCED}))({_ENHANCED})? ?")
    found = [status for status in repeat.findall(text) if status]
    return _SPACE.sub(" ", repeat.sub("", text)).strip(), found
