"""The sentences at the foot of the Save step. Pure; must not import textual."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from smtpwizard.errors import SmtpWizardError
from smtpwizard.findings import Finding, Severity
from smtpwizard.tui.state import Target, TargetKind
from smtpwizard.tui.steps.save_plan import change_sentence, next_command
from smtpwizard.tui.steps.test_lines import Mark

if TYPE_CHECKING:
    from smtpwizard.outputs import Applied, Change

_PRACTICE: Final = (
    "These are practice settings: the app in its container does not reach this server, and it stops with the wizard."
)

Sentence = tuple[Mark | None, str]
"""A sentence with its mark; None for a plain fact, which is shown muted."""

_MARKS: Final = {Severity.ERROR: Mark.FAILED, Severity.WARNING: Mark.WARNING, Severity.INFO: None}


def planned(change: Change) -> list[Sentence]:
    """Return what is to be known before the change is made: the facts first, then what was found."""
    name = change.path.name
    if not change.changed:
        return [(None, f"Nothing changes: {name} holds these values already."), *_findings(change.findings)]
    new = change.before is None
    count = change.lines_changed
    first = f"A new file of {count} lines." if new else change_sentence(count, change.lines_kept)
    kept = f"Backup: {change.backup_name} in the state folder. " if change.backup_name else ""
    link = f" {name} is a link: {change.real_path} is written." if change.through_link else ""
    return [
        (None, " ".join([first, *change.notes])),
        (None, f"{kept}Mode {change.mode:04o}.{link}"),
        *_findings(change.findings),
    ]


def written(change: Change, applied: Applied, service: str, *, practice: bool) -> list[Sentence]:
    """Return what was done, and what makes the app see it; for the practice server, that the app never can."""
    proof = "read back and compared" if applied.verified else "not read back"
    done = f"{change.path.name} written, {proof}." if applied.changed else f"{change.path.name} was as it should be."
    backup = f"The file as it was: {_short(applied.backup)}" if applied.backup else ""
    return [
        (Mark.OK if applied.verified or not applied.changed else Mark.WARNING, done),
        *((None, note) for note in (backup, *applied.notes) if note),
        _next(service) if not practice else (Mark.WARNING, _PRACTICE),
    ]


def block_words(target: Target, service: str, *, taken: bool) -> list[Sentence]:
    """Return where the lines of a block go, and how they leave the screen."""
    if target.kind is TargetKind.COMPOSE:
        name = target.path.name if target.path else "the compose file"
        where = f"Put them under services: {target.service or service}: environment: in {name}."
    elif target.style == "env":
        where = f"Put them into the .env file that the {service} container reads."
    else:
        where = f"Put them under services: {service}: environment: in the compose file."
    out: Sentence = (
        (Mark.OK, "The block is printed, with the password, when the wizard is left.")
        if taken
        else (None, "Enter has it printed, with the password, when the wizard is left. Ctrl+Y copies it now.")
    )
    return [(None, where), out, _next(target.service or service)]


def _short(path: Path) -> str:
    """Return a path with the home folder as `~`, which a shell takes too."""
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)


def _next(service: str) -> Sentence:
    return Mark.RUNNING, f"Next: {next_command(service)}   (restart keeps the old values)"


def told(error: SmtpWizardError) -> str:
    """Return an error as one text: its title, then what to do."""
    return f"{error.title}: {error.message}" if error.title else error.message


def _findings(findings: Iterable[Finding]) -> list[Sentence]:
    order = list(_MARKS)
    return [(_MARKS[item.severity], item.message) for item in sorted(findings, key=lambda i: order.index(i.severity))]
