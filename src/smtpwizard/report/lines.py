"""A fact for a person, as one `Line`, whoever shows it: symbols for the command line, words for the prompts. Pure.

The screen styles the same lines (`tui.widgets.text`), so a fact reads alike in all three.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from typing import Final, TextIO

from smtpwizard.problems import Basis, Changes, Problem, Severity
from smtpwizard.records import NamedTuple
from smtpwizard.text import safe


class Mark(Enum):
    """How something stands, as (symbol, word). The shapes differ, so that nothing rests on colour."""

    OK = ("✓", "ok")
    WARNING = ("!", "warning")
    FAILED = ("✗", "failed")
    SKIPPED = ("–", "skipped")
    WAITING = ("·", "waiting")
    RUNNING = ("›", "running")
    NOTE = ("•", "note")

    @property
    def symbol(self) -> str:
        """One character to stand before the line."""
        return self.value[0]

    @property
    def word(self) -> str:
        """The same as a word, for places without symbols."""
        return self.value[1]


_MARKS: Final = {
    "passed": Mark.OK,
    "warned": Mark.WARNING,
    "failed": Mark.FAILED,
    "skipped": Mark.SKIPPED,
    "error": Mark.FAILED,
    "warning": Mark.WARNING,
    "info": Mark.NOTE,
}


def mark_of(status: str) -> Mark:
    """Return the mark of a stage's status, a DNS check's or a finding's severity."""
    return _MARKS[status]


class LineRole(Enum):
    """What a line is for, where a renderer shows that."""

    TEXT = "text"
    STAGE = "stage"
    """A row of a table: name, text and time in columns."""
    TITLE = "title"
    """The first line of a cause."""
    ACTION = "action"
    """What to do about it."""
    REPAIR = "repair"
    """A variable and the value that repairs it."""
    VERDICT = "verdict"
    REMARK = "remark"
    """Of less weight than what stands before it."""
    EVIDENCE = "evidence"
    """Shown as it is, spaces and all: lines for a file, a record to publish."""


class Line(NamedTuple):
    """One fact. Its texts are safe to show."""

    text: str
    mark: Mark | None = None
    role: LineRole = LineRole.TEXT
    name: str = ""
    """What it is about: a stage, a variable, a mail, `Cause 1`."""
    aside: str = ""
    """What may be left out where room is short: how long it took."""
    indent: int = 0
    note: str = ""
    """A fact that has a place of its own where there is room: a queue id."""


GAP: Final = Line("")

_NAME_COLUMNS: Final = 9
_TEXT_COLUMNS: Final = 58
"""With symbol, name and time a stage is 80 columns wide."""
_TIME_COLUMNS: Final = 8
_NARROWEST: Final = 10
"""Columns that a text gets at least, however narrow the terminal."""
_WIDEST: Final = 100
"""Columns that sentences fill at most."""


def symbols(lines: Iterable[Line], *, width: int = 0) -> Iterator[str]:
    """Yield lines for the command line, sentences wrapped to `width` columns where one is given."""
    for line in map(_safe, lines):
        indent = "  " * line.indent
        mark = f"{line.mark.symbol} " if line.mark else ""
        beside = "".join(f", {part}" for part in (line.note, line.aside) if part)
        if line.role is LineRole.STAGE:
            head = f"{indent}{mark}{line.name:<{_NAME_COLUMNS}} "
            room = max(width - len(head) - _TIME_COLUMNS - 1, _NARROWEST) if width else _TEXT_COLUMNS
            first, *more = wrapped(line.text, width and room, "", "").split("\n")
            row = f"{head}{first:<{room}} {line.aside:>{_TIME_COLUMNS}}".rstrip()
            yield "\n".join([row, *(f"{'':{len(head)}}{part}" for part in more)])
        elif line.role is LineRole.EVIDENCE:
            yield f"{indent}{mark}{f'{line.name}: ' if line.name else ''}{line.text}{beside}"
        elif line.role is LineRole.REPAIR:
            yield f"{indent}→ {line.text}"
        elif line.role is LineRole.ACTION:
            yield wrapped(line.text, width, f"{indent}→ ", f"{indent}  ")
        elif line.role is LineRole.TITLE:
            yield wrapped(line.text, width, indent, indent)
        else:
            head = f"{line.name:<{_NAME_COLUMNS}}{mark}" if line.role is LineRole.VERDICT else mark
            about = f"{line.name}: " if line.name and line.role is not LineRole.VERDICT else ""
            rest = indent + " " * len(head)
            yield wrapped(f"{about}{line.text}{beside}", width, indent + head, rest)


def _safe(line: Line) -> Line:
    return line._replace(text=safe(line.text, limit=3 * len(line.text) + 1))  # a line end becomes ` / `


_SPOKEN: Final = {LineRole.ACTION: "Action: ", LineRole.REPAIR: "Repair: "}


def words(lines: Iterable[Line]) -> Iterator[str]:
    """Yield lines for the prompts: no symbol, no column, what it is about first."""
    for line in map(_safe, lines):
        if line == GAP:
            continue
        if line.role is LineRole.TITLE:
            yield f"{line.name}: {line.text.rstrip('.')}." if line.name else line.text
            continue
        mark = line.mark.word if line.mark else ""
        head = ", ".join(part for part in (mark, line.aside) if part)
        named = [part for part in (line.name, head) if part]
        yield ": ".join([*named, f"{_SPOKEN.get(line.role, '')}{line.text}{f', {line.note}' if line.note else ''}"])


def milliseconds(ms: float | None) -> str:
    """Return a duration as people say it: `12 ms`, `1.4 s`; nothing for a stage that was not reached."""
    if ms is None:
        return ""
    return f"{ms:.0f} ms" if ms < 999.5 else f"{ms / 1000:.1f} s"


def counted(number: int, noun: str) -> str:
    """Return `1 line`, `2 lines`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def columns(stream: TextIO, widest: int = _WIDEST) -> int:
    """Return the columns to fill, at most `widest`: COLUMNS, or those of the terminal that `stream` is.

    0 where it is none: what is piped is not wrapped, so that a sentence is found.
    """
    # shutil's function for it costs 5 ms of import.
    try:
        given = os.environ.get("COLUMNS", "")
        found = int(given) if given.isascii() and given.isdigit() else 0
        return min(found or os.get_terminal_size(stream.fileno()).columns or widest, widest)
    except (OSError, ValueError):
        return 0


def wrapped(text: str, width: int, indent: str = "  ", rest: str = "  ") -> str:
    """Return `text` in lines of at most `width` columns, in one with 0; a longer word stays whole, to be copied.

    `indent` stands before the first line, `rest` before the others.
    """
    text = safe(text, limit=len(text) + 1)
    if not width or (len(indent) + len(text) <= width and text.isascii()):
        return f"{indent}{text}"
    lines, line, used = [], indent, _cells(indent)
    for word in text.split(" "):
        cells = _cells(word)
        if used + cells > max(width, len(rest) + _NARROWEST) and line not in (indent, rest):
            lines.append(line.rstrip(" "))
            line, used = rest, _cells(rest)
        line += f"{word} "
        used += cells + 1
    return "\n".join([*lines, line.rstrip(" ")])


def _cells(text: str) -> int:
    """Return how many columns `text` takes: East Asian letters take two."""
    if text.isascii():
        return len(text)
    from unicodedata import east_asian_width

    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)


def finding_line(finding: Problem) -> Line:
    """Return `! NAME: …`, without the name where the sentence begins with it."""
    name = finding.variable or ""
    return Line(finding.message, mark_of(finding.severity), name="" if finding.message.startswith(name) else name)


def finding_lines(findings: Iterable[Problem]) -> Iterator[Line]:
    """Yield what the app would refuse or misread; what is merely worth knowing is `lint`'s to tell."""
    yield from (finding_line(item) for item in findings if item.severity is not Severity.INFO)


def problem_lines(problems: Iterable[Problem]) -> Iterator[Line]:
    """Yield each cause, the likeliest first: what happened, why, what to do, the repair, and where that is known from.

    A gap stands before each.
    """
    for number, item in enumerate(problems, 1):
        yield GAP
        seen = ", seen just now" if item.basis is Basis.SURVEY else ""
        yield Line(item.title, role=LineRole.TITLE, name=f"Cause {number}{seen}")
        yield from _advice(item.cause, item.remedy, item.changes)
        yield from (Line(fact, role=LineRole.EVIDENCE, indent=2) for fact in item.facts)
        if item.link:
            yield Line(item.link, role=LineRole.REMARK, indent=1)
        if item.reference and not seen:
            yield Line(item.reference, role=LineRole.REMARK, indent=1)


def cause_lines(diagnoses: Sequence[Problem], *, indent: int = 1) -> Iterator[Line]:
    """Yield what a line of a log means: its likeliest cause in full with its source, the others by name."""
    told: dict[str, Problem] = {}
    for diagnosis in diagnoses:
        told.setdefault(diagnosis.title, diagnosis)  # of the same title it is the same cause, told by another entry
    first, *others = told.values()
    yield Line(name_of(first), role=LineRole.TITLE, name="Cause", indent=indent)
    yield from _advice(first.cause, first.remedy, first.changes)
    if first.source:
        yield Line(f"Source: {first.source}; checked {first.checked}.", role=LineRole.REMARK, indent=1)
    for other in others:
        yield Line(f"Also possible: {name_of(other)}", role=LineRole.REMARK, indent=1)


def name_of(diagnosis: Problem) -> str:
    """Return the catalogue's reference and title of a cause."""
    if diagnosis.ref:
        return f"{diagnosis.ref}  {diagnosis.title}"
    return diagnosis.title if diagnosis.confidence else f"{diagnosis.title} (no known cause)"


def _advice(cause: str, remedy: str, changes: Changes) -> Iterator[Line]:
    if cause:
        yield Line(cause, indent=1)
    if remedy:
        yield Line(remedy, role=LineRole.ACTION, indent=1)
    for name, value in changes.items():
        repair = f"leave {name} out" if value is None else f"{name}={safe(str(value))}"
        yield Line(repair, role=LineRole.REPAIR, indent=1)
