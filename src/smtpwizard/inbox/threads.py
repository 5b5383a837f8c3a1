"""Blocking sockets in daemon threads that can be cut off from outside: a cancel or a deadline ends them at once.

Neither asyncio's own threads nor its resolver are used: `asyncio.run` waits for them when it ends, however long a
silent server takes.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from smtpwizard.background import in_daemon_thread

T = TypeVar("T")


class Cord:
    """The one socket of a piece of blocking work, and the knife for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._cut = False

    def hold(self, held: socket.socket) -> None:
        """Take the socket that the work goes on with. OSError where the cord has been cut meanwhile."""
        with self._lock:
            if self._cut:
                held.close()
                raise ConnectionAbortedError("cut off")
            self._socket = held

    def cut(self) -> None:
        """End the work: whatever it waits for fails now, and so does what it tries afterwards. Never waits."""
        with self._lock:
            self._cut = True
            if self._socket is not None:
                # The plain socket's method: that of ssl would take TLS off under the thread that is reading.
                with contextlib.suppress(OSError):
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


async def in_thread(work: Callable[[], T], cord: Cord, *, timeout: float) -> T:
    """Return work() as run in a daemon thread. TimeoutError after `timeout` seconds; then and on a cancel it is cut."""
    try:
        return await in_daemon_thread(work, timeout=timeout, name="inbox")
    except BaseException:
        cord.cut()  # where the work itself has failed there is nothing left to cut
        raise


def left(deadline: float) -> float:
    """Return the seconds until `deadline`, a time of time.monotonic(). TimeoutError where it is over."""
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise TimeoutError("deadline")
    return seconds
