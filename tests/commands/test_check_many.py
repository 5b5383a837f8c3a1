"""`check` over several files: a line for each, the worst exit code, bounded threads and descriptors, no lock-out."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from smtpwizard.cli.parser import build_parser
from smtpwizard.errors import InputError
from smtpwizard.sandbox.scripted import SILENCE, Script, ScriptedServer, Stage, reply
from support import program

SECRET = "zq7-Correct-Horse"
FEW_DESCRIPTORS = 96
"""Fewer than half the files of the test with many: one that stays open for each would be missed soon."""


def env_file(path: Path, port: int, *, user: str = "ops@acme.example", password: str = SECRET) -> Path:
    path.write_text(
        f"SMTP_HOST=127.0.0.1\nSMTP_PORT={port}\nSMTP_SENDER=app@acme.example\nSMTP_TLS=false\n"
        f"SMTP_USERNAME={user}\nSMTP_PASSWORD={password}\n"
    )
    return path


def check(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return program.run(["check", *arguments], cwd=folder, capture_output=True, text=True, timeout=120)


def check_with_few_descriptors(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "smtpwizard", "check", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (FEW_DESCRIPTORS, FEW_DESCRIPTORS)),
    )


def several(*files: Path) -> Iterator[str]:
    for file in files:
        yield from ("--env-file", file.name)


def lines(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def logins(server: ScriptedServer) -> int:
    return sum(line.startswith("AUTH") for line in server.received)


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(Script()) as made:
        yield made


def test_each_file_gets_one_json_line_in_the_order_given(server: ScriptedServer, tmp_path: Path) -> None:
    good = env_file(tmp_path / "good.env", server.port)
    refused = tmp_path / "refused.env"
    refused.write_text("SMTP_HOST=127.0.0.1\nSMTP_PORT=587\n")
    closed = env_file(tmp_path / "closed.env", 9)
    done = check(tmp_path, *several(closed, tmp_path / "none.env", good, refused), "--json")
    found = lines(done)
    assert [item["file"] for item in found] == ["closed.env", "none.env", "good.env", "refused.env"]
    assert [item.get("app", {}).get("verdict") for item in found] == ["fails", None, "works", "fails"]
    assert found[1]["error"]["exit_code"] == 4
    assert "There is no file none.env" in found[1]["error"]["message"]
    assert (done.returncode, done.stderr) == (4, "")


def test_without_json_a_line_for_a_person_names_the_file_and_the_verdict(
    server: ScriptedServer, tmp_path: Path
) -> None:
    good = env_file(tmp_path / "good.env", server.port)
    closed = env_file(tmp_path / "closed.env", 9)
    done = check(tmp_path, *several(good, closed))
    first, second = done.stdout.splitlines()
    assert first.startswith("✓ good.env: ")
    assert second.startswith("✗ closed.env: ")
    assert done.returncode == 1


@pytest.mark.parametrize(("kept", "code"), [("good", 0), ("good closed", 1), ("good closed refused", 3)])
def test_the_exit_code_is_the_worst_of_them(server: ScriptedServer, tmp_path: Path, kept: str, code: int) -> None:
    env_file(tmp_path / "good", server.port)
    env_file(tmp_path / "closed", 9)
    (tmp_path / "refused").write_text("SMTP_PORT=587\n")
    files = [tmp_path / name for name in kept.split()]
    assert check(tmp_path, *several(*files, files[0]), "--json").returncode == code


def test_one_file_is_answered_as_ever_unless_jobs_asks_for_lines(server: ScriptedServer, tmp_path: Path) -> None:
    good = env_file(tmp_path / "good.env", server.port)
    alone = lines(check(tmp_path, *several(good), "--json"))
    assert "file" not in alone[0]
    assert lines(check(tmp_path, *several(good), "--json", "--jobs", "2"))[0]["file"] == "good.env"


def test_a_refused_login_is_not_sent_again_for_another_file(tmp_path: Path) -> None:
    with ScriptedServer(Script().but(Stage.PASSWORD, reply("535 5.7.8 bad credentials"))) as server:
        files = [env_file(tmp_path / f"{number}.env", server.port) for number in range(8)]
        other = env_file(tmp_path / "other.env", server.port, user="dev@acme.example")
        done = check(tmp_path, *several(*files, other), "--json")
        assert logins(server) == 2
    found = lines(done)
    assert found[0]["app"]["verify"]["code"] == "EAUTH"
    assert all("0.env" in item["error"]["message"] for item in found[1:8])
    assert found[8]["app"]["verify"]["code"] == "EAUTH"
    assert done.returncode == 1
    assert SECRET not in done.stdout + done.stderr


def test_a_login_that_was_taken_serves_every_file(server: ScriptedServer, tmp_path: Path) -> None:
    files = [env_file(tmp_path / f"{number}.env", server.port) for number in range(6)]
    done = check(tmp_path, *several(*files), "--json")
    assert [item["app"]["verdict"] for item in lines(done)] == ["works"] * 6
    assert logins(server) == 6


def test_two_hundred_files_are_checked_in_one_run_with_few_descriptors(server: ScriptedServer, tmp_path: Path) -> None:
    files = [env_file(tmp_path / f"{n}.env", server.port, user=f"u{n}@acme.example") for n in range(200)]
    done = check_with_few_descriptors(tmp_path, *several(*files), "--json", "--jobs", "16")
    found = lines(done)
    assert done.returncode == 0, done.stderr
    assert [item["file"] for item in found] == [file.name for file in files]
    assert {item["app"]["verdict"] for item in found} == {"works"}
    assert logins(server) == 200


def test_files_are_checked_at_the_same_time(tmp_path: Path) -> None:
    with ScriptedServer(Script().but(Stage.GREETING, SILENCE)) as server:
        files = [env_file(tmp_path / f"{n}.env", server.port, user=f"u{n}@acme.example") for n in range(12)]
        began = time.monotonic()
        done = check(tmp_path, *several(*files), "--json", "--timeout", "1", "--jobs", "12")
        spent = time.monotonic() - began
    waited = sum(item["elapsed_ms"] for item in lines(done)) / 1000
    assert waited >= 12
    assert spent < waited / 2
    assert done.returncode == 1


@pytest.mark.parametrize("number", ["0", "-1", "x", "257", "²"])
def test_jobs_must_be_a_sensible_number(number: str, tmp_path: Path) -> None:
    done = check(tmp_path, f"--jobs={number}")
    assert done.returncode == 2
    assert "1 to 256" in done.stderr


def test_a_bad_recipient_is_told_once_before_any_file_is_checked(server: ScriptedServer, tmp_path: Path) -> None:
    files = [env_file(tmp_path / f"{n}.env", server.port) for n in range(3)]
    done = check(tmp_path, *several(*files), "--json", "--to", "nobody")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("--to wants") == 1
    assert server.connections == 0


def test_other_commands_take_one_file() -> None:
    parser = build_parser()
    with pytest.raises(InputError, match="given twice"):
        parser.parse_args(["lint", "--env-file", "a", "--env-file", "b"])
    assert str(parser.parse_args(["--env-file", "a", "check"]).env_file) == "a"
    assert parser.parse_args(["check", "--env-file", "a", "--env-file", "b"]).env_files == [Path("a"), Path("b")]
