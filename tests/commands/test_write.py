"""`smtpwizard write` as a script uses it: exit codes, one JSON object, and never a secret on the way."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from smtpwizard.errors import ExitCode
from support import program

GMAIL = (
    "--preset", "gmail", "--set", "SMTP_USERNAME=you@gmail.com", "--set", "SMTP_SENDER=you@gmail.com",
    "--set", "ADMIN_WEB_URL=https://feedback.example.com",
)  # fmt: skip
PASSWORD = "abcd efgh ijkl mnop"
BARE = "abcdefghijklmnop"


def write(folder: Path, *arguments: str, stdin: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SMTP_")}
    environment |= {"XDG_STATE_HOME": str(folder / "state"), "XDG_CONFIG_HOME": str(folder / "config"), **variables}
    return program.run(
        ["write", *arguments],
        cwd=folder, input=stdin, capture_output=True, text=True, env=environment, timeout=30, check=False,
    )  # fmt: skip


def answer(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(done.stdout)
    assert data["schema"] == 1
    return data


def test_a_preset_is_written_with_the_password_from_stdin(tmp_path: Path) -> None:
    done = write(tmp_path, "--env-file", ".env", *GMAIL, "--password-stdin", stdin=PASSWORD + "\n")
    assert done.returncode == ExitCode.OK, done.stderr
    text = (tmp_path / ".env").read_text()
    assert "SMTP_HOST=smtp.gmail.com\n" in text
    assert f"SMTP_PASSWORD={BARE}\n" in text
    assert "abcd" not in done.stdout + done.stderr


def test_the_password_is_taken_from_the_environment_too(tmp_path: Path) -> None:
    done = write(tmp_path, "--env-file", ".env", *GMAIL, SMTP_PASSWORD=PASSWORD)
    assert done.returncode == ExitCode.OK
    assert f"SMTP_PASSWORD={BARE}\n" in (tmp_path / ".env").read_text()


def test_the_answer_as_json_is_one_masked_object(tmp_path: Path) -> None:
    done = write(tmp_path, "--env-file", ".env", *GMAIL, "--password-stdin", "--json", stdin=PASSWORD)
    data = answer(done)
    assert {key: data[key] for key in ("target", "changed", "written")} == {
        "target": ".env", "changed": True, "written": True,
    }  # fmt: skip
    assert "SMTP_PASSWORD=********" in data["diff"]
    assert "abcd" not in done.stdout + done.stderr


def test_a_second_run_changes_nothing(tmp_path: Path) -> None:
    for changed in (True, False):
        done = write(tmp_path, "--env-file", ".env", *GMAIL, "--password-stdin", "--json", stdin=PASSWORD)
        assert answer(done)["changed"] is changed
    assert not (tmp_path / "state").exists()


def test_a_dry_run_shows_the_diff_and_writes_nothing(tmp_path: Path) -> None:
    done = write(tmp_path, "--env-file", ".env", *GMAIL, "--password-stdin", "--dry-run", stdin=PASSWORD)
    assert done.returncode == ExitCode.OK
    assert "+SMTP_HOST=smtp.gmail.com" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_the_old_file_is_backed_up_and_the_rest_of_it_stays(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"# mine\r\nA=caf\xe9\r\nSMTP_HOST=old # note\r\n")
    done = write(tmp_path, "--env-file", ".env", *GMAIL, "--password-stdin", "--json", stdin=PASSWORD)
    data = answer(done)
    assert Path(data["backup"]).read_bytes() == b"# mine\r\nA=caf\xe9\r\nSMTP_HOST=old # note\r\n"
    assert (tmp_path / ".env").read_bytes().startswith(b"# mine\r\nA=caf\xe9\r\nSMTP_HOST=smtp.gmail.com # note\r\n")


def test_settings_that_the_app_refuses_are_not_written(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("A=1\n")
    done = write(tmp_path, "--env-file", ".env", *GMAIL, "--set", "SMTP_TLS=yes", "--password-stdin", stdin=PASSWORD)
    assert done.returncode == ExitCode.CONFIG
    assert "SMTP_TLS" in done.stderr
    assert (tmp_path / ".env").read_text() == "A=1\n"


def test_a_port_out_of_range_is_not_written(tmp_path: Path) -> None:
    done = write(
        tmp_path, "--env-file", ".env", *GMAIL, "--set", "SMTP_PORT=99999", "--password-stdin", "--json", stdin=PASSWORD
    )
    assert done.returncode == ExitCode.CONFIG
    data = answer(done)
    assert data["changed"] is False
    assert any(finding["variable"] == "SMTP_PORT" for finding in data["findings"])
    assert not (tmp_path / ".env").exists()


def test_a_secret_as_an_argument_is_refused_and_not_repeated(tmp_path: Path) -> None:
    for name in ("SMTP_PASSWORD", "SMTP_PASS"):
        done = write(tmp_path, "--env-file", ".env", *GMAIL, "--set", f"{name}=hunter2")
        assert done.returncode == ExitCode.USAGE
        assert "--password-stdin" in done.stderr
        assert "hunter2" not in done.stdout + done.stderr


def test_an_unknown_variable_is_refused_with_the_one_that_was_meant(tmp_path: Path) -> None:
    for wrong, meant in (("SMTP_USERNAM", "SMTP_USERNAME"), ("SMTP_FROM", "SMTP_SENDER"), ("smtp_host", "SMTP_HOST")):
        done = write(tmp_path, "--env-file", ".env", *GMAIL, "--set", f"{wrong}=x")
        assert done.returncode == ExitCode.USAGE
        assert f"Did you mean {meant}?" in done.stderr


def test_an_unknown_preset_and_region_are_usage_errors(tmp_path: Path) -> None:
    assert write(tmp_path, "--env-file", ".env", "--preset", "gmial").returncode == ExitCode.USAGE
    assert write(tmp_path, "--env-file", ".env", "--preset", "gmail", "--region", "x").returncode == ExitCode.USAGE


def test_a_compose_block_is_printed_with_the_password(tmp_path: Path) -> None:
    done = write(tmp_path, "--print", "compose-list", *GMAIL, "--password-stdin", stdin=PASSWORD)
    assert done.returncode == ExitCode.OK
    assert done.stdout.splitlines()[:2] == ["environment:", "  - SMTP_HOST=smtp.gmail.com"]
    assert f"  - SMTP_PASSWORD={BARE}" in done.stdout
    assert "abcd" not in done.stderr


def test_a_folder_as_target_is_a_file_error(tmp_path: Path) -> None:
    done = write(tmp_path, "--env-file", ".", *GMAIL, "--password-stdin", stdin=PASSWORD)
    assert done.returncode == ExitCode.FILE
    assert "folder" in done.stderr


def test_an_empty_or_binary_password_is_refused(tmp_path: Path) -> None:
    assert write(tmp_path, "--env-file", ".env", *GMAIL, "--password-stdin").returncode == ExitCode.USAGE
    done = write(tmp_path, "--env-file", ".env", *GMAIL, "--password-stdin", stdin="a\x1bb")
    assert done.returncode == ExitCode.USAGE
    assert not (tmp_path / ".env").exists()


def test_ten_kilobytes_of_password_are_written_exactly(tmp_path: Path) -> None:
    host = ("--set", "SMTP_HOST=smtp.example.com", "--set", "SMTP_PORT=587", "--set", "SMTP_TLS=false")
    custom = ("--preset", "custom", *host, "--set", "SMTP_USERNAME=u", "--set", "SMTP_SENDER=u@example.com")
    done = write(tmp_path, "--env-file", ".env", *custom, "--password-stdin", stdin="aB3$" * 2560)
    assert done.returncode == ExitCode.OK, done.stderr
    assert f"SMTP_PASSWORD='{'aB3$' * 2560}'" in (tmp_path / ".env").read_text()
    assert "aB3$aB3$" not in done.stdout + done.stderr


def test_a_value_that_readers_differ_on_is_told_with_their_names(tmp_path: Path) -> None:
    done = write(tmp_path, "--env-file", ".env", *GMAIL, "--password-stdin", "--json", stdin="pa${HOME}word")
    found = [item for item in answer(done)["findings"] if item["id"] == "readers-differ"]
    assert found[0]["variable"] == "SMTP_PASSWORD"
    assert "python-dotenv" in found[0]["message"]


def gmails(folder: Path) -> Path:
    """Write a `.env` that holds Gmail's settings, with a login."""
    path = folder / ".env"
    path.write_text(
        "SMTP_HOST=smtp.gmail.com\nSMTP_PORT=465\nSMTP_SENDER=a@real.net\nSMTP_USERNAME=you@gmail.com\n"
        f"SMTP_PASSWORD={BARE}\nSMTP_TLS=true\n"
    )
    return path


def test_going_to_a_server_without_a_login_takes_the_old_login_out(tmp_path: Path) -> None:
    path = gmails(tmp_path)
    done = write(tmp_path, "--env-file", ".env", "--preset", "mailpit")
    assert done.returncode == ExitCode.OK, done.stderr
    assert path.read_text() == "SMTP_HOST=mailpit\nSMTP_PORT=1025\nSMTP_SENDER=a@real.net\nSMTP_TLS=false\n"
    assert "-SMTP_USERNAME=you@gmail.com" in done.stdout
    assert "-SMTP_PASSWORD=****" in done.stdout
    assert BARE not in done.stdout + done.stderr


def test_a_login_that_is_given_for_such_a_server_is_written(tmp_path: Path) -> None:
    path = gmails(tmp_path)
    arguments = ("--preset", "mailpit", "--set", "SMTP_USERNAME=me", "--password-stdin")
    assert write(tmp_path, "--env-file", ".env", *arguments, stdin="other-pw").returncode == ExitCode.OK
    assert "SMTP_USERNAME=me\nSMTP_PASSWORD=other-pw\n" in path.read_text()


def test_an_old_login_that_stays_at_another_server_is_told(tmp_path: Path) -> None:
    path = gmails(tmp_path)
    found = answer(write(tmp_path, "--env-file", ".env", "--preset", "sendgrid", "--json"))["findings"]
    (told,) = (item for item in found if item["id"] == "login-of-another-server")
    assert "SMTP_PASSWORD stays as it is, written for smtp.gmail.com" in told["message"]
    assert f"SMTP_PASSWORD={BARE}" in path.read_text()
    again = answer(write(tmp_path, "--env-file", ".env", "--preset", "sendgrid", "--json"))["findings"]
    assert "login-of-another-server" not in {item["id"] for item in again}


def test_an_override_empties_the_login_of_the_file_below(tmp_path: Path) -> None:
    compose = (
        "services:\n  api:\n    image: line/abc-user-feedback-api\n    environment:\n      SMTP_HOST: smtp.gmail.com\n"
        f"      SMTP_SENDER: a@real.net\n      SMTP_USERNAME: you@gmail.com\n      SMTP_PASSWORD: {BARE}\n"
    )
    (tmp_path / "compose.yaml").write_text(compose)
    done = write(tmp_path, "--compose", "compose.yaml", "--override", "--preset", "mailpit")
    assert done.returncode == ExitCode.OK, done.stderr
    made = (tmp_path / "compose.override.yaml").read_text()
    assert 'SMTP_USERNAME: ""' in made
    assert 'SMTP_PASSWORD: ""' in made
    assert (tmp_path / "compose.yaml").read_text() == compose


@pytest.mark.parametrize("target", [("--print", "compose-map"), ("--print", "env"), ("--env-file", ".env")])
@pytest.mark.parametrize("flag", [("--secret", "reference"), ("--override",), ("--shared",), ("--service", "web")])
def test_a_flag_for_compose_files_is_not_dropped_in_silence(
    tmp_path: Path, target: tuple[str, ...], flag: tuple[str, ...]
) -> None:
    """`--secret reference` asks to keep the password out: it is honoured or refused."""
    words = ("write", *target, "--preset", "mailpit", "--set", "sender=a@b.example", *flag)
    done = program.run(words, cwd=tmp_path, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{flag[0]} can be given with --compose alone" in done.stderr
    assert list(tmp_path.iterdir()) == []
