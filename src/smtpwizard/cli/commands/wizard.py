"""The wizard itself: which front end, what it starts with, and what is left in the scrollback. Draws nothing."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from smtpwizard.apps.loading import DEFAULT
from smtpwizard.cli.output import emit_exact, say
from smtpwizard.cli.source import DEFAULT_ENV_FILE, app_files, recognised_target
from smtpwizard.errors import ExitCode, InputError
from smtpwizard.secret import hide
from smtpwizard.targets.files import default_file

if TYPE_CHECKING:
    import argparse

    from smtpwizard.wizard.session import Services, Target, WizardState
    from smtpwizard.wizard.unlisted import Unlisted


_LOGS: Final = ("TEXTUAL_LOG", "TEXTUAL", "TEXTUAL_DEVTOOLS_PORT", "TEXTUAL_DEBUG")
"""Textual reads these at import. A log or a dev console gets every key and every input's value, passwords included."""


def run(args: argparse.Namespace) -> ExitCode:
    """Walk through the five steps. InputError without a terminal; FileError for a target that cannot be read."""
    if not args.plain:
        _require_terminal()
    from smtpwizard.wizard.opening import begin_walk

    services = _services(args)
    if args.plain and services.app_others:
        services = _chosen_by_number(services)
    if args.plain and services.app_unlisted is not None:
        services = _mapped_by_answers(services, services.app_unlisted)
    before = None
    while True:
        state, step = begin_walk(services, _target(args), demo=args.demo, preset=args.preset, before=before)
        if args.plain:
            state = _line_by_line(services, state, step)
            break
        state, other = _on_screen(services, state, step)
        if not other:
            break
        before = state
        services = replace(services, app_id=other, app_why="", app_others=(), app_unlisted=None)
    if state.block is not None:
        emit_exact(state.block.reveal().rstrip("\n") + "\n")
    return ExitCode.OK


def _line_by_line(services: Services, state: WizardState, step: str) -> WizardState:
    """Ask one question a line: screen readers, dumb terminals, serial consoles, recorded sessions."""
    from smtpwizard.prompts.console import Console
    from smtpwizard.prompts.walk import walk
    from smtpwizard.wizard.session import Session

    session = Session(services, state, on_change=lambda _: hide(session.secrets()))
    hide(session.secrets())
    walk(session, Console(), step)
    return session.state


def _chosen_by_number(services: Services) -> Services:
    """Ask which of the apps in the folder is meant."""
    from smtpwizard.prompts.console import Console

    found = services.app_choices()[: len(services.app_others) + 1]
    chosen = found[Console().choose("Which app", [item.name for item in found])]
    return replace(services, app_id=chosen.id, app_others=())


def _mapped_by_answers(services: Services, found: Unlisted) -> Services:
    """Ask whether the folder's app has these variables; the default app stays where it is not wanted."""
    from smtpwizard.prompts.answers import map_variables
    from smtpwizard.prompts.console import Console

    kept = map_variables(found, Console())
    return replace(services, app_id=kept or services.app_id, app_unlisted=None)


def _on_screen(services: Services, state: WizardState, step: str) -> tuple[WizardState, str]:
    """Draw the wizard, and leave the summary in the scrollback. The other app, where one was chosen, begins anew."""
    for name in _LOGS:
        os.environ.pop(name, None)
    from smtpwizard.tui.app import SmtpWizard

    app = SmtpWizard(services, state, start=step)
    with _terminal_given_back():
        last = app.run() or app.state
    if app.return_code:
        # A crashed Textual app leaves with status 0 unless its return code is handed on; above 128 it is a signal.
        raise SystemExit(app.return_code)
    if app.chosen_app:
        return last, app.chosen_app
    from smtpwizard.wizard.check import remedy_of
    from smtpwizard.wizard.summary import summary_lines

    hide(app.session.secrets())
    say(*summary_lines(last, remedy_of(app.session)))
    return last, ""


_SIGNALS: Final = ("SIGHUP", "SIGQUIT", "SIGTERM", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGVTALRM", "SIGPROF", "SIGXCPU")
"""Signals that end a process unless it handles them, and that it can outlive long enough to give the terminal back."""

_SCREEN_OFF: Final = (
    "\x1b[?2004l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1015l\x1b[?1016l\x1b[?1004l\x1b[?2048l\x1b[?7h"
    "\x1b[<u\x1b[?1049l\x1b[?25h\x1b[0m"
)
"""Undoes what Textual's driver asks of a terminal: bracketed paste, the mouse, focus, size reports, no wrap, the kitty
keyboard, the alternate screen, a hidden cursor. In a terminal that has none of it on, it changes nothing."""


_ROOM_SECONDS: Final = 0.3
"""How long the last sequence waits for room in the terminal."""


@contextmanager
def _terminal_given_back() -> Iterator[None]:
    """Leave the terminal as it was found, whatever signal ends the process and however early it comes.

    Textual remembers the modes each time it takes the terminal, after `kill -STOP` its own; here that is done once.
    """
    import signal
    import termios
    from select import select

    assert sys.__stdin__ is not None
    assert sys.__stderr__ is not None
    keyboard, drawn_on = sys.__stdin__.fileno(), sys.__stderr__.fileno()
    screen, null = os.dup(drawn_on), os.open(os.devnull, os.O_WRONLY)
    modes = termios.tcgetattr(keyboard)

    def give_back() -> None:
        with suppress(termios.error):
            termios.tcsetattr(keyboard, termios.TCSANOW, modes)

    def end(number: int, _frame: object) -> None:
        give_back()
        os.dup2(null, drawn_on)  # what Textual's thread still has to write
        os.set_blocking(screen, False)  # a terminal that takes nothing (Ctrl+S) must not keep the process
        with suppress(OSError):  # it may also be gone
            select((), (screen,), (), _ROOM_SECONDS)  # half a frame may be on its way
            os.write(screen, _SCREEN_OFF.encode())
        os.set_blocking(screen, True)
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    for name in _SIGNALS:
        if signal.getsignal(number := getattr(signal, name)) is signal.SIG_DFL:  # not what the caller has ignored
            signal.signal(number, end)
    try:
        yield
    finally:
        give_back()


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
    from smtpwizard.wizard.session import Services

    found = recognised_target(args)
    unlisted = None
    if found.app.id == DEFAULT and not (found.why or args.app or args.demo or args.print_style):
        unlisted = _unlisted(args)
    return Services(
        preset_dirs=(args.presets,) if args.presets else (),
        app_id=found.app.id,
        app_why=found.why,
        app_others=tuple(app.id for app in found.others),
        app_unlisted=unlisted,
        ca_files=tuple(args.ca_file),
        timeout=args.timeout,
    )


def _unlisted(args: argparse.Namespace) -> Unlisted | None:
    folder = (args.compose or args.env_file or DEFAULT_ENV_FILE).parent
    if args.compose is None and default_file(folder) is None:
        return None
    from smtpwizard.wizard.unlisted import offered  # YAML: only where there is a compose file

    return offered(app_files(args), folder, args.compose)


def _target(args: argparse.Namespace) -> Target | None:
    """Return the target that was named on the command line."""
    from smtpwizard.wizard.session import Target, TargetKind

    if args.compose is not None:
        return Target(TargetKind.COMPOSE, args.compose, service=args.service)
    if args.print_style is not None:
        return Target(TargetKind.PRINT, None, style=args.print_style)
    return Target(TargetKind.ENV_FILE, args.env_file) if args.env_file is not None else None
