"""`completion`: print a static script made from the argument tree; shells then start no Python to complete.

Only what this machine alone knows is asked for anew: the services of the compose file, the backups of the folder.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import Any, Final

from smtpwizard.cli.output import emit_exact, say
from smtpwizard.cli.source import app_files, app_of
from smtpwizard.errors import ExitCode
from smtpwizard.presets.catalogue import Presets

_INSTALL: Final = {
    "bash": 'eval "$(smtpwizard completion bash)"  in ~/.bashrc',
    "zsh": "smtpwizard completion zsh > ~/.zfunc/_smtpwizard  (a folder of $fpath), then start zsh anew",
    "fish": "smtpwizard completion fish > ~/.config/fish/completions/smtpwizard.fish",
    "tcsh": "smtpwizard completion tcsh > ~/.smtpwizard.tcsh, and  source ~/.smtpwizard.tcsh  in ~/.tcshrc",
    "powershell": "smtpwizard completion powershell | Out-String | Invoke-Expression  in $PROFILE",
}
_SERVICES: Final = "docker compose config --services 2>/dev/null"
_BACKUPS: Final = "echo latest; smtpwizard restore 2>/dev/null | cut -f1"


def run(args: argparse.Namespace) -> ExitCode:
    """Print the script for `args.shell` on stdout; where a person sees it, say how it is installed."""
    import shtab

    choices, dynamic = _choices(args), {"--service": shtab.cmd(_SERVICES), "restore": shtab.cmd(_BACKUPS)}
    kinds = {"FILE": shtab.FILE, "PEM": shtab.FILE, "DIR": shtab.DIRECTORY}
    for verb, action in _actions(args.parser):
        name = verb if action.dest == "name" else next(iter(action.option_strings[-1:]), "")
        if name in dynamic:
            action.complete = dynamic[name]  # shtab's own attribute
        elif name in choices:
            action.choices = choices[name]
        elif action.metavar in kinds:
            action.complete = kinds[str(action.metavar)]
        if name == "--mail" and not action.required:
            action.choices = [*choices[name], "all"]  # `send` takes all of them at once, too
    emit_exact(shtab.complete(args.parser, args.shell) + "\n")
    if sys.stdout.isatty():
        say(f"To install it: {_INSTALL[args.shell]}")
    return ExitCode.OK


def _choices(args: argparse.Namespace) -> dict[str, list[str]]:
    """Return the ids that a flag takes, or the word behind a command."""
    from smtpwizard.diagnosis.catalogue import Catalogue

    presets = Presets.open(args.presets)
    ids = list(presets.ids())
    regions = {region.id: None for provider in presets.all() for region in provider.regions}
    apps = list(app_files(args).ids())
    return {
        "--preset": ids, "--provider": ids, "presets": ids, "--region": [*regions], "--app": apps, "apps": apps,
        "--play": ["list", *(rule.id for rule in Catalogue.open().rules)],
        "--mail": [mail.name for mail in app_of(args).mails],
    }  # fmt: skip


def _actions(parser: argparse.ArgumentParser, verb: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the command and the argument of all that the tree has."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, command in action.choices.items():
                yield from _actions(command, name)
        else:
            yield verb, action
