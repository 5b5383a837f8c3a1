"""A provider or an app is added with one TOML file: every command knows it, and nothing else is changed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from smtpwizard.apps.loading import check_folder, profile
from smtpwizard.cli.main import run
from smtpwizard.errors import ExitCode
from smtpwizard.presets.catalogue import Presets
from smtpwizard.presets.files import presets_root
from support.preset_files import GOOD, changed, put

SHIPPED_APP = (presets_root() / "apps" / "abc-user-feedback.toml").read_text("utf-8")
NEW_APP = changed(
    ('id = "abc-user-feedback"', 'id = "house"'),
    ('name = "ABC User Feedback"', 'name = "House Post"'),
    text=SHIPPED_APP,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped presets with a provider and an app more."""
    copy = tmp_path / "presets"
    shutil.copytree(presets_root(), copy)
    put(copy / "providers", "acme", GOOD)
    put(copy / "apps", "house", NEW_APP)
    return copy


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    capsys.readouterr()
    assert run([*arguments, "--json"]) == ExitCode.OK
    return json.loads(capsys.readouterr().out)


def test_the_folder_with_both_has_no_problem(folder: Path) -> None:
    assert check_folder(folder) == ()


def test_a_provider_of_one_file_is_checked_listed_matched_and_written(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = ("--presets", str(folder))
    assert printed(capsys, "presets", "check", *shown)["problems"] == []
    listed = printed(capsys, "presets", "list", *shown)["presets"]
    assert len(listed) == len(Presets.open().all()) + 1
    assert next(item for item in listed if item["id"] == "acme")["host"] == "smtp.acme.example"
    assert printed(capsys, "presets", "show", "acme", *shown)["preset"]["name"] == "Acme Mail"
    assert printed(capsys, "presets", "match", "ops@acme.test", *shown)["match"]["id"] == "acme"
    monkeypatch.setenv("SMTP_PASSWORD", "the mailbox's")
    target = tmp_path / ".env"
    wanted = ("--set", "SMTP_SENDER=ops@acme.example", "--set", "SMTP_USERNAME=ops@acme.example")
    printed(capsys, "write", "--env-file", str(target), "--preset", "acme", *wanted, *shown)
    assert "SMTP_HOST=smtp.acme.example\nSMTP_PORT=465\n" in target.read_text("utf-8")


def test_an_app_of_one_file_is_known_by_its_id_and_its_name(folder: Path) -> None:
    presets = Presets.open(folder)
    assert (profile(presets, "house").id, profile(presets, "house").name) == ("house", "House Post")


def test_a_fault_in_an_added_app_is_told_with_file_line_and_key(folder: Path) -> None:
    path = put(folder / "apps", "house", changed(('carries = "code"', 'carries = "pigeon"'), text=NEW_APP))
    at = NEW_APP.split("\n").index('carries = "code"') + 1
    (problem,) = check_folder(folder)
    assert str(problem) == f"{path}:{at}: mails[0].carries: must be one of code, link, not 'pigeon'"
