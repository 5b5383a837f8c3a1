"""The app's log, from docker compose or a file: which mail errors are in it, when each came last, and what they mean.

Memory is bounded whatever comes: a line of a megabyte, binary junk, no line end at all.
"""

from __future__ import annotations

import asyncio
import os
import re
import select
import stat
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import aclosing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from smtpwizard.apps.profile import AppProfile
from smtpwizard.diagnosis.catalogue import Catalogue
from smtpwizard.diagnosis.logs import LogStream, Seen
from smtpwizard.docker.compose import (
    CHUNK,
    KEPT,
    Compose,
    Kind,
    chunks,
    environment,
    failed,
    kill_group,
    lacks_plugin,
    logs_words,
    names,
    never_ran,
    no_answer,
    no_program,
    problem,
    programs,
    run,
)
from smtpwizard.problems import Problem
from smtpwizard.records import NamedTuple
from smtpwizard.text import safe

if TYPE_CHECKING:
    from smtpwizard.presets.schema import Provider


STAMP: Final = re.compile(r"([\w./-]{1,80}[ \t]{0,40}\| ?)?(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z)(?: |$)")
"""What `docker compose logs --timestamps` puts before a line: always nine digits and Z (moby: RFC3339NanoFixed)."""

_ANSI: Final = re.compile(r"\x1b\[[0-9;]{0,20}m")
_CONTAINER: Final = r"(?:[\w./-]{1,80}[ \t]{0,40}\| ?)?"
_OWN: Final = re.compile(
    _CONTAINER + r"(?:"
    r"\[?(?P<iso>\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?)(?:[.,]\d{1,9})?(?: ?(?P<zone>Z|UTC|[+-]\d\d:?\d\d))?"
    r"|\[Nest\][ \t]{1,6}\d{1,9}[ \t]{1,6}-[ \t]{1,6}(?P<us>\d{1,2}/\d{1,2}/\d{4}, \d{1,2}:\d\d:\d\d(?: ?[AP]M)?)"
    r"|\[(?P<clock>\d\d:\d\d:\d\d)\.\d{3}\]"  # pino-pretty
    r"|(?P<syslog>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d)"
    r"|\{\"level\":\d{1,3},\"time\":(?P<epoch>\d{13})"  # pino
    r")"
)
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Moment(NamedTuple):
    """A time as a log tells it."""

    at: datetime | None
    """Aware where the log says the zone; None where it says no date."""
    text: str
    """For JSON: ISO 8601, with an offset only where the log says the zone; `17:49:14` without a date."""

    def shown(self) -> str:
        """Return it for a person: in this machine's zone, with its name, where the log says the zone."""
        if self.at is not None and self.at.tzinfo is not None:
            local = self.at.astimezone()
            return f"{local:%Y-%m-%d %H:%M:%S} {local.tzname() or ''}".rstrip()
        return f"{self.text.replace('T', ' ')} by the log's own clock"


def split_stamp(line: str) -> tuple[str, str]:
    """Return docker's stamp and the line without it; an empty stamp where there is none. A container's name stays."""
    found = STAMP.match(line)
    if not found:
        return "", line
    return found[2], (found[1] or "") + line[found.end() :]


def own_time(line: str) -> re.Match[str] | None:
    """Return the time at the beginning of a line, for `moment`; None where there is none."""
    return _OWN.match(_ANSI.sub("", line[:400]) if "\x1b" in line else line)


def moment(found: str | re.Match[str] | None, now: datetime | None = None) -> Moment | None:
    """Return the time that `split_stamp` or `own_time` found; None for none. `now`: for dates without a year."""
    try:
        if isinstance(found, str):
            return _aware(datetime.fromisoformat(found[:26] + "+00:00")) if found else None
        return _own(found, now or datetime.now(UTC)) if found else None
    except (ValueError, OverflowError):  # 2026-99-99: text that only looks like a time
        return None


def _own(found: re.Match[str], now: datetime) -> Moment:
    if found["clock"]:
        datetime.strptime(found["clock"], "%H:%M:%S")
        return Moment(None, found["clock"])
    if found["epoch"]:
        return _aware(datetime.fromtimestamp(int(found["epoch"]) / 1000, UTC))
    if found["us"]:
        return _naive(_us(found["us"]))
    if found["syslog"]:
        return _naive(_syslog(found["syslog"], now))
    at = datetime.fromisoformat(found["iso"].replace(" ", "T"))
    zone = found["zone"]
    if not zone:
        return _naive(at)
    return _aware(datetime.fromisoformat(at.isoformat() + ("+00:00" if zone in ("Z", "UTC") else zone)))


def _us(text: str) -> datetime:
    """Read `11/25/2026, 5:49:14 PM`, as Nest prints it in an English locale, or with the day first where it must be."""
    date, _, clock = text.partition(", ")
    first, second, year = (int(part) for part in date.split("/"))
    month, day = (second, first) if first > 12 else (first, second)
    hour, minute, rest = clock.split(":")
    half = rest[2:].strip()
    hours = int(hour) % 12 + (12 if half == "PM" else 0) if half else int(hour)
    return datetime(year, month, day, hours, int(minute), int(rest[:2]))  # the log says no zone


def _syslog(text: str, now: datetime) -> datetime:
    """Read `Nov 25 17:49:14` as the last one that has been: the format has no year (RFC 3164)."""
    month = _MONTHS.index(text[:3]) + 1
    hour, minute, second = (int(part) for part in text[7:].split(":"))
    today = now.replace(tzinfo=None) + timedelta(days=1)
    at = datetime(today.year, month, int(text[4:6]), hour, minute, second)
    return at if at <= today else at.replace(year=today.year - 1)


def _aware(at: datetime) -> Moment:
    at = at.astimezone(UTC).replace(microsecond=0)
    return Moment(at, at.isoformat().replace("+00:00", "Z"))


def _naive(at: datetime) -> Moment:
    return Moment(at, at.isoformat())


LINE_MOST: Final = 16_384
"""Octets of one line that are kept: docker itself cuts lines there."""


class Trouble(NamedTuple):
    """One kind of mail error in a log."""

    said: str
    """The server's or library's words: safe to show, without secrets, on one line."""
    times: int
    first_line: int
    """Counted from 1."""
    last_line: int
    moment: Moment | None
    """When it came last, as far as the log tells."""
    diagnoses: tuple[Problem, ...]
    """Best first, never empty."""

    @property
    def last(self) -> str:
        """When it came last, for a person; empty where the log does not tell."""
        return self.moment.shown() if self.moment else ""

    def to_json(self) -> dict[str, Any]:
        """Return the object for `logs --json`."""
        return {
            "said": self.said,
            "times": self.times,
            "first_line": self.first_line,
            "last_line": self.last_line,
            "last": self.moment.text if self.moment else None,
            "diagnoses": [item.as_diagnosis() for item in self.diagnoses],
        }


_Time = str | re.Match[str] | None


def _unwrapped(line: str) -> str:
    """Return the line that docker's json-file driver has put into an object, with its stamp as docker prints it."""
    if not line.startswith('{"log":"'):
        return line
    import json

    try:
        entry = json.loads(line)
        text, time = str(entry["log"]), str(entry["time"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return line
    seconds, _, fraction = time.removesuffix("Z").partition(".")
    return f"{seconds}.{fraction:0<9}Z " + text.rstrip("\r\n").replace("\n", " / ")


class LogReader:
    """Reads one log."""

    def __init__(
        self,
        *,
        provider: Provider | str | None = None,
        app: AppProfile | None = None,
        catalogue: Catalogue | None = None,
        stamped: bool = False,
    ) -> None:
        """`stamped`: docker puts a stamp before each line, so what has none is docker's own words, not the log's."""
        self.words: list[str] = []
        """docker's own last words."""
        self._stream = LogStream(provider=provider, app=app, catalogue=catalogue)
        self._stamped = stamped
        self._found: dict[tuple[str, ...], Trouble] = {}
        self._rest = bytearray()
        self._first: _Time = None
        self._last: _Time = None
        self._begun: _Time = None  # when the entry that may still go on began

    @property
    def lines(self) -> int:
        """Lines read so far."""
        return self._stream.lines

    @property
    def open(self) -> bool:
        """Whether there is an entry that the next line may belong to."""
        return self._stream.entry > 0

    @property
    def span(self) -> tuple[Moment | None, Moment | None]:
        """When the first and the last line with a time were written."""
        return moment(self._first), moment(self._last)

    @property
    def troubles(self) -> tuple[Trouble, ...]:
        """What was found so far, the latest first."""
        return tuple(sorted(self._found.values(), key=lambda item: -item.last_line))

    def feed(self, data: bytes) -> Iterator[Trouble]:
        """Take more of the log; yield each mail error that it completes, with its count and time until now."""
        start = 0
        while (end := data.find(b"\n", start)) >= 0:
            self._keep(data[start:end])
            yield from self._line()
            start = end + 1
        self._keep(data[start:])

    def idle(self) -> Iterator[Trouble]:
        """Nothing came for a while: take the last entry as ended. A line without its end is waited for."""
        yield from self._told(self._stream.flush(), self._begun)

    def close(self) -> Iterator[Trouble]:
        """The log has ended, with or without a line end."""
        if self._rest:
            yield from self._line()
        yield from self.idle()

    def _keep(self, part: bytes) -> None:
        self._rest += part[: LINE_MOST - len(self._rest)]

    def _line(self) -> Iterator[Trouble]:
        raw = bytes(self._rest)
        self._rest.clear()
        line = raw.decode("utf-8", "replace").rstrip("\r")
        stamp, line = split_stamp(_unwrapped(line))
        if self._stamped and not stamp:
            self.words = [*self.words[1 - KEPT :], line[:500]]
            return
        found: _Time = stamp or own_time(line)
        if found is not None:
            self._first = self._first or found
            self._last = found
        entry = self._stream.entry
        seen = self._stream.add(line, contained=bool(stamp))
        began = self._begun
        if self._stream.entry != entry:
            self._begun = self._last
        yield from self._told(seen, began)

    def _told(self, seen: Seen | None, began: _Time) -> Iterator[Trouble]:
        if seen is None:
            return
        kind = seen.explained
        trouble = Trouble(kind.said, kind.times, kind.line, seen.line, moment(began), kind.diagnoses)
        self._found[seen.key] = trouble
        yield trouble


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
    app: AppProfile | None = None,
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
        return _without(no_program(pipe), command)
    reader, code = LogReader(stamped=True), None
    cut = ""
    try:
        async with asyncio.timeout(timeout):
            for program in ways:
                reader = LogReader(provider=provider, app=app, catalogue=catalogue, stamped=True)
                code, cut = await _read_recent(project.words(*words, program=program), cwd, reader)
                if not (code and lacks_plugin(reader.words)):
                    break
            if code == 0 and not reader.lines and not await _has_container(project, program, service):
                return _without(never_ran(service), command)
    except TimeoutError:
        if not reader.lines:
            return _without(no_answer(timeout, command), command)
        cut = f"The log was read for {timeout:.0f} s and goes on. Ask for less of it: --since 1m."
    except OSError as error:
        return _without(failed(Kind.OTHER, f"docker cannot be run: {error.strerror}."), command)
    if code and not reader.lines:
        known = names(compose_file, cwd)
        told = problem(reader.words, service=service, command=command, pipe=pipe, known=known)
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


async def _read_recent(words: list[str], cwd: Path, reader: LogReader) -> tuple[int | None, str]:
    """Read docker's output to its end, or as far as it is read. Return its exit status, and what was left out."""
    ended: list[int | None] = []
    taken = 0
    async with aclosing(chunks(words, cwd=cwd, env=environment(), ended=ended)) as parts:
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
    done = await run(asked, cwd=project.cwd, env=environment(), stdin=b"", timeout=5.0, most=4096)
    return done.code != 0 or bool(done.out.strip())


def _without(problem: Problem, command: str) -> LogReport:
    return LogReport(0, (), problem.message, command, kind=Kind(problem.id))


_CHUNK: Final = 65_536


def read_saved(fd: int, reader: LogReader, most: int = MOST_BYTES) -> str:
    """Read a log into `reader`, at most `most` octets; return what was left out, as a sentence, or nothing. OSError."""
    note = ""
    size = os.fstat(fd).st_size if stat.S_ISREG(os.fstat(fd).st_mode) else 0
    if size - os.lseek(fd, 0, os.SEEK_CUR) > most if size else False:
        os.lseek(fd, size - most, os.SEEK_SET)
        note = f"Only the last {_size(most)} were read, and lines are counted from there."
        _skip_line(fd)
    taken = 0
    while data := os.read(fd, _CHUNK):
        if taken >= most:
            note = note or f"Only the first {_size(most)} were read. Cut the log to the time that matters."
            break
        taken += len(data)
        for _ in reader.feed(data):
            pass
    for _ in reader.close():
        pass
    return note


def _skip_line(fd: int) -> None:
    """Leave out the line in whose middle the reading begins, if it ends soon."""
    ahead = os.read(fd, _CHUNK)
    end = ahead.find(b"\n")
    os.lseek(fd, end + 1 - len(ahead) if end >= 0 else -len(ahead), os.SEEK_CUR)


def _size(octets: int) -> str:
    return f"{octets // 1_000_000} MB" if octets >= 1_000_000 else f"{octets} octets"


IDLE_SECONDS: Final = 0.5
"""Without a line for so long, an error with its stack and properties has come to its end."""
_MOST_DRAINED: Final = 64
"""A megabyte: an app that logs without end does not keep anybody from ending."""


def follow(fd: int, reader: LogReader, *, grows: bool = True) -> Iterator[Trouble]:
    """Yield each mail error that comes on a file descriptor until its end; a regular file that `grows` has none."""
    regular = stat.S_ISREG(os.fstat(fd).st_mode)
    try:
        yield from _read_live(fd, reader, regular=regular, grows=grows)
    except KeyboardInterrupt:
        _drain(fd, reader)
        raise


def _read_live(fd: int, reader: LogReader, *, regular: bool, grows: bool) -> Iterator[Trouble]:
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
        yield no_program(pipe)
    for number, program in enumerate(ways, 1):
        reader = next(readers)
        with _started(project.words(*words, program=program), project.cwd) as process:
            assert process.stdout is not None
            yield from follow(process.stdout.fileno(), reader)
            code = process.wait()
        if code and number < len(ways) and lacks_plugin(reader.words):
            continue
        if code and not reader.lines:
            known = names(project.file, project.cwd)
            command = project.shown(*words)
            yield problem(reader.words, service=service, command=command, pipe=pipe, known=known)
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
