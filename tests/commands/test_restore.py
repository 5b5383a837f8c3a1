"""`smtpwizard restore` lists backups and brings one back; `write --compose` goes the same way as `--env-file`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from smtpwizard.errors import ExitCode
from support import program
from support.terminal import Terminal

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


@pytest.mark.parametrize("broken", ["{", "{}", None])
def test_a_backup_whose_description_cannot_be_read_is_said_to_be_left_out(written: Path, broken: str | None) -> None:
    (backup,) = json.loads(wizard(written, "restore", "--json").stdout)["backups"]
    copy = written / "state" / "smtpwizard" / "backups" / backup["name"]
    about = Path(f"{copy}.about.json")
    about.unlink() if broken is None else about.write_text(broken)
    listed = wizard(written, "restore")
    assert listed.returncode == ExitCode.OK
    assert f"Left out: {copy.name} in {copy.parent}." in listed.stderr
    assert "There are no backups" not in listed.stderr
    assert json.loads(wizard(written, "restore", "--json").stdout) == {
        "schema": 1, "backups": [], "undescribed": [str(copy)],
    }  # fmt: skip
    for name in ("latest", copy.name):
        asked = wizard(written, "restore", name)
        assert asked.returncode == ExitCode.USAGE
        assert f"Left out: {copy.name} in" in asked.stderr


def test_an_unknown_backup_is_a_usage_error(written: Path) -> None:
    assert wizard(written, "restore", "nope").returncode == ExitCode.USAGE
    assert wizard(written / "state", "restore").returncode == ExitCode.OK


@pytest.fixture
def elsewhere(written: Path) -> Path:
    """Return a folder of which no file has a backup, beside `written`, with the same state folder."""
    folder = written / "elsewhere"
    folder.mkdir()
    (folder / "state").symlink_to(written / "state")
    return folder


def test_latest_is_the_latest_of_this_folder(written: Path, elsewhere: Path) -> None:
    (elsewhere / ".env").write_text("SMTP_HOST=later\n")
    assert wizard(elsewhere, "write", "--env-file", ".env", *GMAIL, stdin=PASSWORD).returncode == ExitCode.OK
    done = wizard(written, "restore", "latest")
    assert done.returncode == ExitCode.OK, done.stderr
    assert done.stderr.startswith(f"{written}/.env: back to what it was on ")
    assert (written / ".env").read_text() == "DB_PASSWORD=hunter2\nSMTP_HOST=old\n"
    assert PASSWORD in (elsewhere / ".env").read_text()


def test_latest_does_not_touch_another_folder(written: Path, elsewhere: Path) -> None:
    before = (written / ".env").read_bytes()
    done = wizard(elsewhere, "restore", "latest")
    assert done.returncode == ExitCode.USAGE
    assert f"{written}/.env" in done.stderr
    assert (written / ".env").read_bytes() == before


def test_a_file_of_another_folder_is_restored_without_a_terminal_only_with_yes(written: Path, elsewhere: Path) -> None:
    (backup,) = json.loads(wizard(elsewhere, "restore", "--json").stdout)["backups"]
    assert (backup["here"], backup["gone"]) == (False, False)
    refused = wizard(elsewhere, "restore", backup["name"])
    assert refused.returncode == ExitCode.USAGE
    assert "--yes" in refused.stderr
    assert PASSWORD in (written / ".env").read_text()
    assert wizard(elsewhere, "restore", backup["name"], "--yes").returncode == ExitCode.OK
    assert PASSWORD not in (written / ".env").read_text()


def test_the_list_is_of_this_folder_unless_all_are_asked_for_and_marks_what_is_gone(
    written: Path, elsewhere: Path
) -> None:
    done = wizard(elsewhere, "restore")
    assert done.stdout == ""
    assert "restore --all" in done.stderr
    (written / ".env").unlink()
    done = wizard(elsewhere, "restore", "--all")
    assert done.stdout.rstrip().endswith("gone")
    assert f"{written}/.env" in done.stdout


def test_a_run_that_changed_two_files_is_restored_as_one(tmp_path: Path) -> None:
    old = "DB_PASSWORD=hunter2\nSMTP_PASSWORD=old-password-of-all\n"
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    (tmp_path / ".env").write_text(old)
    arguments = ("write", "--compose", "compose.yaml", "--service", "api", "--secret", "reference", *GMAIL)
    assert wizard(tmp_path, *arguments, stdin=PASSWORD).returncode == ExitCode.OK
    assert PASSWORD in (tmp_path / ".env").read_text()
    done = wizard(tmp_path, "restore", "latest")
    assert done.returncode == ExitCode.OK, done.stderr
    assert (tmp_path / "compose.yaml").read_text() == COMPOSE
    assert (tmp_path / ".env").read_text() == old
    assert f"{tmp_path}/.env is as it was" in done.stderr
    assert f"{tmp_path}/compose.yaml is as it was" in done.stderr


def test_a_file_that_the_run_made_is_named_when_the_other_is_restored(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    arguments = ("write", "--compose", "compose.yaml", "--service", "api", "--secret", "reference", *GMAIL)
    assert wizard(tmp_path, *arguments, stdin=PASSWORD).returncode == ExitCode.OK
    done = wizard(tmp_path, "restore", "latest")
    assert f"The same run made {tmp_path}/.env, which stays" in done.stderr
    assert (tmp_path / "compose.yaml").read_text() == COMPOSE


def test_on_a_terminal_the_file_is_named_and_asked_about(written: Path) -> None:
    before = (written / ".env").read_bytes()
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    environment = {**kept, "XDG_STATE_HOME": str(written / "state"), "HOME": str(written), "TERM": "xterm"}
    command = [sys.executable, "-m", "smtpwizard", "restore", "latest"]
    for answer, restored in (("no", False), ("yes", True)):
        with Terminal(command, cwd=written, env=environment, columns=200) as terminal:
            shown = " ".join(terminal.wait_for("Restore it? (yes or no) [no]:").split())  # it is wrapped
            assert f"{written}/.env: back to what it was" in shown.partition("Restore it?")[0]
            assert (written / ".env").read_bytes() == before
            terminal.press(answer, "enter")
            assert terminal.wait() == ExitCode.OK
        assert ((written / ".env").read_bytes() != before) is restored


AS_NOBODY = """
import os, sys
from smtpwizard.cli.main import main, run
run(["restore", "latest", "--dry-run"])  # imports all, from a folder that the other user may not be able to read
os.setgroups([]); os.setgid(65534); os.setuid(65534)
main(sys.argv[1:])
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_refused_restore_leaves_no_backup_so_that_the_next_one_restores(written: Path) -> None:
    for path in (written / ".env", *written.rglob("state"), *written.rglob("state/**/*")):
        os.chown(path, 65534, 65534)
    for parent in (written, *written.parents[:3]):
        parent.chmod(0o755)
    copies = list((written / "state").rglob("*.env"))

    def as_nobody(*arguments: str) -> subprocess.CompletedProcess[str]:
        places = {"XDG_STATE_HOME": str(written / "state"), "XDG_CACHE_HOME": "/dev/null"}  # both parse the presets
        environment = {**os.environ, **places}
        command = [sys.executable, "-c", AS_NOBODY, "restore", "latest", *arguments]
        return subprocess.run(
            command, cwd=written, capture_output=True, text=True, env=environment, timeout=30, check=False
        )

    refused = as_nobody()
    assert refused.returncode == ExitCode.FILE, refused.stderr
    assert "--in-place" in refused.stderr
    assert list((written / "state").rglob("*.env")) == copies
    assert PASSWORD in (written / ".env").read_text()
    assert as_nobody("--in-place").returncode == ExitCode.OK
    assert (written / ".env").read_text() == "DB_PASSWORD=hunter2\nSMTP_HOST=old\n"


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
