"""The lossless merge: new values into the text of a `.env` file, everything else byte for byte as it was.

Pure: bytes in, bytes out. Where a value already reads right, its line is left alone, so that a second run changes
nothing. Whether python-dotenv and the app read the result as planned is checked in `env_verify`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from smtpwizard.outputs.encodings import encode
from smtpwizard.outputs.env_scan import Kind, Statement, eol, head, scan, tail
from smtpwizard.outputs.placement import Surroundings, misreaders
from smtpwizard.outputs.readers import Reader, reading_alike, running_commands

BOM: Final = b"\xef\xbb\xbf"
HEADING: Final = "# Outgoing mail (SMTP)"
"""The comment line above the variables where a file says nothing about mail yet."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A variable's value in the merged file, and who would not read it so."""

    variable: str
    surroundings: Surroundings
    misread_by: tuple[Reader, ...]
    """Of all known readers, not only those asked for."""
    inexact_in: tuple[Reader, ...]
    """Of those, the ones that stumble on the value's own text; the others stumble on what stands around it."""
    runs_command_in: tuple[Reader, ...]
    duplicates: tuple[int, ...] = ()
    """Lines of earlier assignments of the same variable, which no reader heeds."""


@dataclass(frozen=True, slots=True)
class Merged:
    """The result of a merge."""

    data: bytes = field(repr=False)
    placed: tuple[Placed, ...]
    statements: tuple[Statement, ...]
    """The statements of the file as it was."""


@dataclass(frozen=True, slots=True)
class _Edit:
    start: int
    end: int
    text: str = field(repr=False)


def merge(raw: bytes, changes: Mapping[str, str | None], readers: Sequence[Reader]) -> Merged:
    """Return `raw` with `changes` applied: a variable's new value, or None to take its lines out.

    The last assignment of a variable is the one that counts and is changed. New variables go below their commented-out
    template, else after the last active SMTP_ line, else below another SMTP_ template, else to the end under HEADING.
    InputError for a value that cannot be written.
    """
    bom = raw[:3] if raw.startswith(BOM) else b""
    text = raw[len(bom) :].decode("utf-8", "surrogateescape")
    statements = tuple(scan(text))
    active: dict[str, list[Statement]] = {}
    for item in statements:
        if item.kind is Kind.ASSIGNMENT:
            active.setdefault(item.key, []).append(item)
    edits: list[_Edit] = []
    placed: list[Placed] = []
    new: dict[str, str] = {}
    for variable, value in changes.items():
        found = active.get(variable, [])
        if value is None:
            edits.extend(_Edit(item.start, item.end, "") for item in found)
        elif found:
            edit, place = _replace(text, found, value, readers, with_bom=bool(bom))
            edits.extend(edit)
            placed.append(place)
        else:
            new[variable] = value
    removed = {variable for variable, value in changes.items() if value is None}
    kept = [item for item in statements if not (item.kind is Kind.ASSIGNMENT and item.key in removed)]
    inserts, new_places = _insert(text, kept, new, readers, with_bom=bool(bom))
    after = _apply(text, [*edits, *inserts])
    return Merged(bom + after.encode("utf-8", "surrogateescape"), (*placed, *new_places), statements)


def _replace(
    text: str, found: Sequence[Statement], value: str, readers: Sequence[Reader], *, with_bom: bool
) -> tuple[list[_Edit], Placed]:
    item = found[-1]
    around = Surroundings(head(text, item), tail(text, item), eol(text, item), bom=with_bom and item.line == 1)
    earlier = tuple(other.line for other in found[:-1])
    old = text[item.value_start : item.value_end]
    start = item.value_start
    if item.sign == ":":
        start = text.rindex(":", item.start, item.value_start)
        around = Surroundings(text[item.start : start] + "=", around.tail, around.eol, bom=around.bom)
    encoded = encode(value, readers)
    missed = misreaders(encoded.text, value, around, readers)
    before = misreaders(old, value, around, readers)
    good = Reader.NPM not in before or old == encoded.text
    keep = item.sign == "=" and item.closed and good and set(before) <= set(missed)
    final = old if keep else encoded.text
    place = _place(item.key, final, value, around, earlier)
    return [] if keep else [_Edit(start, item.value_end, ("=" if item.sign == ":" else "") + final)], place


def _place(variable: str, text: str, value: str, around: Surroundings, earlier: tuple[int, ...] = ()) -> Placed:
    exact = reading_alike(text, value)
    return Placed(
        variable=variable,
        surroundings=around,
        misread_by=misreaders(text, value, around, tuple(Reader)),
        inexact_in=tuple(reader for reader in Reader if reader not in exact),
        runs_command_in=running_commands(text),
        duplicates=earlier,
    )


def _insert(
    text: str, kept: Sequence[Statement], new: Mapping[str, str], readers: Sequence[Reader], *, with_bom: bool
) -> tuple[list[_Edit], list[Placed]]:
    lines: dict[int, list[str]] = {}
    placed: list[Placed] = []
    line_end = _line_end_of(text)
    active = [item for item in kept if item.kind is Kind.ASSIGNMENT and item.key.startswith("SMTP_")]
    commented = [item for item in kept if item.kind is Kind.COMMENT and item.key]
    templates = [item for item in commented if item.key.startswith("SMTP_")]
    for variable, value in new.items():
        own = [item for item in commented if item.key == variable]
        anchor = next((group[-1] for group in (own, active, templates) if group), None)
        prefix = _prefix(text, anchor) if anchor else ""
        at = anchor.end if anchor else len(text)
        if anchor is None and not lines:
            blank = bool(kept) and kept[-1].kind is not Kind.BLANK
            lines[at] = [*([""] if blank else []), HEADING]
        encoded = encode(value, readers)
        around = Surroundings(f"{prefix}{variable}=", "", line_end, bom=with_bom and at == 0)
        placed.append(_place(variable, encoded.text, value, around))
        lines.setdefault(at, []).append(f"{prefix}{variable}={encoded.text}")
    return [_block(text, at, block, line_end) for at, block in lines.items()], placed


def _block(text: str, at: int, lines: Iterable[str], line_end: str) -> _Edit:
    """Return the edit that puts whole lines at `at`; a file without a final line end stays without one."""
    block = line_end.join(lines)
    open_end = at == len(text) and text and not text.endswith(("\n", "\r"))
    return _Edit(at, at, line_end + block if open_end else block + line_end)


def _prefix(text: str, anchor: Statement) -> str:
    """Return the indentation and `export` of a neighbour, for a new line that is to be read by the same programs."""
    line = text[anchor.start : anchor.body_end]
    if anchor.kind is Kind.COMMENT:
        line = re.sub(r"\A([ \t]*)#+[ \t]*", r"\1", line)
    found = re.match(r"[ \t]*(?:export[ \t]+)?", line)
    return found.group() if found else ""


def _line_end_of(text: str) -> str:
    """Return the line end that most lines of the file have."""
    windows = text.count("\r\n")
    if windows * 2 > text.count("\n"):
        return "\r\n"
    return "\r" if "\r" in text and "\n" not in text else "\n"


def _apply(text: str, edits: Iterable[_Edit]) -> str:
    parts: list[str] = []
    position = 0
    for edit in sorted(edits, key=lambda item: (item.start, item.end)):
        parts += [text[position : edit.start], edit.text]
        position = edit.end
    return "".join([*parts, text[position:]])
