"""F9, what the app says: its container's log by a stand-in for docker, which says that it is one; and without it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from smtpwizard.docker.logs import LogReport
from smtpwizard.settings import Settings
from smtpwizard.tui.app import SmtpWizard
from smtpwizard.tui.screens.dialogs import AppLogScreen
from smtpwizard.wizard.session import Target, TargetKind, WizardState
from support.apps import ABC
from support.docker_stand_in import NO_DAEMON, StandIn, stamped, stand_in
from support.tui import HOSTILE, quiet_services, screen_text
from support.tui_steps import until

TROUBLE = (
    "[Nest] 1  - 11/25/2026, 5:49:14 PM   ERROR [ExceptionsHandler] Error: Invalid login: 535 5.7.8 Error: "
    "authentication failed"
)
SETTINGS = Settings(ABC, host="smtp.acme.example", port="587", sender="noreply@acme.example")


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    """A stand-in for docker at the head of PATH."""
    made = stand_in(tmp_path / "docker")
    monkeypatch.setenv("PATH", made.path)
    return made


@asynccontextmanager
async def reading(
    target: Target | None = None, *, size: tuple[int, int] = (80, 30), **services: Any
) -> AsyncIterator[tuple[SmtpWizard, Pilot[WizardState]]]:
    """Run the wizard at the Send step and press F9."""
    state = WizardState(settings=SETTINGS, visited=("provider", "settings"), target=target or Target())
    app = SmtpWizard(quiet_services(**services), state, start="send")
    async with app.run_test(size=size, notifications=True) as pilot:
        await until(pilot, lambda: app.state.step == "send", "Send step")
        await pilot.press("f9")
        await until(pilot, lambda: isinstance(app.screen, AppLogScreen), "screen")
        yield app, pilot


def words(app: SmtpWizard) -> str:
    """Return the screen as one line of words."""
    return " ".join(screen_text(app).replace("│", " ").split())


async def test_an_empty_log_says_what_to_do_and_r_reads_it_again(tmp_path: Path, docker: StandIn) -> None:
    async with reading(Target(path=tmp_path / ".env")) as (app, pilot):
        await until(pilot, lambda: "has logged nothing" in words(app), "word on the empty log")
        log = tmp_path / "app.log"
        log.write_bytes(stamped(TROUBLE))
        docker.change(log=str(log))
        await pilot.press("r")
        await until(pilot, lambda: "535 5.7.8" in words(app), "second report")


async def test_what_keeps_docker_from_answering_is_told_with_the_command_to_copy(
    tmp_path: Path, docker: StandIn
) -> None:
    docker.change(errors={"logs": NO_DAEMON})
    async with reading(Target(path=tmp_path / ".env")) as (app, pilot):
        await until(pilot, lambda: "✗" in words(app), "word on docker")
        assert "The command, to run where the app's containers are" in words(app)
        await pilot.press("c")
        await until(pilot, lambda: app.clipboard, "copy")
        assert app.clipboard.startswith("docker compose")
        assert app.clipboard.endswith("api")


async def test_escape_ends_the_reading_at_once(tmp_path: Path, docker: StandIn) -> None:
    docker.change(hangs=True)
    async with reading(Target(path=tmp_path / ".env")) as (app, pilot):
        await until(pilot, lambda: "reading the log" in words(app) and docker.calls(), "reading")
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, AppLogScreen), "step")
        assert not [worker for worker in app.workers if worker.group == "log" and worker.is_running]


async def test_hostile_log_lines_are_text() -> None:
    text = "".join(HOSTILE)

    async def hostile(service: str, **_: Any) -> LogReport:
        return LogReport(0, (), problem=text, command=text)

    async with reading(recent_log=hostile) as (app, pilot):
        await until(pilot, lambda: "✗" in words(app), "report")
        assert "[/]" in screen_text(app)
        assert "\x1b" not in screen_text(app)


async def test_the_save_step_offers_it_once_the_target_is_written() -> None:
    never = asyncio.Event()

    async def silent(service: str, **_: Any) -> LogReport:
        await never.wait()
        raise AssertionError

    services = quiet_services(recent_log=silent)
    target = Target(TargetKind.PRINT, None)
    state = WizardState(settings=SETTINGS, visited=("provider", "settings", "test"), target=target)
    app = SmtpWizard(services, state, start="save")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.state.step == "save", "Save step")
        assert "app: Read its log" not in [command.title for command in app.get_system_commands(app.screen)]
        await pilot.press("enter")
        await until(pilot, lambda: app.state.saved == SETTINGS, "block")
        assert "app: Read its log" in [command.title for command in app.get_system_commands(app.screen)]
        await pilot.press("f9")
        await until(pilot, lambda: isinstance(app.screen, AppLogScreen), "screen")
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, AppLogScreen), "step")
