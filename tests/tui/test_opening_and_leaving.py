"""Where the target holds settings already; and what is asked on leaving."""

from __future__ import annotations

from pathlib import Path

from smtpwizard.wizard.opening import begin_walk
from smtpwizard.wizard.session import Target, WizardState
from support.tui import GMAIL, quiet_services, screen_text, settled, wizard

FOUND = "SMTP_HOST=smtp.gmail.com\nSMTP_PORT=465\nSMTP_TLS=true\nSMTP_USER=you@gmail.com\nSMTP_SENDER=you@gmail.com\n"


async def test_settings_in_the_target_are_told_with_provider_and_old_names(tmp_path: Path) -> None:
    env = tmp_path / ".env"
    env.write_text(FOUND)
    services = quiet_services()
    state, start = begin_walk(services, Target(path=env))
    async with wizard(state, start=start, services=services) as (app, pilot):
        text = screen_text(app)
        assert "smtp.gmail.com:465, Gmail, old names: SMTP_USER" in text
        assert "The app does not read SMTP_USER" in text
        assert "Test it" in text
        assert "Start over" in text
        await pilot.press("f6")
        await settled(pilot)
        assert app.state.settings.username == "you@gmail.com"
        assert app.state.settings.old_names == ()


async def test_start_over_forgets_the_settings_but_not_what_stands_in_the_file(tmp_path: Path) -> None:
    env = tmp_path / ".env"
    env.write_text(FOUND + "ADMIN_WEB_URL=https://f.example\n")
    services = quiet_services()
    state, start = begin_walk(services, Target(path=env))
    async with wizard(state, start=start, services=services) as (app, pilot):
        await pilot.press("end", "enter")
        await settled(pilot)
        assert app.state.step == "provider"
        assert app.state.provider is None
        assert app.state.settings.host is None
        assert app.state.settings.url == "https://f.example"
        assert app.state.original is not None
        await pilot.press("escape")
        await settled(pilot)
        assert app.state.step == "opening"


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
