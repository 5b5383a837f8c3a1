"""`smtpwizard write` into compose files, and what it says after writing; consent for links, ignore rules when asked."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from smtpwizard.cli.main import run
from smtpwizard.errors import ExitCode, FileError
from smtpwizard.targets.apply import apply_all
from smtpwizard.wizard import save
from support import program

GMAIL = (
    "--preset", "gmail", "--set", "SMTP_USERNAME=you@gmail.com", "--set", "SMTP_SENDER=you@gmail.com",
    "--set", "ADMIN_WEB_URL=https://feedback.example.com", "--password-stdin",
)  # fmt: skip
COMPOSE = "services:\n  db:\n    image: mysql\n  api:\n    image: line/abc-user-feedback-api\n"


def write(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SMTP_")}
    state, config = folder.parent / "state", folder.parent / "config"
    environment |= {"XDG_STATE_HOME": str(state), "XDG_CONFIG_HOME": str(config), **variables}
    return program.run(
        ["write", *arguments, *GMAIL],
        cwd=folder, input="abcdefghijklmnop", capture_output=True, text=True, env=environment, timeout=30, check=False,
    )  # fmt: skip


def answer(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(done.stdout)
    return data


def test_the_next_command_is_said_and_given_to_scripts(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    done = write(tmp_path, "--compose", "compose.yaml")
    assert done.returncode == ExitCode.OK, done.stderr
    assert "Next: docker compose up -d api" in done.stderr
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    data = answer(write(tmp_path, "--compose", "compose.yaml", "--json"))
    assert [note["command"] for note in data["notes"]] == ["docker compose up -d api"]


def test_nothing_written_nothing_to_do_afterwards(tmp_path: Path) -> None:
    assert answer(write(tmp_path, "--env-file", ".env", "--json"))["notes"][0]["id"] == "start-anew"
    assert answer(write(tmp_path, "--env-file", ".env", "--json"))["notes"] == []
    assert answer(write(tmp_path, "--env-file", "other.env", "--dry-run", "--json"))["notes"] == []


def test_an_env_file_that_the_container_does_not_see_is_told(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    done = write(tmp_path, "--env-file", ".env")
    assert "The container of api does not get" in done.stderr
    assert "docker compose up" not in done.stderr


def test_an_override_is_written_beside_and_the_file_stays(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    done = write(tmp_path, "--compose", "compose.yaml", "--override", "--json")
    assert answer(done)["notes"][0]["command"] == "docker compose up -d api"
    assert (tmp_path / "compose.yaml").read_text() == COMPOSE
    assert "SMTP_HOST: smtp.gmail.com" in (tmp_path / "compose.override.yaml").read_text()


def test_an_override_goes_into_the_file_that_compose_reads(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    (tmp_path / "docker-compose.override.yml").write_text("services:\n  api:\n    restart: always\n")
    write(tmp_path, "--compose", "compose.yaml", "--override")
    assert "SMTP_HOST: smtp.gmail.com" in (tmp_path / "docker-compose.override.yml").read_text()
    assert not (tmp_path / "compose.override.yaml").exists()


def test_a_reference_and_a_shell_that_beats_it(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    done = write(tmp_path, "--compose", "compose.yaml", "--secret", "reference", SMTP_PASSWORD="other-other-other")
    assert done.returncode == ExitCode.OK, done.stderr
    assert "compose prefers that to the .env file" in done.stderr
    assert 'SMTP_PASSWORD: "${SMTP_PASSWORD:?set SMTP_PASSWORD in .env}"' in (tmp_path / "compose.yaml").read_text()
    assert "SMTP_PASSWORD=abcdefghijklmnop\n" in (tmp_path / ".env").read_text()
    assert "other-other" not in done.stdout + done.stderr


def test_a_link_out_of_the_project_is_followed_when_asked(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    real = tmp_path / "real.env"
    real.write_text("A=1\n")
    (project / ".env").symlink_to(real)
    done = write(project, "--env-file", ".env")
    assert done.returncode == ExitCode.FILE
    assert "--follow-link" in done.stderr
    assert real.read_text() == "A=1\n"
    assert write(project, "--env-file", ".env", "--follow-link").returncode == ExitCode.OK
    assert "SMTP_HOST=smtp.gmail.com" in real.read_text()


def test_ignore_rules_are_added_only_when_asked(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM node\nCOPY . .\n")
    done = write(tmp_path, "--env-file", ".env", "--json")
    assert "dockerignore-missing" in [item["id"] for item in answer(done)["findings"]]
    assert not (tmp_path / ".dockerignore").exists()
    (tmp_path / ".env").unlink()
    done = write(tmp_path, "--env-file", ".env", "--add-ignore-rules", "--json")
    assert "dockerignore-missing" not in [item["id"] for item in answer(done)["findings"]]
    assert (tmp_path / ".dockerignore").read_text() == ".env\n"
    assert (tmp_path / ".env").exists()


def test_a_value_that_another_service_takes_is_changed_only_with_shared(tmp_path: Path) -> None:
    web = "  web:\n    image: a\n    environment:\n      SMTP_PASSWORD: ${SMTP_PASSWORD}\n"
    (tmp_path / "docker-compose.yml").write_text(f"services:\n{web}  worker:\n    image: b\n")
    (tmp_path / ".env").write_text("SMTP_PASSWORD=old\n")
    target = ("--compose", "docker-compose.yml", "--service", "worker", "--secret", "reference")
    done = write(tmp_path, *target)
    assert done.returncode == ExitCode.FILE
    assert "web takes SMTP_PASSWORD from .env too" in done.stderr
    assert "--shared" in done.stderr
    assert (tmp_path / ".env").read_text() == "SMTP_PASSWORD=old\n"
    assert write(tmp_path, *target, "--shared").returncode == ExitCode.OK
    assert (tmp_path / ".env").read_text() == "SMTP_PASSWORD=abcdefghijklmnop\n"


def test_an_override_keeps_the_secret_out_when_asked_to(tmp_path: Path) -> None:
    text = 'x-env: &env\n  A: "1"\nservices:\n  web:\n    image: x\n    environment: *env\n'
    (tmp_path / "docker-compose.yml").write_text(text)
    done = write(tmp_path, "--compose", "docker-compose.yml", "--service", "web", "--override", "--secret", "reference")
    assert done.returncode == ExitCode.OK, done.stderr
    assert "abcdefgh" not in (tmp_path / "docker-compose.override.yml").read_text()
    assert "abcdefghijklmnop" in (tmp_path / ".env").read_text()


def test_a_folder_is_answered_with_its_compose_file(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "docker-compose.yml").write_text(COMPOSE)
    done = write(tmp_path, "--compose", "app")
    assert done.returncode == ExitCode.FILE
    assert "for example app/docker-compose.yml" in done.stderr


def test_a_file_that_keeps_changing_is_told_without_a_difference_that_nobody_saw(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "compose.yaml"
    path.write_text(COMPOSE)

    def while_another_writes(*arguments: Any, **more: Any) -> Any:
        with path.open("a") as file:
            file.write("# another program\n")
        return apply_all(*arguments, **more)

    monkeypatch.setattr(save, "apply_all", while_another_writes)
    monkeypatch.setenv("SMTP_PASSWORD", "abcdefghijklmnop")
    with pytest.raises(FileError, match=r"Another program changed .* during each of 5 attempts") as caught:
        run(["write", "--compose", str(path), *GMAIL[:-1]])
    assert "difference" not in str(caught.value)
    assert path.read_text() == COMPOSE + "# another program\n" * 5
