"""Missing ignore rules are told where they matter, and made only when asked."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from smtpwizard.secret import Secret
from smtpwizard.targets.apply import apply
from smtpwizard.targets.env.plan import plan_env_file
from smtpwizard.targets.git import git_state, image_findings, plan_ignore_rule, with_ignore_rules

PASSWORD = {"SMTP_PASSWORD": Secret("hunter2")}


def said(folder: Path, dockerfile: str, rules: str | None = None, name: str = ".env") -> bool:
    (folder / "Dockerfile").write_text(dockerfile)
    if rules is not None:
        (folder / ".dockerignore").write_text(rules)
    return bool(image_findings(folder / name, "SMTP_PASSWORD"))


@pytest.mark.parametrize(
    "line",
    ["COPY . .", "copy ./ /app/", "ADD . /app", 'COPY [".", "/app"]', "COPY --chown=a:b . .", "COPY .env* /app/",
     "COPY package.json \\\n  . /app"],
)  # fmt: skip
def test_a_dockerfile_that_copies_the_folder_is_told(tmp_path: Path, line: str) -> None:
    assert said(tmp_path, f"FROM node\nRUN x\n{line}\n")


@pytest.mark.parametrize(
    "line",
    ["COPY src/ /app/", "COPY --from=build . .", "RUN cp . /x", "# COPY . .", "COPY package*.json ./", "FROM node"],
)
def test_a_dockerfile_that_does_not_copy_it_is_no_matter(tmp_path: Path, line: str) -> None:
    assert not said(tmp_path, f"FROM node\n{line}\n")


@pytest.mark.parametrize("rules", [".env", "**/.env", ".env*\n", "*\n!src", "/.env", "# x\n\n.*"])
def test_a_rule_that_covers_the_file_is_found(tmp_path: Path, rules: str) -> None:
    assert not said(tmp_path, "COPY . .\n", rules)


@pytest.mark.parametrize("rules", ["node_modules\n", ".env.*", ".env\n!.env", "docker/.env", ""])
def test_a_rule_that_does_not_cover_it_is_no_rule(tmp_path: Path, rules: str) -> None:
    assert said(tmp_path, "COPY . .\n", rules)


def test_a_dockerfile_with_rules_of_its_own_is_judged_by_them(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile.dockerignore").write_text("node_modules\n")
    assert said(tmp_path, "COPY . .\n", ".env\n")
    (told,) = image_findings(tmp_path / ".env", "SMTP_PASSWORD")
    assert "Dockerfile.dockerignore has no rule" in told.message


def test_the_finding_comes_with_the_password_only_and_nothing_is_made(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM node\nCOPY . .\n")
    told = [finding.message for finding in plan_env_file(tmp_path / ".env", PASSWORD).findings]
    assert any("line 2" in message and ".dockerignore" in message for message in told)
    harmless = plan_env_file(tmp_path / ".env", {"SMTP_HOST": "a.b"})
    assert "dockerignore-missing" not in [finding.id for finding in harmless.findings]
    assert [item.name for item in tmp_path.iterdir()] == ["Dockerfile"]


def test_a_rule_is_added_as_one_line_and_only_once(tmp_path: Path) -> None:
    rules = tmp_path / ".dockerignore"
    rules.write_bytes(b"node_modules\r\ndist")
    change = plan_ignore_rule(tmp_path / ".env", ".dockerignore")
    assert "+.env" in change.diff
    apply(change, backup_dir=tmp_path / "backups")
    assert rules.read_bytes() == b"node_modules\r\ndist\r\n.env\r\n"
    assert not plan_ignore_rule(tmp_path / ".env", ".dockerignore").changed


def test_asked_for_both_rules_come_before_the_secret(tmp_path: Path) -> None:
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    project = tmp_path / "project"
    project.mkdir()
    subprocess.run(["git", "init", "-q"], cwd=project, check=True)
    (project / "Dockerfile").write_text("COPY . .\n")
    changes = with_ignore_rules((plan_env_file(project / ".env", PASSWORD),))
    assert [change.path.name for change in changes] == [".gitignore", ".dockerignore", ".env"]
    assert not changes[-1].findings
    for change in changes:
        apply(change, backup_dir=tmp_path / "backups")
    assert git_state(project / ".env").ignored
    assert not plan_env_file(project / ".env", {"SMTP_PASSWORD": Secret("other")}).findings
