"""Blocking calls in daemon threads: quitting never waits for them, as it does for Textual's or asyncio's threads."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


async def in_daemon_thread(function: Callable[[], T], *, timeout: float, name: str = "smtpwizard") -> T:
    """Return function() as run in a daemon thread. TimeoutError after `timeout` seconds; the thread is then left alone.

    `asyncio.to_thread` is not used: `asyncio.run` waits for its executor, so quitting would take as long as the call.
    """
    future: Future[T] = Future()
    future.set_running_or_notify_cancel()  # from here on, a waiter that is cancelled does not cancel the call

    def work() -> None:
        try:
            future.set_result(function())
        except Exception as error:  # handed to the one who awaits
            future.set_exception(error)

    threading.Thread(target=work, daemon=True, name=name).start()
    return await asyncio.wait_for(asyncio.wrap_future(future), timeout)
