"""`check --inside SERVICE`: the check on this host and from within the app's container, side by side.

Exit status: that of the app as its container sees it: 0 it will work, 1 it will not, 3 variables are missing there;
2 the service is unknown; 4 there is nothing to look from: no docker, no daemon, no compose file, no running container,
no nodemailer in it.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Final

from smtpwizard.cli import probing, source
from smtpwizard.cli.output import emit, emit_exact, emit_json
from smtpwizard.cli.source import app_of
from smtpwizard.docker.comparison import Comparison, HostAndContainer, compare, to_json
from smtpwizard.docker.compose import Compose, Kind, app_service, project_file
from smtpwizard.docker.inside import is_read_inside, look, ready, script
from smtpwizard.errors import ExitCode, FileError, InputError
from smtpwizard.problems import Problem
from smtpwizard.report.container import comparison_lines
from smtpwizard.wizard.login_guard import asks_for_pause, refuses_login

if TYPE_CHECKING:
    import argparse

    from smtpwizard.smtp.results import Report


_SOURCES: Final = ("env_file", "compose")
_CLIENT: Final = "nodemailer"
"""The one mail client that the script can run."""
_CONTAINER_REACHES: Final = "that the app's container reaches "
"""How the host's report begins what it cannot prove."""


def run(args: argparse.Namespace) -> ExitCode:
    """Print the script, or run both checks and compare them."""
    if args.inside_script:
        if args.json:
            raise InputError("--inside-script prints a script, so it goes without --json.", "Output")
        emit_exact(script(app_of(args)))
        return ExitCode.OK
    if len(getattr(args, "env_files", ())) > 1:
        raise InputError("--inside takes one --env-file: a container has one set of variables.", "Source")
    cwd = Path.cwd()
    file: Path | None = getattr(args, "compose", None)
    service = app_service(args.inside, file, cwd, images=(), default="")
    _default_source(args, cwd, service)
    found = source.load(args)
    if found.settings.app.client.model != _CLIENT:
        app = found.settings.app
        raise InputError(
            f"{app.name} sends with {app.client.model}: --inside can only run {_CLIENT} in a container.", "Mail client"
        )
    if not is_read_inside(found.settings.app):
        raise InputError(
            f"How {found.settings.app.name} reads its variables is not known to what runs in the container.", "App"
        )
    problem = asyncio.run(ready(service, compose_file=file, cwd=cwd))
    if problem is not None:  # before a login is spent on this host
        raise _no_view(problem)
    planned = probing.plan(args, source=found)
    check = probing.prepare(planned)
    report = probing.finish(check) if args.json else probing.show(check, planned, as_json=False)
    seen = asyncio.run(
        look(
            service,
            planned.source.settings,
            compose_file=file,
            cwd=cwd,
            refused=any(refuses_login(step) for step in report.steps),
            login=not any(asks_for_pause(step) for step in report.steps),
            timeout=args.timeout,
        )
    )
    if isinstance(seen, Problem):
        raise _no_view(seen)
    app_name = planned.options.app_name
    sides = HostAndContainer(
        report,
        seen,
        planned.source.settings,
        found.description,
        service,
        Compose(file, cwd),
        app_name,
        planned.provider,
    )
    result = compare(sides)
    if args.json:
        value = probing.to_json(check, planned)
        emit_json(value | {"not_proved": _not_proved(report, result), "inside": to_json(sides, result)})
    else:
        emit(*comparison_lines(sides, result))
    return _exit_code(result)


def _default_source(args: argparse.Namespace, cwd: Path, service: str) -> None:
    """Name where the settings are: with `--compose` the same service's; without a .env the project's compose file."""
    named = args.environ or any(getattr(args, name, None) is not None for name in _SOURCES)
    if not named and not (cwd / source.DEFAULT_ENV_FILE).exists():
        args.compose = project_file(cwd)
    if getattr(args, "compose", None) is not None and getattr(args, "service", None) is None:
        args.service = service


def _not_proved(report: Report, result: Comparison) -> list[str]:
    """Leave out what the container has proved."""
    reached = result.verdict == "works"
    return [item for item in report.not_proved if not (reached and item.startswith(_CONTAINER_REACHES))]


def _no_view(problem: Problem) -> InputError | FileError:
    if problem.id == Kind.NO_SERVICE:
        return InputError(problem.message, "Unknown service")
    return FileError(problem.message, "No view from the container")


def _exit_code(result: Comparison) -> ExitCode:
    return {"works": ExitCode.OK, "refuses": ExitCode.CONFIG, "unknown": ExitCode.FILE}.get(
        result.verdict, ExitCode.FAILED
    )
