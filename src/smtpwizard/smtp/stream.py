"""A stream that can change to TLS: octets in, octets out, first in clear text and then encrypted on the same socket.

TLS runs over memory buffers, not over a wrapped socket: octets read before the handshake stay where the client keeps
them, and decrypted octets come one TLS record at a time, as Node delivers them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from smtpwizard.smtp.net import Stream
from smtpwizard.smtp.results import TranscriptLine
from smtpwizard.text import safe

if TYPE_CHECKING:
    import ssl


_RECORD = 16384
"""Octets that one TLS record holds at most (RFC 8446 section 5.1)."""


class HandshakeClosed(OSError):
    """The server ended the connection before the handshake was complete."""


class TlsStream:
    """One connection. OSError, ssl.SSLError too, for what breaks it; TimeoutError without errno at a deadline."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self.tls: ssl.SSLObject | None = None
        self.truncated = False
        """Whether the server ended the connection without an end of TLS (close_notify, RFC 8446 section 6.1)."""
        self._incoming: ssl.MemoryBIO | None = None
        self._outgoing: ssl.MemoryBIO | None = None

    async def receive(self, deadline: float) -> list[bytes]:
        """Return what has come, one item for each TLS record; nothing at the end of the stream."""
        if self.tls is None:
            chunk = await self._stream.receive(deadline)
            return [chunk] if chunk else []
        while True:
            records, ended = self._decrypt()
            await self._flush(deadline)
            if records or ended:
                return records
            chunk = await self._stream.receive(deadline)
            if not chunk:
                self.truncated = True
                return []
            assert self._incoming is not None
            self._incoming.write(chunk)

    def drain(self) -> bytes:
        """Return what else comes in clear text at this very moment."""
        return self._stream.drain()

    async def send(self, data: bytes, deadline: float) -> None:
        """Write all of `data`."""
        if self.tls is None:
            await self._stream.send(data, deadline)
            return
        self.tls.write(data)
        await self._flush(deadline)

    async def secure(self, context: ssl.SSLContext, server_name: str | None, deadline: float) -> None:
        """Make the client's side of a TLS handshake. ssl.SSLError where it fails, HandshakeClosed."""
        import ssl

        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=server_name)
        while True:
            try:
                tls.do_handshake()
            except ssl.SSLWantReadError:
                await self._flush(deadline)
                chunk = await self._stream.receive(deadline)
                if not chunk:
                    raise HandshakeClosed from None
                self._incoming.write(chunk)
            except ssl.SSLError:
                with contextlib.suppress(OSError):  # the alert; whether it arrives changes nothing
                    await self._flush(deadline)
                raise
            else:
                break
        self.tls = tls
        await self._flush(deadline)

    def close(self) -> None:
        """Close at once."""
        self._stream.close()

    def _decrypt(self) -> tuple[list[bytes], bool]:
        """Return the records that are complete, and whether the server has ended its side of TLS."""
        import ssl

        assert self.tls is not None
        records: list[bytes] = []
        while True:
            try:
                record = self.tls.read(_RECORD)
            except ssl.SSLWantReadError:
                return records, False
            except ssl.SSLZeroReturnError:
                return records, True
            except ssl.SSLError:
                if records:  # what came before the broken record counts; the error comes again at the next read
                    return records, False
                raise
            if not record:
                return records, True
            records.append(record)

    async def _flush(self, deadline: float) -> None:
        if self._outgoing is not None and self._outgoing.pending:
            await self._stream.send(self._outgoing.read(), deadline)


MAX_LINES: Final = 500
"""Lines that are kept; a whole send has about 40."""
MAX_CHARACTERS: Final = 1000


class Transcript:
    """The lines of a dialogue, redacted as they come in."""

    def __init__(self, redact: Callable[[str], str]) -> None:
        self._redact = redact
        self._lines: list[TranscriptLine] = []
        self._left_out = 0

    def client(self, line: str) -> None:
        """Note a line of ours; the caller masks credentials before."""
        self._add("client", line)

    def server(self, reply: str) -> None:
        """Note a reply, which may have several lines."""
        room = MAX_LINES - len(self._lines)
        lines = reply.split("\n", max(room, 0) + 1)
        for line in lines[: room + 1]:
            self._add("server", line)

    def lines(self) -> tuple[TranscriptLine, ...]:
        """Return everything so far."""
        if not self._left_out:
            return tuple(self._lines)
        return (*self._lines, TranscriptLine("client", f"({self._left_out} more lines, not kept)"))

    def _add(self, sender: str, line: str) -> None:
        if len(self._lines) >= MAX_LINES:
            self._left_out += 1
            return
        self._lines.append(TranscriptLine(sender, safe(self._redact(line), limit=MAX_CHARACTERS)))
