"""Reading a `.env` file as the app's own reader (npm dotenv) does, and telling where python-dotenv reads it otherwise.

The only module that imports dotenv, and only for a file that could be read in more than one way. Problems are told by
line number, never by text, because any line may hold a secret.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from smtpwizard.targets.files import decode, read_bytes

if TYPE_CHECKING:
    from dotenv.parser import Binding


_STRANGE: Final = "\0\x0b\x0c\x1c\x1d\x1e\x1f\x7f\x85\u2028\u2029"
"""What some reader takes for a line end or a blank, and others do not."""
_REMARK: Final = r"[ \t]*(?:#[^\r]*)?"
_BARE: Final = r"[ !$-&(-\[\]-_a-~]*"
"""ASCII without control characters, quotes, the backslash and #."""
_QUOTED: Final = r"(['\"])([ !#-&(-\[\]-_a-~]*)\2"
_LINE: Final = rf"{_REMARK}|(?:export )?([A-Za-z_][A-Za-z0-9_]*)=(?:{_QUOTED}(?:[ \t]+#[^\r]*)?|({_BARE}))[ \t]*"


def read_plain(text: str) -> dict[str, str] | None:
    """Return the variables of a plain file, or None where any line is not plain; a later one of a name wins."""
    if any(char in text for char in _STRANGE):
        return None
    line = re.compile(_LINE)
    variables: dict[str, str] = {}
    for content in text.split("\n"):
        found = line.fullmatch(content.removesuffix("\r"))
        if found is None:
            return None
        name, quote, quoted, bare = found.groups()
        if name is not None:
            variables[name] = quoted if quote else bare.strip(" ")
    return variables


def read_twice(text: str) -> tuple[Mapping[str, str], Mapping[str, str | None]]:
    """Return what npm dotenv makes of `text`, and what python-dotenv makes of it without interpolation."""
    plain = read_plain(text)
    if plain is not None:
        return plain, plain
    return _as_the_app_reads(text), {item.key: item.value for item in bindings(text) if item.key}


def _as_the_app_reads(text: str) -> Mapping[str, str]:
    plain = read_plain(text)
    if plain is not None:
        return plain
    from smtpwizard.targets.env.readers import parse  # most files are plain, and its patterns take 4 ms

    return parse(text)


def bindings(text: str) -> list[Binding]:
    """Return python-dotenv's own reading of `text`, line ends as they are."""
    from dotenv.parser import parse_stream

    return list(parse_stream(io.StringIO(text, newline="")))


class EnvProblem(NamedTuple):
    """A line that some reader cannot read."""

    line: int
    """Counted from 1."""
    message: str
    """What is wrong, without the line's text."""


class EnvFile:
    """A `.env` file as it lies on disk. Its repr holds no value."""

    def __init__(self, path: Path, *, exists: bool, raw: bytes = b"") -> None:
        self.path = path
        self.exists = exists
        self.raw = raw

    def __repr__(self) -> str:
        return f"EnvFile({self.path!r}, exists={self.exists})"

    @cached_property
    def variables(self) -> Mapping[str, str]:
        """What the app's reader (npm dotenv) makes of the file; bytes that are not UTF-8 are U+FFFD."""
        text = decode(self.raw)
        return {key: _as_node_shows(value) for key, value in _as_the_app_reads(text).items()}

    @cached_property
    def disagreements(self) -> tuple[str, ...]:
        """Variables for which python-dotenv reads another value than the app's reader, or none. Names only."""
        app, python = read_twice(decode(self.raw))
        return tuple(sorted(key for key in app.keys() | python.keys() if app.get(key) != python.get(key)))

    @cached_property
    def problems(self) -> tuple[EnvProblem, ...]:
        """The lines that python-dotenv cannot read."""
        text = decode(self.raw)
        return tuple(
            EnvProblem(item.original.line + _blank_lines_before(item), "python-dotenv cannot read this line")
            for item in (() if read_plain(text) is not None else bindings(text))
            if item.error
        )


def read_env_file(path: Path) -> EnvFile:
    """Read `path`. A file that does not exist gives `exists=False`. FileError as `read_bytes`."""
    raw = read_bytes(path)
    return EnvFile(path, exists=raw is not None, raw=raw or b"")


def _blank_lines_before(item: Binding) -> int:
    text = item.original.string
    lead = text[: len(text) - len(text.lstrip())]
    return lead.replace("\r\n", "\n").replace("\r", "\n").count("\n")


def _as_node_shows(value: str) -> str:
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
