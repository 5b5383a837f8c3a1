"""The Save step and compose files: services to choose from, where the password goes, what a person must decide."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from smtpwizard.apps.loading import profile
from smtpwizard.apps.profile import Role
from smtpwizard.errors import InputError
from smtpwizard.presets.catalogue import Presets
from smtpwizard.secret import Secret
from smtpwizard.settings import Settings
from smtpwizard.targets.compose.read import read_service
from smtpwizard.targets.env.file import read_env_file
from smtpwizard.tui.app import SmtpWizard
from smtpwizard.tui.screens.dialogs import ReadersScreen
from smtpwizard.tui.widgets.save import TargetPicker
from smtpwizard.wizard.opening import begin_walk
from smtpwizard.wizard.session import Target, TargetKind, WizardState
from support.saving import COMPOSE, MERGED, PASSWORD, SETTINGS
from support.tui import quiet_services, screen_text
from support.tui_steps import VISITED, until

Walk = tuple[SmtpWizard, Pilot[WizardState]]


@pytest.fixture(autouse=True)
def _own_state_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep backups away from the machine's own state folder."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a project folder with a compose file."""
    made = tmp_path / "project"
    made.mkdir()
    (made / "docker-compose.yml").write_text(COMPOSE)
    return made


@asynccontextmanager
async def saving(
    target: Target, *, size: tuple[int, int] = (80, 36), settings: Settings = SETTINGS
) -> AsyncIterator[Walk]:
    """Run the wizard right before Save, with the folder of `target` listed and the change planned."""
    state = WizardState(settings=settings, visited=(*VISITED, "test"), target=target)
    services = quiet_services(app_id=settings.app.id)
    vars(services)["app"] = settings.app
    app = SmtpWizard(services, state, start="save")
    async with app.run_test(size=size, notifications=True) as pilot:
        await until(pilot, lambda: app.query_one(TargetPicker).choices, "list of targets")
        await until(pilot, lambda: "Reading" not in screen_text(app), "plan")
        yield app, pilot


def compose_target(folder: Path, service: str | None = None) -> Target:
    return Target(TargetKind.COMPOSE, folder / "docker-compose.yml", service)


def words(app: SmtpWizard) -> str:
    """Return the screen as one line of words, so that a wrapped sentence can be found."""
    return " ".join(screen_text(app).replace("│", " ").split())


def git(folder: Path, *words: str) -> None:
    subprocess.run(["git", "-C", str(folder), *words], check=True)


def tracked(folder: Path) -> None:
    """Make the folder a repository that keeps the compose file and ignores .env."""
    (folder / ".gitignore").write_text(".env\n")
    git(folder, "init", "-q")
    git(folder, "add", "docker-compose.yml", ".gitignore")


async def test_a_compose_file_that_git_keeps_gets_a_reference_and_both_differences_are_shown(folder: Path) -> None:
    tracked(folder)
    async with saving(compose_target(folder)) as (app, pilot):
        assert "‹.env›" in screen_text(app)
        assert app.state.target.secret == "reference"
        shown = screen_text(app)
        assert shown.index("▾ .env") < shown.index("+ SMTP_PASSWORD=********") < shown.index("▾ docker-compose.yml")
        assert "${SMTP_PASSWORD:?" in shown
        assert "Enter Write .env and docker-compose.yml" in shown
        assert "The password goes into .env alone; docker-compose.yml refers to it." in words(app)
        await pilot.press("enter")
        await until(pilot, lambda: app.state.saved == SETTINGS, "saved files")
        assert [item.path.name for item in app.state.applied] == [".env", "docker-compose.yml"]
    assert read_env_file(folder / ".env").variables == {"SMTP_PASSWORD": PASSWORD}
    assert PASSWORD not in (folder / "docker-compose.yml").read_text()
    assert read_service(folder / "docker-compose.yml", "api", {}).variables["SMTP_PASSWORD"] == PASSWORD


async def test_an_arrow_puts_the_password_elsewhere_and_the_choice_stays(folder: Path) -> None:
    async with saving(compose_target(folder)) as (app, pilot):
        assert "‹password here›" in screen_text(app)
        await pilot.press("right")
        await until(pilot, lambda: "${SMTP_PASSWORD:?" in screen_text(app), "reference")
        await pilot.press("enter")
        await until(pilot, lambda: len(app.state.applied) == 2, "saved files")
        await until(pilot, lambda: "Enter Send a mail" in screen_text(app), "end")
        assert "‹.env›" in screen_text(app)


async def test_the_arrow_leads_to_a_secret_file_where_the_app_reads_one(folder: Path) -> None:
    vaultwarden = profile(Presets.open(), "vaultwarden")
    settings = Settings(vaultwarden).with_changes({Role.HOST: "smtp.acme.example", Role.PASSWORD: Secret(PASSWORD)})
    (folder / "docker-compose.yml").write_text("services:\n  vaultwarden:\n    image: vaultwarden/server\n")
    async with saving(compose_target(folder), settings=settings) as (app, pilot):
        assert "‹password here› · .env · own file" in screen_text(app)
        await pilot.press("left")
        await until(pilot, lambda: "SMTP_PASSWORD_FILE" in screen_text(app), "reference")
        assert PASSWORD not in screen_text(app)
        await pilot.press("enter")
        await until(pilot, lambda: len(app.state.applied) == 2, "saved files")
        await until(pilot, lambda: "‹own file›" in screen_text(app), "end")
    assert (folder / "vaultwarden_smtp_password.secret").read_text() == PASSWORD
    assert PASSWORD not in (folder / "docker-compose.yml").read_text()


async def test_a_place_that_others_share_is_explained_and_an_override_file_is_a_way_out(folder: Path) -> None:
    (folder / "docker-compose.yml").write_text(MERGED)
    async with saving(compose_target(folder)) as (app, pilot):
        assert "A choice is yours" in words(app)
        assert "F6 takes mail.env" in words(app)
        assert "Enter Show the override file" in screen_text(app)
        await pilot.press("enter")
        await until(pilot, lambda: "Enter Write docker-compose.override.yml" in screen_text(app), "plan")
        assert not (folder / "docker-compose.override.yml").exists()
        await pilot.press("enter")
        await until(pilot, lambda: app.state.saved == SETTINGS, "saved file")
        assert "up -d api" in words(app)
    assert (folder / "docker-compose.yml").read_text() == MERGED
    assert read_service(folder / "docker-compose.yml", "api", {}).variables["SMTP_HOST"] == "smtp.acme.example"


async def test_the_env_file_of_the_service_is_the_other_way_out(folder: Path) -> None:
    (folder / "docker-compose.yml").write_text(MERGED)
    async with saving(compose_target(folder)) as (app, pilot):
        await until(pilot, lambda: "F6 Use mail.env" in screen_text(app), "way out")
        await pilot.press("f6")
        await until(pilot, lambda: "Enter Write mail.env" in screen_text(app), "plan")
        assert "(•) " in screen_text(app)
        await pilot.press("enter")
        await until(pilot, lambda: app.state.applied, "saved file")
        await until(pilot, lambda: "environment" in words(app), "what has a say, too")
    assert read_env_file(folder / "mail.env").variables["SMTP_PASSWORD"] == PASSWORD


async def test_a_missing_ignore_rule_is_added_only_when_asked(folder: Path) -> None:
    git(folder, "init", "-q")
    async with saving(Target(path=folder / ".env")) as (app, pilot):
        assert "F6 Add ignore rule" in screen_text(app)
        assert ".gitignore" not in app.query_one(TargetPicker).choices[0].label
        await pilot.press("f6")
        await until(pilot, lambda: "▾ .gitignore" in screen_text(app), "difference of the rule")
        assert not (folder / ".gitignore").exists()
        await pilot.press("enter")
        await until(pilot, lambda: app.state.saved == SETTINGS, "saved files")
    assert (folder / ".gitignore").read_text() == ".env\n"


async def test_one_reader_at_least_is_chosen_from_a_list_and_the_change_is_planned_anew(folder: Path) -> None:
    async with saving(Target(path=folder / ".env")) as (app, pilot):
        await pilot.press("f5")
        await until(pilot, lambda: isinstance(app.screen, ReadersScreen), "list of readers")
        assert "[X] docker compose" in screen_text(app)
        assert "[ ] docker run" in screen_text(app)
        for _ in range(5):
            await pilot.press("space", "down")
        await pilot.press("enter")
        await until(pilot, lambda: "A reader must be ticked" in screen_text(app), "sentence")
        for _ in range(4):
            await pilot.press("up", "space")
        await pilot.press("enter")
        await until(pilot, lambda: not isinstance(app.screen, ReadersScreen), "step")
        assert app.state.readers == ("npm", "python-dotenv", "shell", "systemd")
        await until(pilot, lambda: "Enter Write .env" in screen_text(app), "plan")
        assert "Read alike" in words(app) or "read alike" in words(app)


def beginning(compose: Path, service: str | None = None) -> tuple[WizardState, str]:
    """Return the state and step with which the wizard opens for a compose file."""
    return begin_walk(quiet_services(), Target(TargetKind.COMPOSE, compose, service))


def test_settings_of_the_apps_service_are_found_on_opening(folder: Path) -> None:
    state, step = beginning(folder / "docker-compose.yml")
    assert (step, state.target.service) == ("opening", "api")
    assert state.original is not None
    assert state.original.host == "localhost"


def test_a_service_without_mail_settings_opens_at_the_provider_and_an_unknown_one_not_at_all(folder: Path) -> None:
    state, step = beginning(folder / "docker-compose.yml", "db")
    assert (step, state.target.service) == ("provider", "db")
    with pytest.raises(InputError, match="has no service"):
        beginning(folder / "docker-compose.yml", "web")


async def test_a_narrow_screen_writes_too(folder: Path) -> None:
    tracked(folder)
    async with saving(compose_target(folder), size=(40, 12)) as (app, pilot):
        await pilot.press("f5", "left")
        await until(pilot, lambda: "Enter Write" in screen_text(app), "plan")
        await pilot.press("enter")
        await until(pilot, lambda: app.state.saved == SETTINGS, "saved file")


async def test_names_from_files_are_text(folder: Path) -> None:
    (folder / "docker-compose.yml").write_text('services:\n  "[/]x":\n    image: "[@click=app.quit]"\n')
    (folder / ".env.[b]x").write_text("A=1\n")
    async with saving(Target(path=folder / ".env")) as (app, pilot):
        assert "service [/]x" in screen_text(app)
        assert ".env.[b]x" in screen_text(app)
        await pilot.press("down")
        await until(pilot, lambda: "Enter Write .env.[b]x" in screen_text(app), "plan")
