"""Reads what a mail library logs beside the message: nodemailer's error properties, smtplib's tuple, the command."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from smtpwizard.diagnosis.event import bound

LINE_LIMIT: Final = 4000
"""Characters of one line that are looked at."""

# Texts, compiled by `re` when they are first used: one reply needs few of them, and together they take 2 ms.
_ANSI: Final = r"\x1b(?:\[[0-9;?]{0,40}[ -/]{0,4}[@-~]|\][^\x07\x1b]{0,200}(?:\x07|\x1b\\)?|[@-Z\\-_])"
_CONTAINER: Final = r"^[\w./-]{1,80}[ \t]{0,40}\| ?"
_TIME: Final = (
    r"\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?(?:[.,]\d{1,9})?(?: ?(?:Z|[+-]\d\d:?\d\d|UTC))?\]?"
    r"|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d"
    r"|\[?\d{1,2}[/.]\d{1,2}[/.]\d{4},? \d{1,2}:\d\d:\d\d(?: ?[AP]M)?\]?"
    r"|\[\d\d:\d\d:\d\d\.\d{3}\]"  # pino-pretty, the app's own logger
)
_PREFIX: Final = (
    rf"^(?:(?:{_TIME})[ \t:,-]{{0,6}}"
    r"|\[Nest\][ \t]{1,6}\d{1,9}[ \t]{1,6}-[ \t]{1,6}"
    r"|(?:\[?(?:ERROR|WARN(?:ING)?|FATAL|LOG|INFO|DEBUG|VERBOSE|TRACE|error|warn|info|debug)\]?"
    r"(?: \(\d{1,9}\))?:?)(?=[ \t])[ \t]{1,8}"
    r"|[\w.-]{1,60} [\w./-]{1,40}(?:\[\d{1,9}\])?: (?=\S)(?<=\]: )"
    r"|\[[A-Za-z][\w ./:-]{0,60}\][ \t]{1,6}(?=\S)"
    r"|\+\d{1,7}ms[ \t]{1,4})"
)
_TAIL: Final = r"[ \t]{1,4}\+\d{1,7}ms$"
_VERB: Final = r"(?:EHLO|HELO|STARTTLS|AUTH|MAIL|RCPT|DATA|QUIT|RSET|NOOP)\b"
_DIALOGUE: Final = (
    r"^[ \t]{0,4}(?:S:|Server:|<(?:-|~|\*\*|<<|=)?(?=[ \t])|<\*\*|recv:|reply:)[ \t]{0,4}(?=[\"'b]{0,2}[2-5]\d\d)"
)
_CLIENT: Final = rf"^[ \t]{{0,4}}(?:C:|Client:|send:|(?:->|~>|>>>|=>)(?=[ \t]{{1,4}}{_VERB}))[ \t]{{0,4}}(.{{0,200}})"


_CLIENT_BEGINS: Final = frozenset("Cs-~>=")
_SERVER_BEGINS: Final = frozenset("S<r")
_BEHIND_CODE: Final = frozenset(" -")


class Line(NamedTuple):
    """A line, and what its prefix said."""

    text: str
    fresh: bool
    """It has a time or level of its own: a new entry of the log."""
    contained: bool
    """It has a container's name: no terminal has wrapped it."""
    client: str
    """What the client sent, where the line is of a dialogue; then `text` is empty."""


def clean(line: str) -> Line:
    """Take `line` apart."""
    text = line[:LINE_LIMIT]
    text = (re.sub(_ANSI, "", text) if "\x1b" in text else text).rstrip()
    container = re.match(_CONTAINER, text) if "|" in text else None
    if container and not container[0].startswith(("http", "|")):
        text = text[container.end() :]
    fresh = False
    bare = text[:3].isdecimal() and text[3:4] in _BEHIND_CODE and "]: " not in text  # a reply with nothing before it
    for _ in () if bare else range(8):  # time, level, logger, time again: no log has more in a row
        found = re.match(_PREFIX, text)
        if not found:
            break
        fresh = True
        text = text[found.end() :]
    if text.endswith("ms"):
        text = re.sub(_TAIL, "", text)
    first = text.lstrip()[:1]
    if first in _CLIENT_BEGINS and (client := re.match(_CLIENT, text)):
        return Line("", fresh, bool(container), client[1])
    if first in _SERVER_BEGINS:
        text = re.sub(_DIALOGUE, "", text)
    return Line(text, fresh, bool(container), "")


LONGEST: Final = 80
"""Lines of one entry that are kept; stack frames do not count."""

_WRAPPED_LINES: Final = 12
"""Lines that a pasted reply may have where its lines were broken anew."""

_FRAME: Final = (
    r"^\s*(?:at (?:async )?[^\s(]{1,200}[ (].{0,300}|File \".{1,300}\", line \d+.*|\.\.\. \d+ (?:more|lines).*)$"
)
_FRAME_BEGINS: Final = frozenset("aF.")
_REPLY_LINE: Final = r"^([2-5][0-5]\d)([ -])"
_OPEN_REPLY: Final = r"(?:^|[\s:='\"(])([2-5][0-5]\d)-(?=\S|$)"
_HEAD: Final = r"^(?:\w[\w.]{0,80}(?:Error|Exception|Refused|Warning)\b|Error\b|Uncaught\b|\[?cause\]?:|\{)"
_MAIL_FRAME: Final = r"(?i)nodemailer|smtp|mailer"
_COMMAND_LINE: Final = r"(?i)^(EHLO|HELO|STARTTLS|AUTH|MAIL|RCPT|DATA|QUIT|RSET)\b"


class Record:
    """One entry of a log."""

    __slots__ = ("alone", "command", "lines", "mail", "number")

    def __init__(self, number: int, command: str = "") -> None:
        self.number = number
        """Its first line, counted from 1."""
        self.lines: list[str] = []
        self.mail = False
        """Its stack goes through a mail library."""
        self.command = command
        """The client's command before it, in a dialogue."""
        self.alone = False
        """There is nothing else in the text."""

    @property
    def text(self) -> str:
        """The lines, joined."""
        return "\n".join(self.lines)


class Grouping:
    """`records` for lines as they come: a line in, and out comes the entry that ended with it, if one did."""

    def __init__(self) -> None:
        self.number = 0
        """Lines taken so far."""
        self.current: Record | None = None
        """The entry that may still go on."""
        self._depth = 0
        self._command = ""

    def add(self, raw: str, *, contained: bool = False) -> Record | None:
        """Take the next line; `contained` when it came whole from a container, without the container's name on it."""
        self.number += 1
        line = clean(raw)
        if line.client:
            found = re.match(_COMMAND_LINE, line.client)
            self._command = found[1].upper() if found else self._command
            return self.flush()
        text = line.text
        current = self.current
        if not text.strip():
            return self.flush() if current and self._depth <= 0 else None
        if text.lstrip()[0] in _FRAME_BEGINS and re.match(_FRAME, text):
            if current:
                current.mail = current.mail or bool(re.search(_MAIL_FRAME, text))
                self._depth = 1 if text.endswith("{") else self._depth
            return None
        if contained and not line.contained:
            line = line._replace(contained=True)
        ended = None
        if current is None or not _belongs(line, current, self._depth):
            ended = self.flush()
            current = self.current = Record(self.number, command=self._command)
        if len(current.lines) < LONGEST:
            current.lines.append(text)
        self._depth = _depth(text, self._depth)
        return ended

    def flush(self) -> Record | None:
        """End the entry that may still go on, and return it."""
        ended, self.current, self._depth = self.current, None, 0
        return ended


def records(lines: Iterable[str]) -> Iterator[Record]:
    """Group `lines`. Blank lines end an entry."""
    grouping = Grouping()
    for raw in lines:
        ended = grouping.add(raw)
        if ended:
            yield ended
    last = grouping.flush()
    if last:
        yield last


def _belongs(line: Line, record: Record, depth: int) -> bool:
    """Say whether a line continues the entry before it."""
    if line.fresh or len(record.lines) >= LONGEST:
        return False
    if depth > 0:
        return True
    reply = re.match(_REPLY_LINE, line.text)
    if reply:
        return _open_code(record) == reply[1]
    if re.match(_HEAD, line.text):
        return False
    if line.text[0] in " \t}])":
        return True
    # A terminal or mail program has wrapped a reply that was pasted; containers' lines come whole.
    wrapped = re.match(_REPLY_LINE, record.lines[0]) or _open_code(record)
    return not line.contained and bool(wrapped) and len(record.lines) < _WRAPPED_LINES


def _open_code(record: Record) -> str:
    """Return the code of the reply that still goes on (`535-`) at the end of an entry."""
    for line in reversed(record.lines[-_WRAPPED_LINES:]):
        opened = re.findall(_OPEN_REPLY, line)
        if opened:
            return str(opened[-1])
        if re.match(_REPLY_LINE, line):
            return ""
    return ""


def _depth(text: str, depth: int) -> int:
    """Follow the braces of a printed object. Only ends of lines count: braces inside values say nothing."""
    stripped = text.strip()
    if stripped.endswith(("{", "[", "(")) and len(stripped) < 400:
        return depth + 1
    if stripped[:1] in "}])" and depth > 0:
        return depth - 1
    return depth


class Properties(NamedTuple):
    """nodemailer's error object, as far as it is printed."""

    code: str = ""
    response: str = ""
    response_code: int | None = None
    command: str = ""
    port: int | None = None


_KEY: Final = r"(?<![\w-])[\"']?{}[\"']?\s{{0,3}}[:=]\s{{0,40}}"
_CODE: Final = _KEY.format("code") + r"[\"']?([A-Z][A-Z0-9_]{2,60})[\"']?"
_RESPONSE_CODE: Final = _KEY.format("responseCode") + r"(\d{3})"
_PORT: Final = _KEY.format("port") + r"[\"']?(\d{1,5})\b"
_COMMAND_PROPERTY: Final = (
    _KEY.format("command") + r"[\"']?(AUTH [A-Z0-9-]+|MAIL FROM|RCPT TO|DATA|STARTTLS|EHLO|HELO|CONN|API|LMTP)\b"
)
_RESPONSE: Final = (
    _KEY.format("response")
    + r"((?:'(?:[^'\\\n]|\\.){0,2000}'|\"(?:[^\"\\\n]|\\.){0,2000}\"|`(?:[^`\\]|\\.){0,2000}`)(?:\s{0,40}\+\s{0,40}"
    r"(?:'(?:[^'\\\n]|\\.){0,2000}'|\"(?:[^\"\\\n]|\\.){0,2000}\")){0,30})"
)
_PIECE: Final = r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"|`((?:[^`\\]|\\.)*)`"
_SMTPLIB: Final = r"\((\d{3}), ?b?(?:'((?:[^'\\]|\\.){0,2000})'|\"((?:[^\"\\]|\\.){0,2000})\")"
_ENHANCED: Final = r"[245]\.\d{1,3}\.\d{1,3}"
_REPLY: Final = (
    r"(?m)(?:^([23][0-5]\d)(?=[ -])|(?:^|[:=>] ?[\"'(`]?|[\"'(`])(?!443)([45][0-5]\d)(?=[ -][\w<(\"'#\[*./]|-?\n)"
    rf"|(?<=\s)([45][0-5]\d)(?=[ -]{_ENHANCED}(?!\w)))"
)
"""A reply in a message. One that tells success counts only at the start of a line: elsewhere it is another's."""

_MESSAGES: Final = (
    ("invalid login", ("auth",)),
    ("missing credentials for", ("auth",)),
    ("can't create new sasl", ("auth",)),
    ("invalid greeting", ("greeting",)),
    ("greeting never received", ("greeting",)),
    ("invalid helo", ("ehlo",)),
    ("invalid ehlo", ("ehlo",)),
    ("mail command failed", ("mail",)),
    ("all recipients were rejected", ("rcpt",)),
    ("recipient command failed", ("rcpt",)),
    ("data command failed", ("data",)),
    ("message failed", ("data",)),
    ("error upgrading connection with starttls", ("starttls",)),
    ("error initiating tls", ("starttls",)),
    ("smtpauthenticationerror", ("auth",)),
    ("smtpsenderrefused", ("mail",)),
    ("smtprecipientsrefused", ("rcpt",)),
    ("smtpdataerror", ("data",)),
    ("smtpconnecterror", ("greeting",)),
    ("smtpheloerror", ("ehlo",)),
    ("sasl authentication failed", ("auth",)),
    ("in reply to end of data", ("data",)),
    ("in reply to mail from", ("mail",)),
    ("in reply to rcpt to", ("rcpt",)),
    ("in reply to data", ("data",)),
    ("in reply to auth", ("auth",)),
    ("in reply to ehlo", ("ehlo",)),
    ("getaddrinfo", ("resolve",)),
    ("connect econnrefused", ("connect",)),
    ("connect etimedout", ("connect",)),
    ("connect ehostunreach", ("connect",)),
    ("connect enetunreach", ("connect",)),
    ("connection timeout", ("connect",)),
)
"""What client libraries put before the server's words → the stage."""

_COMMAND_STAGES: Final = {
    "AUTH": ("auth",), "MAIL": ("mail",), "RCPT": ("rcpt",), "DATA": ("data",), "STARTTLS": ("starttls", "tls"),
    "EHLO": ("ehlo",), "HELO": ("ehlo",), "CONN": ("resolve", "connect", "tls", "starttls", "greeting", "ehlo"),
}  # fmt: skip
_CODE_STAGES: Final = {
    "EAUTH": ("auth",), "EENVELOPE": ("mail", "rcpt", "data"), "EMESSAGE": ("data",), "EDNS": ("resolve",),
    "ETLS": ("starttls", "tls"),
}  # fmt: skip
_TLS_WORDS: Final = r"(?i)certificate|ssl routines|wrong version number|secure tls connection|altnames"


def properties(text: str) -> Properties:
    """Return what is printed of an error object: util.inspect's form, JSON, or `key=value`."""
    text = bound(text, 8000)
    if not any(word in text for word in ("code", "command", "response", "port")):
        return Properties()
    code, port, command = re.search(_CODE, text), re.search(_PORT, text), re.search(_COMMAND_PROPERTY, text)
    number, response = re.search(_RESPONSE_CODE, text), re.search(_RESPONSE, text)
    return Properties(
        code=code[1] if code else "",
        response=_joined(response[1]) if response else "",
        response_code=int(number[1]) if number else None,
        command=command[1] if command else "",
        port=int(port[1]) if port else None,
    )


def find_reply(text: str, known: Properties) -> tuple[str, int | None]:
    """Return the server's words in a message and the reply code, where it stands apart from them."""
    if known.response:
        return known.response, known.response_code
    text = bound(text)
    found = re.search(_SMTPLIB, text)
    if found:
        return _unescape(found[2] or found[3] or ""), int(found[1])
    if "\\n" in text:
        text = text.replace("\\r", "").replace("\\n", "\n")
    place = re.search(_REPLY, text)
    if place:
        return text[place.start(place.lastindex or 0) :], None
    return "", known.response_code


def stages_of(text: str, known: Properties, command: str) -> tuple[str, ...]:
    """Return the stages that the message, the error's properties or the client's last command leave."""
    lower = bound(text).lower()
    for words, stages in _MESSAGES:
        if words in lower:
            return stages
    verb = known.command.split(" ")[0] or command
    if verb == "CONN" and re.search(_TLS_WORDS, text):
        return ("tls", "starttls")
    if verb in _COMMAND_STAGES:
        return _COMMAND_STAGES[verb]
    return _CODE_STAGES.get(known.code, ())


def _joined(literal: str) -> str:
    """Join the pieces of a printed string: 'a\\n' + 'b'."""
    return "".join(_unescape(next((part for part in groups if part), "")) for groups in re.findall(_PIECE, literal))


def _unescape(text: str) -> str:
    if "\\" not in text:
        return text
    import json

    try:
        value = json.loads(
            '"' + text.replace("\\'", "'").replace('\\"', '"').replace('"', '\\"').replace("\n", "\\n") + '"'
        )
    except ValueError:
        return text.replace("\\r", "").replace("\\n", "\n").replace("\\'", "'").replace('\\"', '"')
    return str(value)
