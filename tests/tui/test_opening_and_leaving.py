"""Where the target holds settings already; and what is asked and said on leaving."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import pytest

from smtpwizard.cli.commands.wizard import _target
from smtpwizard.report.arrival import Arrived, Proof
from smtpwizard.secret import Secret
from smtpwizard.settings import Settings
from smtpwizard.smtp.results import AppOutcome, ClientOutcome, Report, SentMessage, Verdict
from smtpwizard.targets.change import Applied
from smtpwizard.wizard.opening import PRACTICE_ENV_FILE, begin_walk
from smtpwizard.wizard.progress import summary
from smtpwizard.wizard.services import Services
from smtpwizard.wizard.state import SentMail, Target, TargetKind, WizardState
from support.tui import GMAIL, quiet_services, screen_text, settled, wizard

FOUND = "SMTP_HOST=smtp.gmail.com\nSMTP_PORT=465\nSMTP_TLS=true\nSMTP_USER=you@gmail.com\nSMTP_SENDER=you@gmail.com\n"


def beginning(env_file: Path | None, services: Services, **flags: object) -> tuple[WizardState, str]:
    """Return the first state and step for a command line."""
    given: dict[str, Any] = {"demo": False, "preset": None} | flags
    target = {"env_file": env_file, "compose": None, "service": None, "print_style": None} | flags
    state, step = begin_walk(
        services, _target(argparse.Namespace(**target)), demo=given["demo"], preset=given["preset"]
    )
    return state, step


async def test_settings_in_the_target_are_told_with_provider_and_old_names(tmp_path: Path) -> None:
    env = tmp_path / ".env"
    env.write_text(FOUND)
    services = quiet_services()
    state, start = beginning(env, services)
    async with wizard(state, start=start, services=services) as (app, pilot):
        text = screen_text(app)
        assert "smtp.gmail.com:465, Gmail, old names: SMTP_USER" in text
        assert "The app does not read SMTP_USER" in text
        assert "Test it" in text
        assert "Start over" in text
        await pilot.press("f6")
        await settled(pilot)
        assert app.state.settings.username == "you@gmail.com"
        assert app.state.settings.legacy == ()


async def test_change_it_opens_the_settings_filled_in(tmp_path: Path) -> None:
    env = tmp_path / ".env"
    env.write_text(FOUND)
    services = quiet_services()
    state, start = beginning(env, services)
    async with wizard(state, start=start, services=services) as (app, pilot):
        await pilot.press("home", "down", "enter")
        await settled(pilot)
        assert app.state.step == "settings"
        assert app.state.provider is not None
        assert app.state.provider.id == "gmail"
        assert "465" in screen_text(app)


async def test_start_over_forgets_the_settings_but_not_what_stands_in_the_file(tmp_path: Path) -> None:
    env = tmp_path / ".env"
    env.write_text(FOUND + "ADMIN_WEB_URL=https://f.example\n")
    services = quiet_services()
    state, start = beginning(env, services)
    async with wizard(state, start=start, services=services) as (app, pilot):
        await pilot.press("end", "enter")
        await settled(pilot)
        assert app.state.step == "provider"
        assert app.state.provider is None
        assert app.state.settings.host is None
        assert app.state.settings.admin_web_url == "https://f.example"
        assert app.state.original is not None
        await pilot.press("escape")
        await settled(pilot)
        assert app.state.step == "opening"


def test_a_target_without_mail_settings_starts_at_the_providers(tmp_path: Path) -> None:
    env = tmp_path / ".env"
    env.write_text("FOO=bar\nADMIN_WEB_URL=https://f.example\n")
    state, start = beginning(env, quiet_services())
    assert start == "provider"
    assert state.original is None
    assert state.settings.admin_web_url == "https://f.example"


def test_a_preset_on_the_command_line_starts_at_the_settings(tmp_path: Path) -> None:
    state, start = beginning(tmp_path / ".env", quiet_services(), preset="sendgrid")
    assert start == "settings"
    assert state.settings.host == "smtp.sendgrid.net"


def test_practising_beside_real_settings_writes_into_a_file_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(".env").write_text(FOUND)
    state, start = beginning(None, quiet_services(), demo=True)
    assert start == "provider"
    assert state.target.path == PRACTICE_ENV_FILE
    assert state.provider is not None
    assert state.provider.id == "practice"


@pytest.mark.parametrize(
    ("flags", "kind"),
    [({"print_style": "compose-map"}, TargetKind.PRINT), ({"compose": Path("c.yml")}, TargetKind.COMPOSE)],
)
def test_the_target_is_taken_from_the_flags(flags: dict[str, object], kind: TargetKind) -> None:
    state, _ = beginning(None, quiet_services(), **flags)
    assert state.target.kind is kind


# Leaving


async def test_with_unsaved_work_there_is_one_question_and_enter_stays() -> None:
    state = WizardState(settings=GMAIL, provider=quiet_services().presets.provider("gmail"))
    async with wizard(state, start="settings") as (app, pilot):
        await pilot.press("ctrl+q")
        await settled(pilot)
        assert "The settings are not saved." in screen_text(app)
        await pilot.press("ctrl+q")  # a second one must not stack a second question
        await settled(pilot)
        assert len(app.screen_stack) == 2
        await pilot.press("enter")
        await settled(pilot)
        assert len(app.screen_stack) == 1
        assert app.is_running


async def test_without_unsaved_work_it_leaves_at_once() -> None:
    async with wizard() as (app, pilot):
        await pilot.press("g", "m", "ctrl+q")
        await pilot.pause()
    assert app.return_value is not None
    assert not app.return_value.unsaved


async def test_what_was_scheduled_before_leaving_does_not_end_it_with_a_crash() -> None:
    async with wizard() as (app, _):
        app.exit()
        app.refresh_shell()
        app.go("settings")
        app.call_next(app.back)
    assert app.return_code == 0


def report(verdict: Verdict, *not_proved: str) -> Report:
    """Return a report with one verdict."""
    outcome = ClientOutcome(ok=verdict is Verdict.WORKS)
    return Report((), True, AppOutcome(verdict, outcome, outcome, "It will fail."), (), not_proved, 12.0)


def test_the_summary_of_a_whole_walk_says_what_was_written_and_proved_and_what_was_not() -> None:
    services = quiet_services()
    state = WizardState(
        settings=GMAIL,
        provider=services.presets.provider("gmail"),
        report=report(Verdict.WORKS, "that mail arrives", "that the api container reaches smtp.gmail.com:465"),
        tested=GMAIL,
        saved=GMAIL,
        applied=(Applied(Path(".env"), Path("backup.env"), changed=True, verified=True),),
        sent=(
            SentMail("verification", "Email verification", "a@b.example", SentMessage("<1>", "Q1", "250 OK"), "418205"),
            SentMail("invitation", "User invitation", "a@b.example", SentMessage("<2>", "Q2", "250 OK")),
        ),
        arrived=(Arrived("<1>", "verification", Proof.CODE),),
    )
    lines = summary(state, services.app)
    assert lines[0] == "✓ Gmail (smtp.gmail.com:465, TLS) tested: logs in"
    assert "✓ .env written and read back, backup backup.env" in lines
    assert "✓ email verification arrived (code confirmed)" in lines
    assert "! user invitation accepted by the server, queue id Q2; not proved that it arrived" in lines
    assert "! not proved: that the api container reaches smtp.gmail.com:465" in lines
    assert "! not proved: that mail arrives" not in lines
    assert lines[-1] == f"next: docker compose up -d {services.app.service}"


def test_the_summary_after_a_cancel_says_that_nothing_was_written() -> None:
    services = quiet_services()
    assert summary(WizardState(), services.app) == ("Nothing was written.",)


def test_the_summary_of_a_failed_test_has_no_tick_and_no_next_command() -> None:
    services = quiet_services()
    state = WizardState(settings=GMAIL, report=report(Verdict.FAILS), tested=GMAIL)
    lines = summary(state, services.app)
    assert lines == ("✗ smtp.gmail.com (smtp.gmail.com:465, TLS) tested: It will fail", "Nothing was written.")


def test_the_summary_after_practising_says_that_the_server_has_ended() -> None:
    services = quiet_services()
    state = WizardState(
        settings=GMAIL,
        provider=services.presets.provider("practice"),
        saved=GMAIL,
        applied=(Applied(Path(".env"), None, changed=True, verified=True),),
    )
    lines = summary(state, services.app)
    assert "! these are the practice server's settings, and it has ended with the wizard" in lines
    assert lines[-1] == "next: smtpwizard, with a real provider"


def test_the_summary_never_holds_the_secret() -> None:
    services = quiet_services()
    settings = Settings(host="h.example", port="25", username="tok-12345", password=Secret("tok-12345"))
    state = WizardState(
        settings=settings,
        target=Target(TargetKind.PRINT, None),
        block=Secret("SMTP_PASSWORD=tok-12345"),
        sent=(SentMail("v", "V", "a@b.example", SentMessage("<1>", None, "550 tok-12345 no", accepted=False)),),
    )
    assert "tok-12345" not in "\n".join(summary(state, services.app))
