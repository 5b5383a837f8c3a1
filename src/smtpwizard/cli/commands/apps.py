"""`smtpwizard apps list | show ID | match [FOLDER] | check [DIR] | map [FOLDER]`: apps on stdout, remarks on stderr."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from smtpwizard.apps.profile import Role
from smtpwizard.cli.output import emit, emit_json, say
from smtpwizard.cli.source import app_files
from smtpwizard.errors import ExitCode, FileError, InputError
from smtpwizard.text import safe


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
    from smtpwizard.targets.recognise import matches

    folder = Path(args.name or ".")
    if not folder.is_dir():
        raise InputError(f"{safe(str(folder), limit=80)} is not a folder.", "No such folder")
    found = matches(app_files(args), folder)
    if args.json:
        emit_json(match_record(str(folder), found))
        return ExitCode.OK if found else ExitCode.FAILED
    for item in found:
        where = f"{item.file.name} service {safe(item.service)}" if item.service else item.file.name
        emit(f"{item.app.id}  {item.app.name}  ({where}, by its {'image' if item.by == 'image' else 'variables'})")
    if not found:
        say(
            "No app is recognised here. Name it with --app; `smtpwizard apps list` shows those that are known, and "
            "`smtpwizard apps map` makes a profile of the variables that are here."
        )
    return ExitCode.OK if found else ExitCode.FAILED


def _map(args: argparse.Namespace) -> ExitCode:
    """Offer an unknown app's variables as a mapping to confirm, and keep it as a profile of the operator's own."""
    from datetime import date

    from smtpwizard.apps.guess import NEEDED, guess, profile_text

    folder = Path(args.name or ".")
    names, service, image, file = _variables(folder, args.service)
    mapping = guess(names) | _corrected(args.set)
    lacking = [role.value for role in NEEDED if role not in mapping]
    if lacking:
        raise InputError(
            f"{file} names no variable for {', '.join(lacking)}. Add them to it, or say which they are: "
            f"--set {lacking[0]}=VARIABLE.",
            "No mapping",
        )
    if args.json:
        roles = {role.value: name for role, name in mapping.items()}
        emit_json({"schema": 1, "folder": str(folder), "service": service, "mapping": roles})
    else:
        emit("\n".join(f"{role.value:<12} {safe(name, limit=80)}" for role, name in mapping.items()))
    id_ = args.keep or _asked(service or folder.resolve().name)
    if not id_:
        say("Nothing was kept. --keep ID keeps it as a profile of your own; --set ROLE=VARIABLE corrects it.")
        return ExitCode.OK
    source = f"own:{file}".replace(" ", "-")
    day = date.today().isoformat()
    return _keep(id_, profile_text(id_, mapping, service=service, image=image, source=source, day=day))


def _variables(folder: Path, service: str | None) -> tuple[list[str], str, str, str]:
    """Return the names of the variables, the service, its image and the file. InputError, FileError."""
    from smtpwizard.apps.guess import role_of
    from smtpwizard.targets.compose.services import list_services
    from smtpwizard.targets.env.file import read_env_file
    from smtpwizard.targets.files import default_file
    from smtpwizard.targets.repository import repository

    path = default_file(folder)
    env = read_env_file(folder / ".env").variables
    if path is None:
        return list(env), "", "", ".env"
    listed = list_services(path)
    likely = [item for item in listed if (item.name == service if service else any(map(role_of, item.variables)))]
    if len(likely) != 1:
        known = ", ".join(safe(item.name) for item in listed)
        raise InputError(
            f"Name the app's service of {path.name} with --service NAME. It has: {known}.", "Which service"
        )
    (chosen,) = likely
    names = [*chosen.variables, *(name for name in env if name not in chosen.variables and chosen.env_files)]
    return names, chosen.name, repository(chosen.image), path.name


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


def _keep(id_: str, text: str) -> ExitCode:
    from smtpwizard.apps.loading import load_profile
    from smtpwizard.presets.files import PresetFileError, user_root

    folder = user_root() / "apps"
    path = folder / f"{id_}.toml"
    if not id_.replace("-", "").isalnum() or id_ != id_.lower():
        raise InputError("An id has small letters, digits and hyphens.", "No id")
    if path.exists():
        raise FileError(f"{path} is there already. Take another id, or change that file.", "Profile exists")
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    try:
        load_profile(path)
    except PresetFileError:
        path.unlink()
        raise
    say(f"{path} written. `smtpwizard --app {id_}` takes it; correct in it what the app does otherwise.")
    return ExitCode.OK
