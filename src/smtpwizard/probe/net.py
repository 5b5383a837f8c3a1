"""What a probe needs of the network, as protocols. Knows neither asyncio nor blocking sockets.

There are two implementations. `net_asyncio` serves front ends that must stay alive meanwhile. `net_blocking` serves the
commands: its calls return when they are done, so that a coroutine over it never suspends and needs no event loop.
Importing asyncio costs 30 to 40 ms, half of what `check` may take at all.

A deadline is a moment of `time.monotonic()`. TimeoutError when it passes; OSError for what the system reports.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from typing import Final, Protocol, TypeVar

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

SETTLE_SECONDS: Final = 0.15
"""Within the 0.2 s in which a cancelled probe has to be gone."""


class Stream(Protocol):
    """A connected socket."""

    async def receive(self, deadline: float) -> bytes:
        """Return the octets that have come, at most 64 KiB; none at the end of the stream."""
        ...

    async def send(self, data: bytes, deadline: float) -> None:
        """Write all of `data`."""
        ...

    def close(self) -> None:
        """Close at once, without waiting for anything. May be called again."""
        ...


class Job(Protocol[T_co]):
    """A call that runs in a daemon thread."""

    async def result(self, deadline: float) -> T_co:
        """Wait for the call and return its result, or raise what it raised."""
        ...


class Net(Protocol):
    """The way to the network."""

    async def connect(self, address: str, port: int, deadline: float) -> Stream:
        """Open a TCP connection to an IP address."""
        ...

    def start(self, call: Callable[[], T], *, brief: bool = False) -> Job[T]:
        """Run `call` in a daemon thread: a look-up that hangs must not keep the process from ending.

        A `brief` one is waited for by `settle`: OpenSSL takes itself down at exit, under the feet of who still uses it.
        """
        ...

    def settle(self) -> None:
        """Wait for brief jobs, 0.15 s at most."""
        ...


class Threads:
    """Daemon threads, and which of them are waited for."""

    def __init__(self) -> None:
        self._brief: list[threading.Thread] = []

    def run(self, call: Callable[[], None], *, brief: bool) -> threading.Thread:
        """Start a thread."""
        thread = threading.Thread(target=call, name="smtpwizard-job", daemon=True)
        thread.start()
        if brief:
            self._brief.append(thread)
        return thread

    def settle(self) -> None:
        """Wait for the brief ones."""
        until = time.monotonic() + SETTLE_SECONDS
        for thread in self._brief:
            thread.join(max(until - time.monotonic(), 0))


def remaining(deadline: float) -> float:
    """Return the seconds until `deadline`. TimeoutError when there are none left."""
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise TimeoutError
    return seconds


def socket_address(address: str, port: int) -> tuple[str, int] | tuple[str, int, int, int]:
    """Return the address in the socket module's form; with its zone as a number, or asyncio would look the name up."""
    host, _, zone = address.partition("%")
    return (host, port, 0, socket.if_nametoindex(zone)) if zone else (host, port)
