"""What a value in a file of presets may be: checks, the values that they make, and rules between fields.

A schema (`presets.schema`, `diagnosis.schema`, an app's profile) is declared with these and read by `presets.toml`,
where an example stands.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from typing import Annotated, Any, Final, TypeVar

from smtpwizard.records import NamedTuple
from smtpwizard.text import safe


class TlsMode(StrEnum):
    """How a port speaks TLS: from the first byte, upgraded with STARTTLS, or never."""

    IMPLICIT = "implicit"
    STARTTLS = "starttls"
    NONE = "none"


IMPLICIT_PORTS: Final = frozenset({465, 2465})
"""Submissions (RFC 8314), and its double at Amazon SES and Resend for clouds that block 465."""

MTA_PORT: Final = 25
"""The port between mail servers (RFC 5321 section 4.5.4.2), the last choice for an app: clouds block it, and servers
on it often take mail only for their own domains."""

T = TypeVar("T")

KeyPath = tuple[str | int, ...]
"""Where a value stands: keys, and numbers from 0 within arrays: ("ports", 1, "tls")."""

Faults = Iterator[tuple[KeyPath, str]]
"""What is wrong with a table: the path of a key below the table, and a message."""

Check = Callable[[Any], str]
"""Takes a value of the right type, returns what is wrong with it, or an empty text."""


def shown(value: object) -> str:
    """Return a wrong value for a message, cut short: it may be as long as a file."""
    if isinstance(value, int) and value.bit_length() > 64:
        return "a number of that size"
    return safe(repr(value[:_SHOWN] if isinstance(value, str) else value), limit=_SHOWN)


_SHOWN: Final = 80
"""Characters of a wrong value that a message repeats."""


class Shape(NamedTuple):
    """A check: the whole text matches a regular expression."""

    pattern: str
    wanted: str
    """What the text must be, for the message."""

    def __call__(self, text: str) -> str:
        return "" if re.fullmatch(self.pattern, text) else f"must be {self.wanted}, not {shown(text)}"


class OneOf(NamedTuple):
    """A check: the text is one of a few."""

    words: tuple[str, ...]

    def __call__(self, text: object) -> str:
        if text in self.words:
            return ""
        return f"must be one of {', '.join(self.words)}, not {shown(text)}{near(text, self.words)}"


class Bounds(NamedTuple):
    """A check: the number lies between two others, both included."""

    low: int
    high: int

    def __call__(self, number: int) -> str:
        if self.low <= number <= self.high:
            return ""
        return f"must lie between {self.low} and {self.high}, not {shown(number)}"


def verbatim(text: str) -> str:
    """Mark a text that may hold line breaks and control characters, such as a server's reply."""
    return ""


def near(word: object, known: Iterable[str]) -> str:
    """Return the end of a message that names the known word most like `word`; empty where none is alike."""
    from difflib import get_close_matches

    found = get_close_matches(str(word)[:_SHOWN], sorted(known), n=1)
    return f"; did you mean {found[0]}?" if found else ""


MATCHED: Final = 300
"""Characters of a credential that a pattern is matched with; the longest known have about 170."""

_WAYS: Final = 100_000
"""In how many ways a pattern may match a text: what `re` tries at most. Two repeats without an end have 90,000."""

_PATTERN: Final = 500
"""Characters of a pattern; the longest of ours has 52."""

_GROUPS: Final = 8
"""Groups inside groups in a pattern; ours have one."""

_ATOM: Final = r"\\[dwsDWS]|\\[^\w\s]|\[\^?(?:\\[dwsDWS]|\\[^\w\s]|(?!--|&&|~~|\|\|)[^\\\[\]])+\]|[^\\\[\](){}|?*+^$]"
_REPEAT: Final = r"[?*+]|\{(\d{1,3})(,(\d{0,3}))?\}"


def pattern(text: str) -> str:
    """Check a regular expression that may come from anyone: it is of a grammar in which no match can take long.

    Characters, classes, groups, alternatives and repeats (`?`, `*`, `+`, `{2,4}`), with `(?i)` in front. `re` tries one
    way to match after the other, and with repeats inside repeats the ways double with each character of the text: so
    they are counted, and a pattern with too many is refused, as is what cannot be counted.
    """
    try:
        if len(text) > _PATTERN:
            raise ValueError(f"has more than {_PATTERN} characters")
        body = text.removeprefix("(?i)").removeprefix("^")
        ways, end = _alternatives(body, 0, 0)
        if body[end:] not in ("", "$"):
            raise ValueError(f"has {shown(body[end:])}, which is not supported")
        if ways > _WAYS:
            raise ValueError("could take too long: it has repeats inside repeats, or too many without an end")
        re.compile(text)  # a range such as z-a
    except re.error as error:
        return f"is not a regular expression: {error.msg}"
    except ValueError as error:
        return f"is a regular expression that {error}"
    return ""


def _alternatives(text: str, at: int, depth: int) -> tuple[int, int]:
    """Return in how many ways the alternatives from `at` on may match, and where they end."""
    if depth > _GROUPS:
        raise ValueError(f"has more than {_GROUPS} groups inside each other")
    ways = 0
    while True:
        one, start = 1, at
        while at < len(text) and text[at] not in "|)" and text[at:] != "$":
            item = 1
            if text[at] == "(":
                item, at = _alternatives(text, at + (3 if text.startswith("(?:", at) else 1), depth + 1)
                if not text.startswith(")", at):
                    raise ValueError("has a group without an end")
                at += 1
            elif atom := re.compile(_ATOM).match(text, at):
                at = atom.end()
            else:
                raise ValueError(f"has {shown(text[at:])}, which is not supported")
            if repeat := re.compile(_REPEAT).match(text, at):
                item = _repeated(item, repeat)
                at = repeat.end()
            one = min(one * item, _WAYS + 1)
        if at == start:
            raise ValueError("has a group or an alternative with nothing in it")
        ways = min(ways + one, _WAYS + 1)
        if not text.startswith("|", at):
            return ways, at
        at += 1


def _repeated(ways: int, repeat: re.Match[str]) -> int:
    """Return in how many ways an item may match that repeats and has `ways` each time."""
    if repeat[1]:
        low, high = int(repeat[1]), int(repeat[3] or MATCHED) if repeat[2] else int(repeat[1])
    else:
        low, high = repeat[0] == "+", 1 if repeat[0] == "?" else MATCHED
    if not low <= high or not 0 < high <= MATCHED:
        raise ValueError(f"has the repeat {repeat[0]}: it must be from 1 to {MATCHED}")
    total, each = 0, 1
    for count in range(high + 1):
        total += each if count >= low else 0
        each *= ways
        if total > _WAYS or each > _WAYS:
            return _WAYS + 1
    return total


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
    return f"must be a date as YYYY-MM-DD, not {shown(text)}"  # datetime would cost 2 ms of import


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
Title = Annotated[str, Shape(r"\S.{0,78}\S|\S", "a name of up to 80 characters")]
ServiceName = Annotated[str, Shape(r"[A-Za-z0-9._][A-Za-z0-9._-]{0,254}", "a compose service, such as api")]
VariableName = Annotated[str, Shape("[A-Za-z][A-Za-z0-9_]*", "the name of a variable")]
Folder = Annotated[
    str,
    Shape(
        r"(?!\.+(/|$))[\w.-]+(/(?!\.+(/|$))[\w.-]+)*",
        "a folder such as src/templates, without .. and a slash at either end",
    ),
]
