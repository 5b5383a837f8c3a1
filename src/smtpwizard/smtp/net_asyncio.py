"""The network in asyncio's terms: for front ends that must react to keys while a probe runs.

Cancelling closes nothing here: the probe's `finally` does. No call uses the loop's default executor, because
`asyncio.run` waits for that at its end: quitting would take as long as the slowest look-up.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Generic, TypeVar

from smtpwizard.background import begun
from smtpwizard.smtp.net import CHUNK, drained, remaining, socket_address, socket_for

T = TypeVar("T")


class AsyncioStream:
    """A non-blocking socket on the running loop."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._loop = asyncio.get_running_loop()

    async def receive(self, deadline: float) -> bytes:
        """Return the octets that have come; none at the end of the stream."""
        async with asyncio.timeout(remaining(deadline)):
            return await self._loop.sock_recv(self._socket, CHUNK)

    def drain(self) -> bytes:
        """Return what else comes at this very moment."""
        return drained(self._socket)

    async def send(self, data: bytes, deadline: float) -> None:
        """Write all of `data`."""
        async with asyncio.timeout(remaining(deadline)):
            await self._loop.sock_sendall(self._socket, data)

    def close(self) -> None:
        """Close at once."""
        self._socket.close()


class AsyncioJob(Generic[T]):
    """A call in a daemon thread that the running loop can wait for."""

    def __init__(self, call: Callable[[], T]) -> None:
        self._future = begun(call, "smtpwizard-job")

    async def result(self, deadline: float) -> T:
        """Wait for the call."""
        async with asyncio.timeout(remaining(deadline)):
            return await asyncio.wrap_future(self._future)


class AsyncioNet:
    """Net on the running loop."""

    async def connect(self, address: str, port: int, deadline: float) -> AsyncioStream:
        """Open a TCP connection to an IP address."""
        sock = socket_for(address)
        try:
            sock.setblocking(False)
            where = socket_address(address, port)
            async with asyncio.timeout(remaining(deadline)):
                await asyncio.get_running_loop().sock_connect(sock, where)
        except BaseException:
            sock.close()
            raise
        return AsyncioStream(sock)

    def start(self, call: Callable[[], T]) -> AsyncioJob[T]:
        """Run `call` in a daemon thread."""
        return AsyncioJob(call)
