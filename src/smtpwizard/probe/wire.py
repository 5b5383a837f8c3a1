"""The connection as the app's client has it: octets in, octets out, TLS over the same socket when asked.

TLS runs over memory buffers, not over a wrapped socket: what had been read before the handshake stays where the client
leaves it, and octets come one TLS record at a time, as Node hands them on.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from smtpwizard.probe.net import Stream

if TYPE_CHECKING:
    import ssl

_RECORD = 16384
"""Octets that one TLS record holds at most (RFC 8446 section 5.1)."""


class HandshakeClosed(OSError):
    """The server ended the connection before the handshake was complete."""


class Wire:
    """One connection. OSError, ssl.SSLError too, for what breaks it; TimeoutError without errno at a deadline."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self.tls: ssl.SSLObject | None = None
        self._incoming: ssl.MemoryBIO | None = None
        self._outgoing: ssl.MemoryBIO | None = None

    async def receive(self, deadline: float) -> list[bytes]:
        """Return what has come, an item a TLS record; nothing at the end of the stream."""
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
                return []
            assert self._incoming is not None
            self._incoming.write(chunk)

    async def send(self, data: bytes, deadline: float) -> None:
        """Write all of `data`."""
        if self.tls is None:
            await self._stream.send(data, deadline)
            return
        self.tls.write(data)
        await self._flush(deadline)

    async def secure(self, context: ssl.SSLContext, server_name: str | None, deadline: float) -> None:
        """Make the client's side of a TLS handshake. ssl.SSLError where it fails, HandshakeClosed."""
        import ssl  # only where TLS is spoken: 6 ms

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
