"""`smtpwizard restore [NAME]`: the backups that were made before files were changed, listed; or one brought back."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Sequence

from smtpwizard.cli.output import emit, emit_json, say
from smtpwizard.errors import ExitCode, InputError
from smtpwizard.targets.apply import apply
from smtpwizard.targets.backups import Backup, backup_folder, list_backups, plan_restore
from smtpwizard.targets.change import Consent
from smtpwizard.text import safe


def run(args: argparse.Namespace) -> ExitCode:
    """List the backups, or restore `args.name` (`latest`: the newest). InputError for an unknown one; FileError."""
    found = list_backups()
    if args.name is None:
        return _list(found, as_json=args.json)
    backup = _named(args.name, found)
    change = plan_restore(backup)
    consents = [Consent.IN_PLACE] if args.in_place else []
    applied = None if args.dry_run or not change.changed else apply(change, consents)
    if args.json:
        kept = str(applied.backup) if applied and applied.backup else None
        answer = {"schema": 1, "target": str(backup.original), "changed": change.changed, "diff": change.diff}
        emit_json({**answer, "findings": [], "written": applied is not None, "backup": kept})
        return ExitCode.OK
    if change.diff:
        emit(change.diff.removesuffix("\n"))
    if not change.changed:
        say(f"{backup.original} is as in {backup.name} already. Nothing was written.")
    elif applied is None:
        say("Nothing was written (--dry-run).")
    else:
        say(f"{backup.original} is as it was on {backup.at:%Y-%m-%d %H:%M:%S} UTC, and was read back.")
        if applied.backup:
            say(f"What was there before: {applied.backup}")
    return ExitCode.OK


def _list(found: Sequence[Backup], *, as_json: bool) -> ExitCode:
    if as_json:
        emit_json({"schema": 1, "backups": [_row(item) for item in found]})
        return ExitCode.OK
    for item in found:
        emit(f"{item.name}\t{safe(str(item.original))}\t{item.size} bytes")
    if found:
        say("`smtpwizard restore NAME` brings one back; what is there then is kept as well.")
    else:
        say(f"There are no backups in {backup_folder()}.")
    return ExitCode.OK


def _row(item: Backup) -> dict[str, object]:
    return {"name": item.name, "original": str(item.original), "at": item.at.isoformat(), "size": item.size}


def _named(name: str, found: Sequence[Backup]) -> Backup:
    if name == "latest" and found:
        return found[0]
    for item in found:
        if item.name == name:
            return item
    near = difflib.get_close_matches(name, [item.name for item in found], 1)
    hint = f"Did you mean {near[0]}?" if near else "`smtpwizard restore` lists them."
    raise InputError(f"There is no backup {name!r}. {hint}", "Unknown backup")
