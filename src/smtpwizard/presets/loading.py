"""One preset file read and checked. How a file is read: `presets.toml`."""

from __future__ import annotations

from pathlib import Path
from typing import Final, TypeVar

from smtpwizard.presets.files import PresetFileError
from smtpwizard.presets.schema import Gateways, Provider
from smtpwizard.presets.toml import Issue, inspect, load, located, read_text
from smtpwizard.presets.values import shown

T = TypeVar("T")

RESERVED_IDS: Final = frozenset({"custom"})
"""Made in code; no file may take it."""


def load_provider(path: Path) -> Provider:
    """Read and check one provider file. PresetFileError with every mistake in it."""
    return own_file(Provider, path)


def load_gateways(path: Path) -> tuple[str, ...]:
    """Read and check the list of gateways. PresetFileError with every mistake in it."""
    return load(Gateways, path).suffixes


def own_file(cls: type[T], path: Path) -> T:
    """Read a file that is named after its id."""
    made, problems = inspect(cls, path)
    own = getattr(made, "id", path.stem)
    if own != path.stem or own in RESERVED_IDS:
        message = f"must be the file's name, {path.stem}, not {shown(own)}"
        if own in RESERVED_IDS:
            message = f"{own} is built in and cannot be replaced"
        problems += located(path, read_text(path), [Issue(("id",), message)])
    if problems:
        raise PresetFileError(tuple(sorted(problems, key=lambda problem: problem.line)))
    return made
