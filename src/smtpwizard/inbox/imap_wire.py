"""IMAP over a socket: commands out, responses in, bounded in time, length and number. Blocking, see threads.py."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Final

from smtpwizard.inbox.imap_syntax import ImapSyntaxError, Response, literal_ahead, parse
from smtpwizard.inbox.threads import left

LINE_LIMIT: Final = 1_000_000
"""Octets of a line: the numbers of 100,000 messages in one answer to SEARCH."""
LITERAL_LIMIT: Final = 1_000_000
"""Octets of a literal: 64 KiB are asked for at most."""
COMMAND_LIMIT: Final = 8_000_000
"""Octets of all that comes in answer to one command."""
_MOST_RESPONSES: Final = 20_000
_CHUNK: Final = 65_536


class TooMuchError(ImapSyntaxError):
    """A server that says more than any would."""


class Wire:
    """The lines of one connection. `deadline` is of time.monotonic() and set anew for each piece of work."""

    def __init__(self, connection: socket.socket, deadline: float) -> None:
        self.connection = connection
        self.deadline = deadline
        self._buffer = bytearray()
        self._count = 0
        self._spent = 0

    @property
    def has_unread(self) -> bool:
        """Whether something has come in that nobody has read yet."""
        return bool(self._buffer)

    def response(self) -> Response:
        """Return the next response. OSError, ImapSyntaxError."""
        parts = [self._line()]
        while (size := literal_ahead(parts[-1])) is not None:
            if size > LITERAL_LIMIT:
                raise TooMuchError("a literal is too long")
            parts.append(self._octets(size))
            parts.append(self._line())
        return parse(parts)

    def command(
        self, *parts: bytes, more: Callable[[], bytes] | None = None, quiet: bool = False
    ) -> tuple[Response, list[Response]]:
        """Send a command and return the response that ends it, and those before it.

        Between two `parts` stands a literal's header: the next one is sent when the server has said `+`. `more` gives
        the line for a `+` that comes when all are sent. OSError; ImapSyntaxError; ConnectionResetError at a BYE.
        """
        self._count += 1
        self._spent = 0
        tag = f"W{self._count}"
        ahead = list(parts)
        self._send(tag.encode("ascii") + b" " + ahead.pop(0))
        before: list[Response] = []
        while len(before) < _MOST_RESPONSES:
            response = self.response()
            if response.tag == tag:
                return response, before
            if response.tag == "+" and ahead:
                self._send(ahead.pop(0))
            elif response.tag == "+" and more is not None:
                self._send(more())
                more = None
            elif response.kind == "BYE" and not quiet:
                raise ConnectionResetError("the server has said goodbye")
            else:
                before.append(response)
        raise TooMuchError("too many responses")

    def _send(self, line: bytes) -> None:
        self.connection.settimeout(left(self.deadline))
        self.connection.sendall(line + b"\r\n")

    def _line(self) -> bytes:
        start = 0
        while (end := self._buffer.find(b"\n", start)) < 0:
            start = len(self._buffer)
            if start > LINE_LIMIT:
                raise TooMuchError("a line is too long")
            self._fill()
        line = bytes(self._buffer[:end]).removesuffix(b"\r")
        del self._buffer[: end + 1]
        return line

    def _octets(self, size: int) -> bytes:
        while len(self._buffer) < size:
            self._fill()
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken

    def _fill(self) -> None:
        self.connection.settimeout(left(self.deadline))
        chunk = self.connection.recv(_CHUNK)
        if not chunk:
            raise ConnectionResetError("the server has closed the connection")
        self._spent += len(chunk)
        if self._spent > COMMAND_LIMIT:
            raise TooMuchError("an answer is too long")
        self._buffer += chunk
