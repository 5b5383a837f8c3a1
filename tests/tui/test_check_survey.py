"""A failed test, then the server's other ports: what answers there is offered first, and one key takes it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from smtpwizard.presets.schema import PortChoice, Provider, TlsMode
from smtpwizard.probe.survey.facts import PortFacts, SurveyResult
from smtpwizard.problems import Problem, Severity
from smtpwizard.report.lines import Mark
from smtpwizard.report.probe import port_line
from smtpwizard.sandbox.scripted import SILENCE, Script, ScriptedServer, Stage
from smtpwizard.secret import Secret
from smtpwizard.settings import Settings
from smtpwizard.smtp.results import AppOutcome, ClientOutcome, Report, Status, Step, StepResult, Verdict
from smtpwizard.tui.app import SmtpWizard
from smtpwizard.tui.steps.check import CheckStep
from smtpwizard.tui.widgets.settings_form import Field
from smtpwizard.wizard.check import Outcome
from smtpwizard.wizard.session import Target, WizardState
from support.apps import ABC
from support.looking import Bench, closed_port, provider_with
from support.tui import PASSWORD, quiet_services, screen_text
from support.tui_steps import USER, VISITED, finished, logins, until

BENCH = Bench()
STARTTLS = Script(starttls=True)

Walk = tuple[SmtpWizard, Pilot[WizardState]]


@asynccontextmanager
async def at_test(
    settings: Settings,
    folder: Path,
    *,
    provider: Provider | None = None,
    timeout: float = 2.0,
    size: tuple[int, int] = (80, 24),
) -> AsyncIterator[Walk]:
    """Run the wizard at the Test step, with the bench's authority trusted; `timeout` in seconds a stage."""
    services = quiet_services()
    services.timeout = timeout
    authority = folder / "ca.pem"
    authority.write_text(BENCH.certificates.ca_pem)
    services.ca_files = (authority,)
    state = WizardState(settings=settings, provider=provider, visited=VISITED, target=Target(path=folder / ".env"))
    app = SmtpWizard(services, state, start="test")
    async with app.run_test(size=size, notifications=True) as pilot:
        await until(pilot, lambda: app.state.step == "test", "Test step")
        yield app, pilot


def to(server: ScriptedServer, **changes: str | None) -> Settings:
    """Return settings with a login that lead to `server`."""
    return server.settings(username=USER, password=PASSWORD).with_changes(changes)


def listing(server: ScriptedServer, tls: TlsMode = TlsMode.STARTTLS) -> Provider:
    """Return a preset that lists the server's port."""
    return provider_with(PortChoice(server.port, tls))


async def test_a_closed_port_is_answered_with_the_port_that_is_open_and_one_key_takes_it(tmp_path: Path) -> None:
    with BENCH.server(STARTTLS) as server:
        settings = to(server, SMTP_PORT=str(closed_port()))
        async with at_test(settings, tmp_path, provider=listing(server)) as (app, pilot):
            await finished(pilot, app)
            screen = screen_text(app)
            assert "✗ connect" in screen
            assert f"{server.port} ✓" in screen
            assert f"Port {server.port} with STARTTLS" in screen
            assert "seen just now" in screen
            assert "Enter Repair and test again" in screen
            assert f"→ Switch to {server.port} with STARTTLS" in screen
            assert logins(server) == 0  # nobody logs in to find out
            await pilot.press("enter")
            await until(pilot, lambda: app.state.proved, "green test")
            assert app.state.settings.port == str(server.port)
            assert logins(server) == 1


async def test_the_ports_are_told_one_by_one_while_they_are_asked(tmp_path: Path) -> None:
    with BENCH.server(STARTTLS) as open_one, BENCH.server(STARTTLS.but(Stage.GREETING, SILENCE)) as silent:
        settings = to(silent, SMTP_PORT=str(closed_port()))
        provider = provider_with(PortChoice(open_one.port, TlsMode.STARTTLS), PortChoice(silent.port, TlsMode.STARTTLS))
        async with at_test(settings, tmp_path, provider=provider) as (app, pilot):
            await until(pilot, lambda: "› ports" in screen_text(app), "line on the ports")
            await until(pilot, lambda: f"{open_one.port} ✓" in screen_text(app), "port that is clear")
            assert "Esc Cancel" in screen_text(app)
            assert app.state.report is None


async def test_escape_gives_up_the_second_look_and_keeps_what_the_test_found(tmp_path: Path) -> None:
    with BENCH.server(STARTTLS.but(Stage.GREETING, SILENCE)) as silent:
        settings = to(silent, SMTP_PORT=str(closed_port()))
        async with at_test(settings, tmp_path, provider=listing(silent), timeout=10.0) as (app, pilot):
            await until(pilot, lambda: silent.connections, "connection of the second look")
            await pilot.press("escape")
            await until(pilot, lambda: app.state.fresh_report is not None, "report")
            assert app.state.survey is None
            assert "✗ connect" in screen_text(app)
            pane = app.query_one(CheckStep)
            await until(pilot, lambda: all(item.is_finished for item in app.workers if item.node is pane), "end")
            assert app.state.step == "test"


async def test_the_catalogues_causes_follow_what_was_seen(tmp_path: Path) -> None:
    with BENCH.server(STARTTLS) as server:
        settings = to(server, SMTP_PORT=str(closed_port()))
        async with at_test(settings, tmp_path, provider=listing(server)) as (app, pilot):
            await finished(pilot, app)
            assert "1 of " in screen_text(app)
            assert "causes, → next" in screen_text(app)
            app.query_one(CheckStep).board.card.focus()
            await pilot.press("left")  # the last one
            await pilot.pause()
            assert "checked 20" in screen_text(app) or "general advice" in screen_text(app)


async def test_lines_for_a_compose_file_keep_their_indentation(tmp_path: Path) -> None:
    with BENCH.server(STARTTLS) as server:
        async with at_test(to(server), tmp_path, size=(80, 30)) as (app, pilot):
            await finished(pilot, app)
            facts = ("services:", "  api:", "    environment:")
            app.query_one(CheckStep).board.card.show([Problem("x", Severity.ERROR, "Authority", "", "", facts=facts)])
            await pilot.pause()
            shown = [line.strip("│ ") for line in screen_text(app).splitlines()]
            at = shown.index("▌ services:")
            assert shown[at + 1 : at + 3] == ["▌   api:", "▌     environment:"]


async def test_back_after_a_failure_marks_the_field_it_is_about(tmp_path: Path) -> None:
    with BENCH.server(STARTTLS) as server:
        settings = to(server, SMTP_PORT=str(closed_port()))
        async with at_test(settings, tmp_path, provider=listing(server)) as (app, pilot):
            await finished(pilot, app)
            await pilot.press("escape")
            await until(pilot, lambda: app.state.step == "settings", "Settings step")
            await until(pilot, lambda: app.query(".field.-suspect"), "mark")
            assert app.query_one(".field.-suspect", Field).question.id == "SMTP_PORT"


@pytest.mark.parametrize("size", [(60, 15), (40, 12)])
async def test_a_narrow_screen_shows_the_repair(tmp_path: Path, size: tuple[int, int]) -> None:
    with BENCH.server(STARTTLS) as server:
        settings = to(server, SMTP_PORT=str(closed_port()))
        async with at_test(settings, tmp_path, provider=listing(server), size=size) as (app, pilot):
            await finished(pilot, app)
            assert "Enter Rep" in screen_text(app)
            assert f"Port {server.port} with STARTTLS" in screen_text(app)
            await pilot.press("enter")
            await until(pilot, lambda: app.state.proved, "green test")


def test_a_repair_that_was_seen_not_to_help_is_not_on_a_key() -> None:
    settings = Settings(
        ABC, host="mail.acme.example", port="587", username=USER, password=Secret(PASSWORD), security="false"
    )
    client = ClientOutcome(ok=True)
    steps = (StepResult(Step.EHLO, Status.WARNED, "no STARTTLS is offered", 1.0),)
    report = Report(steps, True, AppOutcome(Verdict.LEAKS, client, client), (), (), 1.0)
    unseen = Outcome(report, settings).problems()
    assert [item.changes.get("SMTP_PORT") for item in unseen if item.changes] == ["465"]
    look = SurveyResult(ports=(PortFacts(465, False, error="ECONNREFUSED"),))
    seen = Outcome(report, settings, survey=look).problems()
    assert [item.title for item in seen] == [item.title for item in unseen]
    assert not any(item.changes or item.label for item in seen)


def test_of_two_answers_of_one_port_the_better_one_stands() -> None:
    facts = PortFacts(587, True, TlsMode.NONE), PortFacts(587, False, error="ENETUNREACH"), PortFacts(25, False)
    assert port_line(facts).text == "587 ✓  25 ✗"
    assert port_line(facts[1:]).mark is Mark.WARNING
    assert port_line((), running="1 s").mark is Mark.RUNNING
