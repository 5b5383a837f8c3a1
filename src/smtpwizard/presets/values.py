"""What a value in a file of presets may be: checks, the values that they make, and rules between fields.

A schema (`presets.schema`, `diagnosis.schema`, an app's profile) is declared with these and read by `presets.toml`,
where an example stands.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Annotated, Any, Final, NamedTuple, TypeVar

T = TypeVar("T")

KeyPath = tuple[str | int, ...]
"""Where a value stands: keys, and numbers from 0 within arrays: ("ports", 1, "tls")."""

Faults = Iterator[tuple[KeyPath, str]]
"""What is wrong with a table: the path of a key below the table, and a message."""

Check = Callable[[Any], str]
"""Takes a value of the right type, returns what is wrong with it, or an empty text."""


class Shape(NamedTuple):
    """A check: the whole text matches a regular expression."""

    pattern: str
    wanted: str
    """What the text must be, for the message."""

    def __call__(self, text: str) -> str:
        return "" if re.fullmatch(self.pattern, text) else f"must be {self.wanted}, not {text!r}"


class OneOf(NamedTuple):
    """A check: the text is one of a few."""

    words: tuple[str, ...]

    def __call__(self, text: object) -> str:
        if text in self.words:
            return ""
        return f"must be one of {', '.join(self.words)}, not {text!r}{near(text, self.words)}"


class Bounds(NamedTuple):
    """A check: the number lies between two others, both included."""

    low: int
    high: int

    def __call__(self, number: int) -> str:
        return "" if self.low <= number <= self.high else f"must lie between {self.low} and {self.high}, not {number}"


def verbatim(text: str) -> str:
    """Mark a text that may hold line breaks and control characters, such as a server's reply."""
    return ""


def internal(value: object) -> str:
    """Mark a field that is no key of a file."""
    return ""


def near(word: object, known: Iterable[str]) -> str:
    """Return the end of a message that names the known word most like `word`; empty where none is alike."""
    from difflib import get_close_matches

    found = get_close_matches(str(word), sorted(known), n=1)
    return f"; did you mean {found[0]}?" if found else ""


RULES: Final[dict[type, list[Callable[[Any], Faults]]]] = {}
"""Type → what its values must have in common."""


def rule(of: type[T]) -> Callable[[Callable[[T], Faults]], Callable[[T], Faults]]:
    """Register a function that yields what is wrong between the fields of one `of`. See `presets.toml`."""

    def register(function: Callable[[T], Faults]) -> Callable[[T], Faults]:
        RULES.setdefault(of, []).append(function)
        return function

    return register


def listed_twice(key: str, names: Iterable[object], *below: str) -> Faults:
    """Yield a fault for each of `names` that an earlier element of the list `key` has too, under the key `below`."""
    seen: set[object] = set()
    for index, name in enumerate(names):
        if name in seen:
            yield (key, index, *below), f"{name} is listed twice"
        seen.add(name)


def _iso_date(text: str) -> str:
    match = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)", text)
    if match:
        year, month, day = (int(part) for part in match.groups())
        leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        lengths = (31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
        if year >= 1970 and 1 <= month <= 12 and 1 <= day <= lengths[month - 1]:
            return ""
    return f"must be a date as YYYY-MM-DD, not {text!r}"  # datetime would cost 2 ms of import


_URL: Final = r"https?://[^\s/$.?#][^\s]*"

Identifier = Annotated[str, Shape("[a-z0-9]+([.-][a-z0-9]+)*", "lower-case letters, digits and hyphens")]
Url = Annotated[str, Shape(_URL, "a web address (https://…)")]
Source = Annotated[
    str,
    Shape(
        rf"({_URL}|[\w.-]+(/[\w.-]+)?:[^\s:]+)( \([^()]+\))?",
        "a web address or owner/repository:path, with a remark in brackets if need be",
    ),
]
"""Where a fact can be looked up."""
Day = Annotated[str, _iso_date]
Port = Annotated[int, Bounds(1, 65535)]
EnhancedCode = Annotated[str, Shape(r"[245]\.\d{1,3}\.\d{1,3}", "an enhanced status code such as 5.7.8")]
"""RFC 3463 section 2."""
VariableName = Annotated[str, Shape("[A-Za-z][A-Za-z0-9_]*", "the name of a variable")]
Folder = Annotated[
    str,
    Shape(
        r"(?!\.+(/|$))[\w.-]+(/(?!\.+(/|$))[\w.-]+)*",
        "a folder such as src/templates, without .. and a slash at either end",
    ),
]
