"""Servers that mean harm, and runs that are cut short: bounded in time and octets, safe, gone when cancelled."""

from __future__ import annotations

import asyncio
import time
import tracemalloc

import pytest

from smtpwizard.presets.schema import TlsMode
from smtpwizard.probe.survey.facts import MOST_OCTETS
from smtpwizard.probe.survey.port import LimitedStream
from smtpwizard.probe.survey.survey import run_survey, scan_ports
from smtpwizard.sandbox.scripted import SILENCE, Play, Script, Stage, drip, endless, raw, reply
from support.looking import Bench, settings_for

AT_ONCE = 15.0
"""Seconds for a cancel on a busy machine: 0.2 are promised, and without a cancel each of these takes a minute."""
EVIL_WORDS = "250-\x1b]0;owned\x07\x1b[2J[@click=app.quit]x[/]\u202egnp.exe\r\n250 AUTH PLAIN \x1b[31mEVIL\r\n"


@pytest.mark.parametrize("stage", [Stage.GREETING, Stage.EHLO])
@pytest.mark.parametrize(
    "play",
    [
        endless("A" * 4096),
        endless("220-250-more\r\n"),
        endless("250-a\r\n"),
        endless("\0" * 4096),
        drip("250 " + "x" * 500, pause=0.05),
    ],
)
def test_a_server_without_end_is_left_within_the_deadline_and_the_limit(bench: Bench, stage: Stage, play: Play) -> None:
    tracemalloc.start()
    try:
        began = time.monotonic()
        facts = bench.ask(Script().but(stage, play), timeout=2.0)
        spent, (_, peak) = time.monotonic() - began, tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (facts.open, facts.usable) == (True, False)
    assert facts.error is not None
    assert len(facts.error) <= 120
    assert spent < 15
    assert peak < 20_000_000


async def test_a_connection_gives_no_more_octets_than_a_dialogue_has() -> None:
    class Endless:
        async def receive(self, deadline: float) -> bytes:
            return b"A" * 65536

        async def send(self, data: bytes, deadline: float) -> None:
            return

        def close(self) -> None:
            return

    stream = LimitedStream(Endless())
    given = [len(await stream.receive(0)), len(await stream.receive(0))]
    assert sum(given) == MOST_OCTETS
    with pytest.raises(OSError, match="without end"):
        await stream.receive(0)


def test_octets_that_are_no_text_are_no_greeting(bench: Bench) -> None:
    facts = bench.ask(Script().but(Stage.GREETING, raw(b"\xff\xfe\x80 nonsense\r\n")))
    assert (facts.open, facts.tls, facts.error) == (True, None, "ÿþ� nonsense")


def test_what_a_server_says_is_safe_to_show(bench: Bench) -> None:
    script = Script().but(Stage.GREETING, reply("220 \x1b[31mred\x1b]8;;http://evil\x07 ESMTP"))
    facts = bench.ask(script.but(Stage.EHLO, raw(EVIL_WORDS)))
    shown = " ".join((facts.banner, *facts.auth))
    assert facts.tls is TlsMode.NONE
    assert not any(ord(char) < 32 or char in "\x7f\u202e" for char in shown)


def test_the_deadline_keeps_what_was_found_out_by_then(bench: Bench) -> None:
    with bench.server(Script(starttls=True).but(Stage.SECURE_EHLO, SILENCE)) as slow, bench.server(Script()) as quick:
        first, second = bench.scan(slow.port, quick.port, timeout=0.7)
    assert (first.tls, first.error, first.usable) == (TlsMode.STARTTLS, "ETIMEDOUT", False)
    assert first.tls_facts is not None
    assert second.usable


@pytest.mark.parametrize("play", [SILENCE, endless("220-x\r\n", pause=0.01)])
async def test_cancelling_a_scan_returns_at_once_and_closes_every_connection(bench: Bench, play: Play) -> None:
    with bench.server(Script().but(Stage.GREETING, play)) as server:
        task = asyncio.create_task(scan_ports("127.0.0.1", [server.port], options=bench.options._replace(timeout=60.0)))
        while server.connections < 2:
            await asyncio.wait({task}, timeout=0.01)
        began = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert time.monotonic() - began < AT_ONCE
        for connection in tuple(server._live):
            await asyncio.to_thread(connection.thread.join, 5)
        assert not server._live


async def test_cancelling_a_second_look_returns_at_once(bench: Bench) -> None:
    with bench.server(Script().but(Stage.GREETING, SILENCE)) as server:
        settings = settings_for(server.port)
        report = await asyncio.to_thread(bench.first_try, settings)
        heard = server.connections
        task = asyncio.create_task(run_survey(report, settings, bench.options._replace(timeout=60.0), ports=()))
        while server.connections == heard:
            await asyncio.wait({task}, timeout=0.01)
        began = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert time.monotonic() - began < AT_ONCE
