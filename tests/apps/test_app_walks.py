"""An app that is added with one TOML file, and nothing else, is recognised, walked, written and sent a mail for."""

from __future__ import annotations

from pathlib import Path

import pytest

from prompts.test_walk import Walker
from smtpwizard.apps.loading import AppFiles, check_folder
from smtpwizard.apps.profile import Role
from smtpwizard.apps.schema import Security
from smtpwizard.cli.main import run
from smtpwizard.clients.transport import transport
from smtpwizard.errors import ExitCode
from smtpwizard.presets.catalogue import Presets
from smtpwizard.presets.files import presets_root
from smtpwizard.secret import Secret
from smtpwizard.settings import Settings
from smtpwizard.targets.env.file import read_env_file
from smtpwizard.targets.recognise import recognise
from smtpwizard.wizard.opening import begin_walk
from smtpwizard.wizard.session import AppChoice, Services, Target, WizardState
from support.apps import ABC
from support.tui import quiet_services, screen_text, settled, wizard

OWN = """
id = "pigeon"
name = "Pigeon Post"
services = ["loft", "courier"]
images = ["acme/pigeon"]
docs_url = "https://pigeon.acme.dev/mail"
checked = "2026-11-26"
sources = ["acme/pigeon:src/mail.py"]
test = "Press the bell."

[client]
model = "smtplib"
login = "both"

[[forms]]
form = "host-port"
names = ["PIGEON_SERVER"]

[[reads]]
when = { PIGEON_SSL = "on" }
mode = "implicit"

[[reads]]
when = { PIGEON_STARTTLS = "on" }
mode = "starttls"

[[reads]]
mode = "none"

[modes.implicit]
set = { PIGEON_SSL = "true" }

[modes.starttls]
set = { PIGEON_STARTTLS = "true" }

[modes.opportunistic]
possible = false

[modes.none]

[[variables]]
name = "PIGEON_SERVER[host]"
role = "host"
required = true
help = "The server."

[[variables]]
name = "PIGEON_SERVER[port]"
role = "port"
help = "Its port."

[[variables]]
name = "PIGEON_FROM"
role = "sender"
required = true
format = "mailbox"
help = "From whom."

[[variables]]
name = "PIGEON_USER"
role = "username"
help = "The login."

[[variables]]
name = "PIGEON_PASSWORD"
role = "password"
help = "Its password."

[[variables]]
name = "PIGEON_SSL"
role = "security"
read = "exact-true"
default = "false"
help = "TLS from the first byte."

[[variables]]
name = "PIGEON_STARTTLS"
role = "starttls"
read = "exact-true"
default = "false"
help = "STARTTLS."
"""
COMPOSE = """services:
  loft:
    image: acme/pigeon:3
    environment:
      A: b
  courier:
    image: acme/pigeon:3
    environment:
      A: b
  db:
    image: postgres:16
"""


@pytest.fixture
def presets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of one's own with nothing in it but the app's file."""
    folder = tmp_path / "presets"
    (folder / "apps").mkdir(parents=True)
    (folder / "apps" / "pigeon.toml").write_text(OWN)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return folder


def test_the_file_alone_is_recognised_checked_and_shown(
    presets: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check_folder(presets) == ()
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    assert recognise(AppFiles((presets_root(), presets)), tmp_path).app.id == "pigeon"
    assert run(["apps", "match", "--presets", str(presets)]) == ExitCode.OK
    assert "pigeon  Pigeon Post  (compose.yaml service loft, by its image)" in capsys.readouterr().out


def test_a_walk_with_it_ends_with_its_variables_and_a_mail_that_arrived(presets: Path, tmp_path: Path) -> None:
    walker = Walker(tmp_path, [("Provider, mail", "practice")], preset_dirs=(presets,), app_id="pigeon")
    walker.walk(Target(path=tmp_path / ".env"))
    assert "smtpwizard for Pigeon Post." in walker.text
    written = read_env_file(tmp_path / ".env").variables
    assert written["PIGEON_SERVER"].startswith("127.0.0.1:")
    assert written["PIGEON_USER"] == "practice@example.com"
    assert [mail.title for mail in walker.session.state.sent] == ["Test mail"]
    assert len(walker.session.state.confirmed) == 1


def test_both_services_get_the_variables_in_one_diff(
    presets: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMTP_PASSWORD", "abcdefghijklmnop")
    path = tmp_path / "compose.yaml"
    path.write_text(COMPOSE)
    wanted = ["--set", "username=me@gmail.com", "--set", "sender=me@gmail.com"]
    assert (
        run(["write", "--compose", str(path), "--preset", "gmail", *wanted, "--presets", str(presets)]) == ExitCode.OK
    )
    said = capsys.readouterr()
    assert said.out.count('PIGEON_SERVER: "smtp.gmail.com:587"') == 2
    assert said.out.count("+++ ") == 1
    assert "up -d loft courier" in said.err


async def test_another_app_is_chosen_before_the_first_step() -> None:
    services = quiet_services(app_why="found in compose.yaml")
    async with wizard(services=services, size=(120, 30)) as (app, pilot):
        assert "ABC User Feedback (found in compose.yaml) → .env" in screen_text(app)
        await pilot.press("f2")
        await settled(pilot)
        assert "Which app?" in screen_text(app)
        await pilot.press(*"ghost", "enter")
        await settled(pilot)
        assert app.chosen_app == "ghost"


async def test_of_several_apps_in_the_folder_one_is_asked_for_first() -> None:
    services = quiet_services(app_id="vaultwarden", app_why="found in compose.yaml", app_others=("ghost",))
    vars(services)["presets"] = Presets.open()
    assert services.app_choices()[:2] == (
        AppChoice("vaultwarden", "Vaultwarden", "found in compose.yaml"),
        AppChoice("ghost", "Ghost", "found in compose.yaml"),
    )
    async with wizard(services=services) as (app, pilot):
        await settled(pilot)
        assert "Which app?" in screen_text(app)
        await pilot.press("enter")
        await settled(pilot)
        assert "Which app?" not in screen_text(app)
        assert app.chosen_app == ""


def test_answers_typed_for_one_app_are_taken_along_to_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    typed = {
        Role.HOST: "mail.acme.dev", Role.PORT: "465", Role.SECURITY: "true", Role.USERNAME: "ops@acme.dev",
        Role.PASSWORD: Secret("abcdefghijklmnop"), Role.SENDER: "ops@acme.dev",
    }  # fmt: skip
    left = WizardState(Settings(ABC).with_changes(typed), provider=Services().custom)
    for id_ in ("vaultwarden", "ghost", "langfuse", "healthchecks"):
        services = Services(app_id=id_)
        state, step = begin_walk(services, before=left)
        assert (step, state.provider, state.original) == ("settings", services.custom, None)
        handed = transport(state.settings)
        assert handed is not None
        assert (handed.host, handed.port, handed.username, handed.security) == (
            "mail.acme.dev", 465, "ops@acme.dev", Security.IMPLICIT,
        ), id_  # fmt: skip
        assert state.settings.password == typed[Role.PASSWORD]
    (tmp_path / ".env").write_text("SMTP_HOST=smtp.other.dev\nSMTP_FROM=a@other.dev\n")
    state, step = begin_walk(Services(app_id="vaultwarden"), before=left)
    assert (step, state.settings.host) == ("opening", "smtp.other.dev")  # what stands there goes first
