"""Preset files parsed, checked, and each mistake told with file, line and key. Reading them is `preset_read`'s work."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

from smtpwizard.preset_app import build_app, build_gateways
from smtpwizard.preset_build import build_provider
from smtpwizard.preset_read import PresetFileError, PresetProblem, read_bytes
from smtpwizard.preset_schema import ConsumingApp, Provider
from smtpwizard.preset_table import Issue, Path_

T = TypeVar("T")

_WHERE: Final = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")


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


def _spelt(path: Path_) -> str:
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text
