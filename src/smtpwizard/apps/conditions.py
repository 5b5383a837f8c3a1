"""What a profile asks of its settings: the tests in `when`, of which readings of TLS and traps are made.

    when = { SMTP_SECURITY = "=tls|ssl", port = "!=465", username = "set" }

A key is a variable, a role, or `mode`; all tests of a table must hold.

| test | holds where |
|---|---|
| `on`, `off` | the app reads a switch so; what it makes of an absent one counts |
| `set`, `missing` | there is a text; there is none: absent or empty |
| `absent`, `empty` | the variable is not there; it is there with nothing in it |
| `=word|word` | the text as the app reads it, its default too, is one of the words |
| `~pattern` | the text as it stands matches as a whole |
| `!` before any | it does not hold |
"""

from __future__ import annotations

import re
from typing import Annotated, Final, NamedTuple

from smtpwizard.presets.values import MATCHED, pattern, shown

_PLAIN: Final = ("on", "off", "set", "missing", "absent", "empty")


class Value(NamedTuple):
    """What is known of a variable."""

    text: str | None
    """As it stands; None where it is absent."""
    on: bool | None
    """What the app makes of a switch; None for everything else."""
    word: str
    """As the app reads it: the default where it is absent, in small letters where the app does not tell them apart."""


def holds(test: str, value: Value) -> bool:
    """Say whether a test holds."""
    if test.startswith("!"):
        return not holds(test[1:], value)
    if test.startswith("="):
        return value.word in test[1:].split("|")
    if test.startswith("~"):
        return value.text is not None and re.fullmatch(test[1:], value.text[:MATCHED]) is not None
    return {
        "on": value.on is True,
        "off": value.on is False,
        "set": bool(value.text),
        "missing": not value.text,
        "absent": value.text is None,
        "empty": value.text == "",
    }[test]


def _is_test(text: str) -> str:
    test = text.removeprefix("!")
    if test.startswith("~"):
        return pattern(test[1:]) if len(test) > 1 else "has no pattern behind the ~"
    if test.startswith("=") or test in _PLAIN:
        return ""
    return f"must be one of {', '.join(_PLAIN)}, =word or ~pattern, with ! before it if need be, not {shown(text)}"


Test = Annotated[str, _is_test]
