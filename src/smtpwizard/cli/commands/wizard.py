"""The wizard itself: is there a terminal, what does the target hold, which front end. Draws nothing."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from smtpwizard.errors import ExitCode, InputError
from smtpwizard.settings import Settings

if TYPE_CHECKING:
    from smtpwizard.presets.schema import Provider
    from smtpwizard.wizard.services import Services
    from smtpwizard.wizard.state import Target, WizardState


DEFAULT_ENV_FILE: Final = Path(".env")
PRACTICE_ENV_FILE: Final = Path(".env.practice")
"""Where `--demo` writes when `.env` holds real settings and no target was named."""

_LOGS: Final = ("TEXTUAL_LOG", "TEXTUAL", "TEXTUAL_DEVTOOLS_PORT", "TEXTUAL_DEBUG")
"""Textual reads these at import. A log or a dev console gets every key and every input's value, passwords included."""


def run(args: argparse.Namespace) -> ExitCode:
    """Walk through the five steps. InputError without a terminal; FileError for a target that cannot be read."""
    if args.plain:
        return _plain(args)
    _require_terminal()
    for name in _LOGS:
        os.environ.pop(name, None)
    from smtpwizard.tui.app import SmtpWizard

    services = _services(args)
    state, start = _beginning(args, services)
    app = SmtpWizard(services, state, start=start)
    last = app.run()
    if app.failure is not None:
        raise app.failure
    if app.return_code:
        # A crashed Textual app leaves with status 0 unless its return code is handed on; above 128 it is a signal.
        raise SystemExit(app.return_code)
    return _farewell(last or app.state, services)


def _require_terminal() -> None:
    """Refuse where Textual would draw a screen and then never get a key. InputError."""
    # Textual reads sys.__stdin__ and draws on sys.__stderr__, so stdout may well be a file or a pipe.
    reads = sys.__stdin__ is not None and sys.__stdin__.isatty()
    draws = sys.__stderr__ is not None and sys.__stderr__.isatty()
    if not (reads and draws):
        what = "stdin is not a terminal" if not reads else "stderr is not a terminal"
        raise InputError(
            f"{what}, so the wizard cannot ask. Without one: `smtpwizard check --env-file .env` tests a configuration, "
            "`smtpwizard write --env-file .env --preset ID` writes one, `smtpwizard --plain` asks line by line.",
            "No terminal",
        )
    if os.environ.get("TERM", "") == "dumb":
        raise InputError("TERM=dumb cannot show the wizard. `smtpwizard --plain` asks line by line.", "No screen")


def _services(args: argparse.Namespace) -> Services:
    from smtpwizard.wizard.services import Services

    services = Services(
        preset_dirs=(args.presets,) if args.presets else (),
        app_id=args.app,
        ca_files=tuple(args.ca_file),
        timeout=args.timeout,
    )
    if args.app != Services.app_id or args.presets:
        services.app  # noqa: B018  # an unknown --app or folder is told before the screen is drawn
    return services


def _beginning(args: argparse.Namespace, services: Services) -> tuple[WizardState, str]:
    """Return the first state and step: the opening pane where the target holds settings already."""
    from smtpwizard.wizard.state import TargetKind, WizardState

    target = _target(args)
    state = WizardState(target=target)
    if target.kind is TargetKind.ENV_FILE and target.path is not None and os.path.lexists(target.path):
        from smtpwizard.targets.env.file import read_env_file

        file = read_env_file(target.path)
        found = Settings.from_variables(file.variables)
        if _is_mail(found):
            if args.demo and args.env_file is None:
                return _demo(services, target.path), "provider"
            state = state.changed(settings=found, original=found, provider=_behind(found, services), env_file=file)
        else:
            state = state.changed(env_file=file, settings=Settings(admin_web_url=found.admin_web_url))
    elif target.kind is TargetKind.COMPOSE and not args.demo and target.path and os.path.lexists(target.path):
        state = _of_service(state, target.path, services)
    if args.demo:
        return state.changed(provider=services.presets.provider("practice"), settings=Settings()), "provider"
    if args.preset:
        from smtpwizard.wizard.questions import begin

        chosen = services.presets.provider(args.preset)
        settings = begin(chosen, before=state.settings, previous=state.provider)
        return state.changed(provider=chosen, settings=settings), "settings"
    return state, "opening" if state.original is not None else "provider"


def _of_service(state: WizardState, path: Path, services: Services) -> WizardState:
    """Return the state with what the target's service has; FileError, and InputError for a service that is not there.

    Where none was named and several could be the app's, the Save step lists them.
    """
    from smtpwizard.targets.compose.read import read_service

    app, named = services.app, state.target.service
    try:
        service = read_service(path, named, os.environ, images=app.images, app_service=app.service)
    except InputError:
        if named is not None:
            raise
        return state
    found = Settings.from_variables(service.variables)
    state = state.changed(target=replace(state.target, service=service.service))
    if not _is_mail(found):
        return state.changed(settings=Settings(admin_web_url=found.admin_web_url))
    return state.changed(settings=found, original=found, provider=_behind(found, services))


def _target(args: argparse.Namespace) -> Target:
    from smtpwizard.wizard.state import Target, TargetKind

    if args.compose is not None:
        return Target(TargetKind.COMPOSE, args.compose, service=args.service)
    if args.print_style is not None:
        return Target(TargetKind.PRINT, None, style=args.print_style)
    return Target(TargetKind.ENV_FILE, args.env_file or DEFAULT_ENV_FILE)


def _demo(services: Services, real: Path) -> WizardState:
    """Return the state for practising beside a `.env` that must not get practice settings."""
    from smtpwizard.wizard.state import Target, TargetKind, WizardState

    target = Target(TargetKind.ENV_FILE, real.with_name(PRACTICE_ENV_FILE.name))
    return WizardState(target=target, provider=services.presets.provider("practice"))


def _is_mail(found: Settings) -> bool:
    """Say whether there is anything of ours beside the app's own address."""
    return bool(found.legacy) or any(name != "ADMIN_WEB_URL" for name in found.to_variables())


def _behind(found: Settings, services: Services) -> Provider | None:
    if not found.host:
        return None
    return services.presets.for_host(found.host) or services.custom


def _farewell(state: WizardState, services: Services) -> ExitCode:
    """Leave the summary in the scrollback, and the block, if one was asked for, on stdout."""
    from smtpwizard.cli.output import say
    from smtpwizard.wizard.progress import summary

    for line in summary(state, services.app):
        say(line)
    if state.block is not None:
        sys.stdout.write(state.block.reveal().rstrip("\n") + "\n")
        sys.stdout.flush()
    return ExitCode.OK


def _plain(args: argparse.Namespace) -> ExitCode:
    """Ask line by line: screen readers, dumb terminals, serial consoles, recorded sessions."""
    from smtpwizard.presets.catalogue import Presets
    from smtpwizard.prompts.console import Console
    from smtpwizard.prompts.walk import Walk, walk

    if args.compose is not None:
        raise InputError(
            "--plain writes .env files and prints blocks. For a compose service: --print compose-list.", "Compose file"
        )
    presets = Presets.open(*((args.presets,) if args.presets else ()))
    return walk(
        Walk(
            console=Console(),
            presets=presets,
            app=presets.app(args.app),
            target=None if args.print_style else args.env_file or DEFAULT_ENV_FILE,
            style=args.print_style or "env",
            timeout=args.timeout,
            ca_files=tuple(args.ca_file),
            start_with="practice" if args.demo else args.preset,
        )
    )
