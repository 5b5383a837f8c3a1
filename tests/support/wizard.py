"""`smtpwizard` as a process of its own, in an environment of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from smtpwizard.report.lines import symbols
from smtpwizard.wizard.session import WizardState
from smtpwizard.wizard.summary import summary_lines
from support import program

WIZARD: Final = Path(sys.executable).with_name("smtpwizard")
"""The installed command, for a process that is told to end."""
_SECONDS: Final = 90.0


def wizard(folder: Path, *arguments: str, stdin: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the command in `folder`, which is its home, too; `variables` are added to PATH and a UTF-8 locale."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8", **variables}
    return program.run(arguments, cwd=folder, input=stdin, text=True, env=environment, timeout=_SECONDS)


def told(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """Return the one JSON object on stdout; AssertionError with stderr where there is none."""
    try:
        data: dict[str, Any] = json.loads(done.stdout)
    except ValueError as error:
        raise AssertionError(done.stderr or done.stdout) from error
    return data


def summary(state: WizardState, remedy: str = "") -> tuple[str, ...]:
    """Return what the wizard leaves in the scrollback."""
    return tuple(symbols(summary_lines(state, remedy)))
