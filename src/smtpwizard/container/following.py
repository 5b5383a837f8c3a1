"""A log read as it grows: a pipe, a file, docker's output. Blocks; waits without turning over, ends when it is told to.

Ctrl+C is the normal end: KeyboardInterrupt passes through, and what was started is killed on the way.
"""

from __future__ import annotations

import os
import select
import stat
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from smtpwizard.container import docker_words
from smtpwizard.container.compose import Compose, environment, logs_words, programs
from smtpwizard.container.docker_words import Problem
from smtpwizard.container.log_reader import LogReader, Trouble
from smtpwizard.container.process import CHUNK, kill_group
from smtpwizard.container.recent import pipe_words
from smtpwizard.container.services import names

IDLE_SECONDS: Final = 0.5
"""Without a line for so long, an error with its stack and properties has come to its end."""
_MOST_DRAINED: Final = 64
"""A megabyte: an app that logs without end does not keep anybody from ending."""


def follow(fd: int, reader: LogReader, *, grows: bool = True) -> Iterator[Trouble]:
    """Yield each mail error that comes on a file descriptor until its end; a regular file that `grows` has none."""
    regular = stat.S_ISREG(os.fstat(fd).st_mode)
    try:
        yield from _read(fd, reader, regular=regular, grows=grows)
    except KeyboardInterrupt:
        _drain(fd, reader)
        raise


def _read(fd: int, reader: LogReader, *, regular: bool, grows: bool) -> Iterator[Trouble]:
    while True:
        if not regular and not select.select([fd], [], [], IDLE_SECONDS if reader.open else None)[0]:
            yield from reader.idle()
            continue
        data = os.read(fd, CHUNK)
        if data:
            yield from reader.feed(data)
        elif not (regular and grows):
            break
        else:
            yield from reader.idle()
            _wait_for_growth(fd)
    yield from reader.close()


def _drain(fd: int, reader: LogReader) -> None:
    """Take what has come already, so that a summary counts it."""
    for _ in range(_MOST_DRAINED):
        if not select.select([fd], [], [], 0)[0] or not (data := os.read(fd, CHUNK)):
            return
        for _ in reader.feed(data):
            pass


def _wait_for_growth(fd: int) -> None:
    """Look twice a second whether a file has grown; one that was cut (logrotate) is read from its beginning again."""
    while (size := os.fstat(fd).st_size) == (at := os.lseek(fd, 0, os.SEEK_CUR)):
        select.select([], [], [], IDLE_SECONDS)
    if size < at:
        os.lseek(fd, 0, os.SEEK_SET)


def follow_docker(
    service: str, project: Compose, since: str, readers: Iterator[LogReader]
) -> Iterator[Trouble | Problem]:
    """Yield each mail error of a service's log as it comes; a Problem, and no more, where docker gives no log.

    One reader is taken for each way to run compose that is tried; the last one taken has the log.
    """
    words = logs_words(service, since, follow=True)
    pipe = pipe_words(service, since)
    ways = programs()
    if not ways:
        yield docker_words.no_program(pipe)
    for number, program in enumerate(ways, 1):
        reader = next(readers)
        with _started(project.words(*words, program=program), project.cwd) as process:
            assert process.stdout is not None
            yield from follow(process.stdout.fileno(), reader)
            code = process.wait()
        if code and number < len(ways) and docker_words.lacks_plugin(reader.words):
            continue
        if code and not reader.lines:
            known = names(project.file, project.cwd)
            command = project.shown(*words)
            yield docker_words.problem(reader.words, service=service, command=command, pipe=pipe, known=known)
        return


@contextmanager
def _started(words: Sequence[str], cwd: Path) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(  # noqa: S603  # an argument list, made here; no shell
        words,
        cwd=cwd,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        kill_group(process.pid)
        process.wait()
        assert process.stdout is not None
        process.stdout.close()
