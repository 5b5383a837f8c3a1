"""Sends commands and receives replies, in the order in which nodemailer handles them.

nodemailer is driven by events: an arriving chunk is cut into replies, and each reply goes to whatever waits for one;
after it has been handled, the next one in the queue is handled "immediately", that is, after all octets of the same
moment. A reply that nobody waits for ends the dialogue, and so does, in its own way, the end of the connection.
`reply` follows those rules one by one; where the client would wait without end, or for minutes, a deadline stands.

The rules by which octets become replies are not RFC 5321's: a reply continues after any line of digits and a hyphen,
whatever the next line is; an empty line is a reply; LF alone ends a line. What is kept is bounded, where nodemailer
would take anything.

aiosmtplib's protocol does not serve as a base: it refuses lines that nodemailer takes, drops what follows a 220 to
STARTTLS where nodemailer stumbles over it, reads EHLO keyword by keyword, prefers CRAM-MD5, and hides which of
"closed", "reset" and "late" happened. It also needs asyncio and email, 65 ms of import. Its defences are kept: bounded
replies, no control characters in commands, no silent mixing of octets from before TLS with those inside it.

Of the reply to EHLO the client searches the whole text for patterns instead of reading keywords line by line, so
`250-X-AUTH PLAIN` and `250-AUTH=LOGIN` offer a login, too. Its patterns for login mechanisms take quadratic time on a
hostile reply; `read` takes linear time and finds the same (a property test compares them). No regular expressions:
compiling these took 3 ms of a `check`.
"""

from __future__ import annotations

import math
import re
import time
from collections import deque
from typing import TYPE_CHECKING, Final

from smtpwizard.apps.parse import JS_SPACE, trim
from smtpwizard.clients.model import Capabilities, ClientFailure, DialogueEnded
from smtpwizard.clients.nodemailer.errors import late, patience, tls, word
from smtpwizard.records import NamedTuple
from smtpwizard.smtp.net import TlsStream, is_deadline
from smtpwizard.smtp.results import Step, Transcript, Verdict

if TYPE_CHECKING:
    import ssl

MAX_PENDING: Final = 4 << 20
"""Octets of replies that are kept at most. A real EHLO reply has a few KB; the client itself has no bound."""
MAX_LINES: Final = 50_000
"""Lines of replies that are kept at most: each takes some 60 octets of memory, however short it is."""

_FAILED_TAIL: Final = r"(?a)[45][0-9]{2}\b"


class Traits(NamedTuple):
    """In what nodemailer's versions differ, as far as a server can make them show it."""

    tells_rest: bool = True
    """Whether an error of a closed connection names the beginning of a reply that came before: from 6.9.3 on."""
    skips_empty: bool = False
    """Whether an empty line is no reply, and the beginning of a reply is kept for its end: from 9.0.2 on."""
    drops_clear_text: bool = False
    """Whether what came in clear text is dropped before the handshake of STARTTLS: from 9.0.3 on."""


def traits(version: str) -> Traits:
    """Return what a version does; of an empty text, what 8.0.5 does."""
    parts = tuple(int(part) for part in version.split(".")[:3] if part.isdigit()) or (8, 0, 5)
    return Traits(parts >= (6, 9, 3), parts >= (9, 0, 2), parts >= (9, 0, 3))


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

    def clear(self) -> None:
        """Drop everything."""
        self._rest.clear()
        self._replies.clear()
        self._size = self._lines = 0

    def take(self, *, keep: bool = False) -> str | None:
        """Remove the first reply and return it, lines joined with LF; None if it was incomplete.

        An incomplete one is lost, unless it is to be kept.
        """
        if keep and _continues(self._replies[0][-1]):
            return None
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


class Channel:
    """The dialogue of one connection. Every method raises DialogueEnded where nodemailer gives up."""

    def __init__(
        self,
        stream: TlsStream,
        transcript: Transcript,
        *,
        timeout: float,
        until: float = math.inf,
        pooled: bool = True,
        version: Traits = Traits(),  # noqa: B008  # a tuple
    ) -> None:
        """`timeout` is in seconds for each stage; `until`, a moment of time.monotonic(), ends all of them."""
        self._stream = stream
        self._transcript = transcript
        self._timeout = timeout
        self._until = until
        self._pooled = pooled
        self._version = version
        self._queue = ReplyQueue()
        self._moment: deque[bytes] = deque()
        """Octets that came at the same moment and are still to be cut into replies, one TLS record each."""
        self._handled = False
        """Whether a reply has just been handled, so that the queue is looked at before waiting."""
        self._heard = 0.0
        """When octets last came that belong to no complete reply; 0 where there are none."""

    def deadline(self) -> float:
        """Return the moment at which a stage that begins now has to be over."""
        return min(time.monotonic() + self._timeout, self._until)

    @property
    def silent(self) -> bool:
        """Whether not one octet has come since the last reply."""
        return not self._heard

    async def command(self, line: str, deadline: float, *, shown: str | None = None) -> None:
        """Send a line; `shown` stands for it in the transcript where it holds credentials."""
        self._transcript.client(line if shown is None else shown)
        await self.send(utf8(line) + b"\r\n", deadline)

    async def send(self, data: bytes, deadline: float) -> None:
        """Send octets."""
        try:
            await self._stream.send(data, deadline)
        except OSError as error:
            raise self._broken("write", error) from error

    async def reply(self, deadline: float, *, greeting: bool = False, alone: bool = False) -> str:
        """Return the reply that the client would handle next, its lines joined with LF.

        `alone`: what the client does next rests on nothing else having come, so the moment is waited for to end.
        """
        while True:
            if self._moment:
                ready = self._feed(self._moment.popleft(), greeting)
            elif self._handled:
                self._handled, ready = False, len(self._queue) > 0
            else:
                self._moment.extend(await self._receive(deadline, greeting, alone))
                continue
            text = self._queue.take(keep=self._version.skips_empty) if ready else None
            if text is not None and self._version.skips_empty and not trim(text):
                self._handled = True
                continue
            if text is not None:  # None from take(): the beginning of a reply, which the client throws away
                self._handled, self._heard = True, 0.0
                self._transcript.server(text)
                return text

    def refuse_unexpected(self) -> None:
        """End the dialogue if a whole reply is waiting although none is due: the check before a STARTTLS handshake."""
        self._handled = False
        if self._version.drops_clear_text:
            self._moment.clear()
            self._queue.clear()
            return
        text = self._queue.take() if len(self._queue) else None
        if text is not None:
            self._transcript.server(text)
            summary = f"Unexpected Response: {text} (sent in clear text together with the reply to STARTTLS)"
            raise DialogueEnded(ClientFailure(summary, "EPROTOCOL", "CONN", text, "EPROTOCOL"))

    @property
    def waiting(self) -> bool:
        """Whether the beginning of a reply is in the queue."""
        return bool(self._queue.rest) or len(self._queue) > 0

    async def secure(self, context: ssl.SSLContext, server_name: str | None, deadline: float) -> None:
        """Make the TLS handshake. OSError as from TlsStream.secure: what it means depends on the stage."""
        await self._stream.secure(context, server_name, deadline)

    def _feed(self, chunk: bytes, greeting: bool) -> bool:
        try:
            return self._queue.feed(chunk)
        except Overflow:
            summary = "the server sends without end; no reply was complete after 4 MiB or 50,000 lines"
            raise self._late(summary, greeting, endless=True) from None

    async def _receive(self, deadline: float, greeting: bool, alone: bool) -> list[bytes]:
        try:
            records = await self._stream.receive(deadline)
            if alone and records:
                records[-1] += self._stream.drain()
        except OSError as error:
            if is_deadline(error):
                endless = self._heard > deadline - self._timeout / 2
                raise self._late(self._waited(greeting, endless), greeting, endless=endless) from None
            raise self._broken("read", error) from error
        if not records:
            raise self._closed(greeting)
        self._heard = time.monotonic()
        return records

    def _waited(self, greeting: bool, endless: bool) -> str:
        if greeting:
            return f"Greeting never received: nothing complete in {self._timeout:g} s ({patience(Step.GREETING)})"
        if endless:
            return f"the reply did not end within {self._timeout:g} s (the app waits as long as anything comes)"
        return f"no reply within {self._timeout:g} s ({patience(Step.EHLO)})"

    def _late(self, summary: str, greeting: bool, *, endless: bool) -> DialogueEnded:
        """Return the failure of a time-out. While octets come, the client has a limit for the greeting only."""
        if endless and not greeting:
            return DialogueEnded(ClientFailure(summary, error="ETIMEDOUT", verdict=Verdict.HANGS))
        return DialogueEnded(late(summary))

    def _closed(self, greeting: bool) -> DialogueEnded:
        rest = self._queue.rest
        if rest:
            self._transcript.server(rest)
        if not self._version.tells_rest:
            rest = ""
        if greeting and not is_refusal(rest):
            # A pool never hears of it; without one there is an error without a code a second later.
            verdict = Verdict.HANGS if self._pooled else Verdict.FAILS
            return DialogueEnded(ClientFailure("Connection closed before the greeting", error="EOF", verdict=verdict))
        summary = "Connection closed unexpectedly" + (f": {rest}" if rest else "")
        return DialogueEnded(ClientFailure(summary, "ECONNECTION", "CONN", rest or None, "ECONNECTION"))

    def _broken(self, operation: str, error: OSError) -> DialogueEnded:
        if is_deadline(error):
            return DialogueEnded(late(self._waited(False, False)))
        if hasattr(error, "reason"):  # ssl.SSLError, not imported here
            reason, text = tls(error)  # type: ignore[arg-type]  # recognised by its attribute
            return DialogueEnded(ClientFailure(f"TLS error: {text}", "ESOCKET", "CONN", error=reason))
        return DialogueEnded(ClientFailure(f"{operation} {word(error)}", "ESOCKET", "CONN", error=word(error)))


def utf8(text: str) -> bytes:
    """Return text as Node sends it: octets of the environment or a file that are no UTF-8 become U+FFFD."""
    try:
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace").encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


MECHANISMS: Final = ("PLAIN", "LOGIN", "CRAM-MD5", "XOAUTH2")
"""The mechanisms that the client knows, in its order of preference."""

_UPPER: Final = str.maketrans({chr(code): chr(code - 32) for code in range(ord("a"), ord("z") + 1)})
"""Upper case for ASCII alone: str.upper() would also turn `\u00df` into two letters."""
_WORD: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
_DIGITS: Final = "0123456789"


_READ: Final = 1 << 18
"""Characters of a reply that are read: a hundred times what real servers send. The client reads without limit."""


def read(reply: str) -> Capabilities:
    """Return what the client reads out of a positive reply to EHLO."""
    reply = reply[:_READ]
    text = reply.translate(_UPPER)
    return Capabilities(
        starttls=_has(text, "STARTTLS"),
        smtputf8=_has(text, "SMTPUTF8"),
        eightbit=_has(text, "8BITMIME"),
        login=_has(text, "AUTH"),
        mechanisms=tuple(name for name in MECHANISMS if offers(reply, name)),
        size=_size(text),
        lines=tuple(line for line in map(_keyword, reply.split("\n")) if line)[1:],
    )


def offers(reply: str, name: str) -> bool:
    """Say whether the client finds login mechanism `name` in the reply.

    Its pattern: AUTH after a blank or hyphen, blanks or `=`, then the name, at once or after blanks further on, where
    the blanks may hold line ends. The first AUTH of a line decides for all of it, but for `AUTH=` with the name, and
    for an AUTH at its end, which reaches into the next line. So each line is looked at once or twice.
    """
    text = reply.translate(_UPPER)
    if f" AUTH={name}" in text or f"-AUTH={name}" in text:
        return True
    position = 0
    while (begin := _behind(text, "AUTH", position)) is not None:
        start = begin + 1 if text[begin : begin + 1] == "=" else _skip(text, begin)
        if start == begin:
            position = begin
            continue
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        if text.startswith(name, start) or _listed(text, name, start, end):
            return True
        below = _skip(text, end)
        if below > end and text.startswith(name, below):
            return True
        last = text[start:end].rstrip(JS_SPACE).removesuffix("=")
        position = start + len(last) - len("AUTH") if last.endswith("AUTH") else end
    return False


def _behind(text: str, word: str, position: int) -> int | None:
    """Return where the first `word` after a blank or hyphen ends, from `position` on."""
    at = text.find(word, position)
    while at >= 0:
        if at and text[at - 1] in " -":
            return at + len(word)
        at = text.find(word, at + 1)
    return None


def _has(text: str, word: str) -> bool:
    """Say whether `word` stands after a blank or hyphen, and ends there."""
    position = 0
    while (end := _behind(text, word, position)) is not None:
        if text[end : end + 1] not in _WORD:
            return True
        position = end
    return False


def _size(text: str) -> int | None:
    end = _behind(text, "SIZE", 0)
    if end is None:
        return None
    rest = text[end : end + 100]
    number = rest.lstrip(" \t")
    if number == rest:
        return 0
    return int("0" + number[: len(number) - len(number.lstrip(_DIGITS))][:15])


def _keyword(line: str) -> str:
    bare = line.lstrip(_DIGITS)
    return (bare[1:] if bare != line and bare[:1] in ("-", " ") else line).strip(JS_SPACE)


def _skip(text: str, position: int) -> int:
    """Return the first position from `position` on that is no blank."""
    while position < len(text) and text[position] in JS_SPACE:
        position += 1
    return position


def _listed(text: str, name: str, start: int, end: int) -> bool:
    at = text.find(name, start, end)
    while at >= 0 and text[at - 1] not in JS_SPACE:
        at = text.find(name, at + 1, end)
    return at >= 0
