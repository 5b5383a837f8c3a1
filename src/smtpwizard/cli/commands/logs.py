"""`logs`: what the app's log says about mail, explained: `docker compose logs`, a saved log, or what comes on stdin.

Only mail trouble is shown, each kind once, with how often and when it came last; the latest first. With `--follow` a
new kind is told as it comes, and a summary at the end; Ctrl+C is that end.

Exit status: 0 the log was read and holds no mail trouble; 1 it holds some; 2 a flag cannot be used, or the service is
unknown; 4 there is no log to read: no docker, no daemon, no compose file, no container, no such file; 130 Ctrl+C while
a log is read without `--follow`.
"""

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from smtpwizard.cli.commands.explain import named_provider, open_catalogue
from smtpwizard.cli.output import emit, emit_json, reader_left, say
from smtpwizard.cli.source import app_of, hide_in_reach
from smtpwizard.docker.compose import Compose, Kind, app_service, checked_since, failed
from smtpwizard.docker.logs import LogReader, LogReport, Trouble, follow, follow_docker, read_saved, recent, report_of
from smtpwizard.errors import ExitCode, FileError, InputError
from smtpwizard.problems import Problem
from smtpwizard.report import container
from smtpwizard.report.lines import Line, Mark, columns, name_of

if TYPE_CHECKING:
    import argparse


_SINCE: Final = "10m"
_STDIN: Final = "-"
_LEAST_SECONDS: Final = 15.0
"""docker's own start takes its time."""


def run(args: argparse.Namespace) -> ExitCode:
    """Read the log that `args` name, and tell its mail trouble."""
    catalogue = open_catalogue(args.presets)
    reader = partial(
        LogReader,
        provider=named_provider(args.provider, args.presets, catalogue),
        app=app_of(args),
        catalogue=catalogue,
    )
    name = _file(args)
    hide_in_reach(args)
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
    try:
        fd = sys.stdin.fileno() if name == _STDIN else os.open(name, os.O_RDONLY)
    except OSError as error:
        raise FileError(f"{name} cannot be read: {error.strerror}.", "Log") from None
    try:
        if not args.follow:
            note = read_saved(fd, reader)
            return _tell(report_of(reader, note=note), args, _place(name))

        live = Live(args.json, _place(name), terminal=sys.stdout.isatty())
        try:
            for trouble in follow(fd, reader):
                live.tell(trouble)
                if reader_left():
                    break
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
    since = checked_since(args.since)
    app = app_of(args)
    cwd = Path.cwd()
    service = app_service(args.service, args.compose, cwd, images=app.images, default=app.service)
    if args.follow:
        return _follow_docker(service, Compose(args.compose, cwd), since, args, reader)
    import asyncio

    seconds = max(_LEAST_SECONDS, args.timeout)
    report = asyncio.run(
        recent(service, compose_file=args.compose, cwd=cwd, since=since, timeout=seconds, **reader.keywords)
    )
    return _tell(report, args, f"service {service}", since)


def _follow_docker(
    service: str, project: Compose, since: str, args: argparse.Namespace, reader: partial[LogReader]
) -> ExitCode:
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
            if reader_left():
                break
    except KeyboardInterrupt:
        live.interrupted(taken[-1].close() if taken else ())
    return live.end(report_of(taken[-1] if taken else reader()))


def _tell(report: LogReport, args: argparse.Namespace, source: str, since: str = "") -> ExitCode:
    if report.problem:
        raise _no_log(failed(report.kind or Kind.OTHER, report.problem))
    if args.json:
        emit_json(to_json(report, source))
    else:
        for trouble in report.troubles:
            emit(*container.trouble_lines(trouble), "")
        emit(Line(container.summary(report), name=source))
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
    if problem.id == Kind.NO_SERVICE:
        return InputError(problem.message, "Unknown service")
    return FileError(problem.message, "No log")


QUIET_SECONDS: Final = 5.0
"""A kind of trouble that comes again gets a line on a terminal at most so often: an app that retries floods nobody."""


class Live:
    """Tells what comes."""

    def __init__(self, as_json: bool, source: str, *, terminal: bool) -> None:
        self._json = as_json
        self._source = source
        self._shown: dict[int, float] = {}  # first line of a kind → when it was last spoken of
        self._terminal = terminal
        say(f"Following {source}; Ctrl+C ends it with a summary.")

    def tell(self, trouble: Trouble) -> None:
        """Tell a mail error."""
        now = time.monotonic()
        before = self._shown.get(trouble.first_line)
        if before is None:
            self._shown[trouble.first_line] = now
            if self._json:
                emit_json({"schema": 1, "event": "trouble", **trouble.to_json()})
            else:
                emit(*container.trouble_lines(trouble), "")
        elif self._terminal and not self._json and now - before >= QUIET_SECONDS:
            self._shown[trouble.first_line] = now
            emit(container.again_line(trouble, columns(sys.stdout)))

    def interrupted(self, rest: Iterable[Trouble]) -> None:
        """Take Ctrl+C as the end; `rest` is what was still open."""
        if self._terminal:
            say("")  # after the terminal's ^C
        for trouble in rest:
            self.tell(trouble)

    def end(self, report: LogReport) -> ExitCode:
        """Print the summary: each kind with its count."""
        if self._json:
            emit_json({**to_json(report, self._source), "event": "summary"})
        else:
            for trouble in report.troubles:
                emit(Line(name_of(trouble.diagnoses[0]), Mark.FAILED, name=container.times(trouble)))
            emit(Line(container.summary(report), name=self._source))
        return ExitCode.FAILED if report.troubles else ExitCode.OK
