"""Lines of a log grouped into entries: a multi-line reply, an error with its stack and its properties. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from smtpwizard.diagnosis.clean import Line, clean

LONGEST: Final = 80
"""Lines of one entry that are kept; stack frames do not count."""

_WRAPPED_LINES: Final = 12
"""Lines that a pasted reply may have where its lines were broken anew."""

_FRAME: Final = re.compile(
    r"^\s*(?:at (?:async )?[^\s(]{1,200}[ (].{0,300}|File \".{1,300}\", line \d+.*|\.\.\. \d+ (?:more|lines).*)$"
)
_REPLY_LINE: Final = re.compile(r"^([2-5][0-5]\d)([ -])")
_OPEN_REPLY: Final = re.compile(r"(?:^|[\s:='\"(])([2-5][0-5]\d)-(?=\S|$)")
_HEAD: Final = re.compile(r"^(?:\w[\w.]{0,80}(?:Error|Exception|Refused|Warning)\b|Error\b|Uncaught\b|\[?cause\]?:|\{)")
_MAIL_FRAME: Final = re.compile(r"nodemailer|smtp|mailer", re.IGNORECASE)
_COMMAND: Final = re.compile(r"^(EHLO|HELO|STARTTLS|AUTH|MAIL|RCPT|DATA|QUIT|RSET)\b", re.IGNORECASE)


@dataclass(slots=True)
class Record:
    """One entry of a log."""

    number: int
    """Its first line, counted from 1."""
    lines: list[str] = field(default_factory=list)
    mail: bool = False
    """Its stack goes through a mail library."""
    command: str = ""
    """The client's command before it, in a dialogue."""
    alone: bool = False
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
            found = _COMMAND.match(line.client)
            self._command = found[1].upper() if found else self._command
            return self.flush()
        text = line.text
        current = self.current
        if not text.strip():
            return self.flush() if current and self._depth <= 0 else None
        if _FRAME.match(text):
            if current:
                current.mail = current.mail or bool(_MAIL_FRAME.search(text))
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
    reply = _REPLY_LINE.match(line.text)
    if reply:
        return _open_code(record) == reply[1]
    if _HEAD.match(line.text):
        return False
    if line.text[0] in " \t}])":
        return True
    # A terminal or mail program has wrapped a reply that was pasted; containers' lines come whole.
    wrapped = _REPLY_LINE.match(record.lines[0]) or _open_code(record)
    return not line.contained and bool(wrapped) and len(record.lines) < _WRAPPED_LINES


def _open_code(record: Record) -> str:
    """Return the code of the reply that still goes on (`535-`) at the end of an entry."""
    for line in reversed(record.lines[-_WRAPPED_LINES:]):
        opened = _OPEN_REPLY.findall(line)
        if opened:
            return str(opened[-1])
        if _REPLY_LINE.match(line):
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
