"""The network in asyncio's terms: for front ends that must answer to keys while a probe runs.

Cancelling closes nothing here: the probe's `finally` does. No call uses the loop's default executor, for which
`asyncio.run` would wait at its end (measured: quitting took as long as the slowest look-up).
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable
from typing import Generic, TypeVar

from smtpwizard.smtp.net import Threads, remaining, socket_address

T = TypeVar("T")


class AsyncioStream:
    """A non-blocking socket on the running loop."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._loop = asyncio.get_running_loop()

    async def receive(self, deadline: float) -> bytes:
        """Return the octets that have come; none at the end of the stream."""
        async with asyncio.timeout(remaining(deadline)):
            return await self._loop.sock_recv(self._socket, 65536)

    async def send(self, data: bytes, deadline: float) -> None:
        """Write all of `data`."""
        async with asyncio.timeout(remaining(deadline)):
            await self._loop.sock_sendall(self._socket, data)

    def close(self) -> None:
        """Close at once."""
        self._socket.close()


class AsyncioJob(Generic[T]):
    """A call in a daemon thread that sets a future."""

    def __init__(self, call: Callable[[], T], threads: Threads, *, brief: bool) -> None:
        self._call = call
        self._loop = asyncio.get_running_loop()
        self._future: asyncio.Future[T] = self._loop.create_future()
        self._future.add_done_callback(_retrieve)
        threads.run(self._run, brief=brief)

    def _run(self) -> None:
        try:
            outcome = self._call()
        except BaseException as error:  # handed to the loop's thread, which raises it
            self._post(lambda error=error: self._fail(error))  # type: ignore[misc]  # binds the loop's variable
        else:
            self._post(lambda: self._succeed(outcome))

    def _succeed(self, outcome: T) -> None:
        if not self._future.done():
            self._future.set_result(outcome)

    def _fail(self, error: BaseException) -> None:
        if not self._future.done():
            self._future.set_exception(error)

    def _post(self, callback: Callable[[], object]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has been closed meanwhile: nobody waits any more
            self._loop.call_soon_threadsafe(callback)

    async def result(self, deadline: float) -> T:
        """Wait for the call."""
        async with asyncio.timeout(remaining(deadline)):
            return await asyncio.shield(self._future)


class AsyncioNet:
    """Net on the running loop."""

    def __init__(self) -> None:
        self._threads = Threads()

    async def connect(self, address: str, port: int, deadline: float) -> AsyncioStream:
        """Open a TCP connection to an IP address."""
        sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
        try:
            sock.setblocking(False)
            where = socket_address(address, port)
            async with asyncio.timeout(remaining(deadline)):
                await asyncio.get_running_loop().sock_connect(sock, where)
        except BaseException:
            sock.close()
            raise
        return AsyncioStream(sock)

    def start(self, call: Callable[[], T], *, brief: bool = False) -> AsyncioJob[T]:
        """Run `call` in a daemon thread."""
        return AsyncioJob(call, self._threads, brief=brief)

    def finish(self) -> None:
        """Wait for brief jobs."""
        self._threads.finish()


def _retrieve(future: asyncio.Future[T]) -> None:
    """Look at the error of a job that nobody waited for, so that the loop does not complain about it."""
    if not future.cancelled():
        future.exception()
