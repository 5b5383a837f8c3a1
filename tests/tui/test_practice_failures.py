"""Playing a failure in the wizard's demo: chosen from the palette, met by the test, explained as its entry."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from smtpwizard.presets.catalogue import Presets
from smtpwizard.probe.engine import Probe
from smtpwizard.probe.verdict import Options
from smtpwizard.sandbox.rehearsal import Playable, matching, playable, start
from smtpwizard.sandbox.server import PracticeServer
from smtpwizard.smtp.results import OutgoingMessage
from smtpwizard.tui.app import SmtpWizard
from smtpwizard.tui.screens.failures import FailuresScreen
from smtpwizard.tui.steps.check import CheckStep
from smtpwizard.tui.steps.send import SendStep
from smtpwizard.wizard.check import explain_report
from smtpwizard.wizard.state import WizardState
from support.tui import quiet_services, screen_text, type_text
from support.tui_steps import finished, practising, until

FAILURES = playable()
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


@pytest.mark.parametrize("name", ["A1", "greylisted", "self-signed-certificate", "N12", "E4", "sender-not-an-address"])
async def test_a_failure_that_is_played_is_met_and_explained_as_its_entry(tmp_path: Path, name: str) -> None:
    async with demo(tmp_path, size=(80, 36)) as (app, pilot):
        failure = await play(app, pilot, name)
        await finished(pilot, app)
        card = app.query_one(CheckStep).board.card
        assert card.current is not None
        assert card.current.title == failure.title
        assert f"{failure.ref} · checked" in screen_text(app)
        assert f"playing {failure.ref}" in screen_text(app)


async def test_accepting_mail_again_ends_green(tmp_path: Path) -> None:
    async with demo(tmp_path) as (app, pilot):
        await play(app, pilot, "A4")  # asks for a pause, which must not outlive it
        await finished(pilot, app)
        assert not app.state.proved
        assert "practice: Accept mail again" in entries(app)
        app.action_accept_again()
        await until(pilot, lambda: app.state.proved, "green test")
        assert app.state.rehearsed is None
        assert "practice: Accept mail again" not in entries(app)


async def test_one_refusal_after_the_other_needs_no_consent(tmp_path: Path) -> None:
    async with demo(tmp_path) as (app, pilot):
        for name in ("A2", "A13"):
            failure = await play(app, pilot, name)
            await finished(pilot, app)
            shown = app.query_one(CheckStep).board.card.current
            assert shown is not None
            assert shown.title == failure.title


async def test_a_failure_at_the_end_of_a_message_leads_to_sending_one(tmp_path: Path) -> None:
    async with demo(tmp_path) as (app, pilot):
        failure = await play(app, pilot, "S1")
        await until(pilot, lambda: app.state.step == "send", "Send step")
        await pilot.press("enter")
        card = app.query_one(SendStep).card
        await until(pilot, lambda: card.current, "explanation")
        assert card.current is not None
        assert card.current.title == failure.title


async def test_the_server_of_a_failure_ends_with_the_next_one_and_with_the_wizard(tmp_path: Path) -> None:
    async with demo(tmp_path) as (app, pilot):
        await play(app, pilot, "A2")
        first = app.state.rehearsal
        await finished(pilot, app)
        await play(app, pilot, "A13")
        second = app.state.rehearsal
        await until(pilot, lambda: first is not None and not listens(first.server.port), "end of the first server")
        await finished(pilot, app)
    assert second is not None
    assert not listens(second.server.port)


async def test_it_is_offered_on_the_practice_server_only(tmp_path: Path) -> None:
    async with demo(tmp_path) as (app, _):
        assert "practice: Play a failure" in entries(app)
        assert "practice: Accept mail again" not in entries(app)
        app.update(provider=app.services.presets.provider("gmail"))
        assert not [title for title in entries(app) if title.startswith("practice:")]


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


@pytest.mark.parametrize("size", [(60, 15), (40, 12)])
async def test_a_narrow_screen_has_room_to_choose(tmp_path: Path, size: tuple[int, int]) -> None:
    async with demo(tmp_path, size=size) as (app, pilot):
        app.action_play_failure()
        await until(pilot, lambda: f"of {len(FAILURES)}" in screen_text(app), "catalogue")
        assert "▌N8" in screen_text(app)
        await pilot.press("down", "enter")
        await until(pilot, lambda: app.state.rehearsed, "server that plays it")
        await finished(pilot, app)


def test_a_reference_leads_and_words_stand_in_any_order() -> None:
    assert [item.ref for item in matching(FAILURES, "a1")][:2] == ["A1", "A10"]
    assert {item.ref for item in matching(FAILURES, "google app")} >= {"A1"}
    assert matching(FAILURES, "") == FAILURES


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
@pytest.mark.parametrize("failure", FAILURES, ids=lambda item: item.ref)
def test_every_failure_that_is_offered_is_explained(failure: Playable) -> None:
    played = start(failure)
    # Silence ends by this alone; for all others it is far away.
    timeout = 0.5 if failure.example.event in ("silence", "tls-on-plain") else 10.0
    options = Options(timeout=timeout, extra_ca_pem=played.ca_pem or None)
    try:
        report = Probe(played.settings, options, message=MESSAGE if failure.while_sending else None).run_blocking()
    finally:
        played.server.stop()
    told = [
        item.title for item in explain_report(report, provider=PRACTICE, settings=played.settings, rehearsed=played)
    ]
    if failure.ref == "T4":  # an offer, not a refusal: what fails for want of it comes first
        assert failure.title in told
    else:
        assert told[:1] == [failure.title]


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
