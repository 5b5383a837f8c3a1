"""A TCP server that plays what a test says, octet by octet: for servers that are broken, hostile, or silent."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable
from typing import Final, Self

PATIENCE: Final = 30.0


class Talk:
    """One connection, from the server's side. What the client has sent is kept."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.heard = bytearray()

    def say(self, data: bytes) -> None:
        """Send octets."""
        self.connection.sendall(data)

    def hear(self, end: bytes = b"\r\n") -> bytes:
        """Return what the client sends up to `end`; what there is where it hangs up."""
        got = bytearray()
        while not got.endswith(end):
            octet = self.connection.recv(1)
            if not octet:
                break
            got += octet
        self.heard += got
        return bytes(got)

    def wait(self) -> None:
        """Say nothing more until the client has gone."""
        while chunk := self.connection.recv(65536):
            self.heard += chunk


class RawServer:
    """Listens on a loopback port; each connection gets `play`. A context manager."""

    host: Final = "127.0.0.1"

    def __init__(self, play: Callable[[Talk], None], *, tls: ssl.SSLContext | None = None) -> None:
        self._play = play
        self._tls = tls
        self._threads: list[threading.Thread] = []
        self.talks: list[Talk] = []

    @property
    def port(self) -> int:
        """Where it listens."""
        port: int = self._listener.getsockname()[1]
        return port

    @property
    def heard(self) -> bytes:
        """What all clients have sent."""
        return b"".join(bytes(talk.heard) for talk in self.talks)

    def __enter__(self) -> Self:
        self._listener = socket.create_server((self.host, 0))
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for talk in self.talks:
            with contextlib.suppress(OSError):
                talk.connection.shutdown(socket.SHUT_RDWR)
        self._thread.join(PATIENCE)
        for thread in self._threads:
            thread.join(PATIENCE)
            assert not thread.is_alive(), "a connection does not end"

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.settimeout(PATIENCE)
            talk = Talk(connection)
            self.talks.append(talk)
            thread = threading.Thread(target=self._serve, args=(talk,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, talk: Talk) -> None:
        with contextlib.suppress(OSError), talk.connection:
            if self._tls is not None:
                talk.connection = self._tls.wrap_socket(talk.connection, server_side=True)
            with talk.connection:
                self._play(talk)


def http(body: bytes, *, status: str = "200 OK", kind: str = "application/json", more: str = "") -> bytes:
    """Return an HTTP answer as octets."""
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{more}Connection: close\r\n\r\n"
    )
    return head.encode("ascii") + body


def answering(data: bytes) -> Callable[[Talk], None]:
    """Return a play that answers each HTTP request alike."""

    def play(talk: Talk) -> None:
        talk.hear(b"\r\n\r\n")
        talk.say(data)

    return play
