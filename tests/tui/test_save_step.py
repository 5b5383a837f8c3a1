"""The Save step on real files: what is shown before, what is written, what is never touched."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from smtpwizard.secret import Secret
from smtpwizard.settings import Settings
from smtpwizard.tui.app import SmtpWizard
from smtpwizard.tui.screens.dialogs import ConfirmScreen
from smtpwizard.tui.widgets.save import TargetPicker
from smtpwizard.wizard.session import Target, TargetKind, WizardState
from support.apps import ABC
from support.tui import PASSWORD, quiet_services, screen_text
from support.tui_steps import VISITED, until

SETTINGS = Settings(
    ABC,
    host="smtp.acme.example",
    port="587",
    sender="app@acme.example",
    username="ops@acme.example",
    password=Secret(PASSWORD),
    security="false",
)

Walk = tuple[SmtpWizard, Pilot[WizardState]]


@pytest.fixture(autouse=True)
def state_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep backups away from the machine's own state folder."""
    folder = tmp_path / "state"
    monkeypatch.setenv("XDG_STATE_HOME", str(folder))
    return folder


@asynccontextmanager
async def saving(target: Path, *, original: Settings | None = None) -> AsyncIterator[Walk]:
    """Run the wizard right before Save, with the folder of `target` listed and the change planned."""
    state = WizardState(settings=SETTINGS, visited=(*VISITED, "test"), target=Target(path=target), original=original)
    app = SmtpWizard(quiet_services(), state, start="save")
    async with app.run_test(size=(80, 30), notifications=True) as pilot:
        await until(pilot, lambda: "a block to copy" in screen_text(app), "list of targets")
        await until(pilot, lambda: "Reading" not in screen_text(app), "plan")
        yield app, pilot


def folder_with(tmp_path: Path, **files: str) -> Path:
    """Return a project folder with these files: env → .env, compose → docker-compose.yml."""
    folder = tmp_path / "project"
    folder.mkdir()
    names = {"env": ".env", "compose": "docker-compose.yml"}
    for name, text in files.items():
        (folder / names[name]).write_text(text)
    return folder


def words(app: SmtpWizard) -> str:
    """Return the screen as one line of words, so that a wrapped sentence can be found."""
    return " ".join(screen_text(app).replace("│", " ").split())


async def test_the_difference_stands_before_enter_writes_it_and_the_password_never_shows(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, env="SMTP_PASSWORD=old-Pa55-word\n")
    async with saving(folder / ".env") as (app, pilot):
        screen = screen_text(app)
        assert "(•) .env" in screen
        assert "+ SMTP_HOST=smtp.acme.example" in screen
        assert "- SMTP_PASSWORD=********" in screen
        assert "+ SMTP_PASSWORD=********" in screen
        assert "old-Pa55" not in screen
        assert PASSWORD not in screen
        assert "Backup:" in words(app)
        assert (folder / ".env").read_text() == "SMTP_PASSWORD=old-Pa55-word\n"
        await pilot.press("enter")
        await until(pilot, lambda: app.state.next_command, "saved file")
        assert app.state.saved == SETTINGS
        assert "written, read back and compared" in words(app)
        assert "docker compose up -d api" in words(app)
        await until(pilot, lambda: "Enter Send a mail" in screen_text(app), "next action")
        await pilot.press("enter")
        await until(pilot, lambda: app.state.step == "send", "Send step")


async def test_what_is_in_the_way_is_told_on_the_step_and_nothing_is_written(tmp_path: Path) -> None:
    folder = folder_with(tmp_path)
    (folder / ".env").mkdir()
    async with saving(folder / ".env") as (app, pilot):
        assert "is a folder" in words(app)
        assert "Enter Try again" in screen_text(app)
        (folder / ".env").rmdir()
        await pilot.press("enter")
        await until(pilot, lambda: "Enter Write .env" in screen_text(app), "plan")
        assert "is a folder" not in words(app)
        (folder / ".env").write_text("B=from another program\n")
        await pilot.press("enter")
        await until(pilot, lambda: "changed by another program" in words(app), "word on the conflict")
        assert "B=from" not in screen_text(app), "what stays is left out where room is short, and is never shown"
        assert (folder / ".env").read_text() == "B=from another program\n"


async def test_a_block_is_masked_until_f8_and_again_after_leaving(tmp_path: Path) -> None:
    folder = folder_with(tmp_path)
    async with saving(folder / ".env") as (app, pilot):
        await pilot.press("down")
        await until(pilot, lambda: "Lines for" in screen_text(app), "block")
        assert PASSWORD not in screen_text(app)
        await pilot.press("f8")
        await until(pilot, lambda: PASSWORD in screen_text(app), "password")
        await pilot.press("escape")
        await until(pilot, lambda: app.state.step == "test", "Test step")
        app.go("save")
        await until(pilot, lambda: "Lines for" in screen_text(app), "block")
        assert PASSWORD not in screen_text(app)


async def test_arrows_choose_the_kind_of_block_and_enter_has_it_printed(tmp_path: Path) -> None:
    folder = folder_with(tmp_path)
    async with saving(folder / ".env") as (app, pilot):
        await pilot.press("down")
        await until(pilot, lambda: "‹env›" in screen_text(app), "kinds")
        await pilot.press("right")
        await until(pilot, lambda: "- SMTP_HOST=smtp.acme.example" in screen_text(app), "compose list")
        await pilot.press("right")
        await until(pilot, lambda: "SMTP_HOST: " in screen_text(app), "compose mapping")
        assert app.state.target == Target(TargetKind.PRINT, None, None, "compose-map")
        await pilot.press("enter")
        await until(pilot, lambda: app.state.block is not None, "block")
        assert app.state.block is not None
        assert f"SMTP_PASSWORD: {PASSWORD}" in app.state.block.reveal().replace('"', "").replace("'", "")
        assert "is printed, with the password" in words(app)
        assert PASSWORD not in screen_text(app)
    assert list(folder.iterdir()) == []


async def test_the_password_goes_to_the_clipboard_only_when_asked_for_by_name(tmp_path: Path) -> None:
    folder = folder_with(tmp_path)
    async with saving(folder / ".env") as (app, pilot):
        for no in ("enter", "escape"):  # the focus starts on no
            await pilot.press("ctrl+y")
            await until(pilot, lambda: isinstance(app.screen, ConfirmScreen), "question")
            await pilot.press(no)
            await until(pilot, lambda: not isinstance(app.screen, ConfirmScreen), "step")
            assert not app.clipboard
        await pilot.press("ctrl+y")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen), "question")
        await pilot.press("left", "enter")
        await until(pilot, lambda: f"SMTP_PASSWORD={PASSWORD}" in app.clipboard, "copy")


async def test_a_link_out_of_the_project_is_followed_only_with_consent(tmp_path: Path) -> None:
    folder = folder_with(tmp_path)
    (tmp_path / "real.env").write_text("A=1\n")
    (folder / ".env").symlink_to(tmp_path / "real.env")
    async with saving(folder / ".env") as (app, pilot):
        assert "is a link" in words(app)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen), "question")
        assert "leads out of the project" in words(app)
        await pilot.press("enter")  # the focus starts on no
        await until(pilot, lambda: not isinstance(app.screen, ConfirmScreen), "step")
        assert (tmp_path / "real.env").read_text() == "A=1\n"
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen), "question")
        await pilot.press("left", "enter")
        await until(pilot, lambda: app.state.applied, "saved file")
    assert (folder / ".env").is_symlink()
    assert (tmp_path / "real.env").read_text().startswith("A=1\n")
    assert "SMTP_HOST=smtp.acme.example" in (tmp_path / "real.env").read_text()


async def test_changed_settings_are_planned_again_on_coming_back(tmp_path: Path) -> None:
    folder = folder_with(tmp_path)
    async with saving(folder / ".env") as (app, pilot):
        await pilot.press("enter")
        await until(pilot, lambda: app.state.applied, "saved file")
        await pilot.press("escape")
        await until(pilot, lambda: app.state.step == "test", "Test step")
        app.update(settings=app.state.settings.with_changes({"SMTP_PORT": "465"}))
        app.go("save")
        await until(pilot, lambda: "+ SMTP_PORT=465" in screen_text(app), "new difference")
        assert "Enter Write .env" in screen_text(app)


async def test_a_click_chooses_a_line(tmp_path: Path) -> None:
    folder = folder_with(tmp_path)
    async with saving(folder / ".env") as (app, pilot):
        await pilot.click(TargetPicker, offset=(5, 1))
        await until(pilot, lambda: "(•) a block to copy" in screen_text(app), "choice")
        assert app.state.target.kind is TargetKind.PRINT


def _text(value: str | Secret) -> str:
    return value.reveal() if isinstance(value, Secret) else value
