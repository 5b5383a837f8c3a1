"""Blocking sockets in daemon threads that can be cut off from outside: a cancel or a deadline ends them at once.

Neither asyncio's own threads nor its resolver are used: `asyncio.run` waits for them when it ends, however long a
silent server takes.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Callable
from typing import TypeVar

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
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type]  # None only where T allows it

    def run() -> None:
        result: T | None = None
        error: Exception | None = None
        try:
            result = work()
        except Exception as caught:  # handed to the one who awaits
            error = caught
        # Where the loop has ended nobody waits for the answer any more.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(settle, result, error)

    threading.Thread(target=run, daemon=True, name="inbox").start()
    try:
        async with asyncio.timeout(timeout):
            return await future
    except BaseException:
        if not future.done() or future.cancelled():
            cord.cut()
        raise


def left(deadline: float) -> float:
    """Return the seconds until `deadline`, a time of time.monotonic(). TimeoutError where it is over."""
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise TimeoutError("deadline")
    return seconds
