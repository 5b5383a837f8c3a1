"""An app that nobody knows: its variables are mapped by name, confirmed, and kept as a profile of one's own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from smtpwizard.apps.guess import guess
from smtpwizard.apps.loading import load_profile, shipped
from smtpwizard.apps.profile import Role
from smtpwizard.cli.main import run
from smtpwizard.errors import ExitCode, FileError, InputError
from smtpwizard.presets.files import presets_root

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
