"""The mail trouble of a log as lines for a person. Pure but for the width of the terminal."""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from smtpwizard.text import safe

if TYPE_CHECKING:
    from smtpwizard.container.log_reader import Trouble
    from smtpwizard.container.moments import Moment
    from smtpwizard.container.recent import LogReport
    from smtpwizard.diagnosis.result import Diagnosis

_WIDEST: Final = 100
"""Columns that sentences fill at most."""


def trouble_lines(trouble: Trouble, width: int) -> Iterator[str]:
    """Yield the server's words, how often and when, then cause and remedy."""
    yield wrapped(f"✗ {trouble.said}", width, "")
    yield wrapped(counted(trouble), width)
    first, *others = trouble.diagnoses
    yield wrapped(name_of(first), width)
    yield wrapped(first.cause, width)
    yield wrapped(first.remedy, width)
    for variable, value in first.changes.items():
        yield f"  → leave {variable} out" if value is None else f"  → {variable}={safe(str(value))}"
    if first.source:
        yield wrapped(f"Source: {first.source}; checked {first.checked}.", width)
    for other in others:
        yield wrapped(f"Also possible: {name_of(other)}", width)


def again_line(trouble: Trouble, width: int) -> str:
    """Return one line for a kind of trouble that was told before."""
    line = f"  again, {counted(trouble)}: {name_of(trouble.diagnoses[0])}"
    return line if len(line) <= width else line[: width - 1] + "…"


def counted(trouble: Trouble) -> str:
    """Return `3 times, last 2026-11-25 18:49:14 CET, first in line 12`."""
    where = f"line {trouble.first_line}"
    if trouble.times == 1:
        return f"once, {trouble.last}, {where}" if trouble.last else f"once, {where}"
    when = f"last {trouble.last}" if trouble.last else f"last in line {trouble.last_line}"
    return f"{trouble.times} times, {when}, first in {where}"


def summary(report: LogReport) -> str:
    """Return how much was read, of which time, and what was found."""
    lines = f"{report.lines:,} line{'' if report.lines == 1 else 's'} read"
    kinds = len(report.troubles)
    found = f"{kinds} kind{'' if kinds == 1 else 's'} of mail trouble" if kinds else "no mail trouble"
    times = _span(report.first, report.last)
    return f"{lines}{f', {times}' if times else ''}: {found}."


def _span(first: Moment | None, last: Moment | None) -> str:
    if first is None or last is None:
        return ""
    begun, ended = first.shown(), last.shown()
    return f"of {ended}" if begun == ended else f"from {begun} to {ended}"


def columns() -> int:
    """Return the columns of the terminal, within reason; 80 where stdout is none."""
    try:
        found = os.get_terminal_size(sys.stdout.fileno()).columns
    except (OSError, ValueError):
        found = 80
    return max(40, min(found, _WIDEST))


def wrapped(text: str, width: int, indent: str = "  ") -> str:
    """Return `text` in lines of at most `width` columns; a word that is longer stays whole, to be copied."""
    return textwrap.fill(
        text, width, initial_indent=indent, subsequent_indent="  ", break_on_hyphens=False, break_long_words=False
    )


def name_of(diagnosis: Diagnosis) -> str:
    """Return the catalogue's reference and title of a cause."""
    return f"{diagnosis.ref}  {diagnosis.title}" if diagnosis.ref else f"{diagnosis.title} (no known cause)"
