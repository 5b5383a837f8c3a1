"""How long a change of step takes, headless: from asking for it until the screen is idle, less an idle round.

In processor time, which the waits of the test driver are not in. Each round is a process of its own, as a walk is: the
first visit imports its step.
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

import smtpwizard.__main__  # noqa: F401  # sets how rarely objects are looked through, as in the program
from smtpwizard.tui.app import SmtpWizard
from smtpwizard.wizard.session import Services, WizardState


def measure(runs: int) -> dict[str, tuple[float, str]]:
    """Return the median milliseconds of a first visit and of a later one, provider ↔ settings at 120×36, and aims."""
    first: list[float] = []
    later: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(runs):
            took = json.loads(subprocess.check_output([sys.executable, os.path.abspath(__file__)], cwd=folder))
            first.append(took[0])
            later += took[1:]
    return {
        "step change, first visit": (statistics.median(first), "aim ≤ 90 ms"),
        "step change, later visits": (statistics.median(later), "aim ≤ 50 ms"),
    }


async def _round() -> list[float]:
    """Return the milliseconds of a first visit, then of six later ones."""
    services = Services(mx_hosts=_offline)
    provider = services.presets.provider("gmail")
    app = SmtpWizard(services, WizardState().changed(provider=provider))
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        idle = statistics.median([await _timed(app, pilot, None) for _ in range(5)])
        return [await _timed(app, pilot, target) - idle for target in ("settings", *("provider", "settings") * 3)]


async def _timed(app: SmtpWizard, pilot: object, target: str | None) -> float:
    started = time.process_time()
    if target is not None:
        app.go(target)
    await pilot.pause()  # type: ignore[attr-defined]
    assert target is None or app.state.step == target
    return (time.process_time() - started) * 1000


async def _offline(domain: str) -> tuple[str, ...]:
    return ()


if __name__ == "__main__":
    json.dump(asyncio.run(_round()), sys.stdout)
