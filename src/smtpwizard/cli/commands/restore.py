"""`smtpwizard restore [NAME]`: the backups that were made before files were changed, listed; or brought back."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from smtpwizard.apps.profile import AppProfile
from smtpwizard.cli.output import emit, emit_diff, emit_json, say
from smtpwizard.cli.source import app_of
from smtpwizard.errors import ExitCode, InputError
from smtpwizard.lint.check import secrets
from smtpwizard.presets.catalogue import Presets
from smtpwizard.secret import hide
from smtpwizard.settings import Settings
from smtpwizard.targets.apply import apply_all
from smtpwizard.targets.backups import Backup, backup_folder, list_backups, plan_restore, undescribed
from smtpwizard.targets.change import Applied, Change, Consent
from smtpwizard.targets.diff import variables_in
from smtpwizard.text import did_you_mean, safe

if TYPE_CHECKING:
    import argparse


def run(args: argparse.Namespace) -> ExitCode:
    """List the backups, or restore `args.name` (`latest`: the newest of this folder, with what its run changed too).

    InputError for an unknown one, and for one of another folder where nobody can be asked; FileError.
    """
    found = list_backups()
    here = _of_this_folder(found)
    lost = undescribed(found)
    if lost and args.name in (None, "latest", *(path.name for path in lost)) and not args.json:
        names = safe(", ".join(path.name for path in lost))
        say(
            f"Left out: {names} in {safe(str(lost[0].parent))}. What stands beside a copy and says where it belongs, "
            "NAME.about.json, is missing or cannot be read. Look into the copy, and copy it back by hand."
        )
    if args.name is None:
        return _list(found, here, lost, everything=args.all, as_json=args.json)
    chosen = _named(args.name, found, found if args.all else here)
    app, presets = app_of(args), Presets.open(args.presets)
    ours = {*(item.name for item in app.variables), *app.old}
    changes = [plan_restore(item, ours) for item in chosen]
    for change in changes:
        _hide_secrets(app, presets, change.before or b"", change.after)
    asked = not (args.json or args.dry_run or args.yes) and sys.stdin.isatty() and sys.stderr.isatty()
    if not (asked or args.dry_run or args.yes) and not any(item in here for item in chosen):
        raise InputError(
            f"{chosen[0].name} is a backup of {safe(str(chosen[0].original))}, not of a file in this folder. Run it "
            "there, or give --yes.",
            "Another folder",
        )
    if not args.json:
        for item in chosen:
            say(f"{safe(str(item.original))}: back to what it was on {item.at:%Y-%m-%d %H:%M:%S} UTC ({item.name})")
        for change in changes:
            if change.diff:
                emit_diff(change.diff)
    applied: Sequence[Applied] = ()
    if not args.dry_run and any(change.changed for change in changes) and (not asked or _confirmed(chosen)):
        applied = apply_all(changes, lambda _, consent: consent is Consent.IN_PLACE and args.in_place)
    if args.json:
        emit_json(_answer(chosen, changes, applied))
    else:
        _tell(chosen, changes, applied, found)
        if not applied:
            say("Nothing was written (--dry-run)." if args.dry_run else "Nothing was written.")
    return ExitCode.OK


def _hide_secrets(app: AppProfile, presets: Presets, *files: bytes) -> None:
    for data in files:
        settings = Settings.from_variables(app, variables_in(data.decode("utf-8", "replace")))
        hide(secrets(settings, presets.for_host(settings.host or "")))


def _of_this_folder(found: Sequence[Backup]) -> list[Backup]:
    """Return the backups of files in the current folder, and of those that links in it lead to."""
    try:
        folder = Path.cwd()
        linked = {Path(os.path.realpath(entry.path)) for entry in os.scandir(folder) if entry.is_symlink()}
    except OSError:
        return []
    return [item for item in found if item.original.parent == folder or item.original in linked]


def _named(name: str, found: Sequence[Backup], listed: Sequence[Backup]) -> list[Backup]:
    if name == "latest" and listed:
        newest = listed[0]
        return [item for item in found if item is newest or (newest.run and item.run == newest.run)]
    if name == "latest" and found:
        raise InputError(
            f"No file in this folder has a backup. The newest of all is {found[0].name}, of "
            f"{safe(str(found[0].original))}; `smtpwizard restore --all` lists them.",
            "No backup of this folder",
        )
    for item in found:
        if item.name == name:
            return [item]
    hint = did_you_mean(name, ["latest", *(item.name for item in found)])
    raise InputError(
        f"There is no backup {safe(name, limit=80)!r}.{hint} `smtpwizard restore --all` lists them.", "Unknown backup"
    )


def _confirmed(chosen: Sequence[Backup]) -> bool:
    from smtpwizard.prompts.console import Console

    return Console().confirm(f"Restore {'it' if len(chosen) == 1 else f'these {len(chosen)} files'}?")


def _tell(
    chosen: Sequence[Backup], changes: Sequence[Change], applied: Sequence[Applied], found: Sequence[Backup]
) -> None:
    """Say what became of each file, and of those that were changed in the same run and are not among them."""
    for item, change in zip(chosen, changes, strict=True):
        if not change.changed:
            say(f"{safe(str(item.original))} is as in {item.name} already.")
        elif applied:
            say(f"{safe(str(item.original))} is as it was on {item.at:%Y-%m-%d %H:%M:%S} UTC, and was read back.")
    for kept in applied:
        if kept.backup:
            say(f"What was there before: {kept.backup}")
    restored = {item.original for item in chosen}
    for path in sorted({path for item in chosen for path in item.beside} - restored):
        run = chosen[0].run
        copy = next((item.name for item in found if item.run == run and item.original == path), None)
        if copy:
            say(f"The same run changed {safe(str(path))}, too: `smtpwizard restore {copy}` brings that back.")
        elif path.exists():
            say(f"The same run made {safe(str(path))}, which stays as it is. It may hold the password.")


def _answer(chosen: Sequence[Backup], changes: Sequence[Change], applied: Sequence[Applied]) -> dict[str, object]:
    kept = [str(item.backup) for item in applied if item.backup]
    return {
        "schema": 1,
        "target": str(chosen[0].original),
        "targets": [str(item.original) for item in chosen],
        "changed": any(change.changed for change in changes),
        "diff": "".join(change.diff for change in changes),
        "findings": [],
        "written": bool(applied),
        "backup": kept[0] if kept else None,
        "backups": kept,
    }


def _list(
    found: Sequence[Backup], here: Sequence[Backup], lost: Sequence[Path], *, everything: bool, as_json: bool
) -> ExitCode:
    if as_json:
        rows = [_row(item, here=item in here) for item in found]
        emit_json({"schema": 1, "backups": rows, "undescribed": [str(path) for path in lost]})
        return ExitCode.OK
    listed = [*here, *(item for item in found if item not in here)] if everything else here
    for item in listed:
        gone = "" if item.original.exists() else "\tgone"
        emit(f"{item.name}\t{safe(str(item.original))}\t{item.size} bytes{gone}")
    if listed:
        say("`smtpwizard restore NAME` brings one back; what is there then is kept as well.")
    elif not (found or lost):
        say(f"There are no backups in {backup_folder()}.")
    if others := len(found) - len(listed):
        say(f"{others} of files in other folders: `smtpwizard restore --all` lists them.")
    return ExitCode.OK


def _row(item: Backup, *, here: bool) -> dict[str, object]:
    row = {"name": item.name, "original": str(item.original), "at": item.at.isoformat(), "size": item.size}
    return {**row, "run": item.run, "here": here, "gone": not item.original.exists()}
