"""How long a change of step takes, headless: from asking for it until the screen is idle, less an idle round.

In processor time, which the waits of the test driver are not in. Each round is a process of its own, as a walk is: the
first visit imports its step. Test is there with its verdict, of a server on the loopback, and Save with its plan.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

import smtpwizard.__main__  # noqa: F401  # sets how rarely objects are looked through, as in the program
from smtpwizard.sandbox.scripted import Script, ScriptedServer
from smtpwizard.secret import Secret
from smtpwizard.tui.app import SmtpWizard
from smtpwizard.wizard.session import Services, WizardState

FIRST = ("settings", "test", "save", "send")
TURNS = ("provider", "settings") * 3
BEHIND = "mail templates loaded behind Save, in a thread"


def measure(runs: int) -> dict[str, tuple[float, str]]:
    """Return the median milliseconds of each first visit and of later ones, at 120×36, and aims."""
    rounds: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory() as folder, ScriptedServer(Script()) as server:
        for _ in range(runs):
            command = [sys.executable, os.path.abspath(__file__), str(server.port)]
            rounds.append(json.loads(subprocess.check_output(command, cwd=folder)))
    found = {
        f"step change, first visit of {step}": (statistics.median(item[step] for item in rounds), "aim ≤ 90 ms")
        for step in FIRST
    }
    later = statistics.median(item["later"] for item in rounds)
    return found | {
        "step change, later visits": (later, "aim ≤ 50 ms"),
        BEHIND: (statistics.median(item["behind"] for item in rounds), ""),
    }


async def _round(port: str) -> dict[str, float]:
    """Return the milliseconds of each first visit, the median of six later ones, and what goes on behind Save."""
    services = Services(mx_hosts=_offline)
    provider = services.presets.provider("gmail")
    app = SmtpWizard(services, WizardState().changed(provider=provider))
    took: dict[str, float] = {}
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        idle = statistics.median([await _timed(app, pilot, None) for _ in range(5)])
        took["settings"] = await _timed(app, pilot, "settings") - idle
        took["later"] = statistics.median([await _timed(app, pilot, target) - idle for target in TURNS])
        settings = app.state.settings._replace(
            host="127.0.0.1", port=port, username="a@example.com", password=Secret("correct horse"),
            sender="a@example.com",
        )  # fmt: skip
        app.session.update(settings=settings)
        await pilot.pause()
        took["test"] = await _timed(app, pilot, "test", lambda: app.state.fresh_report is not None) - idle
        took["save"] = await _timed(app, pilot, "save", lambda: app.current.model.changes is not None) - idle
        took["behind"] = await _behind()
        took["send"] = await _timed(app, pilot, "send") - idle
    return took


async def _timed(app: SmtpWizard, pilot: object, target: str | None, ended: Callable[[], bool] = lambda: True) -> float:
    started = time.process_time()
    if target is not None:
        app.go(target)
    await pilot.pause()  # type: ignore[attr-defined]
    while not ended():
        await asyncio.sleep(0.005)
        await pilot.pause()  # type: ignore[attr-defined]
    assert target is None or app.state.step == target
    return (time.process_time() - started) * 1000


async def _behind() -> float:
    """Return what it takes to load the templates, as Save does where nobody presses a key for a moment."""
    from smtpwizard.mail.templates import warm

    started = time.process_time()
    await asyncio.to_thread(warm)
    return (time.process_time() - started) * 1000


async def _offline(domain: str) -> tuple[str, ...]:
    return ()


if __name__ == "__main__":
    json.dump(asyncio.run(_round(sys.argv[1])), sys.stdout)
