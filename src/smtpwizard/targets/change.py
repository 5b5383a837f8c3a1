"""A planned change of one file: what it was, what it will be, and everything an operator should know before agreeing.

Planning reads and compares; only `apply` writes. Neither the repr nor the diff holds a secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

from smtpwizard.apps.profile import Role
from smtpwizard.errors import FileError
from smtpwizard.problems import Problem
from smtpwizard.records import NamedTuple
from smtpwizard.secret import Secret
from smtpwizard.settings import Settings
from smtpwizard.targets.diff import MaskedDiff

Values = Mapping[str, str | Secret | None]
"""Variable → its new value, or None to take its lines out."""

PRIVATE: int = 0o600
"""Mode of a new file that may hold a secret."""


class Consent(StrEnum):
    """What is done only with the operator's word."""

    IN_PLACE = "in-place"
    """Overwrite a file where it is: a crash in the middle can leave a mixture."""
    FOLLOW_LINK = "follow-link"
    """Write through a link that leads out of the project."""
    SHARED = "shared"
    """Change a value that other services take too."""

    @property
    def action(self) -> str:
        """What is agreed to, as an imperative."""
        return _ACTIONS[self]


_ACTIONS: Final = {
    Consent.IN_PLACE: "Overwrite it in place",
    Consent.FOLLOW_LINK: "Write that file",
    Consent.SHARED: "Change it for all",
}


class ConsentRequired(FileError):
    """The file is written only with `consent`. The message is for a script, `question` for a person who can answer."""

    def __init__(self, consent: Consent, message: str, title: str, *, path: Path, question: str) -> None:
        super().__init__(message, title)
        self.consent = consent
        self.path = path
        """The file, as the operator gave it."""
        self.question = question


class Conflict(FileError):
    """The file changed between the plan and the replacement. Plan again."""


class Undecided(FileError):
    """A person must choose: the place to edit is shared, or comes from elsewhere. The message names what works."""

    env_files: tuple[Path, ...] = ()
    """The env files that the service reads, which could be written instead."""

    def __init__(self, message: str, title: str = "A choice is yours") -> None:
        super().__init__(message, title)


@dataclass(frozen=True, slots=True)
class Change:
    """A plan, ready to be shown and applied. Made by `plan_env_file`, `plan_compose` and the other planners."""

    path: Path
    """As the operator gave it."""
    real_path: Path
    """With symbolic links resolved: the file that is written."""
    before: bytes | None = field(repr=False)
    """None where the file does not exist yet."""
    after: bytes = field(repr=False)
    masked: MaskedDiff = field(repr=False)
    mode: int
    """Permission bits that the file will have."""
    findings: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
    """Sentences for the Save step, such as who reads the file alike."""
    asks: ConsentRequired | None = field(default=None, compare=False)
    """What is written only with the operator's word."""
    at: datetime = field(default_factory=datetime.now, compare=False)
    """When it was planned."""

    @property
    def diff(self) -> str:
        """Unified, secrets masked; empty where nothing changes."""
        return self.masked.text

    @property
    def backup_name(self) -> str:
        """`2026-11-22-071733.env` for `.env`: sorted by time; empty where there is nothing to back up."""
        if self.before is None or not self.changed:
            return ""
        return f"{self.at:%Y-%m-%d-%H%M%S}.{self.path.name.lstrip('.') or 'file'}"

    @property
    def changed(self) -> bool:
        """Whether there is anything to write."""
        return (self.before or b"") != self.after

    @property
    def through_link(self) -> bool:
        """Whether `path` is, or lies behind, a symbolic link."""
        return self.path.absolute() != self.real_path


class Applied(NamedTuple):
    """What `apply` did. The file was read back: its bytes are the planned ones, which its readers were asked for."""

    path: Path
    """The file that was written."""
    backup: Path | None
    changed: bool
    """False where there was nothing to write; then nothing was touched."""
    in_place: bool = False


def secrets_in(changes: Values) -> dict[str, Secret]:
    """Return the variables that get a secret; the password last, where the user name is the same token."""
    return {name: value for name, value in changes.items() if isinstance(value, Secret) and value}


def changes_for(settings: Settings, original: Settings | None, present: Mapping[str, object]) -> Values:
    """Return what to do to a file that holds the variables `present` so that the app gets `settings`.

    Every value that is set is written. A variable of the server that the file has and the settings have not is taken
    out, since the app would go on reading it; so is an old name that was repaired. The app's own address is no part of
    the server: it is taken out only where the operator removed it from the `original`.
    """
    changes: dict[str, str | Secret | None] = dict(settings.to_variables())
    url = settings.app.variable(Role.URL)
    for variable in (*settings.app.names, *settings.app.beside):
        if variable in changes or variable not in present:
            continue
        if variable != url or (original is not None and original.get(variable) is not None):
            changes[variable] = None
    kept = {name for name, _ in settings.old_names}
    repaired = {name for name, _ in original.old_names} - kept if original is not None else set()
    return changes | {name: None for name in settings.app.old if name in repaired and name in present}
