"""The Test step against real servers: what is shown, what Enter does, what is never done by itself."""

from __future__ import annotations

from pathlib import Path
from time import monotonic

import pytest

from smtpwizard.problems import Problem, Severity
from smtpwizard.sandbox.scripted import SILENCE, Script, Stage, reply
from smtpwizard.sandbox.server import PracticeServer
from smtpwizard.secret import Secret
from smtpwizard.settings import Settings
from smtpwizard.smtp.results import AppOutcome, ClientOutcome, Report, Status, Step, StepResult, Verdict
from smtpwizard.tui.screens.dialogs import ConfirmScreen, HelpScreen
from smtpwizard.tui.steps.check import CheckStep
from smtpwizard.wizard.session import Target, WizardState
from support.apps import ABC
from support.tui import HOSTILE, PASSWORD, quiet_services, screen_text, wizard
from support.tui_steps import VISITED, finished, logins, practising, scripted, until


async def test_a_good_server_ends_green_with_what_is_not_proved_and_enter_goes_to_save(tmp_path: Path) -> None:
    services = quiet_services()
    with PracticeServer() as server:
        async with wizard(practising(server, services, tmp_path), start="test", services=services) as (app, pilot):
            await finished(pilot, app)
            screen = screen_text(app)
            assert "✓ auth       235" in screen
            assert "✓ rcpt       250" in screen
            assert "✓ The app will send its mail" in screen
            assert "Not proved:" in screen
            assert "mail arrives" in " ".join(screen.split())
            assert app.state.proved
            await pilot.press("enter")
            await until(pilot, lambda: app.state.step == "save", "Save step")


async def test_a_refused_login_opens_with_its_cause_and_enter_leads_to_the_password(tmp_path: Path) -> None:
    services = quiet_services()
    with PracticeServer() as server:
        state = practising(server, services, tmp_path, SMTP_PASSWORD=PASSWORD)
        async with wizard(state, start="test", services=services) as (app, pilot):
            await finished(pilot, app)
            screen = screen_text(app)
            assert "✗ auth       535 5.7.8" in screen
            assert "– mail, rcpt not reached" in screen
            assert "Amazon" not in screen  # whose words these are, too, but this server is our own
            assert "✗ The app will fail" in screen
            assert "Enter Fix in Settings" in screen
            assert "Ctrl+G Save untested" in screen
            assert "✗ FAILS " in screen.splitlines()[1]
            rows = screen.splitlines()
            assert "The app will fail" in rows[2]
            assert "password refused" in rows[4], "what helps stands at once below the verdict"
            assert PASSWORD not in screen
            await pilot.press("enter")
            await until(pilot, lambda: app.state.step == "settings", "Settings step")


async def test_a_wrong_tls_mode_is_repaired_and_tested_again_on_one_key(tmp_path: Path) -> None:
    services = quiet_services()
    with PracticeServer() as server:
        state = practising(server, services, tmp_path, SMTP_TLS="true")
        async with wizard(state, start="test", services=services) as (app, pilot):
            await finished(pilot, app)
            assert "Enter Repair and test again" in screen_text(app)
            assert "→ Set SMTP_TLS=false" in screen_text(app)
            await pilot.press("enter")
            await until(pilot, lambda: app.state.proved, "green test")
            assert app.state.settings.security == "false"
            assert "Enter Save" in screen_text(app)


async def test_a_refused_login_is_not_sent_again_without_a_word(tmp_path: Path) -> None:
    script = Script().but(Stage.PASSWORD, reply("535 5.7.8 bad credentials"))
    async with scripted(script, tmp_path) as (app, pilot, server):
        await finished(pilot, app)
        assert logins(server) == 1
        await pilot.press("ctrl+r")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen), "question")
        assert PASSWORD not in screen_text(app)
        await pilot.press("enter")  # the focus starts on no
        await until(pilot, lambda: not isinstance(app.screen, ConfirmScreen), "step")
        assert logins(server) == 1
        await pilot.press("ctrl+r", "left", "enter")
        await until(pilot, lambda: logins(server) == 2, "second login")


async def test_a_test_that_was_made_is_not_made_again_by_coming_back(tmp_path: Path) -> None:
    async with scripted(Script(), tmp_path) as (app, pilot, server):
        await finished(pilot, app)
        app.go("save")
        await until(pilot, lambda: app.state.step == "save", "Save step")
        await pilot.press("escape")
        await until(pilot, lambda: app.state.step == "test", "Test step")
        await pilot.pause()
        assert server.connections == 1
        assert "✓ rcpt" in screen_text(app)


async def test_escape_cancels_at_once_and_enter_tests_again(tmp_path: Path) -> None:
    async with scripted(Script().but(Stage.GREETING, SILENCE), tmp_path) as (app, pilot, server):
        await until(pilot, lambda: server.connections == 1, "connection")
        assert "Esc Cancel" in screen_text(app)
        began = monotonic()
        await pilot.press("escape")
        await until(pilot, lambda: "Cancelled." in screen_text(app), "word on the cancel")
        assert monotonic() - began < 8  # the stage has 10 s
        assert app.state.step == "test"
        assert app.state.report is None
        assert "Enter Test" in screen_text(app)
        before = server.connections  # a slow machine may have asked the silent port for TLS meanwhile
        await pilot.press("enter")
        await until(pilot, lambda: server.connections > before, "second connection")


async def test_help_names_escape_as_what_it_does_now(tmp_path: Path) -> None:
    async with scripted(Script().but(Stage.GREETING, SILENCE), tmp_path, size=(80, 40)) as (app, pilot, server):
        await until(pilot, lambda: server.connections == 1, "connection")
        await pilot.press("f1")
        await until(pilot, lambda: "Esc         Cancel" in screen_text(app), "page of help")
        assert "Esc         Back" not in screen_text(app)
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, HelpScreen), "step")
        await pilot.press("escape")
        await until(pilot, lambda: "Cancelled." in screen_text(app), "word on the cancel")
        await pilot.press("f1")
        await until(pilot, lambda: "Esc         Back" in screen_text(app), "page of help")


async def test_leaving_the_step_ends_the_test(tmp_path: Path) -> None:
    async with scripted(Script().but(Stage.GREETING, SILENCE), tmp_path) as (app, pilot, server):
        await until(pilot, lambda: server.connections == 1, "connection")
        app.go("settings")
        await until(pilot, lambda: app.state.step == "settings", "Settings step")
        pane = app.query_one(CheckStep)
        assert all(worker.is_finished for worker in app.workers if worker.node is pane)


async def test_hostile_words_of_a_server_are_text(tmp_path: Path) -> None:
    async with scripted(Script(), tmp_path) as (app, pilot, server):
        await finished(pilot, app)
        for text in HOSTILE:
            script = Script().but(Stage.GREETING, reply(f"220 {text}"))
            server.script = script.but(Stage.MAIL, reply(f"550 5.7.1 {text}"))
            before = app.state.report
            await pilot.press("ctrl+r")
            await until(pilot, lambda: app.state.report is not before, "report")  # noqa: B023
            visible = text.replace("\x1b", "␛").replace("\u202e", "\ufffd")
            assert f"220 {visible}" in screen_text(app)
            assert f"550 5.7.1 {visible}" in screen_text(app)
            await pilot.press("f4")
            await pilot.pause()
            assert visible in screen_text(app)
            assert "\x1b" not in screen_text(app)
            await pilot.press("escape")
            await pilot.pause()


async def test_a_server_that_wants_a_pause_gets_one_with_a_countdown(tmp_path: Path) -> None:
    script = Script().but(Stage.PASSWORD, reply("454 4.7.0 Too many login attempts, please try again later"))
    async with scripted(script, tmp_path) as (app, pilot, server):
        await finished(pilot, app)
        screen = " ".join(screen_text(app).split())
        assert "asks for a pause. Testing goes on in 1:00" in screen or "goes on in 0:5" in screen
        await pilot.press("ctrl+r", "enter")
        await pilot.pause()
        assert logins(server) == 1
        assert app.state.step == "test"


async def test_the_pause_ends_by_itself(tmp_path: Path) -> None:
    script = Script().but(Stage.GREETING, reply("421 4.7.0 Too busy, try again in 1 seconds"))
    async with scripted(script, tmp_path) as (app, pilot, server):
        await finished(pilot, app)
        assert "asks for a pause" in screen_text(app)
        await until(pilot, lambda: "asks for a pause" not in screen_text(app), "end of the pause")
        await pilot.press("ctrl+r")
        await until(pilot, lambda: server.connections == 2, "second connection")


async def test_the_transcript_holds_no_secret_copies_with_honest_words_and_is_written_for_its_owner_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with scripted(Script(), tmp_path, size=(100, 30)) as (app, pilot, server):
        await finished(pilot, app)
        await pilot.press("f4")
        await pilot.pause()
        assert "AUTH PLAIN ********" in screen_text(app)
        await pilot.press("c")
        await pilot.pause()
        assert "C: AUTH PLAIN ********" in app.clipboard
        assert PASSWORD not in app.clipboard
        assert "sent to the terminal's clipboard" in screen_text(app)
        assert any("AUTH PLAIN " in line and "*" not in line for line in server.received)
        await pilot.press("w")
        await pilot.pause()
        written = tmp_path / "smtpwizard-transcript.txt"
        assert written.stat().st_mode & 0o777 == 0o600
        assert "S: 220 scripted.example" in written.read_text()
        assert PASSWORD not in written.read_text()


async def test_a_red_test_does_not_keep_anyone_from_saving(tmp_path: Path) -> None:
    script = Script().but(Stage.MAIL, reply("550 5.7.1 not yours"))
    async with scripted(script, tmp_path) as (app, pilot, _):
        await finished(pilot, app)
        assert "Enter Save" not in screen_text(app)
        await pilot.press("ctrl+g")
        await until(pilot, lambda: app.state.step == "save", "Save step")


async def test_the_next_cause_shows_on_an_arrow_key_and_its_repair_is_on_enter(tmp_path: Path) -> None:
    script = Script().but(Stage.PASSWORD, reply("535 5.7.8 no"))
    async with scripted(script, tmp_path) as (app, pilot, _):
        await finished(pilot, app)
        board = app.query_one(CheckStep).board
        board.card.show(
            [
                Problem("x", Severity.ERROR, "First", "", ""),
                Problem("x", Severity.ERROR, "Second", "", "", changes={"SMTP_PORT": "1"}, label="Set it"),
            ]
        )
        board.card.focus()
        await pilot.press("right")
        await pilot.pause()
        screen = screen_text(app)
        assert "Second" in screen
        assert "2 of 2 causes" in screen
        assert "Enter Set it and test again" in screen
        await pilot.press("right")
        await pilot.pause()
        assert "Enter Fix in Settings" in screen_text(app)


async def test_a_bug_in_the_probe_is_told_by_place_and_never_by_value(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError(PASSWORD)

    monkeypatch.setattr("smtpwizard.probe.engine.Probe", broken)
    async with scripted(Script(), tmp_path) as (app, pilot, _):
        await until(pilot, lambda: "broke off" in screen_text(app), "word on the bug")
        assert "RuntimeError" in screen_text(app)
        assert PASSWORD not in screen_text(app)


async def test_a_leak_is_a_warning_with_a_repair_and_may_be_saved_all_the_same(tmp_path: Path) -> None:
    settings = Settings(
        ABC, host="mail.acme.example", port="587", username="ops", password=Secret(PASSWORD), security="false"
    )
    steps = (StepResult(Step.EHLO, Status.WARNED, "no STARTTLS is offered", 1.0),)
    client = ClientOutcome(ok=True)
    outcome = AppOutcome(Verdict.LEAKS, client, client, "The app will log in, but in clear text.")
    report = Report(steps, True, outcome, (), (), 1.0)
    state = WizardState(
        settings=settings, visited=VISITED, report=report, tested=settings, target=Target(path=tmp_path)
    )
    async with wizard(state, start="test") as (app, pilot):
        screen = screen_text(app)
        assert "! ehlo" in screen
        assert "! LEAKS " in screen
        assert "! The app will send its mail, but readable on the way" in screen
        assert "The app will log in, but in clear text." in screen
        assert "Enter Repair and test again" in screen
        assert "→ Set SMTP_PORT=465, SMTP_TLS=true" in screen
        await pilot.press("ctrl+g")
        await until(pilot, lambda: app.state.step == "save", "Save step")
