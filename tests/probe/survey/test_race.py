"""Calls side by side: the first success wins, the others are gone, and a deadline ends what is left."""

from __future__ import annotations

import asyncio
import time

import pytest

from smtpwizard.probe.survey.port import happy_eyeballs, together


class Call:
    """A call that ends when it is told to."""

    def __init__(self, outcome: str | Exception, *, ready: bool = False) -> None:
        self.outcome = outcome
        self.started = False
        self.cancelled = False
        self.gate = asyncio.Event()
        if ready:
            self.gate.set()

    async def __call__(self) -> str:
        self.started = True
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


async def test_the_first_success_wins_and_the_second_is_never_started() -> None:
    first, second = Call("first", ready=True), Call("second", ready=True)
    assert await happy_eyeballs([first, second], 60) == "first"
    assert not second.started


async def test_a_failure_starts_the_next_without_waiting() -> None:
    first, second = Call(ConnectionRefusedError(), ready=True), Call("second", ready=True)
    assert await happy_eyeballs([first, second], 60) == "second"


async def test_a_late_first_still_wins_and_the_second_is_cancelled() -> None:
    first, second = Call("first"), Call("second")
    race = asyncio.create_task(happy_eyeballs([first, second], 0.01))
    while not second.started:
        await asyncio.wait({race}, timeout=0.01)
    first.gate.set()
    assert await race == "first"
    assert second.cancelled


async def test_where_all_fail_the_first_ones_error_is_told() -> None:
    calls = [Call(TimeoutError("one"), ready=True), Call(ConnectionRefusedError("two"), ready=True)]
    with pytest.raises(TimeoutError, match="one"):
        await happy_eyeballs(calls, 60)


async def test_a_bug_is_not_taken_for_a_failure_of_the_network() -> None:
    second = Call("second")
    with pytest.raises(ZeroDivisionError):
        await happy_eyeballs([Call(ZeroDivisionError(), ready=True), second], 60)


async def test_cancelling_a_race_cancels_all_its_calls() -> None:
    first, second = Call("first"), Call("second")
    race = asyncio.create_task(happy_eyeballs([first, second], 0.01))
    while not second.started:
        await asyncio.wait({race}, timeout=0.01)
    race.cancel()
    with pytest.raises(asyncio.CancelledError):
        await race
    assert first.cancelled
    assert second.cancelled


async def test_a_deadline_cancels_what_is_left() -> None:
    quick, slow = Call("quick", ready=True), Call("slow")
    done: list[str] = []

    async def noted(call: Call) -> None:
        done.append(await call())

    await together([noted(quick), noted(slow)], time.monotonic() + 0.05)
    assert done == ["quick"]
    assert slow.cancelled


async def test_enough_shortens_the_deadline() -> None:
    quick, slow = Call("quick", ready=True), Call("slow")

    async def run(call: Call) -> None:
        await call()

    began = time.monotonic()
    await together([run(quick), run(slow)], began + 60, enough=lambda: 0.01)
    assert slow.cancelled
    assert time.monotonic() - began < 30
