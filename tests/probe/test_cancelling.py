"""Nothing hangs: every wait has a deadline, and a probe that is cancelled is gone in 200 ms."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time

import pytest

from smtpwizard.probe.engine import Probe
from smtpwizard.sandbox.scripted import SILENCE, Script, Stage, reply
from smtpwizard.settings import Settings
from smtpwizard.smtp.results import Status, Step
from support.apps import ABC
from support.probing import options, probe_of, serving

STARTTLS = Script(starttls=True)
SILENT = {
    "greeting": (Step.CONNECT, Script().but(Stage.GREETING, SILENCE)),
    "ehlo": (Step.GREETING, Script().but(Stage.EHLO, SILENCE)),
    "starttls": (Step.EHLO, STARTTLS.but(Stage.STARTTLS, SILENCE)),
    "handshake": (Step.EHLO, STARTTLS.but(Stage.STARTTLS, reply("220 go"), SILENCE)),
    "auth": (Step.EHLO, Script().but(Stage.PASSWORD, SILENCE)),
    "mail": (Step.AUTH, Script().but(Stage.MAIL, SILENCE)),
}
"""Where the server falls silent: the last stage that is told before, and the server."""


@pytest.mark.parametrize("stage", SILENT)
async def test_cancelling_the_task_closes_the_connection_within_200_ms(stage: str) -> None:
    last, script = SILENT[stage]
    with serving(script) as server:
        probe = probe_of(server, _timeout=60.0)  # type: ignore[arg-type]
        reached = asyncio.Event()

        async def consume() -> None:
            async for step in probe.steps():
                if step.step is last:
                    reached.set()

        task = asyncio.create_task(consume())
        await asyncio.wait_for(reached.wait(), 60)
        began = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert time.monotonic() - began < 30
    assert probe.report().app.sentence == "The test was stopped before its end."


async def test_closing_the_generator_closes_the_connection() -> None:
    with serving(Script()) as server:
        probe = probe_of(server)
        steps = probe.steps()
        async for step in steps:
            if step.step is Step.GREETING:
                break
        await steps.aclose()
        before = len(server.received)
    assert len(server.received) == before  # the server's session ended by itself when the connection did


@pytest.mark.parametrize("stage", SILENT)
def test_a_silent_server_costs_one_deadline(stage: str) -> None:
    with serving(SILENT[stage][1]) as server:
        probe = probe_of(server, _timeout=0.3)  # type: ignore[arg-type]
        began = time.monotonic()
        steps = list(probe.steps_blocking())
        assert 0.25 < time.monotonic() - began < 20
    failed = [step for step in steps if step.status is Status.FAILED]
    assert [step.error for step in failed] == ["ETIMEDOUT"]
    assert "0.3 s" in failed[0].summary or stage == "handshake"


HANGING = """
import socket, sys, threading, time
socket.getaddrinfo = lambda *_, **__: threading.Event().wait(60)
from smtpwizard.probe.verdict import Options; from smtpwizard.probe.engine import Probe
from smtpwizard.apps.loading import shipped
from smtpwizard.settings import Settings
probe = Probe(Settings(shipped(), host="mail.example.com", port="25", sender="a@example.com"), Options(timeout=0.2))
"""
ON_A_LOOP = """
import asyncio
async def main():
    async for step in probe.steps():
        print(step.step.value, step.status.value, step.error)
asyncio.run(main())
"""
IN_THE_THREAD = """
for step in probe.steps_blocking():
    print(step.step.value, step.status.value, step.error)
"""


@pytest.mark.parametrize("way", [ON_A_LOOP, IN_THE_THREAD])
def test_a_name_server_that_never_answers_does_not_keep_the_process(way: str) -> None:
    done = subprocess.run([sys.executable, "-c", HANGING + way], capture_output=True, text=True, timeout=15, check=True)
    assert "resolve failed EAI_AGAIN" in done.stdout


async def test_a_probe_that_is_not_run_has_a_report_too() -> None:
    report = Probe(Settings(ABC), options()).report()
    assert (report.steps, report.server_ok, report.app.send.ok) == ((), False, None)
