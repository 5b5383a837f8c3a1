"""An app that nobody knows: its variables are mapped by name, confirmed, and kept as a profile of one's own."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest

from smtpwizard.apps.loading import load_profile, shipped
from smtpwizard.apps.profile import Role
from smtpwizard.cli.commands.wizard import _services as wizard_services
from smtpwizard.cli.main import run
from smtpwizard.cli.parser import build_parser
from smtpwizard.errors import ExitCode, FileError, InputError
from smtpwizard.presets.files import presets_root
from smtpwizard.prompts.answers import map_variables
from smtpwizard.prompts.console import Console
from smtpwizard.wizard.session import Services
from smtpwizard.wizard.unlisted import guess
from support.tui import quiet_services, screen_text, settled, wizard

COMPOSE = """services:
  coop:
    image: acme/coop:1.2
    environment:
      COOP_MAIL_SERVER: mail.acme.dev
      COOP_MAIL_SERVER_PORT: "587"
      COOP_MAIL_LOGIN: me
      COOP_MAIL_PWD: x
      COOP_MAIL_FROM: me@acme.dev
      COOP_MAIL_USE_SSL: "false"
      COOP_BASE_URL: https://coop.acme.dev
      DATABASE_PASSWORD: y
  db:
    image: postgres
"""


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.mark.parametrize("path", sorted((presets_root() / "apps").glob("*.toml")), ids=lambda path: path.stem)
def test_of_the_apps_that_are_known_most_variables_would_be_mapped_right(path: Path) -> None:
    app = shipped(path.stem)
    if app.config != "environment" or app.forms:
        return
    own = {item.role: item.name for item in app.variables}
    found = guess(list(own.values()))
    asked = (Role.HOST, Role.PORT, Role.USERNAME, Role.PASSWORD, Role.SENDER)
    wrong = {role: (found.get(role), own[role]) for role in asked if found.get(role) != own[role]}
    assert len(wrong) <= 2, wrong


def test_a_mapping_is_offered_kept_and_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    assert run(["apps", "map", "--json"]) == ExitCode.OK
    assert json.loads(capsys.readouterr().out)["mapping"] == {
        "host": "COOP_MAIL_SERVER", "port": "COOP_MAIL_SERVER_PORT", "sender": "COOP_MAIL_FROM",
        "username": "COOP_MAIL_LOGIN", "password": "COOP_MAIL_PWD", "security": "COOP_MAIL_USE_SSL",
        "url": "COOP_BASE_URL",
    }  # fmt: skip
    assert run(["apps", "map", "--keep", "coop"]) == ExitCode.OK
    path = tmp_path / "config" / "smtpwizard" / "presets" / "apps" / "coop.toml"
    assert load_profile(path).images == ("acme/coop",)
    assert run(["apps", "match"]) == ExitCode.OK
    assert "coop  coop  (compose.yaml service coop, by its image)" in capsys.readouterr().out
    assert run(["lint", "--compose", "compose.yaml"]) == ExitCode.OK
    assert "coop, found in compose.yaml." in capsys.readouterr().err
    with pytest.raises(FileError, match="is there already"):
        run(["apps", "map", "--keep", "coop"])


def test_what_is_not_found_is_asked_for_and_can_be_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / ".env").write_text("MAIL_HOST=a\nMAIL_PORT=1\nMAIL_USER=u\nMAIL_PASSWORD=p\nCONTACT=c\n")
    with pytest.raises(InputError, match="no variable for sender"):
        run(["apps", "map"])
    assert run(["apps", "map", "--set", "sender=CONTACT"]) == ExitCode.OK
    said = capsys.readouterr()
    assert "sender       CONTACT" in said.out
    assert "Nothing was kept." in said.err
    with pytest.raises(InputError, match="--set wants ROLE=VARIABLE"):
        run(["apps", "map", "--set", "nonsense=CONTACT"])


def services_of(*words: str) -> Services:
    """Return what the wizard starts with in this folder."""
    return wizard_services(build_parser().parse_args([*words]))


def test_a_folder_of_an_unknown_app_has_its_variables_offered_and_no_other_folder_has(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    found = services_of().app_unlisted
    assert found is not None
    assert (found.place, found.proposed_id, found.lacking) == ("compose.yaml service coop", "coop", ())
    assert services_of("--app", "ghost").app_unlisted is None
    assert services_of("--demo").app_unlisted is None
    (tmp_path / "compose.yaml").write_text(COMPOSE.replace("COOP_MAIL_SERVER:", "COOP_HOST:"))
    assert services_of().app_unlisted is None
    (tmp_path / "compose.yaml").write_text(COMPOSE.replace("acme/coop:1.2", "vaultwarden/server"))
    assert services_of().app_unlisted is None
    own = [name for name in shipped("abc-user-feedback").names if name.startswith("SMTP")]
    (tmp_path / "compose.yaml").write_text(
        "services:\n  api:\n    build: .\n    environment:\n" + "".join(f"      {name}: x\n" for name in own)
    )
    assert services_of().app_unlisted is None


async def test_the_screen_shows_them_and_enter_begins_anew_with_the_app(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(COMPOSE.replace("COOP_MAIL_PWD", "COOP_MAIL_KEY"))
    async with wizard(services=quiet_services(app_unlisted=services_of().app_unlisted), size=(80, 24)) as (app, pilot):
        await settled(pilot)
        shown = screen_text(app)
        assert "compose.yaml service coop has variables that look like mail settings" in " ".join(shown.split())
        assert "COOP_MAIL_SERVER" in shown
        await pilot.press("enter")
        assert "password: no variable is named for it." in screen_text(app)
        await pilot.press(*"COOP_MAIL_SERVER", "enter")
        assert "COOP_MAIL_SERVER is named for two settings." in screen_text(app)
        await pilot.press("shift+home", *"COOP_MAIL_KEY", "enter")
        await settled(pilot)
        assert app.chosen_app == "coop"
    services = services_of()
    assert (services.app_id, services.app_why, services.app_unlisted) == ("coop", "found in compose.yaml", None)
    assert services.app.variable(Role.PASSWORD) == "COOP_MAIL_KEY"


async def test_the_list_of_apps_ends_with_the_one_that_is_not_listed(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    async with wizard(services=quiet_services(app_id="ghost"), size=(80, 24)) as (app, pilot):
        await pilot.press("f2")
        await settled(pilot)
        await pilot.press(*"coop")
        await settled(pilot)
        assert "An app that is not listed: take its variables" in screen_text(app)
        await pilot.press("enter")
        await settled(pilot)
        assert "COOP_MAIL_PWD" in screen_text(app)
        await pilot.press("enter")
        await settled(pilot)
        assert app.chosen_app == "coop"


def test_line_by_line_they_are_corrected_and_kept(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(COMPOSE.replace("COOP_MAIL_PWD", "COOP_MAIL_KEY"))
    found = services_of().app_unlisted
    assert found is not None
    said = StringIO()
    answers = ["2", "", "", "", "", "COOP_MAIL_SERVER", "", "", "", "", "", "", "2", *[""] * 4, "COOP_MAIL_KEY"]
    source = StringIO("".join(f"{answer}\n" for answer in answers) + "\n" * 9)
    assert map_variables(found, Console(source=source, sink=said)) == "coop"
    assert "COOP_MAIL_SERVER is named for two settings." in said.getvalue()
    assert services_of().app.variable(Role.PASSWORD) == "COOP_MAIL_KEY"


def test_and_left_alone_where_it_is_another_app(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    found = services_of().app_unlisted
    assert found is not None
    assert map_variables(found, Console(source=StringIO("3\n"), sink=StringIO())) == ""
    assert not (tmp_path / "config").exists()


def test_the_plain_wizard_asks_for_them_first_and_goes_on_with_the_app(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    monkeypatch.setattr("sys.stdin", StringIO("1\n\n"))
    with pytest.raises(InputError, match="The input ended"):
        run(["--plain"])
    said = capsys.readouterr().err
    assert said.index("  password: COOP_MAIL_PWD") < said.index("smtpwizard for coop")
    assert "compose.yaml holds settings: mail.acme.dev:587" in said  # what the service has is read by the new profile
