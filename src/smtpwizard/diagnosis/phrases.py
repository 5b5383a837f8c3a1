"""Words by which a failure is known, and finding those of ten thousand that stand in a text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Final, Generic, TypeVar

K = TypeVar("K")


class Phrase(str):
    """Words to be found in normalised text, `relay * denied`: parts in order, at most GAP characters apart.

    Where it begins with a letter, a word of the text must begin there: `eset` is not in `reset`. Not a regular
    expression: a search takes time linear in the text, whoever wrote the catalogue.
    """

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Phrase:
        """Read lower case words, `*` for a gap. ValueError for anything else."""
        parts = [part for part in (" ".join(piece.split()) for piece in text.split("*")) if part]
        if not parts or text != text.lower():
            raise ValueError(f"{text!r} must be lower case words; * is a gap")
        return cls(_ANYTHING.join(parts))

    @property
    def parts(self) -> list[str]:
        """What stands between the gaps."""
        return self.split(_ANYTHING)

    @property
    def length(self) -> int:
        """Characters of all parts: of two phrases that match, the longer one says more."""
        return len(self) - self.count(_ANYTHING) * len(_ANYTHING)

    def found_in(self, text: str) -> bool:
        """Say whether the parts follow each other in `text`."""
        first, *rest = self.parts
        for start in _places(first, text):
            inside = start > 0 and _of_a_word(text[start - 1]) and _of_a_word(first[0])
            if not inside and _follow(rest, text, start + len(first)):
                return True
        return not rest and self._cut_off(text)

    def _cut_off(self, text: str) -> bool:
        """Say whether `text` breaks off inside the last word of this phrase: what was pasted lost its last letters."""
        start = text.rfind(self[:START])
        tail = text[start:] if start >= 0 and (start == 0 or not _of_a_word(text[start - 1])) else ""
        missing = len(self) - len(tail)
        if not 0 < missing <= CUT or len(tail) < CUT_FROM or not self.startswith(tail):
            return False
        return _of_a_word(tail[-1]) and _of_a_word(self[len(tail)])

    def near(self, others: Iterable[Phrase], text: str) -> bool:
        """Say whether one of `others` begins at most NEAR characters from a place where this phrase begins."""
        own = tuple(_places(self.parts[0], text))
        return any(abs(one - other) <= NEAR for item in others for other in _places(item.parts[0], text) for one in own)


_ANYTHING: Final = " * "
"""How a gap is written."""

GAP: Final = 200
"""Characters that a `*` may stand for: addresses, host names and ids, not half a log."""

NEAR: Final = 60
"""Characters between two phrases that are said of one thing: a sentence, not the next one but two."""

CUT: Final = 3
"""Letters at the end of a text that whoever copied it may have missed."""

CUT_FROM: Final = 18
"""Characters of a phrase that must stand there, so that nothing else can be meant."""

LONGEST_CUT: Final = 80
"""Characters at the end of a text in which a phrase that is cut off begins."""

_WITHOUT_BLANKS: Final = "\u2e80"
"""From here on stand the scripts that put no blanks between words: Chinese, Japanese, Korean."""

_TRIES: Final = 20
"""Places at which a phrase with gaps is tried: hostile text may repeat the first part thousands of times."""


def _of_a_word(letter: str) -> bool:
    return letter.isalpha() and letter < _WITHOUT_BLANKS


def _follow(parts: Iterable[str], text: str, position: int) -> bool:
    for part in parts:
        found = text.find(part, position, position + GAP + len(part))
        if found < 0:
            return False
        position = found + len(part)
    return True


def _places(words: str, text: str) -> Iterator[int]:
    start = text.find(words)
    for _ in range(_TRIES):
        if start < 0:
            return
        yield start
        start = text.find(words, start + 1)


class PhraseIndex(Generic[K]):
    """Finds the phrases that stand in a text by their first letters, without asking for each of them."""

    def __init__(self, lists: Iterable[tuple[K, Iterable[Phrase]]]) -> None:
        """Take lists of phrases, each under a key of its own; they are not sorted before the first search."""
        self.lists = tuple(lists)

    def found_in(self, text: str) -> Mapping[K, list[Phrase]]:
        """Return the phrases that are found in `text`, by the key of their list."""
        found: dict[K, list[Phrase]] = {}
        tail = text[-LONGEST_CUT:]  # where the last letters of a phrase may be cut off
        starts = {text[place : place + START] for place in range(len(text))}
        for start in (starts & self._by_start.keys()) | self._short:
            for first, key, phrase in self._by_start[start]:
                if (first in text or start in tail) and phrase.found_in(text):
                    found.setdefault(key, []).append(phrase)
        return found

    @cached_property
    def _by_start(self) -> Mapping[str, list[tuple[str, K, Phrase]]]:
        """Beginning → phrases that have it: their first part, the key of their list, the phrase."""
        rows: dict[str, list[tuple[str, K, Phrase]]] = {}
        for key, phrases in self.lists:
            for phrase in phrases:
                first = phrase.partition(_ANYTHING)[0]
                rows.setdefault(first[:START], []).append((first, key, phrase))
        return rows

    @cached_property
    def _short(self) -> frozenset[str]:
        return frozenset(start for start in self._by_start if len(start) < START)


START: Final = 5
"""Letters by which a phrase is looked for: with them a text of 3,000 characters has some hundred candidates."""
