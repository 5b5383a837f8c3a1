"""Links: followed where they stay in the project, followed out of it only with the operator's word, and told."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from smtpwizard.targets.apply import apply
from smtpwizard.targets.change import Change, Conflict, Consent, ConsentRequired
from smtpwizard.targets.env.plan import plan_env_file

VALUES = {"SMTP_HOST": "new.example"}


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    real = folder / "real.env"
    real.write_bytes(b"SMTP_HOST=old\n")
    return real


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def ids(change: Change) -> list[str]:
    return [finding.id for finding in change.findings]


def test_a_link_out_of_the_project_is_written_through_only_with_consent(
    project: Path, elsewhere: Path, tmp_path: Path
) -> None:
    (project / ".env").symlink_to(elsewhere)
    change = plan_env_file(project / ".env", VALUES)
    with pytest.raises(ConsentRequired, match="--follow-link") as refused:
        apply(change, backup_dir=tmp_path / "backups")
    assert str(elsewhere) in refused.value.message
    assert elsewhere.read_bytes() == b"SMTP_HOST=old\n"
    assert not (tmp_path / "backups").exists()
    applied = apply(change, consents=[Consent.FOLLOW_LINK], backup_dir=tmp_path / "backups")
    assert applied.path == elsewhere.resolve()
    assert elsewhere.read_bytes() == b"SMTP_HOST=new.example\n"
    assert (project / ".env").is_symlink()


def test_naming_the_file_itself_needs_no_consent(elsewhere: Path, tmp_path: Path) -> None:
    apply(plan_env_file(elsewhere, VALUES), backup_dir=tmp_path / "backups")
    assert elsewhere.read_bytes() == b"SMTP_HOST=new.example\n"


def test_a_link_within_the_repository_needs_no_consent(project: Path, tmp_path: Path) -> None:
    (project / ".git").mkdir()
    (project / "apps").mkdir()
    (project / ".env").write_bytes(b"SMTP_HOST=old\n")
    link = project / "apps" / ".env"
    link.symlink_to("../.env")
    change = plan_env_file(link, VALUES)
    assert ids(change) == ["target-is-link"]
    apply(change, backup_dir=tmp_path / "backups")
    assert (project / ".env").read_bytes() == b"SMTP_HOST=new.example\n"


def test_a_folder_that_is_a_link_out_of_the_repository_needs_consent(
    project: Path, elsewhere: Path, tmp_path: Path
) -> None:
    (project / ".git").mkdir()
    (project / "conf").symlink_to(elsewhere.parent)
    change = plan_env_file(project / "conf" / "real.env", VALUES)
    assert "target-link-leaves-folder" in ids(change)
    with pytest.raises(ConsentRequired):
        apply(change, backup_dir=tmp_path / "backups")


def test_a_project_that_is_reached_through_a_link_is_not_left(project: Path, tmp_path: Path) -> None:
    (tmp_path / "short").symlink_to(project)
    (project / ".env").write_bytes(b"SMTP_HOST=old\n")
    change = plan_env_file(tmp_path / "short" / ".env", VALUES)
    assert "target-link-leaves-folder" not in ids(change)
    assert apply(change, backup_dir=tmp_path / "backups").changed


def test_consent_is_for_the_place_that_was_shown(project: Path, elsewhere: Path, tmp_path: Path) -> None:
    link = project / ".env"
    link.symlink_to(elsewhere)
    change = plan_env_file(link, VALUES)
    other = elsewhere.with_name("other.env")
    other.write_bytes(b"SMTP_HOST=old\n")
    link.unlink()
    link.symlink_to(other)
    with pytest.raises(Conflict):
        apply(change, consents=[Consent.FOLLOW_LINK], backup_dir=tmp_path / "backups")
    assert other.read_bytes() == b"SMTP_HOST=old\n"


def test_other_names_of_a_file_are_told(project: Path, tmp_path: Path) -> None:
    path = project / ".env"
    path.write_bytes(b"SMTP_HOST=old\n")
    assert "hard-links" not in ids(plan_env_file(path, VALUES))
    os.link(path, project / "same.env")
    change = plan_env_file(path, VALUES)
    (told,) = [finding for finding in change.findings if finding.id == "hard-links"]
    assert "1 other name " in told.message
    apply(change, backup_dir=tmp_path / "backups")
    assert (project / "same.env").read_bytes() == b"SMTP_HOST=old\n"
