"""How a value is written after `KEY=` so that as many readers as possible read it back exactly.

Candidates are asked of every reader's model; the best for the file's readers is taken, and the answer names those that
would misread. Never `\'` or `'\''` by default: each is right in one reader only. Pure; must not know files.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from smtpwizard.errors import InputError
from smtpwizard.records import NamedTuple
from smtpwizard.targets.env.readers import DEFAULT_READERS, Reader, reading_alike, running_commands


@dataclass(frozen=True, slots=True)
class Encoded:
    """A value as it stands in a file, and who reads it."""

    text: str = field(repr=False)
    """What follows `KEY=`."""
    read_by: tuple[Reader, ...]
    """All known readers that read the value exactly, asked for or not."""
    misread_by: tuple[Reader, ...]
    """Of the readers asked for, those that would read something else, or refuse."""
    runs_command_in: tuple[Reader, ...]
    """All known readers in which a part of the value would run as a command."""


_RAW_CHARS: Final = re.compile(r"[A-Za-z0-9_!%*+,\-./:=?@\[\]^{}]*")


def _escape(value: str, characters: str) -> str:
    return re.sub(f"([{re.escape(characters)}])", r"\\\1", value)


_CANDIDATES: Final[tuple[Callable[[str], str], ...]] = (
    lambda v: v,
    lambda v: f"'{v}'",
    lambda v: f'"{v}"',
    lambda v: '"' + _escape(v, '\\"$') + '"',  # compose, shells (without a backtick), systemd
    lambda v: '"' + _escape(v, '\\"$`') + '"',  # shells, systemd
    lambda v: "'" + _escape(v, "\\'") + "'",  # python-dotenv
    lambda v: '"' + _escape(v, '\\"') + '"',  # python-dotenv
    lambda v: f"`{v}`",  # npm dotenv, node
    lambda v: "'" + v.replace("$", "\\$") + "'",  # dotenv-expand, and the next two
    lambda v: '"' + v.replace("$", "\\$") + '"',
    lambda v: "`" + v.replace("$", "\\$") + "`",
    lambda v: "'" + v.replace("'", "'\\''") + "'",  # shells
    lambda v: '"' + _escape(v, '\\"').replace("$", "$$") + '"',  # compose
)
"""In order of preference where everything else is equal. The first is the value as it is."""


def encode(value: str, readers: Sequence[Reader] = DEFAULT_READERS) -> Encoded:
    """Return the best way to write `value` for `readers`, which stand in order of weight.

    Most readers served wins; then the weightier ones; then the readers not asked for; then the plainer form. Without
    quotes an odd value stands only where `docker run` reads it or that alone serves a reader: npm dotenv, where a
    backslash is the last character, which before a closing quote it would take for a part of the value.
    InputError for a value with control characters or line breaks, which no form carries safely; it never shows it.
    """
    refuse_unwritable(value)
    best: tuple[tuple[int, ...], Encoded] | None = None
    for rank, candidate in enumerate(_CANDIDATES):
        text = candidate(value)
        alike = reading_alike(text, value)
        missed = tuple(reader for reader in readers if reader not in alike)
        reluctant = rank == 0 and not is_plain(value) and Reader.DOCKER_RUN not in readers
        if reluctant and set(running_commands(text)) & set(readers):
            continue
        score = (-len(missed), *(reader in alike for reader in readers), not reluctant, len(alike), -rank)
        if best is None or score > best[0]:
            best = (score, Encoded(text, alike, missed, running_commands(text)))
        if not missed and not reluctant and len(alike) >= len(Reader) - bool(rank):
            break  # no other is read by more: docker run reads no quotes
    assert best is not None  # there are always quoted candidates
    return best[1]


def is_plain(value: str) -> bool:
    """Say whether every reader reads `value` unquoted: measured character by character, at every position."""
    return all(_RAW_CHARS.fullmatch(char) or (ord(char) > 0x7F and char.isalnum()) for char in value)


def refuse_unwritable(value: str) -> None:
    """Raise InputError where `value` holds what could break out of its line or vanish. A tab is written, in quotes."""
    for char in value:
        if char == "\t":
            continue
        category = unicodedata.category(char)
        if char in "\n\r" or category in ("Zl", "Zp"):
            raise InputError(
                "The value holds a line break; the rest would become a line of its own. Paste it again without it.",
                "Line break in a value",
            )
        if char == "\0" or category == "Cc":
            raise InputError(
                f"The value holds a control character (U+{ord(char):04X}), which readers drop or refuse. "
                "Type it again, or make a new password of letters and digits.",
                "Control character in a value",
            )
        if category == "Cs":
            raise InputError(
                "The value is not valid UTF-8, so node would read something else. Type it again, or make a new "
                "password of letters and digits.",
                "Value not in UTF-8",
            )


class Surroundings(NamedTuple):
    """What surrounds a value on its line."""

    head: str
    """Indentation, `export`, name, sign and the blanks behind it."""
    tail: str = ""
    """Blanks and comment after the value."""
    eol: str = "\n"
    bom: bool = False
    """The file's byte order mark stands right before this line."""


def misreaders(text: str, value: str, around: Surroundings, readers: Sequence[Reader]) -> tuple[Reader, ...]:
    """Return those of `readers` that would not read exactly `value` from `text` between its surroundings."""
    blanks = around.head[len(around.head.rstrip(" \t")) :]
    line = blanks + text + around.tail
    stumbling = {reader for affected, _ in (*line_obstacles(around), *file_obstacles(around)) for reader in affected}
    return tuple(reader for reader in readers if reader in stumbling or reader.read(line) != value)


def line_obstacles(around: Surroundings) -> list[tuple[tuple[Reader, ...], str]]:
    """Return what in this line makes readers stumble: the readers, and what it is as a noun phrase."""
    found: list[tuple[tuple[Reader, ...], str]] = []
    if around.tail.strip():
        found.append(((Reader.SYSTEMD, Reader.DOCKER_RUN), "the comment behind it, taken for a part of the value"))
    if re.match(r"[ \t]*export[ \t]", around.head):
        found.append(((Reader.SYSTEMD, Reader.DOCKER_RUN), "the word `export` before it"))
    if re.search(r"[ \t]=|=[ \t]", around.head):
        found.append(((Reader.SHELL, Reader.DOCKER_RUN), "the blanks around `=`"))
    if around.head[:1] in (" ", "\t"):
        found.append(((Reader.DOCKER_RUN,), "the indentation"))
    return found


def file_obstacles(around: Surroundings) -> list[tuple[tuple[Reader, ...], str]]:
    """Return the same for what concerns the whole file: its line ends and its byte order mark."""
    found: list[tuple[tuple[Reader, ...], str]] = []
    if around.eol.startswith("\r"):
        found.append(((Reader.SHELL,), "the Windows line ends"))
    if around.bom:
        affected = (Reader.SHELL, Reader.SYSTEMD, Reader.NODE, Reader.DOCKER_RUN)
        found.append((affected, "the byte order mark at the start of the file"))
    return found
