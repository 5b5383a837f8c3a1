"""A server that means harm gets a clear answer within the deadline, little memory, and nothing onto the terminal."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import pytest

from smtpwizard.sandbox.script import Script, Stage, reply
from smtpwizard.sandbox.scripted import ScriptedServer
from support.hostile import SERVERS, SPICE, SPICY, TIMEOUT, unsafe

SECONDS = 8.0
"""For a whole process: its start on a busy machine, and at most three stages that end by their deadline."""
MORE_MEGABYTES = 20
MOST_OUTPUT = 400_000
"""Characters that a report may have, whatever the server sent."""

# getrusage's maximum would be that of the forked test process, before it became this one.
PROGRAM = """
import re, sys
from smtpwizard.cli.main import main
try:
    main(sys.argv[2:])
finally:
    with open("/proc/self/status") as status, open(sys.argv[1], "w") as file:
        file.write(re.search(r"VmHWM:\\s+(\\d+) kB", status.read())[1])
"""


pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the peak of memory is read from /proc")


class Run(NamedTuple):
    status: int
    out: str
    err: str
    seconds: float
    megabytes: float


def run(folder: Path, script: Script, *arguments: str) -> Run:
    with ScriptedServer(script) as server:
        (folder / ".env").write_text(
            f"SMTP_HOST=127.0.0.1\nSMTP_PORT={server.port}\nSMTP_SENDER=a@b.example\nSMTP_USERNAME=a@b.example\n"
            "SMTP_PASSWORD=correct-horse-9\nSMTP_TLS=false\n"
        )
        began = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, str(folder / "rss"), "check", "--timeout", str(TIMEOUT), *arguments],
            cwd=folder,
            capture_output=True,
            timeout=60,
        )
        seconds = time.monotonic() - began
    kilobytes = int((folder / "rss").read_text())
    return Run(done.returncode, done.stdout.decode(), done.stderr.decode(), seconds, kilobytes / 1024)


@pytest.fixture(scope="module")
def usual_megabytes(tmp_path_factory: pytest.TempPathFactory) -> float:
    """What a login takes that is refused in few words: the catalogue of failures is read then, too."""
    polite = Script().but(Stage.PASSWORD, reply("535 5.7.8 no"))
    return run(tmp_path_factory.mktemp("polite"), polite, "--json").megabytes


def bounded(done: Run, usual_megabytes: float) -> None:
    assert done.status in (0, 1), done.err
    assert done.err == ""
    assert done.seconds < SECONDS
    assert done.megabytes < usual_megabytes + MORE_MEGABYTES
    assert len(done.out) < MOST_OUTPUT


@pytest.mark.parametrize("name", SERVERS)
def test_check_ends_in_time_with_a_report_that_is_safe(name: str, tmp_path: Path, usual_megabytes: float) -> None:
    done = run(tmp_path, SERVERS[name], "--json")
    bounded(done, usual_megabytes)
    report = json.loads(done.out)
    assert report["app"]["verdict"] in ("works", "fails", "hangs", "leaks", "crashes")
    assert report["app"]["sentence"]
    failed = [step for step in report["steps"] if step["status"] == "failed"]
    assert (report["app"]["verdict"] == "works") is (done.status == 0)
    assert failed or report["app"]["verdict"] in ("works", "leaks", "hangs", "crashes")
    assert all(step["summary"].strip() for step in report["steps"])
    assert not unsafe(json.dumps(report, ensure_ascii=False), allowed="")


@pytest.mark.parametrize("name", [*SPICY, "greeting: octets without end", "password: a login answered without end"])
def test_what_a_person_gets_to_see_is_plain_and_short(name: str, tmp_path: Path, usual_megabytes: float) -> None:
    done = run(tmp_path, SERVERS[name])
    bounded(done, usual_megabytes)
    assert not unsafe(done.out)
    assert max(len(line) for line in done.out.splitlines()) <= 1200
    assert "The app  " in done.out


def test_the_spice_holds_what_must_never_be_shown() -> None:
    assert {"\x1b", "\x07", "\x00", "\x9b", "\u202e", "\u2066", "\u200b"} <= unsafe(SPICE)
