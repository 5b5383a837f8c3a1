"""The sentences and commands for after writing. Pure; decides nothing. Names from files are made safe here."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smtpwizard.text import safe


@dataclass(frozen=True, slots=True)
class Note:
    """One thing to know or do once the file is written."""

    id: str
    """Stable name in kebab-case, for scripts."""
    message: str
    """One or two sentences: fact, then what to do."""
    command: str = ""
    """The command to copy, where there is one."""

    def to_json(self) -> dict[str, Any]:
        """Return the object for `write --json`."""
        return {"id": self.id, "message": self.message, "command": self.command}


def recreate(services: Sequence[str], files: Sequence[Path]) -> Note:
    """Return the command that makes the containers anew; `files` only where compose would not find them by itself."""
    words = ["docker", "compose", *(word for file in files for word in ("-f", str(file))), "up", "-d", *services]
    command = safe(" ".join(shlex.quote(word) for word in words))
    one = len(services) == 1
    message = (
        f"Run {command}: it makes the {'container' if one else 'containers'} anew with these variables. docker compose "
        "restart is not enough; it keeps the old ones."
    )
    return Note("recreate", message, command)


def start_anew() -> Note:
    """Return what makes an app without compose see the file."""
    return Note("start-anew", "Start the app anew: it reads its variables once, at its start.")


def environment_wins(service: str, names: Iterable[str], file: str) -> Note:
    """Return that `environment:` of a compose file beats what was written."""
    message = (
        f"{safe(file)} sets {_listed(names)} under environment: of {safe(service)}, and that beats the file. Take it "
        f"out there, or write there: --compose {safe(file)}."
    )
    return Note("environment-wins", message)


def later_file_wins(service: str, names: Iterable[str], file: str) -> Note:
    """Return that an env file further down beats what was written."""
    message = (
        f"{safe(service)} reads {safe(file)} after this file, and it sets {_listed(names)} too: its values count. Take "
        "them out there, or write there."
    )
    return Note("later-file-wins", message)


def override_wins(service: str, names: Iterable[str], file: str) -> Note:
    """Return that the override file beats what was written to the compose file."""
    message = (
        f"{safe(file)} sets {_listed(names)} of {safe(service)} too, and compose reads it last: its values count. "
        "Take them out there, or write there (--override)."
    )
    return Note("override-wins", message)


def shell_wins(names: Sequence[str], *, compose: bool) -> Note:
    """Return that variables of this shell beat the file."""
    if compose:
        message = (
            f"{_listed(names)}: set in this shell, and docker compose prefers that to the .env file. Unset it before "
            "docker compose up."
        )
    else:
        message = f"{_listed(names)}: set in this shell, and an app started from it keeps that. Unset it before."
    return Note("shell-wins", message)


def not_seen(service: str, names: Sequence[str], file: str, compose_file: str) -> Note:
    """Return that the container does not get variables from the file, and how it would."""
    them = "the variable" if len(names) == 1 else "the variables"
    message = (
        f"The container of {safe(service)} does not get {_listed(names)} from {safe(file)}: in {safe(compose_file)} "
        f"{safe(service)} neither has the file under env_file: nor {them} as ${{…}} under environment:. Add one of "
        f"both, or write there: --compose {safe(compose_file)}."
    )
    return Note("not-seen", message)


def _listed(names: Iterable[str]) -> str:
    items = list(names)
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"
