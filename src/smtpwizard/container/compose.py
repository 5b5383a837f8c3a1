"""docker compose as a command to run: the words of it, for a process and for a person to copy. Runs nothing."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from smtpwizard.errors import InputError
from smtpwizard.text import safe

PLUGIN: Final = ("docker", "compose")
STANDALONE: Final = ("docker-compose",)
"""Compose before it was a plugin, and still packaged so by some distributions."""

_SERVICE: Final = r"[A-Za-z0-9._][A-Za-z0-9._-]*"
"""Compose's own rule for names of services, less a leading dash: that would be a flag."""
_DURATION: Final = r"(?:\d{1,9}(?:\.\d{1,9})?(?:h|ms|us|ns|m|s))+"
_DATE: Final = r"\d{4}-\d\d-\d\d(?:T\d\d(?::\d\d(?::\d\d(?:\.\d{1,9})?)?)?)?(?:Z|[+-]\d\d:\d\d)?|\d{9,12}(?:\.\d{1,9})?"


class Compose(NamedTuple):
    """Which project docker compose is asked about, and from where."""

    file: Path | None
    """For `-f`; None where compose finds its files by itself."""
    cwd: Path

    def words(self, *words: str, program: Sequence[str] = PLUGIN) -> list[str]:
        """Return the argument list: `docker compose -f FILE WORDS…`."""
        return [*program, *(("-f", str(self.file)) if self.file else ()), *words]

    def shown(self, *words: str) -> str:
        """Return the command as a person copies it into a shell."""
        return safe(" ".join(shlex.quote(word) for word in self.words(*words)))


def logs_words(service: str, since: str, *, follow: bool = False) -> list[str]:
    """Return what follows `docker compose`: the service's log, a time on each line, no container's name."""
    flags = ["--no-color", "--no-log-prefix", "--timestamps", f"--since={since}"]
    return ["logs", *flags, *(["--follow"] if follow else []), checked_service(service)]


def exec_words(service: str, *command: str) -> list[str]:
    """Return what follows `docker compose`: a command in the service's running container, without a terminal."""
    return ["exec", "-T", checked_service(service), *command]


def checked_service(name: str) -> str:
    """Return `name` if a service can be called that. InputError otherwise."""
    if not re.fullmatch(_SERVICE, name) or len(name) > 255:
        raise InputError(f"{safe(name, limit=60)!r} is no name of a compose service, such as api.", "Service")
    return name


def checked_since(text: str) -> str:
    """Return `text` if docker takes it for `--since`. InputError otherwise."""
    if re.fullmatch(rf"{_DURATION}|{_DATE}", text):
        return text
    raise InputError(
        f"--since wants a time as docker takes it, such as 10m, 24h or 2026-11-25T17:00:00, and not "
        f"{safe(text, limit=40)!r}.",
        "Time",
    )


def programs() -> list[tuple[str, ...]]:
    """Return the ways to run compose that PATH offers, the better one first; the plugin may still be missing."""
    return [words for words in (PLUGIN, STANDALONE) if shutil.which(words[0])]


def environment() -> dict[str, str]:
    """Return this process's environment with docker's advertisements and colours off."""
    return {**os.environ, "DOCKER_CLI_HINTS": "false", "COMPOSE_ANSI": "never", "COMPOSE_PROGRESS": "quiet"}
