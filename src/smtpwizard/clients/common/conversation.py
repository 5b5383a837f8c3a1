"""Lines out, replies in: what every client does that reads a line at a time and waits for each reply.

Most mail libraries are blocking code: write a command, read lines until one does not end in a hyphen after its code.
Where they differ is what counts as a line and as the last one; a client's dialogue says so in `Reading`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from smtpwizard.records import NamedTuple
from smtpwizard.smtp.net import TlsStream, is_deadline
from smtpwizard.smtp.results import Transcript

if TYPE_CHECKING:
    import ssl

MAX_LINE: Final = 1 << 20
"""Octets of a line that are kept at most, where the client itself has no bound."""
MAX_REPLY: Final = 1 << 22
"""Octets of a reply that are kept at most. A real EHLO reply has a few KB."""


class Reply(NamedTuple):
    """A reply as the client has read it."""

    code: int
    """The number with which the last line begins, as the client reads it; -1 where it reads none."""
    lines: tuple[bytes, ...]
    """All lines, without their ends."""

    @property
    def shown(self) -> str:
        """The reply as text, lines joined with LF."""
        return "\n".join(decode(line) for line in self.lines)

    @property
    def texts(self) -> tuple[bytes, ...]:
        """The lines without code and hyphen."""
        return tuple(line[4:] for line in self.lines)


class Interrupted(Exception):
    """No reply came; `error` is the system's, None where the server ended the connection."""

    def __init__(
        self, error: OSError | None = None, *, heard: bytes = b"", endless: bool = False, truncated: bool = False
    ) -> None:
        super().__init__(str(error or "closed"))
        self.error = error
        self.heard = heard
        """What came of the reply before."""
        self.endless = endless
        """Whether octets still come, and no end of the reply."""
        self.truncated = truncated
        """Whether TLS ended without a word of its own."""

    @property
    def late(self) -> bool:
        """Whether our own deadline passed."""
        return is_deadline(self.error)


class Malformed(Exception):
    """A line that the client takes for no reply; the text is the client's own, `line` the octets."""

    def __init__(self, text: str, line: bytes) -> None:
        super().__init__(text)
        self.line = line


class Reading(NamedTuple):
    """How a client reads replies."""

    code: Callable[[list[bytes]], int]
    """Return the code of a complete reply. Malformed."""
    complete: Callable[[list[bytes]], bool]
    """Say, after each line, whether the reply is complete. Malformed."""
    longest: int = MAX_LINE
    """Octets that a line may have, its end included; a longer one is Malformed."""
    too_long: str = "line too long"
    """The client's words for such a line."""
    takes_rest: bool = False
    """Whether octets without a line end count as a line where the server ends the connection."""


def usual_code(lines: list[bytes]) -> int:
    """Return the three digits of the last line, or -1."""
    digits = lines[-1][:3]
    return int(digits) if len(digits) == 3 and digits.isdigit() else -1


def usual_end(lines: list[bytes]) -> bool:
    """Say that a reply ends with the first line that has no hyphen as its fourth octet."""
    return lines[-1][3:4] != b"-"


USUAL: Final = Reading(usual_code, usual_end)


class Conversation:
    """The lines of one connection. Every method raises Interrupted where the network or the clock ends it."""

    def __init__(
        self, stream: TlsStream, transcript: Transcript, reading: Reading, *, timeout: float, until: float = math.inf
    ) -> None:
        """`timeout` is in seconds for each stage; `until`, a moment of time.monotonic(), ends all of them."""
        self._stream, self._transcript, self._reading = stream, transcript, reading
        self._timeout, self._until = timeout, until
        self._rest = bytearray()
        self._lines: list[bytes] = []
        """Lines of a reply that is not complete yet: a deadline that came too early loses none."""
        self._heard = -math.inf
        """When octets last came that belong to no complete reply."""

    def deadline(self) -> float:
        """Return the moment at which a stage that begins now has to be over."""
        return min(time.monotonic() + self._timeout, self._until)

    @property
    def silent(self) -> bool:
        """Whether not one octet has come since the last reply."""
        return not (self._rest or self._lines)

    def forget(self) -> None:
        """Drop what has come and is not read yet."""
        self._rest.clear()
        self._lines.clear()

    def abandon(self) -> None:
        """Drop the lines of a reply that is given up; half a line stays."""
        self._lines.clear()

    async def say(self, line: str, deadline: float, *, shown: str | None = None) -> None:
        """Send a command; `shown` stands for it in the transcript where it holds credentials."""
        self._transcript.client(line if shown is None else shown)
        await self.send(octets(line) + b"\r\n", deadline)

    async def send(self, data: bytes, deadline: float) -> None:
        """Send octets."""
        try:
            await self._stream.send(data, deadline)
        except OSError as error:
            raise Interrupted(error) from error

    async def reply(self, deadline: float) -> Reply:
        """Return the next reply. Malformed where the client finds none in what came."""
        while True:
            line = await self._line(deadline)
            self._lines.append(line)
            try:
                if not self._reading.complete(self._lines):
                    if sum(map(len, self._lines)) > MAX_REPLY:
                        raise Interrupted(TimeoutError(), endless=True)
                    continue
                found = Reply(self._reading.code(self._lines), tuple(self._lines))
            except Malformed:
                self._transcript.server("\n".join(map(decode, self._lines)))
                self._lines = []
                raise
            self._lines, self._heard = [], -math.inf
            self._transcript.server(found.shown)
            return found

    async def secure(self, context: ssl.SSLContext, server_name: str | None, deadline: float) -> None:
        """Make the TLS handshake. OSError as from TlsStream.secure: what it means depends on the stage."""
        await self._stream.secure(context, server_name, deadline)

    async def _line(self, deadline: float) -> bytes:
        while (end := self._rest.find(b"\n")) < 0:
            if len(self._rest) > self._reading.longest:
                raise self._overlong()
            try:
                records = await self._stream.receive(deadline)
            except OSError as error:
                endless = self._heard > deadline - self._timeout / 2
                raise Interrupted(error, heard=bytes(self._rest), endless=endless) from error
            if not records:
                if self._rest and self._reading.takes_rest:
                    line, self._rest = bytes(self._rest), bytearray()
                    return line
                heard = b"\n".join((*self._lines, bytes(self._rest)))
                if heard:
                    self._transcript.server(decode(heard))
                raise Interrupted(heard=heard, truncated=self._stream.truncated)
            self._heard = time.monotonic()
            self._rest += b"".join(records)
        if end >= self._reading.longest:
            raise self._overlong()
        line = bytes(self._rest[:end])
        del self._rest[: end + 1]
        return line.removesuffix(b"\r")

    def _overlong(self) -> Malformed:
        line, self._rest, self._lines = bytes(self._rest), bytearray(), []
        return Malformed(self._reading.too_long, line)


def decode(data: bytes) -> str:
    """Return octets as UTF-8 where they are that, else as Latin-1."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def octets(text: str) -> bytes:
    """Return text as UTF-8, octets of a file or the environment that are none as they are."""
    return text.encode("utf-8", "surrogateescape")
