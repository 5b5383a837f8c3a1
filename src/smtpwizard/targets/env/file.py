"""Reading a `.env` file: through python-dotenv, and shown as the app's own reader (npm dotenv) would read it.

The only module that imports dotenv, and only for a file that could be read in more than one way. Writes nothing and
prints nothing; problems are told by line number, never by text, because any line may hold a secret.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from smtpwizard.errors import FileError
from smtpwizard.targets.files import refuse_special

if TYPE_CHECKING:
    from dotenv.parser import Binding as Binding


_STRANGE: Final = "\0\x0b\x0c\x1c\x1d\x1e\x1f\x7f\x85\u2028\u2029"
"""What some reader takes for a line end or a blank, and others do not."""
_REMARK: Final = r"[ \t]*(?:#[^\r]*)?"
_BARE: Final = r"[ !$-&(-\[\]-_a-~]*"
"""ASCII without control characters, quotes, the backslash and #."""
_QUOTED: Final = r"(['\"])([ !#-&(-\[\]-_a-~]*)\2"
_LINE: Final = rf"{_REMARK}|(?:export )?([A-Za-z_][A-Za-z0-9_]*)=(?:{_QUOTED}|({_BARE}))[ \t]*"


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


LIMIT: Final = 1024 * 1024
"""Bytes of the largest file that is read: 10,000 lines take about half of it."""

BOM: Final = b"\xef\xbb\xbf"


class EnvProblem(NamedTuple):
    """A line that some reader cannot read."""

    line: int
    """Counted from 1."""
    message: str
    """What is wrong, without the line's text."""


class EnvFile(NamedTuple):
    """A `.env` file as it lies on disk. Its repr holds no value."""

    path: Path
    exists: bool
    raw: bytes = b""
    variables: Mapping[str, str] = MappingProxyType({})
    """What the app's reader makes of the file: npm dotenv, nothing expanded; bytes that are not UTF-8 are U+FFFD."""
    disagreements: tuple[str, ...] = ()
    """Variables for which python-dotenv reads another value than the app's reader, or none. Names only."""
    problems: tuple[EnvProblem, ...] = ()

    def __repr__(self) -> str:
        return f"EnvFile({str(self.path)!r}, {len(self.raw)} octets, variables: {', '.join(self.variables)})"


def read_env_file(path: Path) -> EnvFile:
    """Read `path`. A file that does not exist gives `exists=False`; bytes that are not UTF-8 are no error.

    FileError for a folder, a FIFO or device, a file without read permission or above LIMIT.
    """
    raw = read_bytes(path)
    if raw is None:
        return EnvFile(path, exists=False)
    text = decode(raw)
    plain = read_plain(text)
    if plain is not None:
        return EnvFile(path, exists=True, raw=raw, variables=plain)
    from smtpwizard.targets.env import readers as npm_dotenv

    seen = npm_dotenv.parse(text)
    found = bindings(text)
    other = {item.key: item.value for item in found if item.key and not item.error}
    return EnvFile(
        path=path,
        exists=True,
        raw=raw,
        variables={key: _as_node_shows(value) for key, value in seen.items()},
        disagreements=tuple(sorted(key for key in seen.keys() | other.keys() if seen.get(key) != other.get(key))),
        problems=tuple(
            EnvProblem(item.original.line + _blank_lines_before(item), "python-dotenv cannot read this line")
            for item in found
            if item.error
        ),
    )


def read_bytes(path: Path) -> bytes | None:
    """Return the content of a regular file, or None where nothing exists at `path`. FileError as `read_env_file`."""
    try:
        # O_NONBLOCK: opening a FIFO that nobody writes to would wait for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except NotADirectoryError as error:
        raise FileError(
            f"{path}: a part of this path is a file, not a folder. Check the path.", "No such folder"
        ) from error
    except PermissionError as error:
        raise FileError(
            f"{path} cannot be read: permission denied. Run as its owner, or give this user read permission.",
            "File not readable",
        ) from error
    except OSError as error:
        raise FileError(f"{path} cannot be opened: {error.strerror}.", "File not readable") from error
    try:
        refuse_special(path, os.fstat(descriptor).st_mode)  # before fdopen, which raises for a folder
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            raw = file.read(LIMIT + 1)
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error.strerror}.", "File not readable") from error
    finally:
        os.close(descriptor)
    if len(raw) > LIMIT:
        raise FileError(
            f"{path} is larger than {LIMIT // 1024} KiB, the most that is read of a settings file. Check the path.",
            "File too large",
        )
    return raw


def decode(raw: bytes) -> str:
    """Return the text of a file without its BOM; bytes that are not UTF-8 become surrogates and survive `encode`."""
    return raw.removeprefix(BOM).decode("utf-8", "surrogateescape")


def read_app_variables(path: Path) -> dict[str, str]:
    """Return only what the app's reader makes of `path`; empty where nothing exists there. FileError as above."""
    raw = read_bytes(path)
    from smtpwizard.targets.env import readers as npm_dotenv

    found = npm_dotenv.parse(decode(raw)) if raw else {}
    return {key: _as_node_shows(value) for key, value in found.items()}


def bindings(text: str) -> list[Binding]:
    """Return python-dotenv's own reading of `text`, line ends as they are."""
    from dotenv.parser import parse_stream

    return list(parse_stream(io.StringIO(text, newline="")))


def unnumbered_bindings(text: str) -> Iterator[Binding]:
    """Yield the same one by one, every line number 0: counting lines is half of what python-dotenv's parser does."""
    from dotenv.parser import Error as NoMatch
    from dotenv.parser import Original, Reader, parse_binding

    text = text.removeprefix("\ufeff")  # as its own reader does

    class Unnumbered(Reader):
        def __init__(self) -> None:
            self.string, self.at, self.from_here = text, 0, 0

        def has_next(self) -> bool:
            return self.at < len(text)

        def set_mark(self) -> None:
            self.from_here = self.at

        def get_marked(self) -> Original:
            return Original(text[self.from_here : self.at], 0)

        def peek(self, count: int) -> str:
            return text[self.at : self.at + count]

        def read_regex(self, regex: re.Pattern[str]) -> Sequence[str]:
            found = regex.match(text, self.at)
            if found is None:
                raise NoMatch("no match")
            self.at = found.end()
            return found.groups()

    reader = Unnumbered()
    while reader.has_next():
        yield parse_binding(reader)


def _blank_lines_before(item: Binding) -> int:
    text = item.original.string
    lead = text[: len(text) - len(text.lstrip())]
    return lead.replace("\r\n", "\n").replace("\r", "\n").count("\n")


def _as_node_shows(value: str) -> str:
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
