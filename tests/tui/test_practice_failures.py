"""Playing a failure in the wizard's demo: chosen from the palette, met by the test, explained as its entry."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from smtpwizard.presets.catalogue import Presets
from smtpwizard.sandbox.rehearsal import Playable
from smtpwizard.sandbox.server import PracticeServer
from smtpwizard.smtp.results import OutgoingMessage
from smtpwizard.tui.app import SmtpWizard
from smtpwizard.tui.screens.dialogs import FailuresScreen
from smtpwizard.tui.steps.check import CheckStep
from smtpwizard.tui.steps.send import SendStep
from smtpwizard.wizard.session import WizardState
from support.failure_examples import all_playable
from support.tui import quiet_services, screen_text, type_text
from support.tui_steps import finished, practising, until

FAILURES = all_playable()
PRACTICE = Presets.open().provider("practice")
MESSAGE = OutgoingMessage("<1@example.com>", b"From: a@example.com\r\nSubject: x\r\n\r\nx\r\n", "b@example.com")

Walk = tuple[SmtpWizard, Pilot[WizardState]]


@asynccontextmanager
async def demo(folder: Path, *, size: tuple[int, int] = (80, 24)) -> AsyncIterator[Walk]:
    """Run the wizard on the practice server, the first test made."""
    services = quiet_services()
    services.timeout = 1.0
    with PracticeServer() as server:
        app = SmtpWizard(services, practising(server, services, folder), start="test")
        async with app.run_test(size=size, notifications=True) as pilot:
            await finished(pilot, app)
            yield app, pilot
            await app.session.stop()


async def play(app: SmtpWizard, pilot: Pilot[WizardState], name: str) -> Playable:
    """Choose a failure as an operator does; return it."""
    failure = next(item for item in FAILURES if name in (item.ref, item.id))
    app.action_play_failure()
    await until(pilot, lambda: isinstance(app.screen, FailuresScreen), "list of failures")
    await until(pilot, lambda: f"of {len(FAILURES)}" in screen_text(app), "catalogue")
    await type_text(pilot, name)
    assert failure.title[:40] in screen_text(app)
    await pilot.press("enter")
    await until(pilot, lambda: app.state.rehearsed and app.state.rehearsed.ref == failure.ref, "server that plays it")
    return failure


def entries(app: SmtpWizard) -> list[str]:
    return [command.title for command in app.get_system_commands(app.screen)]


@pytest.mark.parametrize("name", ["A1", "self-signed-certificate"])
async def test_a_failure_that_is_played_is_met_and_explained_as_its_entry(tmp_path: Path, name: str) -> None:
    async with demo(tmp_path, size=(80, 36)) as (app, pilot):
        failure = await play(app, pilot, name)
        await finished(pilot, app)
        card = app.query_one(CheckStep).board.card
        assert card.current is not None
        assert card.current.title == failure.title
        assert f"{failure.ref} · checked" in screen_text(app)
        assert f"playing {failure.ref}" in screen_text(app)
        assert "practice: Accept mail again" in entries(app)
        app.action_accept_again()
        await until(pilot, lambda: app.state.proved, "green test")
        assert "practice: Accept mail again" not in entries(app)
        app.update(provider=app.services.presets.provider("gmail"))
        assert not [title for title in entries(app) if title.startswith("practice:")]


async def test_a_failure_at_the_end_of_a_message_leads_to_sending_one(tmp_path: Path) -> None:
    async with demo(tmp_path) as (app, pilot):
        failure = await play(app, pilot, "S1")
        await until(pilot, lambda: app.state.step == "send", "Send step")
        await pilot.press("enter")
        card = app.query_one(SendStep).card
        await until(pilot, lambda: card.current, "explanation")
        assert card.current is not None
        assert card.current.title == failure.title


async def test_escape_in_the_list_plays_nothing_and_unknown_words_are_told(tmp_path: Path) -> None:
    async with demo(tmp_path) as (app, pilot):
        app.action_play_failure()
        await until(pilot, lambda: f"of {len(FAILURES)}" in screen_text(app), "catalogue")
        await type_text(pilot, "zzz")
        assert "nothing is called like that" in screen_text(app)
        await pilot.press("enter")
        assert isinstance(app.screen, FailuresScreen)
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, FailuresScreen), "step")
        assert app.state.rehearsal is None
        assert app.state.proved


async def test_a_narrow_screen_has_room_to_choose(tmp_path: Path) -> None:
    async with demo(tmp_path, size=(40, 12)) as (app, pilot):
        app.action_play_failure()
        await until(pilot, lambda: f"of {len(FAILURES)}" in screen_text(app), "catalogue")
        assert f"▌{FAILURES[0].ref}" in screen_text(app)
        await pilot.press("down", "enter")
        await until(pilot, lambda: app.state.rehearsed, "server that plays it")
        await finished(pilot, app)
