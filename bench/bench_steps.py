"""How long a change of step takes, headless: from asking for it until the screen is idle, less an idle round.

In processor time, which the waits of the test driver are not in.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time

import smtpwizard.__main__  # noqa: F401  # sets how rarely objects are looked through, as in the program
from smtpwizard.tui.app import SmtpWizard
from smtpwizard.wizard.session import Services, WizardState


async def measure(runs: int) -> dict[str, tuple[float, str]]:
    """Return the median milliseconds of a first visit and of a later one, provider ↔ settings at 120×36, and aims."""
    first: list[float] = []
    later: list[float] = []
    here = os.getcwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            for _ in range(max(runs // 3, 3)):
                await _round(first, later)
        finally:
            os.chdir(here)
    return {
        "step change, first visit": (statistics.median(first), "aim ≤ 90 ms"),
        "step change, later visits": (statistics.median(later), "aim ≤ 50 ms"),
    }


async def _round(first: list[float], later: list[float]) -> None:
    services = Services(mx_hosts=_offline)
    provider = services.presets.provider("gmail")
    app = SmtpWizard(services, WizardState().changed(provider=provider))
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        idle = statistics.median([await _timed(app, pilot, None) for _ in range(5)])
        first.append(await _timed(app, pilot, "settings") - idle)
        later += [await _timed(app, pilot, target) - idle for target in ("provider", "settings") * 3]


async def _timed(app: SmtpWizard, pilot: object, target: str | None) -> float:
    started = time.process_time()
    if target is not None:
        app.go(target)
    await pilot.pause()  # type: ignore[attr-defined]
    assert target is None or app.state.step == target
    return (time.process_time() - started) * 1000


async def _offline(domain: str) -> tuple[str, ...]:
    return ()
