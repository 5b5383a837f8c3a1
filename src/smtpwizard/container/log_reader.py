"""Octets of a log in, mail trouble out, as it comes. Opens nothing, knows no clock but the log's.

Memory is bounded whatever comes: a line of a megabyte, binary junk, no line end at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from smtpwizard.container.docker_words import KEPT
from smtpwizard.container.moments import Moment, moment, own_time, split_stamp
from smtpwizard.diagnosis.catalogue import Catalogue
from smtpwizard.diagnosis.stream import LogStream, Seen

if TYPE_CHECKING:
    from smtpwizard.diagnosis.result import Diagnosis
    from smtpwizard.preset_schema import Provider

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
    diagnoses: tuple[Diagnosis, ...]
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
            "diagnoses": [item.to_json() for item in self.diagnoses],
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
        catalogue: Catalogue | None = None,
        stamped: bool = False,
    ) -> None:
        """`stamped`: docker puts a stamp before each line, so what has none is docker's own words, not the log's."""
        self.words: list[str] = []
        """docker's own last words."""
        self._stream = LogStream(provider=provider, catalogue=catalogue)
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
