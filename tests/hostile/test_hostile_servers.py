"""A server that means harm gets a clear answer within the deadline, little memory, and nothing onto the terminal."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import pytest

from smtpwizard.cli.main import run
from smtpwizard.sandbox.scripted import Script, ScriptedServer, Stage, reply
from support.hostile import FLOODS, SERVERS, SPICE, SPICY, TIMEOUT, unsafe

SECONDS = 8.0
"""For a whole check: at most three stages that end by their deadline, on a busy machine."""
MORE_MEGABYTES = 20
MOST_OUTPUT = 400_000
"""Characters that a report may have, whatever the server sent."""

# getrusage's maximum would be that of the forked test process, before it became this one.
PROGRAM = """
import os, re, sys
from smtpwizard.cli.main import run
def check(file):
    run(["check", "--env-file", file, "--json", "--timeout", sys.argv[1]])
    with open("/proc/self/status") as status:
        print(re.search(r"VmHWM:\\s+(\\d+) kB", status.read())[1], file=sys.stderr, flush=True)
check(sys.argv[2])
for file in sys.argv[3:]:
    if os.fork() == 0:
        check(file)
        os._exit(0)
    os.wait()
"""


class Run(NamedTuple):
    status: int
    out: str


def env_file(folder: Path, server: ScriptedServer) -> Path:
    file = folder / f"{server.port}.env"
    file.write_text(
        f"SMTP_HOST=127.0.0.1\nSMTP_PORT={server.port}\nSMTP_SENDER=a@b.example\nSMTP_USERNAME=a@b.example\n"
        "SMTP_PASSWORD=correct-horse-9\nSMTP_TLS=false\n"
    )
    return file


def check(folder: Path, script: Script, capsys: pytest.CaptureFixture[str], *arguments: str) -> Run:
    with ScriptedServer(script) as server:
        began = time.monotonic()
        status = run(["check", "--env-file", str(env_file(folder, server)), "--timeout", str(TIMEOUT), *arguments])
        seconds = time.monotonic() - began
    said = capsys.readouterr()
    assert status in (0, 1), said.err
    assert said.err == ""
    assert seconds < SECONDS
    assert len(said.out) < MOST_OUTPUT
    return Run(status, said.out)


@pytest.mark.skipif(sys.platform != "linux", reason="the peak of memory is read from /proc")
def test_no_server_makes_a_check_take_much_more_memory_than_a_refused_login_does(tmp_path: Path) -> None:
    with ExitStack() as stack:
        # The catalogue of failures is read for a refused login, too. Each of the others is checked in a process forked
        # from the one that has checked this.
        polite = ScriptedServer(Script().but(Stage.PASSWORD, reply("535 5.7.8 no")))
        servers = [
            stack.enter_context(server) for server in (polite, *(ScriptedServer(SERVERS[name]) for name in FLOODS))
        ]
        files = [str(env_file(tmp_path, server)) for server in servers]
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, str(TIMEOUT), *files], capture_output=True, timeout=120, check=True
        )
    usual, *most = (int(kilobytes) / 1024 for kilobytes in done.stderr.split())
    assert len(most) == len(FLOODS)
    assert max(most) < usual + MORE_MEGABYTES


@pytest.mark.parametrize("name", SERVERS)
def test_check_ends_in_time_with_a_report_that_is_safe(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done = check(tmp_path, SERVERS[name], capsys, "--json")
    report = json.loads(done.out)
    assert report["app"]["verdict"] in ("works", "fails", "hangs", "leaks", "crashes")
    assert report["app"]["sentence"]
    failed = [step for step in report["steps"] if step["status"] == "failed"]
    assert (report["app"]["verdict"] == "works") is (done.status == 0)
    assert failed or report["app"]["verdict"] in ("works", "leaks", "hangs", "crashes")
    assert all(step["summary"].strip() for step in report["steps"])
    assert not unsafe(json.dumps(report, ensure_ascii=False), allowed="")


@pytest.mark.parametrize("name", [*SPICY, "greeting: octets without end", "password: a login answered without end"])
def test_what_a_person_gets_to_see_is_plain_and_short(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done = check(tmp_path, SERVERS[name], capsys)
    assert not unsafe(done.out)
    assert max(len(line) for line in done.out.splitlines()) <= 1200
    assert "The app  " in done.out


def test_the_spice_holds_what_must_never_be_shown() -> None:
    assert {"\x1b", "\x07", "\x00", "\x9b", "\u202e", "\u2066", "\u200b"} <= unsafe(SPICE)
