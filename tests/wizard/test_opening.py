"""How a walk begins: what the target holds, what the command line asked for, and what to do with settings found."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import pytest

from smtpwizard.cli.commands.wizard import _target
from smtpwizard.errors import FileError, InputError
from smtpwizard.wizard.opening import DEFAULT_ENV_FILE, PRACTICE_ENV_FILE, Beginning, Opening, OpeningChoice, begin_walk
from smtpwizard.wizard.session import Session, Target, TargetKind
from support.tui import quiet_services

FOUND = "SMTP_HOST=smtp.gmail.com\nSMTP_PORT=465\nSMTP_TLS=true\nSMTP_USER=you@gmail.com\nSMTP_SENDER=you@gmail.com\n"
COMPOSE = """services:
  api:
    image: line/abc-user-feedback-api
    environment:
      SMTP_HOST: smtp.sendgrid.net
      SMTP_PORT: "587"
      SMTP_SENDER: a@acme.example
  mail:
    image: maildev/maildev
"""


def beginning(text: str, path: Path, **asked: Any) -> Beginning:
    """Begin a walk on an env file with this text."""
    path.write_text(text)
    return begin_walk(quiet_services(), Target(path=path), **asked)


def opening(begun: Beginning) -> tuple[Opening, Session]:
    """Return the opening of a walk that began so, and the walk."""
    session = Session(quiet_services(), begun.state)
    return session.step(Opening), session


def test_what_was_found_is_told_with_provider_and_old_names_and_a_test_is_suggested(tmp_path: Path) -> None:
    begun = beginning(FOUND, tmp_path / ".env")
    model, session = opening(begun)
    assert begun.step == "opening"
    assert model.sentence == "smtp.gmail.com:465, Gmail, old names: SMTP_USER"
    assert "The app does not read SMTP_USER" in " ".join(item.message for item in model.findings)
    assert model.unreadable == ()
    assert model.suggested is OpeningChoice.TEST
    assert model.choose(OpeningChoice.TEST) == "test"
    assert session.state.settings == begun.state.settings


def test_settings_with_which_no_mail_leaves_are_suggested_to_be_changed(tmp_path: Path) -> None:
    model, session = opening(beginning("SMTP_HOST=mail.acme.example\nSMTP_PORT=x\n", tmp_path / ".env"))
    assert model.suggested is OpeningChoice.CHANGE
    assert model.choose(OpeningChoice.CHANGE) == "settings"
    assert session.state.provider is session.services.custom


def test_starting_over_keeps_the_apps_own_address_and_what_stands_in_the_file(tmp_path: Path) -> None:
    model, session = opening(beginning(FOUND + "ADMIN_WEB_URL=https://f.example\n", tmp_path / ".env"))
    assert model.choose(OpeningChoice.START_OVER) == "provider"
    assert session.state.provider is None
    assert session.state.settings.host is None
    assert session.state.settings.url == "https://f.example"
    assert session.state.original is not None


def test_lines_that_some_reader_cannot_read_are_named(tmp_path: Path) -> None:
    model, _ = opening(beginning(FOUND + "SMTP_PASSWORD='open\n", tmp_path / ".env"))
    assert [line.partition(":")[0] for line in model.unreadable] == ["line 6"]


def test_a_compose_service_is_found_with_its_settings(tmp_path: Path) -> None:
    file = tmp_path / "compose.yaml"
    file.write_text(COMPOSE)
    state, step = begin_walk(quiet_services(), Target(TargetKind.COMPOSE, file))
    assert step == "opening"
    assert state.target.service == "api"
    assert state.settings.sender == "a@acme.example"
    assert state.provider is not None
    assert state.provider.id == "sendgrid"
    assert state.origin.value == "compose"
    with pytest.raises(InputError):
        begin_walk(quiet_services(), Target(TargetKind.COMPOSE, file, service="web"))


def test_a_target_that_cannot_be_read_is_told_before_anything_is_asked(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()
    with pytest.raises(FileError):
        begin_walk(quiet_services(), Target(path=tmp_path / ".env"))
    with pytest.raises(InputError, match="There is no app 'nobody'"):
        begin_walk(quiet_services(app_id="nobody"), Target(path=tmp_path / "other.env"))


def test_a_target_without_mail_settings_starts_at_the_providers(tmp_path: Path) -> None:
    state, step = beginning("FOO=bar\nADMIN_WEB_URL=https://f.example\n", tmp_path / ".env")
    assert step == "provider"
    assert state.original is None
    assert state.settings.url == "https://f.example"


def test_a_preset_on_the_command_line_starts_at_the_settings(tmp_path: Path) -> None:
    state, step = begin_walk(quiet_services(), Target(path=tmp_path / ".env"), preset="sendgrid")
    assert step == "settings"
    assert state.settings.host == "smtp.sendgrid.net"


def test_a_target_in_a_folder_that_is_not_there_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="There is no folder"):
        begin_walk(quiet_services(), Target(path=tmp_path / "nowhere" / ".env"))


def test_practising_beside_real_settings_writes_into_a_file_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for text in ("", FOUND):
        DEFAULT_ENV_FILE.write_text(text)
        state, step = begin_walk(quiet_services(), demo=True)
        assert step == "provider"
        assert state.target.path == PRACTICE_ENV_FILE
    assert state.provider is not None
    assert state.provider.id == "practice"
    named, _ = begin_walk(quiet_services(), Target(path=DEFAULT_ENV_FILE), demo=True)
    assert named.target.path == DEFAULT_ENV_FILE
    assert named.settings.host is None


@pytest.mark.parametrize(
    ("flags", "target"),
    [
        ({}, None),
        ({"env_file": Path("x")}, Target(path=Path("x"))),
        ({"print_style": "compose-map"}, Target(TargetKind.PRINT, None, style="compose-map")),
        ({"compose": Path("c.yml"), "service": "api"}, Target(TargetKind.COMPOSE, Path("c.yml"), service="api")),
    ],
)
def test_the_target_is_taken_from_the_flags(flags: dict[str, object], target: Target | None) -> None:
    given = {"env_file": None, "compose": None, "service": None, "print_style": None} | flags
    assert _target(argparse.Namespace(**given)) == target


def test_without_a_target_the_walk_begins_with_what_the_apps_service_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("docker-compose.yml").write_text(COMPOSE)
    Path(".env").write_text("DB_PASSWORD=x\n")
    begun = begin_walk(quiet_services())
    assert begun.step == "opening"
    assert begun.state.target == Target(TargetKind.COMPOSE, Path("docker-compose.yml"), "api")
    assert begun.state.settings.host == "smtp.sendgrid.net"


def test_a_demonstration_leaves_the_compose_file_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("docker-compose.yml").write_text(COMPOSE)
    assert begin_walk(quiet_services(), demo=True).state.target.path == PRACTICE_ENV_FILE


@pytest.mark.parametrize("where", [".env", "compose.yaml"])
def test_the_address_people_use_is_taken_from_the_folder_where_nothing_else_was_found(
    tmp_path: Path, where: str
) -> None:
    texts = {
        ".env": "ADMIN_WEB_URL=https://fb.acme.example\n",
        "compose.yaml": "services:\n  api:\n    image: line/abc-user-feedback-api\n    environment:\n"
        "      ADMIN_WEB_URL: https://fb.acme.example\n",
    }
    (tmp_path / where).write_text(texts[where])
    begun = begin_walk(quiet_services(), Target(path=tmp_path / ".env.local"))
    assert begun.step == "provider"
    assert begun.state.settings.url == "https://fb.acme.example"
