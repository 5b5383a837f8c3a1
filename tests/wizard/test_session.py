"""The session: one truth, told once; and the practice server that it starts and stops."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic

import pytest

from smtpwizard.errors import NetworkError
from smtpwizard.probe.engine import Probe
from smtpwizard.sandbox.rehearsal import Playable
from smtpwizard.sandbox.server import PracticeServer
from smtpwizard.secret import Secret
from smtpwizard.settings import Settings
from smtpwizard.wizard import login_guard
from smtpwizard.wizard.provider import ProviderStep
from smtpwizard.wizard.session import Session, WizardState
from support.apps import ABC
from support.failure_examples import all_playable
from support.tui import GMAIL, quiet_services

FAILURES = {item.ref: item for item in all_playable()}


@asynccontextmanager
async def practising(state: WizardState | None = None) -> AsyncIterator[Session]:
    """Yield a session whose practice server runs, and stop it."""
    session = Session(quiet_services(), state)
    await session.practise()
    try:
        yield session
    finally:
        await session.stop()


def listens(port: str | int | None) -> bool:
    """Say whether a server of this machine takes connections at `port`."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", int(port or 0))) == 0


def test_only_a_change_that_changes_something_is_told() -> None:
    told: list[WizardState] = []
    session = Session(quiet_services(), on_change=told.append)
    session.update(settings=session.state.settings)
    assert told == []
    session.update(recipient="you@example.com")
    assert told == [session.state]
    with pytest.raises(TypeError):
        session.update(colour="green")


def test_each_step_is_made_once() -> None:
    session = Session(quiet_services())
    assert session.step(ProviderStep) is session.step(ProviderStep)


async def test_practising_fills_in_everything_and_ends_with_the_session() -> None:
    async with practising(WizardState(settings=Settings(ABC, url="https://f.example"))) as session:
        state = session.state
        assert state.provider is not None
        assert state.provider.id == "practice"
        assert state.settings.url == "https://f.example"
        assert Probe(state.settings, session.services.options(state)).run_blocking().app.verdict.value == "works"
        server = state.practice
        spoilt = {"SMTP_SENDER": "me@example.com", "SMTP_PASSWORD": Secret("mistyped"), "SMTP_PORT": "1"}
        session.update(settings=state.settings.with_changes(spoilt))
        await session.practise()
        assert session.state.practice is server
        assert session.state.settings == state.settings.with_changes({"SMTP_SENDER": "me@example.com"})
        session.update(settings=state.settings.with_changes({"SMTP_SENDER": "nobody"}))
        await session.practise()
        assert session.state.settings == state.settings
    assert not listens(session.state.settings.port)


async def test_a_practice_server_that_does_not_start_is_told() -> None:
    class Deaf(PracticeServer):
        def start(self) -> PracticeServer:
            raise NetworkError("No port of this machine can be had.", "Practice server")

    session = Session(quiet_services(make_practice_server=Deaf), WizardState(settings=GMAIL))
    with pytest.raises(NetworkError, match="No port"):
        await session.practise()
    assert session.state.settings == GMAIL


def refused(session: Session, failure: Playable) -> None:
    """Test as the steps do, and note what the server refused."""
    state = session.state
    step = Probe(state.settings, session.services.options(state)).run_blocking().failed
    assert step is not None, failure.ref
    session.update(**login_guard.remember(state, step, state.settings, monotonic()))


async def test_one_refusal_after_the_other_needs_no_consent_and_the_server_before_ends() -> None:
    async with practising() as session:
        await session.rehearse(FAILURES["A2"])
        first = session.state.settings.port
        refused(session, FAILURES["A2"])
        assert login_guard.was_refused(session.state)
        await session.rehearse(FAILURES["A13"])
        assert session.state.rehearsed is not None
        assert session.state.rehearsed.ref == "A13"
        assert not login_guard.was_refused(session.state)
        assert not listens(first)
    assert not listens(session.state.settings.port)


async def test_accepting_mail_again_ends_failure_and_pause() -> None:
    async with practising() as session:
        await session.rehearse(FAILURES["A4"])
        refused(session, FAILURES["A4"])
        assert login_guard.paused(session.state, monotonic())
        await session.accept_again()
        assert session.state.rehearsed is None
        assert login_guard.paused(session.state, monotonic()) is None
        state = session.state
        assert Probe(state.settings, session.services.options(state)).run_blocking().app.verdict.value == "works"
