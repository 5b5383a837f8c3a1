"""Who misreads a value because of where it stands: the comment behind it, `export`, blanks, CRLF or a BOM before it.

The value's own text is judged by `reader_models`; this adds the rest of its line. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from smtpwizard.outputs.readers import Reader, read


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The line of a value without the value."""

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
    return tuple(reader for reader in readers if reader in stumbling or read(reader, line) != value)


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
