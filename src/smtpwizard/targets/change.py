"""A planned change of one file: what it was, what it will be, and everything an operator should know before agreeing.

Planning reads and compares; only `apply` writes. Neither the repr nor the diff holds a secret.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from smtpwizard.errors import FileError
from smtpwizard.problems import Problem
from smtpwizard.secret import Secret
from smtpwizard.settings import FIELDS, LEGACY, Settings


class Conflict(FileError):
    """The file changed between the plan and the replacement. Plan again: `Change.replan()`."""


class InPlaceRequired(FileError):
    """The file cannot be replaced, only overwritten where it is. Ask, then `apply(change, in_place=True)`."""


class LeavesProject(FileError):
    """The file is reached through a link that leads out of the project. Ask, then `apply(change, follow_link=True)`."""


@dataclass(frozen=True, slots=True)
class Change:
    """A plan, ready to be shown and applied. Made by `plan_env_file` and its like."""

    path: Path
    """As the operator gave it."""
    real_path: Path
    """With symbolic links resolved: the file that is written."""
    before: bytes | None = field(repr=False)
    """None where the file does not exist yet."""
    after: bytes = field(repr=False)
    diff: str = field(repr=False)
    """Unified, secrets masked; empty where nothing changes."""
    lines_changed: int
    lines_kept: int
    mode: int
    """Permission bits that the file will have: its own, or 0600 for a new one."""
    findings: tuple[Problem, ...]
    notes: tuple[str, ...]
    """Sentences for the Save step: what is kept, who reads it alike, where the backup goes."""
    backup_name: str = ""
    """File name of the backup, in the state folder; empty where there is nothing to back up."""
    replan: Callable[[], Change] | None = field(default=None, repr=False, compare=False)
    """Makes the plan again from the file as it is now, with the same values."""
    check: Callable[[bytes], tuple[str, ...]] | None = field(default=None, repr=False, compare=False)
    """Reads the written bytes back by the readers' rules; returns the variables that are not as planned."""

    @property
    def changed(self) -> bool:
        """Whether there is anything to write."""
        return (self.before or b"") != self.after

    @property
    def through_link(self) -> bool:
        """Whether `path` is, or lies behind, a symbolic link."""
        return self.path.absolute() != self.real_path


@dataclass(frozen=True, slots=True)
class Applied:
    """What `apply` did."""

    path: Path
    """The file that was written."""
    backup: Path | None
    changed: bool
    """False where there was nothing to write; then nothing was touched."""
    verified: bool
    """The file was read back: its bytes are the planned ones, and its readers' rules give the planned values."""
    in_place: bool = False
    notes: tuple[str, ...] = ()


def counted(changed: int, kept: int) -> str:
    """Return how much changes: `6 lines change, 11 stay`."""
    lines = "1 line changes" if changed == 1 else f"{changed} lines change"
    return f"{lines}, {kept} stay" if kept else lines


def backup_name(path: Path, at: datetime) -> str:
    """Return `2026-11-22-071733.env` for `.env`: sorted by time, and the original name still to be seen."""
    return f"{at:%Y-%m-%d-%H%M%S}.{path.name.lstrip('.') or 'file'}"


Changes = dict[str, str | Secret | None]


def wanted_changes(settings: Settings, original: Settings | None, present: Mapping[str, object]) -> Changes:
    """Return what to do to a file that holds the variables `present` so that the app gets `settings`.

    Every value that is set is written. A variable of the server (SMTP_*) that the file has and the settings have not is
    taken out, since the app would go on reading it; so is an old name that was repaired. ADMIN_WEB_URL is no part of
    the server: it is taken out only where the operator removed it from the `original`.
    """
    changes: Changes = dict(settings.to_variables())
    for variable in FIELDS:
        if variable in changes or variable not in present:
            continue
        if variable != "ADMIN_WEB_URL" or (original is not None and original.get(variable) is not None):
            changes[variable] = None
    kept = {name for name, _ in settings.legacy}
    repaired = {name for name, _ in original.legacy} - kept if original is not None else set()
    return changes | {name: None for name in LEGACY if name in repaired and name in present}
