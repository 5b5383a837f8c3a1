"""`logs`: what the app's log says about mail, explained: `docker compose logs`, a saved log, or what comes on stdin.

Only mail trouble is shown, each kind once, with how often and when it came last; the latest first. With `--follow` a
new kind is told as it comes, and a summary at the end; Ctrl+C is that end.

Exit status: 0 the log was read and holds no mail trouble; 1 it holds some; 2 a flag cannot be used, or the service is
unknown; 4 there is no log to read: no docker, no daemon, no compose file, no container, no such file; 130 Ctrl+C while
a log is read without `--follow`.
"""

from __future__ import annotations

import argparse
import os
import stat
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from smtpwizard.commands import log_text
from smtpwizard.commands.explain import named_provider, open_catalogue
from smtpwizard.commands.output import emit, emit_json, say
from smtpwizard.container.log_reader import LogReader
from smtpwizard.errors import ExitCode, FileError, InputError

if TYPE_CHECKING:
    from smtpwizard.container.compose import Compose
    from smtpwizard.container.docker_words import Problem
    from smtpwizard.container.recent import LogReport

_SINCE: Final = "10m"
_STDIN: Final = "-"
_LEAST_SECONDS: Final = 15.0
"""docker's own start takes its time."""


def run(args: argparse.Namespace) -> ExitCode:
    """Read the log that `args` name, and tell its mail trouble."""
    catalogue = open_catalogue(args.presets)
    reader = partial(LogReader, provider=named_provider(args.provider, args.presets, catalogue), catalogue=catalogue)
    name = _file(args)
    if name is None:
        return _docker(args, reader)
    if args.compose is not None or args.service is not None:
        raise InputError("A saved log needs no --compose and no --service: those are for docker compose logs.", "Log")
    if args.since != _SINCE:
        say("--since is for docker compose logs; what is given is read whole.")
    return _read_file(name, args, reader())


def _file(args: argparse.Namespace) -> str | None:
    """Return the saved log to read: the one named, or stdin where something is piped in; None: ask docker."""
    if args.file is not None:
        return str(args.file)
    if args.compose is not None or args.service is not None or args.since != _SINCE or sys.stdin is None:
        return None
    try:
        mode = os.fstat(sys.stdin.fileno()).st_mode
    except (OSError, ValueError):
        return None
    return _STDIN if stat.S_ISFIFO(mode) or stat.S_ISREG(mode) else None


def _read_file(name: str, args: argparse.Namespace, reader: LogReader) -> ExitCode:
    from smtpwizard.container.following import follow
    from smtpwizard.container.recent import report_of
    from smtpwizard.container.saved import read_saved

    try:
        fd = sys.stdin.fileno() if name == _STDIN else os.open(name, os.O_RDONLY)
    except OSError as error:
        raise FileError(f"{name} cannot be read: {error.strerror}.", "Log") from None
    try:
        if not args.follow:
            note = read_saved(fd, reader)
            return _tell(report_of(reader, note=note), args, _place(name))
        from smtpwizard.commands.log_live import Live

        live = Live(args.json, _place(name), terminal=sys.stdout.isatty())
        try:
            for trouble in follow(fd, reader):
                live.tell(trouble)
        except KeyboardInterrupt:
            live.interrupted(reader.close())
        return live.end(report_of(reader))
    except OSError as error:
        raise FileError(f"{name} cannot be read: {error.strerror}.", "Log") from None
    finally:
        if name != _STDIN:
            os.close(fd)


def _place(name: str) -> str:
    return "stdin" if name == _STDIN else name


def _docker(args: argparse.Namespace, reader: partial[LogReader]) -> ExitCode:
    from smtpwizard.container.compose import Compose, checked_since
    from smtpwizard.container.services import app_service
    from smtpwizard.presets import Presets

    since = checked_since(args.since)
    app = Presets.open(*([args.presets] if args.presets else [])).app()
    cwd = Path.cwd()
    service = app_service(args.service, args.compose, cwd, images=app.images, default=app.service)
    if args.follow:
        return _follow_docker(service, Compose(args.compose, cwd), since, args, reader)
    import asyncio

    from smtpwizard.container.recent import recent

    seconds = max(_LEAST_SECONDS, args.timeout)
    report = asyncio.run(
        recent(service, compose_file=args.compose, cwd=cwd, since=since, timeout=seconds, **reader.keywords)
    )
    return _tell(report, args, f"service {service}", since)


def _follow_docker(
    service: str, project: Compose, since: str, args: argparse.Namespace, reader: partial[LogReader]
) -> ExitCode:
    from smtpwizard.commands.log_live import Live
    from smtpwizard.container.docker_words import Problem
    from smtpwizard.container.following import follow_docker
    from smtpwizard.container.recent import report_of

    taken: list[LogReader] = []

    def readers() -> Iterator[LogReader]:
        while True:
            taken.append(reader(stamped=True))
            yield taken[-1]

    live = Live(args.json, f"service {service}", terminal=sys.stdout.isatty())
    try:
        for item in follow_docker(service, project, since, readers()):
            if isinstance(item, Problem):
                raise _no_log(item)
            live.tell(item)
    except KeyboardInterrupt:
        live.interrupted(taken[-1].close() if taken else ())
    return live.end(report_of(taken[-1] if taken else reader()))


def _tell(report: LogReport, args: argparse.Namespace, source: str, since: str = "") -> ExitCode:
    if report.problem:
        from smtpwizard.container.docker_words import Kind, Problem

        raise _no_log(Problem(report.kind or Kind.OTHER, report.problem))
    if args.json:
        emit_json(to_json(report, source))
    else:
        width = log_text.columns()
        for trouble in report.troubles:
            emit("\n".join((*log_text.trouble_lines(trouble, width), "")))
        emit(log_text.wrapped(f"{source}: {log_text.summary(report)}", width, ""))
    if since and not report.lines:
        say(f"The container has logged nothing in the last {since}. Look further back: --since 24h.")
    if report.note:
        say(report.note)
    return ExitCode.FAILED if report.troubles else ExitCode.OK


def to_json(report: LogReport, source: str) -> dict[str, Any]:
    """Return the object for `logs --json`."""
    value: dict[str, Any] = {
        "schema": 1,
        "source": source,
        "lines": report.lines,
        "first": report.first.text if report.first else None,
        "last": report.last.text if report.last else None,
        "troubles": [item.to_json() for item in report.troubles],
    }
    return value | ({"note": report.note} if report.note else {})


def _no_log(problem: Problem) -> InputError | FileError:
    from smtpwizard.container.docker_words import Kind

    if problem.kind is Kind.NO_SERVICE:
        return InputError(problem.message, "Unknown service")
    return FileError(problem.message, "No log")
