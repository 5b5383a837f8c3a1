"""Blocking calls in daemon threads: quitting never waits for them, as it does for Textual's or asyncio's threads."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from smtpwizard.errors import MachineError

if TYPE_CHECKING:
    import threading
    from concurrent.futures import Future

T = TypeVar("T")


def started(call: Callable[[], None], name: str = "smtpwizard") -> threading.Thread:
    """Run `call` in a daemon thread. MachineError where none can be started."""
    import threading  # a check of an address in clear text does without

    thread = threading.Thread(target=call, name=name, daemon=True)
    try:
        thread.start()
    except RuntimeError as error:
        raise MachineError("no further thread can be started (ulimit -u). Try again.", "This machine") from error
    return thread


def begun(call: Callable[[], T], name: str = "smtpwizard") -> Future[T]:
    """Run `call` in a daemon thread and return what will be its result. MachineError where none can be started."""
    from concurrent.futures import Future

    future: Future[T] = Future()
    future.set_running_or_notify_cancel()  # from here on, a waiter that is cancelled does not cancel the call

    def work() -> None:
        try:
            future.set_result(call())
        except BaseException as error:  # handed to the one who awaits
            future.set_exception(error)

    started(work, name)
    return future


async def in_daemon_thread(call: Callable[[], T], *, timeout: float, name: str = "smtpwizard") -> T:
    """Return call() as run in a daemon thread. TimeoutError after `timeout` seconds; the thread is then left alone.

    `asyncio.to_thread` is not used: `asyncio.run` waits for its executor, so quitting would take as long as the call.
    """
    import asyncio  # which the commands that do one thing at a time do without

    return await asyncio.wait_for(asyncio.wrap_future(begun(call, name)), timeout)
