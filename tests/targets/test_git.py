"""What git says about a file, asked with a deadline and without running what a repository names."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from smtpwizard.secret import Secret, hide
from smtpwizard.targets import git as git_module
from smtpwizard.targets.env.plan import plan_env_file
from smtpwizard.targets.git import GitState, git_state
from smtpwizard.wizard.destination import discover_targets


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    folder = tmp_path / "project"
    folder.mkdir()
    for command in (["init", "-q"], ["config", "user.email", "a@b.example"], ["config", "user.name", "a"]):
        subprocess.run(["git", *command], cwd=folder, check=True)
    (folder / ".gitignore").write_text(".env\n")
    (folder / ".env").write_text("A=1\n")
    (folder / "tracked.env").write_text("A=1\n")
    subprocess.run(["git", "add", "tracked.env", ".gitignore"], cwd=folder, check=True)
    return folder


def test_an_ignored_a_tracked_and_an_open_file_are_told_apart(repository: Path) -> None:
    assert git_state(repository / ".env") == GitState(ignored=True, in_repository=True)
    assert git_state(repository / "tracked.env") == GitState(tracked=True, in_repository=True)
    assert git_state(repository / ".env.local") == GitState(in_repository=True)


def test_outside_a_repository_there_is_nothing_to_say(tmp_path: Path) -> None:
    assert git_state(tmp_path / ".env") == GitState()


def test_no_git_program_is_no_error(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert git_state(repository / ".env") == GitState()


def test_a_git_that_hangs_is_left_at_the_deadline(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = tmp_path / "bin" / "git"
    slow.parent.mkdir()
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{slow.parent}:{os.environ['PATH']}")
    monkeypatch.setattr(git_module, "DEADLINE", 0.2)
    start = time.monotonic()
    assert git_state(repository / ".env") == GitState()
    assert time.monotonic() - start < 30


def test_a_program_named_in_the_repository_is_not_run(repository: Path, tmp_path: Path) -> None:
    trap, ran = tmp_path / "trap", tmp_path / "ran"
    trap.write_text(f"#!/bin/sh\ntouch {ran}\n")
    trap.chmod(0o755)
    subprocess.run(["git", "config", "core.fsmonitor", str(trap)], cwd=repository, check=True)
    git_state(repository / "tracked.env")
    assert not ran.exists()


def test_a_tracked_file_gets_a_warning_when_the_password_goes_in(repository: Path) -> None:
    change = plan_env_file(repository / "tracked.env", {"SMTP_PASSWORD": Secret("hunter2")})
    assert "git-tracks-file" in [finding.id for finding in change.findings]
    harmless = plan_env_file(repository / "tracked.env", {"SMTP_HOST": "a.b"})
    assert "git-tracks-file" not in [finding.id for finding in harmless.findings]


def test_a_missing_ignore_rule_is_told_and_not_made(repository: Path) -> None:
    change = plan_env_file(repository / ".env.local", {"SMTP_PASSWORD": Secret("hunter2")})
    assert "git-does-not-ignore" in [finding.id for finding in change.findings]
    assert (repository / ".gitignore").read_text() == ".env\n"


def test_targets_are_env_files_and_compose_files_with_what_git_says(repository: Path) -> None:
    for name in (".env.production", ".env.example", "compose.yaml", "docker-compose.yml", "notes.txt", ".env.local~"):
        (repository / name).write_text("A=1\n")
    found = discover_targets(repository)
    assert [(choice.path.name, choice.compose) for choice in found] == [
        (".env", False),
        (".env.production", False),
        ("compose.yaml", True),
        ("docker-compose.yml", True),
    ]
    assert found[0].detail == "exists, 1 line, git ignores it"


def test_an_empty_folder_offers_a_new_env_file(tmp_path: Path) -> None:
    (choice,) = discover_targets(tmp_path)
    assert choice.detail == "new file, mode 0600"


def _open_the_way(folder: Path) -> None:
    """Let other users pass through pytest's own folders, which are closed to them."""
    for parent in folder.parents:
        if "pytest" in str(parent):
            parent.chmod(0o755)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to another user")
def test_root_learns_from_another_users_git_what_it_tracks(repository: Path) -> None:
    _open_the_way(repository)
    subprocess.run(["chown", "-R", "65534:65534", str(repository)], check=True)
    assert git_state(repository / "tracked.env") == GitState(tracked=True, in_repository=True)
    assert git_state(repository / ".env") == GitState(ignored=True, in_repository=True)
    change = plan_env_file(repository / "tracked.env", {"SMTP_PASSWORD": Secret("x")})
    assert "git-tracks-file" in [finding.id for finding in change.findings]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to another user")
def test_where_git_does_not_answer_this_user_that_is_told(repository: Path) -> None:
    subprocess.run(["chown", "-R", "65534:65534", str(repository)], check=True)
    os.chown(repository / ".git", 65533, 65533)  # git answers the owner of both, and there is none
    _open_the_way(repository)
    assert git_state(repository / "tracked.env") == GitState(refused=True)
    change = plan_env_file(repository / "tracked.env", {"SMTP_PASSWORD": Secret("x")})
    (told,) = [finding for finding in change.findings if finding.id == "git-does-not-answer"]
    assert f"git -C {repository} ls-files tracked.env" in told.message


def test_git_gets_no_password(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As root it runs as the owner of the repository, who may look into the environment of his processes."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "git").write_text(f"#!/bin/sh\nexport -p >> {tmp_path}/seen\n")
    (folder / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    words = {"SMTP_PASSWORD": "Zq7mark-1", "INBOX_PASSWORD": "Zq7mark-2", "MAIL_PASS": "Zq7mark-3", "X": "Zq7mark-4"}
    for name, word in words.items():
        monkeypatch.setenv(name, word)
    hide([Secret("Zq7mark-4")])
    git_state(repository / ".env")
    seen = (tmp_path / "seen").read_text()
    assert "PATH" in seen
    assert "Zq7mark" not in seen
