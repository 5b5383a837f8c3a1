"""What an operator should know about a compose file and the values that go into it, as findings.

Only what is true for this file: each is found by looking at it, at the files it names, and at the environment.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from smtpwizard.errors import FileError
from smtpwizard.findings import Finding, Severity
from smtpwizard.outputs import npm_dotenv
from smtpwizard.outputs.compose_services import services
from smtpwizard.outputs.compose_tree import Node
from smtpwizard.outputs.env_file import decode, read_bytes
from smtpwizard.outputs.env_findings import exposure_findings, link_findings
from smtpwizard.outputs.git import git_state
from smtpwizard.outputs.ignoring import image_findings


def compose_findings(
    path: Path,
    real: Path,
    root: Node,
    service: str,
    values: Mapping[str, str | None],
    mode: int,
    *,
    inline: bool,
    exists: bool,
) -> tuple[Finding, ...]:
    """Return who else could read the secret, and what else has a say in the variables. `inline`: the secret goes in."""
    state = git_state(real)
    found = link_findings(path, real)
    if inline and state.tracked:
        message = (
            f"git tracks {path.name}: the password would go into the history with the next commit. Put a reference "
            "there and the password into .env (--secret reference)."
        )
        found.append(Finding("git-tracks-file", Severity.WARNING, "SMTP_PASSWORD", message))
    elif inline:
        found += exposure_findings(path.name, state, mode, secret=True, exists=exists)
    if inline:
        found += image_findings(real)
    for variable, value in values.items():
        if value is not None and f"${{{variable}" in value and variable in os.environ:
            message = (
                f"{variable} is set in this shell, and compose prefers that to the .env file. Unset it before "
                "docker compose up, or the container gets the shell's value."
            )
            found.append(Finding("shell-overrides-env", Severity.WARNING, variable, message))
    return (*found, *_env_file_findings(path, root, service, values))


def _env_file_findings(path: Path, root: Node, service: str, values: Mapping[str, str | None]) -> list[Finding]:
    named = next((item.env_files for item in services(root) if item.name == service), ())
    found: list[Finding] = []
    for name in named:
        try:
            raw = read_bytes(path.parent / name)
        except FileError:
            continue
        present = npm_dotenv.parse(decode(raw)) if raw else {}
        both = [variable for variable, value in values.items() if value is not None and variable in present]
        if both:
            message = (
                f"{', '.join(both)} also stand in {name}; environment: beats env_file:, so those lines count no more."
            )
            found.append(Finding("environment-beats-env-file", Severity.INFO, both[0], message))
    return found
