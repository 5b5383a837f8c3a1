"""`smtpwizard write`: the settings of a preset into a `.env` or compose file, or as a block on stdout.

Nothing is written when the app would refuse the result. Files are merged, never overwritten: `outputs` does the work.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import zip_longest
from typing import TYPE_CHECKING, Final

from smtpwizard.app import Origin, findings
from smtpwizard.commands.output import emit_json, say
from smtpwizard.commands.write_targets import WriteTarget, readers_of, target_of
from smtpwizard.commands.write_values import values_of
from smtpwizard.errors import ExitCode
from smtpwizard.findings import Finding, has_errors
from smtpwizard.outputs import Applied, Change, Conflict, apply, block
from smtpwizard.outputs.change import counted
from smtpwizard.outputs.env_findings import value_findings
from smtpwizard.preset_schema import Provider
from smtpwizard.presets import Presets
from smtpwizard.secret import Secret
from smtpwizard.settings import SECRET_VARIABLES, Settings

if TYPE_CHECKING:
    from smtpwizard.outputs.after_words import Note

_ATTEMPTS: Final = 5
"""Plans made when another program keeps changing the file, before giving up."""


def run(args: argparse.Namespace) -> ExitCode:
    """Write, show (`--dry-run`) or print. InputError, FileError as the parts raise them; CONFIG if the app refuses."""
    presets = Presets.open(*([args.presets] if args.presets else []))
    provider = presets.provider(args.preset)
    return _print(args, provider) if args.print_style else _write(args, provider, target_of(args, presets.app()))


def _write(args: argparse.Namespace, provider: Provider, target: WriteTarget) -> ExitCode:
    values = values_of(args, provider, have_password=bool(target.present.get("SMTP_PASSWORD")))
    found = _judged(values, target.present, provider, target.origin)
    if has_errors(found):
        return _refused(args, str(target.path), found)
    changes = target.plan(args, values)
    applied: list[Applied] = []
    notes: tuple[Note, ...] = ()
    if not args.dry_run:
        done = [_apply(change, args) for change in changes]
        changes, applied = tuple(change for change, _ in done), [result for _, result in done]
        notes = target.notes(args, values) if any(item.changed for item in applied) else ()
    everything = (*found, *(finding for change in changes for finding in change.findings))
    if args.json:
        backups = [str(item.backup) for item in applied if item.backup]
        extra = {"written": any(item.changed for item in applied), "backup": backups[-1] if backups else None}
        after = [note.to_json() for note in notes]
        emit_json({**_answer(str(target.path), everything, changes), **extra, "notes": after})
    else:
        _tell(changes, applied, everything)
        for note in notes:
            say(note.message)
    return ExitCode.OK


def _print(args: argparse.Namespace, provider: Provider) -> ExitCode:
    style = args.print_style
    values = values_of(args, provider, have_password=False)
    found = _judged(values, {}, provider, Origin.ENV_FILE if style == "env" else Origin.COMPOSE)
    if has_errors(found):
        return _refused(args, style, found)
    readers = readers_of(args)
    if style == "env":
        found = (*found, *value_findings(values, readers))
    text = block(values, style, readers=readers)
    if args.json:
        emit_json({**_answer(style, found), "block": text})
        return ExitCode.OK
    _tell_findings(found)
    if SECRET_VARIABLES & values.keys() and sys.stdout.isatty():
        say("The block below holds the password.")
    sys.stdout.write(text)
    return ExitCode.OK


def _judged(
    values: Mapping[str, str | Secret], present: Mapping[str, str], provider: Provider, origin: Origin
) -> tuple[Finding, ...]:
    """Return what the app would make of the target once `values` are in it."""
    settings = Settings.from_variables(present).with_changes(values)
    return findings(settings, provider=provider, origin=origin)


def _apply(change: Change, args: argparse.Namespace) -> tuple[Change, Applied]:
    """Apply, and merge anew where another program changed the file meanwhile: its change stays."""
    agreed = partial(
        apply,
        in_place=getattr(args, "in_place", False),
        follow_link=getattr(args, "follow_link", False),
    )
    for _ in range(_ATTEMPTS - 1):
        try:
            return change, agreed(change)
        except Conflict:
            if change.replan is None:
                raise
            change = change.replan()
    return change, agreed(change)


def _refused(args: argparse.Namespace, target: str, found: Sequence[Finding]) -> ExitCode:
    if args.json:
        emit_json({**_answer(target, found), "written": False})
    else:
        _tell_findings(found)
        say("Nothing was written: the app would not send mail with these settings.")
    return ExitCode.CONFIG


def _answer(target: str, found: Sequence[Finding], changes: Sequence[Change] = ()) -> dict[str, object]:
    return {
        "schema": 1,
        "target": target,
        "changed": any(change.changed for change in changes),
        "diff": "".join(change.diff for change in changes),
        "findings": [finding.to_json() for finding in found],
    }


def _tell(changes: Sequence[Change], applied: Sequence[Applied], found: Sequence[Finding]) -> None:
    for change in changes:
        sys.stdout.write(change.diff)
    sys.stdout.flush()
    _tell_findings(found)
    for change, result in zip_longest(changes, applied):
        for note in change.notes:
            say(note)
        counts = counted(change.lines_changed, change.lines_kept)
        if not change.changed:
            say(f"{change.path} holds these settings already. Nothing was written.")
        elif result is None:
            say(f"{change.path}: {counts}. Nothing was written (--dry-run).")
        else:
            say(f"{change.path} is written and was read back: {counts}. Mode {change.mode:04o}.")
            if result.backup:
                say(f"Backup: {result.backup}")


def _tell_findings(found: Sequence[Finding]) -> None:
    for finding in found:
        say(f"{finding.severity.value}: {finding.message}")
