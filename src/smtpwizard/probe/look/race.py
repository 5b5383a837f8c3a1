"""Several calls at once on an event loop: the first that succeeds, or all that are done in time. Knows no protocol."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Any, TypeVar

from smtpwizard.probe.ending import Ended

T = TypeVar("T")

Start = Callable[[], Coroutine[Any, Any, T]]


async def staggered(starts: Sequence[Start[T]], pause: float) -> T:
    """Start the calls one after the other and return the first result; the others are cancelled.

    A call is started `pause` seconds after the one before it, or as soon as one has failed. Where all fail the first
    one's error is raised: OSError or Ended. Any other error is a bug and raised at once.
    """
    waiting = list(starts)
    started: list[asyncio.Task[T]] = []
    try:
        while waiting or not all(task.done() for task in started):
            if waiting:
                started.append(asyncio.create_task(waiting.pop(0)()))
            running = [task for task in started if not task.done()]
            await asyncio.wait(running, timeout=pause if waiting else None, return_when=asyncio.FIRST_COMPLETED)
            for task in started:
                if task.done() and _succeeded(task):
                    return task.result()
        return started[0].result()
    finally:
        await _cancel(started)


async def together(
    jobs: Iterable[Coroutine[Any, Any, None]], deadline: float, *, enough: Callable[[], float | None] = lambda: None
) -> None:
    """Run all jobs until `deadline` (a moment of time.monotonic()); what is not done by then is cancelled.

    `enough` is asked whenever one has ended; it returns the seconds that the others still get, None for no limit.
    """
    tasks = [asyncio.create_task(job) for job in jobs]
    pending = set(tasks)
    try:
        while pending and (left := deadline - time.monotonic()) > 0:
            done, pending = await asyncio.wait(pending, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
            grace = enough() if done else None
            if grace is not None:
                deadline = min(deadline, time.monotonic() + grace)
    finally:
        await _cancel(tasks)


def _succeeded(task: asyncio.Task[T]) -> bool:
    error = task.exception()
    if error is not None and not isinstance(error, OSError | Ended):
        raise error
    return error is None


async def _cancel(tasks: Iterable[asyncio.Task[T]]) -> None:
    """Cancel what still runs and wait until it is gone: its sockets are closed only after that."""
    running = [task for task in tasks if not task.done()]
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
