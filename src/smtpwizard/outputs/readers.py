"""The programs that read `.env` files, as a closed set: their names, their order of weight, and who reads a text how.

The rules of each are in `reader_models`. Must not know files or front ends.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Final

from smtpwizard.errors import InputError
from smtpwizard.outputs import reader_models


class Reader(StrEnum):
    """A program, or several that read alike. The value is its name in `--readers`."""

    COMPOSE = "compose"
    """Docker compose v2 and later: `.env` beside the compose file, and `env_file:`."""
    NPM = "npm"
    """Npm dotenv 16–18: what the app itself uses for its own `.env`."""
    PYTHON = "python-dotenv"
    SHELL = "shell"
    """POSIX shells that source the file: bash, dash."""
    SYSTEMD = "systemd"
    """`EnvironmentFile=` of a unit."""
    NODE = "node"
    """`node --env-file`."""
    DOCKER_RUN = "docker-run"
    """`docker run --env-file`, podman, and compose's `format: raw`: no quoting at all."""
    EXPAND = "dotenv-expand"
    """Dotenv-expand up to 13 on top of npm dotenv."""
    EXPAND_1000 = "dotenv-expand-1000"
    """Dotenv-expand 1000, which runs commands found in values."""
    PYTHON_PLAIN = "python-dotenv-plain"
    """Python-dotenv with `interpolate=False`."""

    @property
    def label(self) -> str:
        """The name in a sentence."""
        return _LABELS[self]


_LABELS: Final[Mapping[Reader, str]] = {
    Reader.COMPOSE: "docker compose",
    Reader.NPM: "npm dotenv",
    Reader.PYTHON: "python-dotenv",
    Reader.SHELL: "shells",
    Reader.SYSTEMD: "systemd",
    Reader.NODE: "node --env-file",
    Reader.DOCKER_RUN: "docker run",
    Reader.EXPAND: "dotenv-expand",
    Reader.EXPAND_1000: "dotenv-expand 1000",
    Reader.PYTHON_PLAIN: "python-dotenv without interpolation",
}

MODELS: Final[Mapping[Reader, Callable[[str], str | None]]] = {
    Reader.COMPOSE: reader_models.compose,
    Reader.NPM: reader_models.npm,
    Reader.PYTHON: reader_models.python_dotenv,
    Reader.SHELL: reader_models.shell,
    Reader.SYSTEMD: reader_models.systemd,
    Reader.NODE: reader_models.node,
    Reader.DOCKER_RUN: reader_models.line,
    Reader.EXPAND: reader_models.dotenv_expand,
    Reader.EXPAND_1000: reader_models.dotenv_expand_1000,
    Reader.PYTHON_PLAIN: reader_models.python_dotenv_plain,
}

DEFAULT_READERS: Final = (Reader.COMPOSE, Reader.NPM, Reader.PYTHON, Reader.SHELL, Reader.SYSTEMD)
"""Who is assumed to read a `.env`, weightiest first."""


def read(reader: Reader, text: str) -> str | None:
    """Return what `reader` makes of `text`, the part of a line after `KEY=`; None where that cannot be promised."""
    return MODELS[reader](text)


def reading_alike(text: str, value: str) -> tuple[Reader, ...]:
    """Return the readers that read exactly `value` in `text`."""
    return tuple(reader for reader, model in MODELS.items() if model(text) == value)


def running_commands(text: str) -> tuple[Reader, ...]:
    """Return the readers in which part of `text` would run as a command."""
    found = []
    if _runs_in_shell(text):
        found.append(Reader.SHELL)
    if "$(" in text:
        found.append(Reader.EXPAND_1000)
    return tuple(found)


def parse_readers(text: str) -> tuple[Reader, ...]:
    """Read a list such as `compose,npm`: the order is the weight. InputError for an unknown name or an empty list."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    known = {reader.value for reader in Reader}
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        wrong = f"{unknown[0]!r} is no reader that is known here. " if unknown else ""
        raise InputError(f"{wrong}Give one or more of: {', '.join(sorted(known))}.", "Unknown reader")
    return tuple(dict.fromkeys(Reader(name) for name in names))


def name_list(readers: Iterable[Reader]) -> str:
    """Return `docker compose, npm dotenv and shells`."""
    labels = [reader.label for reader in readers]
    return labels[0] if len(labels) == 1 else f"{', '.join(labels[:-1])} and {labels[-1]}" if labels else "none"


def _runs_in_shell(text: str) -> bool:
    """Say whether a sourcing shell would run something: a substitution, or words after an unquoted value."""
    outside = re.sub(r"'[^']*'", "", re.sub(r"\\.", "", text)) if text[:1] != '"' else re.sub(r"\\.", "", text)
    if "`" in outside or "$(" in outside:
        return True
    bare = re.sub(r'"[^"]*"', '""', outside)
    return bool(re.search(r"[;&|]|<\(|>\(|\s+[^\s#]", bare.strip()))
