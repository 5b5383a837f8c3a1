"""Saving line by line: each way that the screen has is there, and nothing is written without a word."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path

import pytest

from smtpwizard.apps.loading import profile
from smtpwizard.apps.profile import Role
from smtpwizard.presets.catalogue import Presets
from smtpwizard.prompts.console import Console
from smtpwizard.prompts.walk import save
from smtpwizard.secret import Secret
from smtpwizard.settings import Settings
from smtpwizard.targets.compose.read import read_service
from smtpwizard.targets.env.file import read_env_file
from smtpwizard.wizard.session import Services, Session, Target, TargetKind, WizardState
from support.apps import ABC
from support.saving import MERGED, PASSWORD

SETTINGS = Settings(ABC, host="smtp.acme.example", port="587", sender="a@acme.example", password=Secret(PASSWORD))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "project"
    made.mkdir()
    return made


def saved(target: Target, *answers: str, settings: Settings = SETTINGS) -> tuple[bool, str, Session]:
    """Save with these answers, then with the default ones; return whether, what was said, and the session."""
    assert target.path is not None
    services = Services(backup_dir=target.path.parent.parent / "backups", app_id=settings.app.id)
    session = Session(services, WizardState(settings=settings, target=target))
    said = io.StringIO()
    source = io.StringIO("".join(f"{answer}\n" for answer in answers) + "\n" * 20)
    done = save(session, Console(source=source, sink=said))
    assert PASSWORD not in said.getvalue()
    return done, said.getvalue(), session


def compose(folder: Path, text: str) -> Target:
    (folder / "docker-compose.yml").write_text(text)
    return Target(TargetKind.COMPOSE, folder / "docker-compose.yml", secret="inline")


def test_where_a_person_must_choose_the_override_file_is_one_way(folder: Path) -> None:
    done, said, _ = saved(compose(folder, MERGED), "2")
    assert done
    assert "  1  Show the same as docker-compose.override.yml; the compose file stays as it is" in said
    assert (folder / "docker-compose.yml").read_text() == MERGED
    assert read_service(folder / "docker-compose.yml", "api", {}).variables["SMTP_HOST"] == "smtp.acme.example"


def test_and_the_env_file_that_the_service_reads_the_other(folder: Path) -> None:
    done, said, _ = saved(compose(folder, MERGED), "2", "1", "2")
    assert done
    assert read_env_file(folder / "mail.env").variables["SMTP_PASSWORD"] == PASSWORD
    assert "warning: docker-compose.yml sets SMTP_HOST under environment: of api, and that beats the file." in said


def test_the_password_can_go_into_the_env_file_beside_a_compose_file(folder: Path) -> None:
    text = "services:\n  api:\n    image: line/abc-user-feedback-api\n"
    done, _, session = saved(compose(folder, text), "2", "2")
    assert done
    assert [item.path.name for item in session.state.applied] == [".env", "docker-compose.yml"]
    assert PASSWORD not in (folder / "docker-compose.yml").read_text()


def test_an_app_that_reads_its_password_from_a_file_can_have_one(folder: Path) -> None:
    vaultwarden = profile(Presets.open(), "vaultwarden")
    settings = Settings(vaultwarden).with_changes({Role.HOST: "smtp.acme.example", Role.PASSWORD: Secret(PASSWORD)})
    text = "services:\n  vaultwarden:\n    image: vaultwarden/server\n"
    done, said, session = saved(compose(folder, text), "2", "3", settings=settings)
    assert done
    assert "  3  own file" in said
    assert [item.path.name for item in session.state.applied] == [
        "vaultwarden_smtp_password.secret",
        "docker-compose.yml",
    ]
    assert (folder / "vaultwarden_smtp_password.secret").read_text() == PASSWORD
    assert PASSWORD not in (folder / "docker-compose.yml").read_text()


def test_a_link_out_of_the_project_is_followed_only_on_a_yes(folder: Path) -> None:
    real = folder.parent / "real.env"
    real.write_text("A=1\n")
    (folder / ".env").symlink_to(real)
    done, said, _ = saved(Target(path=folder / ".env"))
    assert not done
    assert "leads out of the project" in said
    assert real.read_text() == "A=1\n"
    done, _, _ = saved(Target(path=folder / ".env"), "1", "1", "yes")
    assert done
    assert real.read_text().startswith("A=1\n")


def test_a_missing_ignore_rule_is_offered(folder: Path) -> None:
    subprocess.run(["git", "-C", str(folder), "init", "-q"], check=True)
    done, said, _ = saved(Target(path=folder / ".env"), "1", "2")
    assert done
    assert "  2  Add the ignore rule first" in said
    assert (folder / ".gitignore").read_text() == ".env\n"


def test_the_readers_of_the_file_can_be_named(folder: Path) -> None:
    settings = SETTINGS.with_changes({"SMTP_PASSWORD": "it's `x` $HOME"})
    target = Target(path=folder / ".env")
    done, said, session = saved(target, "1", "2", "npm,ruby", "npm,python-dotenv", settings=settings)
    assert done
    assert "'ruby' is no reader that is known here." in said
    assert session.state.readers == ("npm", "python-dotenv")
    assert "Read alike by npm dotenv and python-dotenv." in said


def test_another_target_or_none_at_all_can_be_chosen_after_the_difference_was_seen(folder: Path) -> None:
    (folder / ".env.mail").write_text("")
    done, _, session = saved(Target(path=folder / ".env"), "1", "3", "2")
    assert done
    assert session.state.target.path == folder / ".env.mail"
    done, said, session = saved(Target(path=folder / ".env"), "1", "4")
    assert not done
    assert "Nothing was written." in said
    assert not (folder / ".env").exists()
