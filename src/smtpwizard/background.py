"""Blocking calls in daemon threads: quitting never waits for them, as it does for Textual's or asyncio's threads."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def in_daemon_thread(function: Callable[[], T], *, timeout: float, name: str = "smtpwizard") -> T:
    """Return function() as run in a daemon thread. TimeoutError after `timeout` seconds; the thread is then left alone.

    `asyncio.to_thread` is not used: `asyncio.run` waits for its executor, so that quitting took as long as the call.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type]  # None only where T allows it

    def work() -> None:
        result: T | None = None
        error: Exception | None = None
        try:
            result = function()
        except Exception as caught:  # handed to the one who awaits
            error = caught
        try:
            loop.call_soon_threadsafe(settle, result, error)
        except RuntimeError:
            return  # the loop is closed: the app was left meanwhile

    threading.Thread(target=work, daemon=True, name=name).start()
    return await asyncio.wait_for(future, timeout)
