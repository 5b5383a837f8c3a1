"""How many servers are played at once: many of those that keep the clients waiting, few of the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from smtpwizard.sandbox.scripted import Act, Repeat, Script, Send, Silence, Wait

_WAITING: Final = 24
_BUSY: Final = 4
"""More threads with something to do ask each other for the interpreter more often than they get to work with it."""

T = TypeVar("T")
R = TypeVar("R")


def played(play: Callable[[T], R], jobs: Sequence[T], script: Callable[[T], Script]) -> list[R]:
    """Return what `play` makes of each job, in their order; `script` tells what its server plays."""
    with ThreadPoolExecutor(_WAITING) as patient, ThreadPoolExecutor(_BUSY) as busy:
        pools = [patient if _waits(script(job)) else busy for job in jobs]
        begun = [pool.submit(play, job) for pool, job in zip(pools, jobs, strict=True)]
        return [future.result() for future in begun]


def _waits(script: Script) -> bool:
    plays = [*script.plays.values(), *(play for turns in script.turns.values() for play in turns if play)]
    return any(_takes_time(act) for play in plays for act in play)


def _takes_time(act: Act) -> bool:
    return isinstance(act, Repeat | Silence | Wait) or (isinstance(act, Send) and act.pause > 0)
