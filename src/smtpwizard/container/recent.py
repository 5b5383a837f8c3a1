"""What the app's container logged lately about mail: docker compose asked once, the answer explained.

Never raises for what docker does: a report without a log says why, as fact and action.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from smtpwizard.container import docker_words, process
from smtpwizard.container.compose import Compose, environment, logs_words, programs
from smtpwizard.container.docker_words import Kind, Problem
from smtpwizard.container.log_reader import LogReader, Trouble
from smtpwizard.container.moments import Moment
from smtpwizard.container.services import names
from smtpwizard.diagnosis.catalogue import Catalogue
from smtpwizard.text import safe

if TYPE_CHECKING:
    from smtpwizard.preset_schema import Provider

MOST_BYTES: Final = 20_000_000
"""Octets of a log that are read at one time: a day's log of a busy app."""


class LogReport(NamedTuple):
    """What a log says about mail."""

    lines: int
    """Lines read."""
    troubles: tuple[Trouble, ...]
    """Each kind of mail error once, the latest first."""
    problem: str = ""
    """Why there is no log: fact and action. Empty where it was read."""
    command: str = ""
    """The docker command that gives this log, to copy; empty for a file."""
    first: Moment | None = None
    """When the first line with a time was written."""
    last: Moment | None = None
    note: str = ""
    """Why only a part of it was read, and what to do; empty where it was read to its end."""
    kind: Kind | None = None
    """What the problem is."""


async def recent(
    service: str,
    *,
    compose_file: Path | None = None,
    cwd: Path,
    since: str = "10m",
    provider: Provider | str | None = None,
    timeout: float = 15.0,
    catalogue: Catalogue | None = None,
) -> LogReport:
    """Read and explain what `service` has logged in the time of `since` (as docker takes it: 10m, 2h, a date).

    `timeout` is in seconds, for all of it. Cancelling kills docker at once. InputError for a service's name or a time
    that cannot be one.
    """
    project = Compose(compose_file, cwd)
    words = logs_words(service, since)
    command = project.shown(*words)
    pipe = pipe_words(service, since)
    ways = programs()
    if not ways:
        return _without(docker_words.no_program(pipe), command)
    reader, code = LogReader(stamped=True), None
    cut = ""
    try:
        async with asyncio.timeout(timeout):
            for program in ways:
                reader = LogReader(provider=provider, catalogue=catalogue, stamped=True)
                code, cut = await _read(project.words(*words, program=program), cwd, reader)
                if not (code and docker_words.lacks_plugin(reader.words)):
                    break
            if code == 0 and not reader.lines and not await _has_container(project, program, service):
                return _without(docker_words.never_ran(service), command)
    except TimeoutError:
        if not reader.lines:
            return _without(docker_words.no_answer(timeout, command), command)
        cut = f"The log was read for {timeout:.0f} s and goes on. Ask for less of it: --since 1m."
    except OSError as error:
        return _without(Problem(Kind.OTHER, f"docker cannot be run: {error.strerror}."), command)
    if code and not reader.lines:
        known = names(compose_file, cwd)
        told = docker_words.problem(reader.words, service=service, command=command, pipe=pipe, known=known)
        return _without(told, command)
    for _ in reader.close():
        pass
    return report_of(reader, command=command, note=cut)


def report_of(reader: LogReader, *, command: str = "", note: str = "") -> LogReport:
    """Return what a reader has found."""
    return LogReport(reader.lines, reader.troubles, "", command, *reader.span, note)


def pipe_words(service: str, since: str) -> str:
    """Return the command that reads the log of a docker elsewhere."""
    words = " ".join(["docker", "compose", *logs_words(service, since)])
    return safe(f"ssh HOST {words} | smtpwizard logs -")


async def _read(words: list[str], cwd: Path, reader: LogReader) -> tuple[int | None, str]:
    """Read docker's output to its end, or as far as it is read. Return its exit status, and what was left out."""
    ended: list[int | None] = []
    taken = 0
    async with aclosing(process.chunks(words, cwd=cwd, env=environment(), ended=ended)) as parts:
        async for data in parts:
            for _ in reader.feed(data):
                pass
            taken += len(data)
            if taken >= MOST_BYTES:
                cut = f"Only the first {MOST_BYTES // 1_000_000} MB of the log were read. Ask for less: --since 1m."
                return 0, cut
    return ended[0] if ended else None, ""


async def _has_container(project: Compose, program: tuple[str, ...], service: str) -> bool:
    """Say whether the service has a container, running or not. True where docker does not say."""
    asked = project.words("ps", "--all", "--quiet", service, program=program)
    done = await process.run(asked, cwd=project.cwd, env=environment(), stdin=b"", timeout=5.0, most=4096)
    return done.code != 0 or bool(done.out.strip())


def _without(problem: Problem, command: str) -> LogReport:
    return LogReport(0, (), problem.message, command, kind=problem.kind)
