"""What lies in a folder that settings could be written to: for the Save step's list. Lists names, opens no file."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from smtpwizard.outputs.git import GitState, git_state

COMPOSE_NAMES: Final = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
"""In the order in which docker compose looks for them."""

_NOT_TARGETS: Final = (".example", ".sample", ".template", ".dist", ".bak", ".orig", ".swp", "~")
"""Endings of `.env.*` files that are patterns or leftovers: nothing reads them."""

_AT_MOST: Final = 20


class TargetKind(StrEnum):
    """What a target is."""

    ENV = "env"
    COMPOSE = "compose"


@dataclass(frozen=True, slots=True)
class TargetChoice:
    """One file that settings could go to."""

    kind: TargetKind
    path: Path
    exists: bool
    git: GitState
    detail: str
    """For the list: `exists, 14 lines, git ignores it`."""


def discover_targets(folder: Path) -> tuple[TargetChoice, ...]:
    """Return `.env` (whether it exists or not), the other `.env.*` files and the compose files of `folder`.

    A folder that cannot be read gives `.env` alone. Takes at most the deadline of git for each file.
    """
    try:
        names = sorted(entry.name for entry in os.scandir(folder) if entry.is_file())
    except OSError:
        names = []
    env = [".env", *(name for name in names if name.startswith(".env.") and not name.endswith(_NOT_TARGETS))]
    compose = [name for name in (*COMPOSE_NAMES, *_overrides()) if name in names]
    choices = [_choice(TargetKind.ENV, folder / name) for name in env[:_AT_MOST]]
    return (*choices, *(_choice(TargetKind.COMPOSE, folder / name) for name in compose))


def _overrides() -> tuple[str, ...]:
    return tuple(f"{Path(name).stem}.override{Path(name).suffix}" for name in COMPOSE_NAMES)


def _choice(kind: TargetKind, path: Path) -> TargetChoice:
    exists = path.exists()
    state = git_state(path)
    return TargetChoice(kind, path, exists, state, _detail(path, exists, state))


def _detail(path: Path, exists: bool, state: GitState) -> str:
    words = ["exists" if exists else "new file, mode 0600"]
    if exists and (lines := _line_count(path)) is not None:
        words.append(f"{lines} line{'' if lines == 1 else 's'}")
    if state.tracked:
        words.append("git tracks it")
    elif state.in_repository:
        words.append("git ignores it" if state.ignored else "git does not ignore it")
    return ", ".join(words)


def _line_count(path: Path) -> int | None:
    from smtpwizard.errors import FileError
    from smtpwizard.outputs.env_file import read_bytes

    try:
        raw = read_bytes(path)
    except FileError:
        return None
    return None if raw is None else len(raw.splitlines())
