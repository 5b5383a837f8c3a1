"""`completion`: print a static script made from the argument tree; shells then start no Python to complete."""

from __future__ import annotations

import argparse
from typing import Any

from smtpwizard.cli.output import emit_exact
from smtpwizard.cli.source import app_of
from smtpwizard.errors import ExitCode


def run(args: argparse.Namespace) -> ExitCode:
    """Print the script for `args.shell` on stdout."""
    import shtab

    app = app_of(args)
    _name_mails(args.parser, [mail.name for mail in app.mails])
    _mark_paths(args.parser, {"FILE": shtab.FILE, "PEM": shtab.FILE, "DIR": shtab.DIRECTORY})
    emit_exact(shtab.complete(args.parser, args.shell) + "\n")
    return ExitCode.OK


def _name_mails(parser: argparse.ArgumentParser, names: list[str]) -> None:
    """Offer the app's mails as values of --mail; `send` takes all of them at once, too."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                _name_mails(command, names)
        elif "--mail" in action.option_strings:
            action.choices = names if action.required else [*names, "all"]


def _mark_paths(parser: argparse.ArgumentParser, kinds: dict[str, Any]) -> None:
    """Say to shtab which arguments are files and folders: their metavar tells."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                _mark_paths(command, kinds)
        elif action.metavar in kinds:
            action.complete = kinds[str(action.metavar)]  # type: ignore[attr-defined]  # shtab's own attribute
