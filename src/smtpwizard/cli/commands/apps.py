"""`smtpwizard apps list | show ID | match [FOLDER] | check [DIR] | map [FOLDER]`: apps on stdout, remarks on stderr."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from smtpwizard.apps.profile import Role
from smtpwizard.cli.output import emit, emit_json, say
from smtpwizard.cli.source import app_files
from smtpwizard.errors import ExitCode, InputError
from smtpwizard.targets.recognise import matches
from smtpwizard.text import safe

if TYPE_CHECKING:
    import argparse


def run(args: argparse.Namespace) -> ExitCode:
    """Do the action of `args` (action, name, json, presets)."""
    if args.action == "check":
        from smtpwizard.cli.commands import presets

        return presets.run(args)
    return {"list": _list, "show": _show, "match": _match, "map": _map}[args.action](args)


def _list(args: argparse.Namespace) -> ExitCode:
    from smtpwizard.report.apps import summary, table

    found = app_files(args).all()
    if args.json:
        emit_json({"schema": 1, "apps": [summary(app) for app in found]}, indent=2)
        return ExitCode.OK
    emit(*table(found))
    say(f"{len(found)} apps. `smtpwizard apps show ID` tells all of one; `--app ID` takes it.")
    return ExitCode.OK


def _show(args: argparse.Namespace) -> ExitCode:
    from smtpwizard.report.apps import page, record

    if not args.name:
        raise InputError("`smtpwizard apps show` wants an id, such as ghost.", "Nothing named")
    app = app_files(args).profile(args.name)
    if args.json:
        emit_json({"schema": 1, "app": record(app)}, indent=2)
    else:
        emit(*page(app))
    return ExitCode.OK


def _match(args: argparse.Namespace) -> ExitCode:
    from smtpwizard.report.apps import match_record

    folder = Path(args.name or ".")
    if not folder.is_dir():
        raise InputError(f"{safe(str(folder), limit=80)} is not a folder.", "No such folder")
    found = matches(app_files(args), folder)
    if args.json:
        emit_json(match_record(str(folder), found))
        return ExitCode.OK if found else ExitCode.FAILED
    for item in found:
        where = f"{item.file.name} service {safe(item.service)}" if item.service else item.file.name
        emit(f"{item.app.id}  {item.app.name}  ({where}, by its {item.by})")
    if not found:
        say(
            "No app is recognised here. Name it with --app; `smtpwizard apps list` shows those that are known, and "
            "`smtpwizard apps map` makes a profile of the variables that are here."
        )
    return ExitCode.OK if found else ExitCode.FAILED


def _map(args: argparse.Namespace) -> ExitCode:
    """Offer an unknown app's variables as a mapping to confirm, and keep it as a profile of the operator's own."""
    from smtpwizard.wizard.unlisted import read_variables

    folder = Path(args.name or ".")
    found = read_variables(folder, args.service)
    found.roles |= _corrected(args.set)
    if found.lacking:
        raise InputError(
            f"{found.file} names no variable for {', '.join(role.value for role in found.lacking)}. Add them to it, or "
            f"say which they are: --set {found.lacking[0].value}=VARIABLE.",
            "No mapping",
        )
    if args.json:
        roles = {role.value: name for role, name in found.roles.items()}
        emit_json({"schema": 1, "folder": str(folder), "service": found.service, "mapping": roles})
    else:
        emit("\n".join(f"{role.value:<12} {safe(name, limit=80)}" for role, name in found.roles.items()))
    id_ = args.keep or _asked(found.service or folder.resolve().name)
    if not id_:
        say("Nothing was kept. --keep ID keeps it as a profile of your own; --set ROLE=VARIABLE corrects it.")
        return ExitCode.OK
    path = found.keep(id_)
    say(f"{path} written. `smtpwizard --app {id_}` takes it; correct in it what the app does otherwise.")
    return ExitCode.OK


def _corrected(given: list[str]) -> dict[Role, str]:
    found: dict[Role, str] = {}
    for text in given:
        role, sign, name = text.partition("=")
        if role not in set(Role) or not sign or not name:
            known = ", ".join(Role)
            raise InputError(f"--set wants ROLE=VARIABLE. Roles: {known}.", "No role")
        found[Role(role)] = name
    return found


def _asked(proposed: str) -> str:
    """Return the id under which it is to be kept; empty where nobody can be asked, or does not want it."""
    if not sys.stdin.isatty():
        return ""
    say("Is that right? An id keeps it as a profile of your own; nothing leaves it.")
    return input(f"id [{safe(proposed, limit=40)}]: ").strip()
