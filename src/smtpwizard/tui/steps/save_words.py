"""The sentences at the foot of the Save step. Pure; must not import textual."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from smtpwizard.errors import SmtpWizardError
from smtpwizard.findings import Finding, Severity
from smtpwizard.outputs.change import counted
from smtpwizard.tui.state import Target
from smtpwizard.tui.steps.save_plan import next_command
from smtpwizard.tui.steps.test_lines import Mark

if TYPE_CHECKING:
    from smtpwizard.outputs import Applied, Change, Note

_PRACTICE: Final = (
    "These are practice settings: the app in its container does not reach this server, and it stops with the wizard."
)

Sentence = tuple[Mark | None, str]
"""A sentence with its mark; None for a plain fact, which is shown muted."""

_MARKS: Final = {Severity.ERROR: Mark.FAILED, Severity.WARNING: Mark.WARNING, Severity.INFO: None}


def planned(changes: Sequence[Change], *, reference: bool = False) -> list[Sentence]:
    """Return what is to be known before the changes are made: the facts first, then what was found.

    `reference`: a compose file gets a reference to the password.
    """
    several = len(changes) > 1
    facts = [sentence for change in changes for sentence in _facts(change, several=several)]
    if reference:
        facts.insert(0, (None, f"The password goes into .env alone; {changes[-1].path.name} refers to it."))
    unique = {item.id + item.message: item for change in changes for item in change.findings}
    return [*facts, *_findings(unique.values())]


def _facts(change: Change, *, several: bool) -> list[Sentence]:
    name = change.path.name
    if not change.changed:
        return [(None, f"Nothing changes: {name} holds these values already.")]
    count = change.lines_changed
    first = f"A new file of {count} lines." if change.before is None else f"{counted(count, change.lines_kept)}."
    kept = f"Backup: {change.backup_name} in the state folder. " if change.backup_name else ""
    link = f" {name} is a link: {change.real_path} is written." if change.through_link else ""
    said = " ".join([first, *change.notes])
    if several:
        return [(None, f"{name}: {said} {kept}Mode {change.mode:04o}.{link}")]
    return [(None, said), (None, f"{kept}Mode {change.mode:04o}.{link}")]


def written(
    done: Sequence[tuple[Change, Applied]], notes: Sequence[Note], service: str, *, practice: bool
) -> list[Sentence]:
    """Return what was done, and what makes the app see it; for the practice server, that the app never can."""
    sentences: list[Sentence] = []
    for change, applied in done:
        proof = "read back and compared" if applied.verified else "not read back"
        words = (
            f"{change.path.name} written, {proof}." if applied.changed else f"{change.path.name} was as it should be."
        )
        backup = f"The file as it was: {_short(applied.backup)}" if applied.backup else ""
        sentences.append((Mark.OK if applied.verified or not applied.changed else Mark.WARNING, words))
        sentences += [(None, note) for note in (backup, *applied.notes) if note]
    if practice:
        return [*sentences, (Mark.WARNING, _PRACTICE)]
    return [*sentences, *(_note(note, service) for note in notes)]


def _note(note: Note, service: str) -> Sentence:
    if note.command:
        return Mark.RUNNING, f"Next: {note.command}   (restart keeps the old values)"
    if note.id == "start-anew":
        return Mark.RUNNING, f"{note.message} Under docker compose: {next_command(service)}"
    return Mark.WARNING, note.message


def undecided(error: SmtpWizardError, override: str, env_files: Sequence[Path]) -> list[Sentence]:
    """Return why a person must choose, and the ways out that there are here."""
    ways: list[Sentence] = [(None, f"Enter shows the same as {override}; the compose file stays as it is.")]
    if env_files:
        name = env_files[-1].name
        ways.append((None, f"F6 takes {name} instead, which the service reads through env_file."))
    return [(Mark.FAILED, told(error)), *ways]


def block_words(target: Target, service: str, *, taken: bool) -> list[Sentence]:
    """Return where the lines of a block go, and how they leave the screen."""
    if target.style == "env":
        where = f"Put them into the .env file that the {service} container reads."
    else:
        where = f"Put them under services: {service}: environment: in the compose file."
    out: Sentence = (
        (Mark.OK, "The block is printed, with the password, when the wizard is left.")
        if taken
        else (None, "Enter has it printed, with the password, when the wizard is left. Ctrl+Y copies it now.")
    )
    return [(None, where), out, _next(service)]


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
