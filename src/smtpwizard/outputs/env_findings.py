"""What an operator should know about a `.env` file and the values that go into it, as findings. Reads no content.

Lines are told by number and never by text, readers by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from smtpwizard.findings import Finding, Severity
from smtpwizard.outputs.encodings import encode
from smtpwizard.outputs.env_merge import BOM, Placed
from smtpwizard.outputs.env_scan import Kind, Statement
from smtpwizard.outputs.git import GitState
from smtpwizard.outputs.paths import left_project, other_names
from smtpwizard.outputs.placement import Surroundings, line_obstacles
from smtpwizard.outputs.readers import Reader, name_list
from smtpwizard.secret import Secret

_LISTED = 5
"""Line numbers in one sentence at most."""


def reader_findings(placed: Iterable[Placed], readers: Sequence[Reader]) -> list[Finding]:
    """Return who would misread which variable and why, and where a part of a value would run as a command."""
    found: list[Finding] = []
    for item in placed:
        inexact = tuple(reader for reader in readers if reader in item.inexact_in)
        if inexact:
            found.append(Finding("readers-differ", Severity.WARNING, item.variable, _inexact(item.variable, inexact)))
        found.extend(_stumbling(item, readers))
        runs = [reader for reader in item.runs_command_in if reader in readers or reader is Reader.EXPAND_1000]
        if runs:
            message = (
                f"{name_list(runs)} would run a part of {item.variable} as a command, and no quoting prevents it. "
                "Make a new password of letters and digits."
            )
            found.append(Finding("value-runs-command", Severity.WARNING, item.variable, message))
        if item.duplicates:
            lines = line_list(item.duplicates)
            message = f"{item.variable} also stands on {lines}; the last one counts, and only that one is written."
            found.append(Finding("duplicate-variable", Severity.INFO, item.variable, message))
    return found


def value_findings(variables: Mapping[str, str | Secret], readers: Sequence[Reader]) -> list[Finding]:
    """Return the same for values alone, on fresh lines: a block to copy. InputError as `encode`."""
    placed = []
    for name, value in variables.items():
        encoded = encode(value.reveal() if isinstance(value, Secret) else value, readers)
        missed = tuple(reader for reader in Reader if reader not in encoded.read_by)
        placed.append(Placed(name, Surroundings(f"{name}="), missed, missed, encoded.runs_command_in))
    return reader_findings(placed, readers)


def _inexact(variable: str, readers: Sequence[Reader]) -> str:
    return (
        f"No way of writing {variable} is read alike by all: {name_list(readers)} would read something else. "
        "Ways out: leave it so if they do not read this file; put the value into the compose file (write --print "
        "compose-map); or make a new password of letters and digits."
    )


def _stumbling(item: Placed, readers: Sequence[Reader]) -> list[Finding]:
    sentences = []
    for affected, cause in line_obstacles(item.surroundings):
        names = [reader for reader in readers if reader in affected]
        if names:
            sentences.append(f"Because of {cause}, {name_list(names)} would not read {item.variable} right.")
    return [Finding("line-not-read-alike", Severity.INFO, item.variable, " ".join(sentences))] if sentences else []


def file_findings(name: str, raw: bytes, statements: Iterable[Statement], readers: Sequence[Reader]) -> list[Finding]:
    """Return what is wrong with the file as it is, for those of `readers` that mind."""
    items = tuple(statements)
    found: list[Finding] = []
    open_quotes = [item.line for item in items if not item.closed]
    garbage = [item.line for item in items if item.kind is Kind.GARBAGE]
    strict = [reader for reader in (Reader.COMPOSE, Reader.DOCKER_RUN) if reader in readers]
    if open_quotes:
        message = (
            f"{name}, {line_list(open_quotes)}: a quote opens and does not close. docker compose refuses the file."
        )
        found.append(Finding("env-quote-open", Severity.WARNING, None, message))
    if garbage and strict:
        message = f"{name}, {line_list(garbage)}: not an assignment. {name_list(strict)} would refuse the whole file."
        found.append(Finding("env-line-refused", Severity.WARNING, None, message))
    if raw.startswith(BOM) and (Reader.SHELL in readers or Reader.SYSTEMD in readers):
        message = f"{name} starts with a byte order mark: shells and systemd lose its first variable."
        found.append(Finding("env-byte-order-mark", Severity.INFO, None, message))
    if b"\r" in raw and Reader.SHELL in readers:
        message = f"{name} has Windows line ends, which stay: a shell would take them for a part of every value."
        found.append(Finding("env-windows-line-ends", Severity.INFO, None, message))
    if not _is_utf8(raw):
        message = f"{name} holds bytes that are not UTF-8: they stay as they are, but systemd would refuse the file."
        found.append(Finding("env-not-utf8", Severity.INFO, None, message))
    return found


def link_findings(path: Path, real: Path) -> list[Finding]:
    """Return that the file is reached through a link, and that it has other names, where that is so."""
    found: list[Finding] = []
    project = left_project(path, real)
    how = f"is a link to {real}" if path.is_symlink() else f"lies behind a link, at {real}"
    if project is not None:
        message = (
            f"{path.name} {how}, outside {project}, where it may belong to something else. It is written only with "
            "your word (--follow-link); the link stays."
        )
        found.append(Finding("target-link-leaves-folder", Severity.WARNING, None, message))
    elif path.is_symlink():
        message = f"{path.name} {how}. That file is changed; the link stays."
        found.append(Finding("target-is-link", Severity.INFO, None, message))
    names = other_names(real)
    if names:
        message = (
            f"{path.name} has {names} other {'name' if names == 1 else 'names'} (hard links). The new file gets this "
            "name only; what is read under the others stays as it was."
        )
        found.append(Finding("hard-links", Severity.WARNING, None, message))
    return found


def exposure_findings(name: str, state: GitState, mode: int, *, secret: bool, exists: bool) -> list[Finding]:
    """Return who else could read the secret: git's history, and other users of the machine."""
    found: list[Finding] = []
    if secret and state.tracked:
        message = (
            f"git tracks {name}: the password would go into the history with the next commit. Take it out of git "
            f"(git rm --cached {name}) and add it to .gitignore, or write to another file."
        )
        found.append(Finding("git-tracks-file", Severity.WARNING, "SMTP_PASSWORD", message))
    elif secret and state.in_repository and not state.ignored:
        message = f"No ignore rule covers {name}, so git would add the password. Add the line {name} to .gitignore."
        found.append(Finding("git-does-not-ignore", Severity.WARNING, "SMTP_PASSWORD", message))
    if secret and exists and mode & 0o077:
        message = (
            f"{name} has mode {mode:04o}, so other users of this machine may read the password. The mode stays; "
            f"chmod 600 {name} closes it, if no other user must read the file."
        )
        found.append(Finding("file-open-to-others", Severity.WARNING, "SMTP_PASSWORD", message))
    return found


def line_list(lines: Iterable[int]) -> str:
    """Return `line 4` or `lines 4, 9 and 12`."""
    numbers = [str(line) for line in lines]
    if len(numbers) == 1:
        return f"line {numbers[0]}"
    if len(numbers) > _LISTED:
        return f"lines {', '.join(numbers[:_LISTED])} and {len(numbers) - _LISTED} more"
    return f"lines {', '.join(numbers[:-1])} and {numbers[-1]}"


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
