"""When a line of a log was written: docker's stamp, or the time that the line itself begins with. Pure.

docker's stamps and times with an offset are points in time. Others are by the clock of whoever wrote the log: a
container's is mostly UTC, but nothing in the line says so, and it is not guessed.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

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
