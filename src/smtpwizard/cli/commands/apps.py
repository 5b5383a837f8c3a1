"""`smtpwizard apps list | show ID | match [FOLDER] | check [DIR]`: the apps on stdout, remarks on stderr."""

from __future__ import annotations

import argparse
from pathlib import Path

from smtpwizard.cli.output import emit, emit_json, say
from smtpwizard.cli.source import app_files
from smtpwizard.errors import ExitCode, InputError
from smtpwizard.text import safe


def run(args: argparse.Namespace) -> ExitCode:
    """Do the action of `args` (action, name, json, presets)."""
    if args.action == "check":
        from smtpwizard.cli.commands import presets

        return presets.run(args)
    return {"list": _list, "show": _show, "match": _match}[args.action](args)


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
        say("No app is recognised here. Name it with --app; `smtpwizard apps list` shows those that are known.")
    return ExitCode.OK if found else ExitCode.FAILED
