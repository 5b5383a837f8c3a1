"""For the tests of the test, save and send steps: a state that stands right before one, and waiting for an event."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic
from typing import Final

import pytest
from textual.pilot import Pilot

from smtpwizard.sandbox.scripted import Script, ScriptedServer
from smtpwizard.sandbox.server import PracticeServer
from smtpwizard.secret import Secret
from smtpwizard.settings import Settings
from smtpwizard.tui.app import SmtpWizard
from smtpwizard.tui.widgets.inputs import ShapeCheckbox
from smtpwizard.wizard.session import Services, Target, WizardState
from support.tui import PASSWORD, quiet_services

VISITED: Final = ("provider", "settings")
USER: Final = "ops@acme.example"
READER: Final = "you@acme.example"


async def until(
    pilot: Pilot[WizardState], condition: Callable[[], object], what: str, *, seconds: float = 90.0
) -> None:
    """Let the app run until `condition` holds; fail with `what` was awaited after `seconds`, or when the app breaks."""
    deadline = monotonic() + seconds
    while not condition():
        if monotonic() > deadline or pilot.app.return_code:
            pytest.fail(f"there was no {what} within {seconds:.0f} s, or before the app broke")
        await pilot.pause()
        await asyncio.sleep(0)
    await pilot.pause()


async def finished(pilot: Pilot[WizardState], app: SmtpWizard) -> None:
    """Wait for the end of a test."""
    await until(pilot, lambda: app.state.fresh_report is not None, "report")


def practising(server: PracticeServer, services: Services, folder: Path, **changes: str | None) -> WizardState:
    """Return the state of a walk on the practice server, with `changes` of its variables, and `.env` in `folder`."""
    return WizardState(
        settings=server.settings().with_changes(changes),
        provider=services.presets.provider("practice"),
        practice=server,
        visited=VISITED,
        target=Target(path=folder / ".env"),
    )


def against(server: ScriptedServer, folder: Path, **fields: str) -> WizardState:
    """Return the state of a walk on a scripted server, with a login."""
    settings: Settings = server.settings(username=USER, **fields)
    settings = settings._replace(password=Secret(PASSWORD))
    target = Target(path=folder / ".env")
    return WizardState(settings=settings, visited=VISITED, target=target, recipient=READER)


async def tick_all(app: SmtpWizard, pilot: Pilot[WizardState]) -> None:
    """Tick every mail of the Send step: at first one is."""
    for box in app.query(ShapeCheckbox):
        box.value = True
    await pilot.pause()


@asynccontextmanager
async def scripted(
    script: Script, folder: Path, *, start: str = "test", size: tuple[int, int] = (80, 24), timeout: float = 10.0
) -> AsyncIterator[tuple[SmtpWizard, Pilot[WizardState], ScriptedServer]]:
    """Run the wizard before a scripted server; `timeout` in seconds for each stage."""
    services = quiet_services()
    services.timeout = timeout
    with ScriptedServer(script) as server:
        app = SmtpWizard(services, against(server, folder), start=start)
        async with app.run_test(size=size, notifications=True) as pilot:
            await until(pilot, lambda: app.state.step == start, f"{start} step")
            yield app, pilot, server


def logins(server: ScriptedServer) -> int:
    """Return how often a client tried to log in."""
    return sum(1 for line in server.received if line.upper().startswith("AUTH "))
