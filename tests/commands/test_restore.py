"""`smtpwizard restore` lists backups and brings one back; `write --compose` goes the same way as `--env-file`."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from smtpwizard.errors import ExitCode
from support import program

GMAIL = (
    "--preset", "gmail", "--set", "SMTP_USERNAME=you@gmail.com", "--set", "SMTP_SENDER=you@gmail.com",
    "--set", "ADMIN_WEB_URL=https://feedback.example.com", "--password-stdin", "--json",
)  # fmt: skip
PASSWORD = "abcdefghijklmnop"
COMPOSE = """\
services:
  api:
    image: line/abc-user-feedback-api
    environment:
      - A=1 # keep
  db:
    image: b
"""


def wizard(folder: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SMTP_")}
    environment |= {"XDG_STATE_HOME": str(folder / "state"), "XDG_CONFIG_HOME": str(folder / "config")}
    return program.run(
        [*arguments],
        cwd=folder, input=stdin, capture_output=True, text=True, env=environment, timeout=30, check=False,
    )  # fmt: skip


@pytest.fixture
def written(tmp_path: Path) -> Path:
    (tmp_path / ".env").write_text("DB_PASSWORD=hunter2\nSMTP_HOST=old\n")
    assert wizard(tmp_path, "write", "--env-file", ".env", *GMAIL, stdin=PASSWORD).returncode == ExitCode.OK
    return tmp_path


def test_a_backup_is_listed_and_brought_back(written: Path) -> None:
    (backup,) = json.loads(wizard(written, "restore", "--json").stdout)["backups"]
    assert backup["original"] == str((written / ".env").resolve())
    done = wizard(written, "restore", backup["name"])
    assert done.returncode == ExitCode.OK, done.stderr
    assert (written / ".env").read_text() == "DB_PASSWORD=hunter2\nSMTP_HOST=old\n"
    assert PASSWORD not in done.stdout + done.stderr
    assert "hunter2" not in done.stdout + done.stderr


def test_what_was_there_before_a_restore_is_kept_too(written: Path) -> None:
    assert wizard(written, "restore", "latest").returncode == ExitCode.OK
    assert len(json.loads(wizard(written, "restore", "--json").stdout)["backups"]) == 2
    assert wizard(written, "restore", "latest").returncode == ExitCode.OK
    assert PASSWORD in (written / ".env").read_text()


def test_a_dry_run_of_a_restore_shows_and_writes_nothing(written: Path) -> None:
    before = (written / ".env").read_bytes()
    done = wizard(written, "restore", "latest", "--dry-run")
    assert "+SMTP_HOST=old" in done.stdout
    assert (written / ".env").read_bytes() == before


def test_a_file_that_is_gone_is_made_again(written: Path) -> None:
    (written / ".env").unlink()
    assert wizard(written, "restore", "latest").returncode == ExitCode.OK
    assert (written / ".env").read_text() == "DB_PASSWORD=hunter2\nSMTP_HOST=old\n"


def test_an_unknown_backup_is_a_usage_error(written: Path) -> None:
    assert wizard(written, "restore", "nope").returncode == ExitCode.USAGE
    assert wizard(written / "state", "restore").returncode == ExitCode.OK


def test_a_compose_service_is_written(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    done = wizard(tmp_path, "write", "--compose", "compose.yaml", *GMAIL, stdin=PASSWORD)
    assert done.returncode == ExitCode.OK, done.stderr
    text = (tmp_path / "compose.yaml").read_text()
    assert "      - A=1 # keep\n      - SMTP_HOST=smtp.gmail.com\n" in text
    assert text.endswith("  db:\n    image: b\n")
    assert PASSWORD not in done.stdout
    assert json.loads(done.stdout)["changed"] is True


def test_a_reference_writes_two_files(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    done = wizard(
        tmp_path,
        "write",
        "--compose",
        "compose.yaml",
        "--service",
        "api",
        "--secret",
        "reference",
        *GMAIL,
        stdin=PASSWORD,
    )
    assert done.returncode == ExitCode.OK, done.stderr
    assert PASSWORD not in (tmp_path / "compose.yaml").read_text()
    assert f"SMTP_PASSWORD={PASSWORD}\n" in (tmp_path / ".env").read_text()


def test_an_override_leaves_the_compose_file_alone(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    done = wizard(tmp_path, "write", "--compose", "compose.yaml", "--override", *GMAIL, stdin=PASSWORD)
    assert done.returncode == ExitCode.OK, done.stderr
    assert (tmp_path / "compose.yaml").read_text() == COMPOSE
    assert PASSWORD in (tmp_path / "compose.override.yaml").read_text()


def test_a_missing_compose_file_or_service_is_told(tmp_path: Path) -> None:
    assert wizard(tmp_path, "write", "--compose", "no.yaml", *GMAIL, stdin=PASSWORD).returncode == ExitCode.FILE
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    done = wizard(tmp_path, "write", "--compose", "compose.yaml", "--service", "apu", *GMAIL, stdin=PASSWORD)
    assert done.returncode == ExitCode.USAGE


def test_readers_given_by_name_decide_the_form(tmp_path: Path) -> None:
    arguments = ("write", "--env-file", ".env", "--readers", "npm,python-dotenv", *GMAIL)
    done = wizard(tmp_path, *arguments, stdin="it's `x` $HOME")
    assert not [item for item in json.loads(done.stdout)["findings"] if item["id"] == "readers-differ"]
    assert wizard(tmp_path, "write", "--env-file", ".env", "--readers", "ruby", *GMAIL).returncode == ExitCode.USAGE
