"""What a regular expression is made of: letters that every match has in it, and repeats without an end."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from re import _parser as parser  # type: ignore[attr-defined]  # isort: skip  # the only reader of what `re` reads

SHORTEST = 3
"""Characters of a sign that is worth a search."""
RARE = 5
"""Characters of one that few texts have by accident."""
MOST = 12
"""Signs of a pattern: more are no cheaper than itself."""


def signs_of(pattern: str) -> tuple[str, ...]:
    """Return lower-case letters, one of which is in every match; () where there are none that are worth a search."""
    options = [found for found in _required(parser.parse(pattern)) if len(found) <= MOST]
    options = [found for found in options if min(map(len, found)) >= SHORTEST]
    if not options:
        return ()
    best = {_printable(sign) for sign in max(options, key=_worth)}
    return tuple(sorted(sign for sign in best if not any(other != sign and other in sign for other in best)))


def _printable(letters: str) -> str:
    """Return the longest part that a file of presets may hold."""
    return max("".join(letter if letter.isprintable() else "\0" for letter in letters).split("\0"), key=len)


def proves(pattern: str, signs: Collection[str]) -> bool:
    """Say whether one of `signs` is in every match."""
    return _prove(parser.parse(pattern), signs)


def _prove(items: Iterable[tuple[Any, Any]], signs: Collection[str]) -> bool:
    for kind, value in _pieces(items):
        if kind == "letters":
            proved = any(sign in value for sign in signs)
        elif kind == "branches":
            proved = all(_prove(branch, signs) for branch in value)
        else:
            proved = _prove(value, signs)
        if proved:
            return True
    return False


def _required(items: Iterable[tuple[Any, Any]]) -> Iterator[frozenset[str]]:
    """Yield sets of letters, of each of which every match of a sequence has one."""
    for kind, value in _pieces(items):
        if kind == "letters":
            yield frozenset({value})
        elif kind == "branches":
            branches = [[*_required(branch)] for branch in value]
            if all(branches):
                yield frozenset().union(*(max(found, key=_worth) for found in branches))
        else:
            yield from _required(value)


def _worth(signs: Collection[str]) -> tuple[bool, bool, int, int]:
    """Rank signs: long enough to be rare, few, long."""
    shortest = min(map(len, signs))
    return shortest >= RARE, shortest >= SHORTEST, -len(signs), shortest


def _pieces(items: Iterable[tuple[Any, Any]]) -> Iterator[tuple[str, Any]]:
    """Yield what every match of a sequence runs through: letters in lower case, branches, sequences inside."""
    run = ""
    for name, value in [*((str(name), value) for name, value in items), ("END", None)]:
        inner = [*value[3]] if name == "SUBPATTERN" else [(name, value)]
        if all(str(kind) == "LITERAL" for kind, _ in inner):
            run += "".join(chr(letter).lower() for _, letter in inner)
        elif name not in ("AT", "ASSERT", "ASSERT_NOT"):
            if run:
                yield "letters", run
                run = ""
            if name == "SUBPATTERN":
                yield "inside", inner
            elif name == "BRANCH":
                yield "branches", value[1]
            elif name in _REPEATS and value[0] > 0:
                yield "inside", value[2]


_REPEATS = ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")


def is_bounded(pattern: str) -> bool:
    """Say whether at most two repeats without an end follow each other, and none is in another one.

    With a repeat inside a repeat the tries double with each letter of the text; with two in a row they are squared.
    """
    return _endless(parser.parse(pattern)) <= IN_A_ROW


IN_A_ROW = 2


def _endless(value: Any) -> int:
    """Count the repeats without an end that one match may run through; one inside another counts as too many."""
    if isinstance(value, tuple) and len(value) == 2 and str(value[0]) in _REPEATS:
        _, most, inner = value[1]
        within = _endless(inner)
        return within if most is not parser.MAXREPEAT else 1 + within * IN_A_ROW
    if isinstance(value, tuple) and len(value) == 2 and str(value[0]) == "BRANCH":
        return max(map(_endless, value[1][1]))
    if isinstance(value, list | tuple | parser.SubPattern):
        return sum(map(_endless, value))
    return 0
