"""The network with blocking calls: for commands that do one thing, in the main thread or in one of many.

Its coroutines never suspend, so `drive` can run them without an event loop (see `net`). Must not be used inside one.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import AsyncGenerator, Callable, Iterator
from typing import Generic, TypeVar

from smtpwizard.errors import BugError
from smtpwizard.probe.net import Threads, remaining, socket_address

T = TypeVar("T")


class BlockingStream:
    """A socket whose calls wait, but not beyond the deadline."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock

    async def receive(self, deadline: float) -> bytes:
        """Return the octets that have come; none at the end of the stream."""
        self._socket.settimeout(remaining(deadline))
        return self._socket.recv(65536)

    async def send(self, data: bytes, deadline: float) -> None:
        """Write all of `data`."""
        self._socket.settimeout(remaining(deadline))
        self._socket.sendall(data)

    def close(self) -> None:
        """Close at once."""
        self._socket.close()


class BlockingJob(Generic[T]):
    """A call in a daemon thread that the caller waits for."""

    def __init__(self, call: Callable[[], T], threads: Threads, *, brief: bool) -> None:
        self._call = call
        self._outcome: list[T] = []
        self._error: BaseException | None = None
        self._thread = threads.run(self._run, brief=brief)

    def _run(self) -> None:
        try:
            self._outcome.append(self._call())
        except BaseException as error:  # handed to the caller's thread, which raises it
            self._error = error

    async def result(self, deadline: float) -> T:
        """Wait for the call."""
        self._thread.join(remaining(deadline))
        if self._thread.is_alive():
            raise TimeoutError
        if self._error is not None:
            raise self._error
        return self._outcome[0]


class BlockingNet:
    """Net over blocking sockets."""

    def __init__(self) -> None:
        self._threads = Threads()

    async def connect(self, address: str, port: int, deadline: float) -> BlockingStream:
        """Open a TCP connection to an IP address."""
        sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
        try:
            sock.settimeout(remaining(deadline))
            sock.connect(socket_address(address, port))
        except BaseException:
            sock.close()
            raise
        return BlockingStream(sock)

    def start(self, call: Callable[[], T], *, brief: bool = False) -> BlockingJob[T]:
        """Run `call` in a daemon thread."""
        return BlockingJob(call, self._threads, brief=brief)

    def settle(self) -> None:
        """Wait for brief jobs."""
        self._threads.settle()


def drive(steps: AsyncGenerator[T, None]) -> Iterator[T]:
    """Run an async generator over a BlockingNet as an ordinary one. BugError if something in it really waits."""
    try:
        while True:
            try:
                steps.__anext__().send(None)
            except StopIteration as done:
                yield done.value
            except StopAsyncIteration:
                return
            else:
                raise BugError("a probe over blocking sockets waited for an event loop")
    finally:
        with contextlib.suppress(StopIteration):
            steps.aclose().send(None)
