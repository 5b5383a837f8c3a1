"""No screen, picture, transcript, clipboard, written file or summary of the wizard holds a secret nobody asked for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot

from smtpwizard.presets.schema import CUSTOM
from smtpwizard.settings import Settings
from smtpwizard.tui.app import SmtpWizard
from smtpwizard.wizard.login_guard import refused_question
from smtpwizard.wizard.session import Target, WizardState
from support.apps import ABC
from support.leaks import assert_no_secret
from support.secret_sweep import CASES, KEY, MARKED, Bench, bench, repeating
from support.tui import screen_text, settled, wizard
from support.tui_steps import VISITED, finished, until
from support.wizard import summary


def echoing_size(made: Bench) -> tuple[int, int]:
    """Return a narrow screen for the server that refuses, where its words are wrapped, and a wide one for the other."""
    return (80, 24) if made.server.script == repeating(refuse=True) else (120, 36)


@pytest.fixture
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let everything that is written go where the sweep looks."""
    for name in ("HOME", "XDG_STATE_HOME", "XDG_DOWNLOAD_DIR"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")


@pytest.fixture(params=[False, True], ids=["accepts", "refuses"])
def echoing(request: pytest.FixtureRequest, tmp_path: Path, at_home: None) -> Iterator[Bench]:
    with bench(tmp_path, refuse=request.param) as made:
        yield made


@pytest.fixture
def refusing(tmp_path: Path, at_home: None) -> Iterator[Bench]:
    with bench(tmp_path, refuse=True) as made:
        yield made


def state_of(made: Bench, case: str) -> WizardState:
    path = made.write(case)
    settings = Settings.from_variables(ABC, made.settings(case))
    return WizardState(settings=settings, original=settings, visited=VISITED, target=Target(path=path))


def look(app: SmtpWizard, where: str) -> None:
    assert_no_secret(screen_text(app), MARKED, f"the screen of {where}")
    assert_no_secret(app.export_screenshot(), MARKED, f"a picture of {where}")
    assert_no_secret(repr(app.state), MARKED, f"the state's repr at {where}")
    assert_no_secret(app.clipboard, MARKED, f"the clipboard at {where}")
    for note in app._notifications:
        assert_no_secret(f"{note.title} {note.message}", MARKED, f"a toast at {where}")


async def shown(pilot: Pilot[WizardState], app: SmtpWizard, *keys: str) -> None:
    await pilot.press(*keys)
    await settled(pilot)
    look(app, f"{app.state.step} after {' '.join(keys)}")


async def test_the_walk_from_test_to_leaving_shows_no_secret(echoing: Bench) -> None:
    async with wizard(state_of(echoing, "password"), start="test", size=echoing_size(echoing)) as (app, pilot):
        await finished(pilot, app)
        look(app, "the test")
        await shown(pilot, app, "f4")
        await shown(pilot, app, "c")
        assert "AUTH PLAIN" in app.clipboard
        await shown(pilot, app, "w")
        await shown(pilot, app, "escape")
        await pilot.press("ctrl+g")
        await until(pilot, lambda: app.state.step == "save", "Save step")
        await settled(pilot)
        look(app, "saving")
        app.go("send")
        await until(pilot, lambda: app.state.step == "send", "Send step")
        await settled(pilot)
        look(app, "sending")
        assert_no_secret("\n".join(summary(app.state)), MARKED, "the summary")
    echoing.look_at_files()
    assert list(echoing.folder.glob("*transcript*")), "the transcript was not written"


@pytest.mark.parametrize("case", CASES)
async def test_settings_of_a_file_are_opened_and_tested_without_their_secret(refusing: Bench, case: str) -> None:
    async with wizard(state_of(refusing, case), start="opening", size=(120, 36)) as (app, pilot):
        look(app, "opening")
        app.go("test")
        await until(pilot, lambda: app.state.step == "test", "Test step")
        await finished(pilot, app)
        look(app, "the test")
        assert_no_secret("\n".join(summary(app.state)), MARKED, "the summary")
        app.go("save")
        await until(pilot, lambda: app.state.step == "save", "Save step")
        await settled(pilot)
        look(app, "saving")
    refusing.look_at_files()


async def test_a_key_typed_as_user_name_of_a_custom_server_is_masked_as_the_providers(
    refusing: Bench,
) -> None:
    state = state_of(refusing, "key as user name")
    async with wizard(state.changed(provider=CUSTOM), start="opening", size=(200, 36)) as (app, pilot):
        look(app, "opening")
        assert KEY in {secret.reveal() for secret in app.session.secrets()}
        app.go("test")
        await until(pilot, lambda: app.state.step == "test", "Test step")
        await finished(pilot, app)
        look(app, "the test")
        await shown(pilot, app, "f4")
        await shown(pilot, app, "w")
        await shown(pilot, app, "escape")
        assert_no_secret("\n".join(refused_question(app.state.settings, app.session.provider).values()), MARKED, "it")
        (refusing.folder / ".env").write_text("A=1\n")
        for step in ("provider", "save", "send"):
            app.go(step)
            await until(pilot, lambda step=step: app.state.step == step, step)  # type: ignore[misc]
            await settled(pilot)
            look(app, step)
    refusing.look_at_files()


async def test_settings_help_and_palette_show_no_secret(refusing: Bench) -> None:
    async with wizard(state_of(refusing, "password"), start="settings", size=(120, 36)) as (app, pilot):
        look(app, "settings")
        for keys in (("tab", "tab"), ("tab", "tab"), ("f1",), ("escape",), ("ctrl+p",)):
            await shown(pilot, app, *keys)
