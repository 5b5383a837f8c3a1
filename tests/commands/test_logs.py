"""`smtpwizard logs` as a process: saved logs, pipes, a stand-in for docker, and --follow until Ctrl+C."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest

from support import docker_stand_in as docker
from support import program
from support.docker_stand_in import StandIn, stamped, stand_in
from support.leaks import assert_no_secret
from support.probing import PASSWORD
from support.processes import wait_until
from support.reply_variants import error_dump

GMAIL = (
    "535-5.7.8 Username and Password not accepted. For more information, go to\n"
    "535 5.7.8  https://support.google.com/mail/?p=BadCredentials abc12345 - gsmtp"
)
DUMP = error_dump(GMAIL, "auth").split("\n")
REFUSED = "Error: connect ECONNREFUSED 127.0.0.1:587"
QUIET = ("[17:49:14.926] INFO (29): hello", "GET /api/health 200 3ms")
COMPOSE = "services:\n  db:\n    image: mysql\n  back:\n    image: line/abc-user-feedback-api:1.0\n"


class Here:
    """A folder with a compose file, and a stand-in for docker."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "project"
        self.folder.mkdir()
        (self.folder / "compose.yaml").write_text(COMPOSE)
        self.docker: StandIn = stand_in(folder / "docker", log=stamped(*QUIET, *DUMP, *QUIET, *DUMP))
        self.environment = {**os.environ, "PATH": self.docker.path, "HOME": str(folder), "TZ": "UTC"}

    def run(self, *arguments: str, stdin: bytes | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
        done = program.run(
            ["logs", *arguments],
            capture_output=True,
            timeout=60,
            check=False,
            cwd=self.folder,
            env=self.environment | environment,
            **({"stdin": subprocess.DEVNULL} if stdin is None else {"input": stdin}),
        )
        assert b"Traceback" not in done.stderr
        assert b"unexpected" not in done.stderr
        return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())

    def json(self, *arguments: str, stdin: bytes | None = None) -> tuple[int, dict[str, Any]]:
        done = self.run("--json", *arguments, stdin=stdin)
        assert len(done.stdout.splitlines()) == 1, done.stderr
        return done.returncode, json.loads(done.stdout)

    def start(self, *arguments: str, stdin: int | IO[bytes] = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "smtpwizard", "logs", *arguments],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=self.folder,
            env=self.environment,
        )


@pytest.fixture
def here(tmp_path: Path) -> Here:
    return Here(tmp_path)


def test_dockers_log_is_read_and_trouble_is_exit_status_1(here: Here) -> None:
    status, told = here.json()
    assert status == 1
    assert (told["schema"], told["source"], told["lines"]) == (1, "service back", 2 * (len(DUMP) + len(QUIET)))
    (trouble,) = told["troubles"]
    assert (trouble["times"], trouble["first_line"], trouble["diagnoses"][0]["ref"]) == (2, 3, "A2")
    assert trouble["last"] == f"2026-11-25T17:49:{len(DUMP) + 2 * len(QUIET):02}Z"
    assert told["first"] == "2026-11-25T17:49:00Z"


def test_the_command_is_docker_composes(here: Here) -> None:
    here.run("--compose", "compose.yaml", "--since", "2h")
    (call,) = here.docker.calls()
    assert call["words"] == [
        *("docker", "compose", "-f", "compose.yaml", "logs", "--no-color", "--no-log-prefix", "--timestamps"),
        *("--since=2h", "back"),
    ]


def test_the_service_that_was_named_is_asked(here: Here) -> None:
    here.run("--service", "db")
    assert here.docker.calls()[0]["words"][-1] == "db"


def test_what_the_container_said_on_stderr_counts_too(here: Here) -> None:
    here.docker.change(log_on_stderr=True, remark=docker.BLANK + "\n")
    status, told = here.json()
    assert (status, told["troubles"][0]["times"]) == (1, 2)


def test_a_log_without_trouble_is_exit_status_0(here: Here) -> None:
    (here.docker.folder / "log").write_bytes(stamped(*QUIET))
    done = here.run()
    assert done.returncode == 0
    assert done.stdout == (
        "service back: 2 lines read, from 2026-11-25 17:49:00 UTC to 2026-11-25 17:49:01 UTC: no mail trouble.\n"
    )


def test_an_empty_log_and_a_container_that_never_was_are_told_apart(here: Here) -> None:
    (here.docker.folder / "log").write_bytes(b"")
    done = here.run()
    assert done.returncode == 0
    assert "logged nothing in the last 10m" in done.stderr
    here.docker.change(container=False)
    done = here.run()
    assert (done.returncode, done.stdout) == (4, "")
    assert "docker compose up -d back" in done.stderr


def test_the_page_for_people_tells_what_how_often_and_when(here: Here) -> None:
    done = here.run(COLUMNS="80")
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith("✗ 535-5.7.8 Username and Password not accepted.")
    assert "  2 times, last 2026-11-25 17:49:" in done.stdout
    assert "app password" in done.stdout
    assert done.stdout.splitlines()[-1].endswith("1 kind of mail trouble.")
    assert all(len(line) <= 80 for line in done.stdout.splitlines())


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (docker.NO_DAEMON, 4, "cannot reach its daemon"),
        (docker.NO_DAEMON, 4, "ssh HOST docker compose logs"),
        (docker.NO_PERMISSION, 4, "Run it with sudo"),
        (docker.NO_PROJECT, 4, "no compose file here"),
        (docker.NO_PLUGIN, 4, "not its compose plugin"),
        (docker.NO_SERVICE.format(service="back"), 2, "It has: db, back."),
        ("Error response from daemon: configured logging driver does not support reading", 4, "keeps no log of back"),
        ("error while interpolating x: required variable Y is missing a value: must be set", 4, "Set the variable"),
        ("SMTP_PASSWORD=correct-horse-9 \x1b[2J is odd", 4, "docker compose failed"),
    ],
)
def test_why_there_is_no_log_is_told(here: Here, words: str, status: int, told: str) -> None:
    here.docker.change(errors={"logs": words})
    for arguments in ([], ["--json"], ["--follow"]):
        done = here.run(*arguments)
        assert (done.returncode, bool(done.stdout)) == (status, "--json" in arguments and status != 2)
        assert told in done.stderr
        assert "\x1b" not in done.stderr
        assert_no_secret(done.stderr, {"password": PASSWORD}, "what it said")


def test_without_docker_that_is_said(here: Here, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    for arguments in ([], ["--follow"]):
        done = here.run(*arguments, PATH=str(tmp_path / "none"))
        assert (done.returncode, done.stdout) == (4, "")
        assert "docker is not installed here" in done.stderr
        assert "ssh HOST docker compose logs" in done.stderr


def test_docker_compose_with_a_dash_takes_the_plugins_place(here: Here, tmp_path: Path) -> None:
    dashed = stand_in(tmp_path / "dashed", log=stamped(*DUMP), programs=("docker-compose",))
    here.docker.change(errors={"": docker.NO_PLUGIN})
    path = f"{here.docker.folder / 'bin'}:{dashed.path}"
    assert here.run(PATH=path).returncode == 1
    assert here.run("--follow", PATH=path).returncode == 1
    assert dashed.calls()[0]["words"][:2] == ["docker-compose", "logs"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--since", "1d"],
        ["--since", "--follow"],
        ["--since", "10m; id"],
        ["--service", "-f"],
        ["--service", "a b"],
        ["x.log", "--service", "api"],
        ["--provider", "nobody"],
    ],
    ids=str,
)
def test_flags_that_cannot_be_used_are_exit_status_2(here: Here, arguments: list[str]) -> None:
    assert here.run(*arguments).returncode == 2
    assert here.docker.calls() == []


def test_a_compose_file_that_is_missing_is_exit_status_4(here: Here) -> None:
    assert here.run("--compose", "none.yaml").returncode == 4
    assert here.docker.calls() == []


def test_ctrl_c_kills_docker_and_its_children(here: Here) -> None:
    here.docker.change(hangs=True)
    child = here.docker.folder / "child"
    os.mkfifo(child)
    for arguments, status in (([], 130), (["--follow"], 1)):
        with here.start(*arguments) as process, child.open() as file:
            pid = int(file.read())
            if status == 1:
                next(_lines(process.stdout))  # the trouble is told
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=10)
        assert process.returncode == status, errors
        assert b"Traceback" not in errors
        wait_until(lambda pid=pid: not _runs(pid), "docker's child ends")


def _runs(pid: int) -> bool:
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("way", ["file", "dash", "pipe"])
def test_a_saved_log_is_read_from_where_it_is(here: Here, way: str) -> None:
    saved = here.folder / "saved.log"
    saved.write_text("\n".join(f"api-1  | {line}" for line in [*QUIET, *DUMP]))
    arguments = {"file": ["saved.log"], "dash": ["-"], "pipe": []}[way]
    status, told = here.json(*arguments, stdin=None if way == "file" else saved.read_bytes())
    assert (status, told["lines"], told["troubles"][0]["times"]) == (1, len(QUIET) + len(DUMP), 1)
    assert told["source"] == ("saved.log" if way == "file" else "stdin")
    assert here.docker.calls() == []


def test_a_file_at_stdin_is_read(here: Here) -> None:
    (here.folder / "saved.log").write_text("\n".join(DUMP))
    with (here.folder / "saved.log").open("rb") as file, here.start("--json", stdin=file) as process:
        out, _ = process.communicate(timeout=30)
    assert (process.returncode, json.loads(out)["troubles"][0]["diagnoses"][0]["ref"]) == (1, "A2")


@pytest.mark.parametrize("name", ["none.log", ".", "compose.yaml/x"])
def test_a_log_that_cannot_be_read_is_exit_status_4(here: Here, name: str) -> None:
    for follow in ([], ["--follow"]):
        done = here.run(name, *follow)
        assert (done.returncode, done.stdout) == (4, "")
        assert name in done.stderr


def test_of_a_large_file_the_last_part_is_read_and_that_is_said(here: Here) -> None:
    line = b"GET /api/health 200 3ms\n"
    with (here.folder / "large.log").open("wb") as file:
        file.write(f"{REFUSED}\n".encode())
        file.truncate(30_000_000)
        file.seek(0, os.SEEK_END)
        file.write(b"\n" + line * 1000 + "\n".join(DUMP).encode())
    status, told = here.json("large.log")
    assert (status, [item["diagnoses"][0]["ref"] for item in told["troubles"]]) == (1, ["A2"])
    assert "last 20 MB" in told["note"]


def test_the_named_provider_counts(here: Here) -> None:
    reply = b"Error: Invalid login: 535 5.7.8 xyzzy"
    plain = here.json("-", stdin=reply)[1]["troubles"][0]["diagnoses"][0]
    named = here.json(
        "-", "--provider", "amazon-ses", stdin=b"Error: Invalid login: 535 Authentication Credentials Invalid"
    )
    assert plain["generic"]
    assert named[1]["troubles"][0]["diagnoses"][0]["ref"]


def _lines(stream: IO[bytes] | None) -> Iterator[str]:
    assert stream is not None
    for line in stream:
        yield line.decode().rstrip("\n")


def test_following_tells_a_new_kind_at_once_and_a_repeated_one_only_at_the_end(here: Here, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    here.docker.change(log=str(pipe))
    with here.start("--follow") as process, pipe.open("wb", buffering=0) as log:
        lines = _lines(process.stdout)
        log.write(stamped(*QUIET, *DUMP))  # nothing follows: it is told when the log pauses
        assert next(lines).startswith("✗ 535-5.7.8")
        log.write(stamped(*DUMP, *DUMP, REFUSED, *QUIET))
        assert any("ECONNREFUSED" in line for line in lines)
        process.send_signal(signal.SIGINT)
        rest = list(lines)
        assert process.wait(10) == 1
    page = "\n".join(rest)
    assert page.count("535-5.7.8") == 0
    assert "3 times, last 2026-11-25" in page
    assert rest[-1].endswith("2 kinds of mail trouble.")


def test_following_as_json_is_an_object_a_line_and_a_summary(here: Here, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    here.docker.change(log=str(pipe))
    with here.start("--follow", "--json") as process:
        with pipe.open("wb", buffering=0) as log:
            lines = _lines(process.stdout)
            log.write(stamped(*DUMP, QUIET[0]))
            first = json.loads(next(lines))
            log.write(stamped(*DUMP, QUIET[0]))
        (summary,) = [json.loads(line) for line in lines]  # docker ends, and so does this
    assert (first["event"], first["times"], first["diagnoses"][0]["ref"]) == ("trouble", 1, "A2")
    assert (summary["event"], summary["troubles"][0]["times"], summary["lines"]) == ("summary", 2, 2 * len(DUMP) + 2)
    assert process.returncode == 1


def test_a_file_is_followed_as_it_grows_and_when_it_is_cut(here: Here) -> None:
    saved = here.folder / "app.log"
    saved.write_text("\n".join(QUIET) + "\n")
    with here.start("app.log", "--follow", "--json") as process:
        lines = _lines(process.stdout)
        assert process.stderr is not None
        assert b"Following app.log" in process.stderr.readline()
        with saved.open("a") as file:
            file.write("\n".join(DUMP) + "\n")
        assert json.loads(next(lines))["diagnoses"][0]["ref"] == "A2"
        saved.write_text(f"{REFUSED}\n")
        assert json.loads(next(lines))["diagnoses"][0]["ref"] == "N3"
        process.send_signal(signal.SIGINT)
        assert json.loads(next(lines))["event"] == "summary"
        assert process.wait(10) == 1


def test_a_pipe_is_followed_to_its_end(here: Here) -> None:
    done = here.run("-", "--follow", stdin=b"\n".join([b"all is well"] * 3))
    assert (done.returncode, done.stdout) == (0, "stdin: 3 lines read: no mail trouble.\n")
    assert "Ctrl+C" in done.stderr


def test_secrets_in_the_log_are_hidden(here: Here) -> None:
    text = f"SMTP_PASSWORD={PASSWORD}\nError: Invalid login: 535 5.7.8 password={PASSWORD} \x1b[2J refused\n"
    for arguments in (["-"], ["-", "--json"], ["-", "--follow"]):
        done = here.run(*arguments, stdin=text.encode())
        assert done.returncode == 1
        assert_no_secret(done.stdout + done.stderr, {"password": PASSWORD}, "what it said")
        assert "\x1b" not in done.stdout
