"""Whether git tracks or ignores a file. Asks the git program, with a deadline; no git, no answer, no error.

Never runs what a repository's own configuration may name, and never changes anything: ignore rules are offered only.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from smtpwizard.outputs.paths import repository_of

DEADLINE: Final = 2.0
"""Seconds for each question: a repository on a hanging network mount must not hang the Save step."""


@dataclass(frozen=True, slots=True)
class GitState:
    """What git says about one path."""

    tracked: bool = False
    ignored: bool = False
    """An ignore rule covers it. Always False for a tracked file, which ignore rules do not concern."""
    in_repository: bool = False
    """False also where git is missing or did not answer in time."""


def git_state(path: Path) -> GitState:
    """Ask git about `path`, links resolved. Takes at most 2 × DEADLINE seconds; never raises."""
    real = Path(os.path.realpath(path))
    if not repository_of(real.parent):
        return GitState()
    listed = _git(real, "ls-files", "--error-unmatch")
    if listed == 0:
        return GitState(tracked=True, in_repository=True)
    ignored = _git(real, "check-ignore", "-q") if listed == 1 else None
    if ignored not in (0, 1):
        return GitState()  # 128: refused or no repository after all; None: no git, or too slow
    return GitState(ignored=ignored == 0, in_repository=True)


def _git(path: Path, *command: str) -> int | None:
    # core.fsmonitor may name a program in a foreign repository's configuration; ls-files would start it.
    line = ["git", "-c", "core.fsmonitor=false", "-C", str(path.parent), *command, "--", path.name]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    environment |= {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
    try:
        return subprocess.run(  # noqa: S603  # a fixed program; the path stands behind `--`
            line,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment,
            timeout=DEADLINE,
            check=False,
        ).returncode
    except (OSError, subprocess.SubprocessError):
        return None
