"""Finds faults that one sees in mail settings which somebody has pasted: as a file, as YAML, as code.

Whose settings they are is not known, so a name is read by its parts (`MAIL_HOST`, `smtp.port`, `EMAIL_USE_SSL`), and
only what is wrong for every app counts. An app's own rules are the linter's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from smtpwizard.presets.values import IMPLICIT_PORTS
from smtpwizard.records import NamedTuple

FEWEST: Final = 2
"""Mail settings of a text that shows settings and does not just name one."""

_SETTING: Final = (
    r"^[ \t\[({\"'`$-]{0,12}(?:\w{1,30}(?:->|\[)[\"']?)?([A-Za-z][\w.-]{2,60})"
    r"[\"'`\])]{0,2}[ \t]{0,3}(?:=>|[=:])[ \t]{0,3}([^\n]{1,200}?)[ \t,;]*$"
)
_OF_MAIL: Final = r"(?i)mail|smtp"
_PARTS: Final = (
    ("security", r"(?i)secur|ssl|tls|crypt"),
    ("port", r"(?i)port$"),
    ("host", r"(?i)host(?:name)?$|server(?:_?name)?$"),
    ("password", r"(?i)pass(?:word|wd)?$|secret$"),
    ("user", r"(?i)user(?:_?name)?\w?$|login$"),
)
"""What a setting is for → how its name ends or what is in it."""


class Fault(NamedTuple):
    """What is wrong with a setting."""

    number: int
    """The line, counted from 1."""
    name: str
    """The setting's. Its value may be a password."""
    told: str
    """What the catalogue knows it by."""


class _Line(NamedTuple):
    number: int
    name: str
    part: str
    value: str
    line: str

    @property
    def bare(self) -> str:
        """The value without quotes, in lower case."""
        return self.value.strip("\"'").lower()


def fault_in(text: str) -> Fault | None:
    """Return the first fault of the mail settings in `text`; None where there is none, or there are no settings."""
    found = tuple(_lines(text))
    if len(found) < FEWEST:
        return None
    return _of_values(found) or _of_modes(found)


def is_setting(line: str) -> bool:
    """Say whether a line sets something of mail's: that it names TLS or a login tells of no failure."""
    return "\n" not in line and any(item.part for item in _lines(line))


def _lines(text: str) -> Iterator[_Line]:
    for number, line in enumerate(text.splitlines(), 1):
        setting = re.match(_SETTING, line)
        if setting and re.search(_OF_MAIL, setting[1]):
            part = next((part for part, name in _PARTS if re.search(name, setting[1])), "")
            yield _Line(number, setting[1], part, setting[2], line.strip(" \t-"))


_TLS_IS_STARTTLS: Final = r"smtp_?crypto|smtp_?secure"
"""CodeIgniter's and PHPMailer's settings, in which `tls` means STARTTLS and `ssl` TLS from the first byte."""
_KEPT: Final = r"\w\{\{\w{2,60}\}\}|\{\{\w{2,60}\}\}\w"
"""A template's place inside a value. One that is the whole value may be filled when the file is used."""
_EDITORS: Final = r"^[‘’“”]|[‘’“”]$|^[\"']?\[[^\]\n]{1,100}\]\((?:https?|mailto):"
"""Quotes and links that an editor or a web page makes of what is typed."""
_NOTHING: Final = r"[A-Z][A-Z0-9_]*=[\"']?(?:None|null|undefined|nil)[\"']?"
"""In an env file a word, in YAML and in code no value at all."""
_READING: Final = r"(?i)[\"']?(?:imap|pop3?)\d?[.-]"
_TO_READ: Final = frozenset({"110", "143", "993", "995"})


def _of_values(lines: tuple[_Line, ...]) -> Fault | None:
    for item in lines:
        if re.search(_EDITORS, item.value):
            return Fault(item.number, item.name, "a setting has an editor's quotes or link")
        if item.part in ("user", "password") and re.fullmatch(_NOTHING, item.line):
            return Fault(item.number, item.name, "a login is the word for nothing")
        if re.search(_KEPT, item.value) and item.part:
            return Fault(item.number, item.name, "a setting holds a place of its template")
        reads = "smtp" not in item.name.lower() and any(other.bare in _TO_READ for other in lines)
        if item.part == "host" and re.match(_READING, item.value) and not reads:
            return Fault(item.number, item.name, "the smtp host is one for reading mail")
    return None


def _of_modes(lines: tuple[_Line, ...]) -> Fault | None:
    """Compare port and TLS mode where a text shows one of each."""
    ports = {int(item.bare) for item in lines if item.part == "port" and item.bare.isdecimal()}
    modes = [item for item in lines if item.part == "security"]
    if len(ports) != 1 or not modes:
        return None
    port = ports.pop()
    for item in modes:
        name, value = item.name.lower(), item.bare
        if value == "tls" and port in IMPLICIT_PORTS and re.search(_TLS_IS_STARTTLS, name):
            return Fault(item.number, item.name, "starttls is set on a port that speaks tls from the first byte")
        at_once = value in ("ssl", "smtps", "implicit") or (
            value in ("true", "1", "yes", "on") and re.search(r"ssl|secure", name) and "starttls" not in name
        )
        if at_once and port in (25, 587, 2587):
            return Fault(item.number, item.name, "tls from the first byte is set on a port that begins in clear text")
    off = [item.bare in ("false", "0", "no", "off", "none", "null") for item in modes]
    if port in IMPLICIT_PORTS and all(off):
        return Fault(modes[0].number, modes[0].name, "no tls is set on a port that speaks tls from the first byte")
    return None
