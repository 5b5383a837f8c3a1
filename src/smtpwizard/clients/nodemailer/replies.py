"""Cuts octets into replies exactly as nodemailer does. Pure.

nodemailer's rules are not RFC 5321's: a reply continues after any line of digits and a hyphen, whatever the next line
is; an empty line is a reply; LF alone ends a line. What is kept is bounded, where nodemailer would take anything.
"""

from __future__ import annotations

import re
from collections import deque
from typing import Final

from smtpwizard.apps.parse import trim

MAX_PENDING: Final = 4 << 20
"""Octets of replies that are kept at most. A real EHLO reply has a few KB; the client itself has no bound."""
MAX_LINES: Final = 50_000
"""Lines of replies that are kept at most: each takes some 60 octets of memory, however short it is."""

_FAILED_TAIL: Final = r"(?a)[45][0-9]{2}\b"


class Overflow(Exception):
    """The server sent more than MAX_PENDING octets, or MAX_LINES lines, without completing a reply."""


class ReplyQueue:
    """Replies as they arrive. The queue survives STARTTLS, as in the client: injected clear text stays in it."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._replies: deque[list[bytes]] = deque()
        self._size = 0
        self._lines = 0

    def __len__(self) -> int:
        return len(self._replies)

    @property
    def rest(self) -> str:
        """The octets after the last line end, trimmed: the beginning of a line."""
        return trim(decode(bytes(self._rest)))

    def feed(self, chunk: bytes) -> bool:
        """Take octets; return whether the client now looks at its queue. Overflow."""
        searched = len(self._rest)
        self._rest += chunk
        self._size += len(chunk)
        if self._size > MAX_PENDING:
            raise Overflow
        end = self._rest.rfind(b"\n", searched)
        if end >= 0:
            lines = bytes(self._rest[:end]).split(b"\n")
            del self._rest[: end + 1]
            self._lines += len(lines)
            if self._lines > MAX_LINES:
                raise Overflow
            for line in lines:
                self._append(line.removesuffix(b"\r"))
        return bool(self._replies) and not _continues(self._replies[-1][-1])

    def take(self) -> str | None:
        """Remove the first reply and return it, lines joined with LF; None if it was incomplete, which loses it."""
        lines = self._replies.popleft()
        self._size -= sum(len(line) + 2 for line in lines)
        self._lines -= len(lines)
        return None if _continues(lines[-1]) else decode(b"\n".join(lines))

    def _append(self, line: bytes) -> None:
        if self._replies and _continues(self._replies[-1][-1]):
            self._replies[-1].append(line)
        else:
            self._replies.append([line])


def _continues(line: bytes) -> bool:
    """Say whether a line is digits and a hyphen: then the reply goes on."""
    rest = line.lstrip(b"0123456789")
    return len(rest) < len(line) and rest.startswith(b"-")


def decode(octets: bytes) -> str:
    """Return a reply as UTF-8 where it is that, else as Latin-1."""
    try:
        text = octets.decode("utf-8")
    except UnicodeDecodeError:
        return octets.decode("latin-1")
    return octets.decode("latin-1") if "\ufffd" in text else text


def is_refusal(text: str) -> bool:
    """Say whether the beginning of a line that was cut off names a 4xx or 5xx code."""
    return bool(re.match(_FAILED_TAIL, text))
