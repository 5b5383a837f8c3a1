"""Preset files: read with care, parsed, checked, and each mistake told with file, line and key.

A preset may come from anyone: a folder of the operator's, a link, a pipe, a file of any size. Reading never blocks and
never takes more than LIMIT bytes.
"""

from __future__ import annotations

import os
import re
import stat
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from smtpwizard.errors import FileError
from smtpwizard.preset_app import build_app, build_gateways
from smtpwizard.preset_build import build_provider
from smtpwizard.preset_schema import ConsumingApp, Provider
from smtpwizard.preset_table import Issue, Path_

T = TypeVar("T")

LIMIT: Final = 262_144
"""Bytes that a preset file may have at most; the largest of ours has 8,000."""

_WHERE: Final = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")


@dataclass(frozen=True, slots=True)
class PresetProblem:
    """What is wrong with a preset file, and where."""

    file: Path
    line: int
    """From 1; 0 where the file as a whole is meant."""
    key: str
    """The key as a path: `ports[1].tls`. Empty where no key is meant."""
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else str(self.file)
        return f"{place}: {self.key}: {self.message}" if self.key else f"{place}: {self.message}"

    def to_json(self) -> dict[str, Any]:
        """Return the contract's JSON object."""
        return {"file": str(self.file), "line": self.line, "key": self.key, "message": self.message}


class PresetFileError(FileError):
    """A preset file that cannot be used."""

    def __init__(self, problems: tuple[PresetProblem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems), "Broken preset")
        self.problems = problems


def load_provider(path: Path) -> Provider:
    """Read, parse and check one provider file. PresetFileError with every mistake in it."""
    return _load(path, lambda data: build_provider(data, path.stem))


def load_app(path: Path) -> ConsumingApp:
    """Read, parse and check one app file. PresetFileError with every mistake in it."""
    return _load(path, lambda data: build_app(data, path.stem))


def load_gateways(path: Path) -> tuple[str, ...]:
    """Read, parse and check the list of gateways. PresetFileError with every mistake in it."""
    return _load(path, build_gateways)


def _load(path: Path, build: Callable[[Mapping[str, Any]], tuple[T, list[Issue]]]) -> T:
    text = read_text(path)
    made, issues = build(parse(path, text))
    if issues:
        raise PresetFileError(located(path, text, issues))
    return made


def located(path: Path, text: str, issues: Iterable[Issue]) -> tuple[PresetProblem, ...]:
    """Turn issues into problems with lines, in the order of the file."""
    from smtpwizard.preset_lines import key_lines, line_of  # only where there is something to tell

    lines = key_lines(text)
    problems = [PresetProblem(path, line_of(lines, issue.path), _spelt(issue.path), issue.message) for issue in issues]
    return tuple(sorted(problems, key=lambda problem: problem.line))


def parse(path: Path, text: str) -> dict[str, Any]:
    """Parse `text`. PresetFileError with the line of the syntax error."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        where = _WHERE.search(message)
        line = int(where[1]) if where and where[1] else text.count("\n") + 1
        reason = _WHERE.sub("", message)
        raise PresetFileError((PresetProblem(path, line, "", f"is not TOML: {reason}"),)) from None
    except RecursionError:
        raise PresetFileError((PresetProblem(path, 0, "", "is nested too deep"),)) from None


def read_text(path: Path) -> str:
    """Return the text of a regular file of at most LIMIT bytes, in UTF-8. PresetFileError otherwise."""
    raw = read_bytes(path)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        message = f"is not UTF-8: byte {raw[error.start]:#04x}"
        raise PresetFileError((PresetProblem(path, line, "", message),)) from None


def read_bytes(path: Path) -> bytes:
    """Return the bytes of a regular file, links followed. PresetFileError for anything else; never blocks on a pipe."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    try:
        handle = os.open(path, flags)
    except OSError as error:
        raise _whole(path, _reason(path, error)) from None
    try:
        facts = os.fstat(handle)
        if not stat.S_ISREG(facts.st_mode):
            raise _whole(path, "is not a regular file")
        if facts.st_size > LIMIT:
            raise _whole(path, f"has {facts.st_size} bytes; a preset may have {LIMIT}")
        chunks = b""
        while len(chunks) <= LIMIT and (chunk := os.read(handle, LIMIT + 1 - len(chunks))):
            chunks += chunk
    except OSError as error:
        raise _whole(path, _reason(path, error)) from None
    finally:
        os.close(handle)
    if len(chunks) > LIMIT:
        raise _whole(path, f"has more than {LIMIT} bytes")
    return chunks


def _whole(path: Path, message: str) -> PresetFileError:
    return PresetFileError((PresetProblem(path, 0, "", message),))


def _reason(path: Path, error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "is a link to nothing" if path.is_symlink() else "does not exist"
    if isinstance(error, PermissionError):
        return "may not be read by this user"
    return f"cannot be read: {error.strerror or error}"


def _spelt(path: Path_) -> str:
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text
