"""How the process ends: the exit status is the verdict, whatever became of its streams, and no crash follows."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from smtpwizard.errors import ExitCode

PROGRAM = [sys.executable, "-m", "smtpwizard"]
REFUSED = "SMTP_HOST=smtp.gmail.com\nSMTP_PORT=abc\n"
"""Settings with which the app does not start: `lint` ends with 3."""
WRITE = ["write", "--env-file", ".env", "--preset", "gmail", "--set", "SMTP_USERNAME=y@gmail.com"]
WRITE += ["--set", "SMTP_SENDER=y@gmail.com", "--password-stdin"]
PASSWORD = "abcdefghijklmnop"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    work = tmp_path / "work"
    work.mkdir()
    (work / ".env").write_text(REFUSED)
    return work


def shell(line: str, folder: Path, given: str = "") -> subprocess.CompletedProcess[str]:
    """Run a line of bash in which $SW is the program."""
    env = {**os.environ, "SW": " ".join(PROGRAM)}
    return subprocess.run(
        ["bash", "-c", line], cwd=folder, env=env, input=given, capture_output=True, text=True, timeout=60
    )


STATUS = {"lint --json": 3, "check": 3, "presets list": 0, "restore": 0}
"""What each ends with where its streams are sound."""


@pytest.mark.parametrize("command", STATUS)
def test_with_sound_streams_the_status_is_the_verdict(command: str, folder: Path) -> None:
    assert shell(f"$SW {command}", folder).returncode == STATUS[command]


@pytest.mark.parametrize("streams", [">&-", "2>&-", "<&-", "<&- >&- 2>&-", ">/dev/full", ">/dev/full 2>&1"])
@pytest.mark.parametrize("command", STATUS)
def test_streams_that_are_closed_or_full_do_not_change_the_status(command: str, streams: str, folder: Path) -> None:
    done = shell(f"$SW {command} {streams}", folder)
    assert done.returncode == STATUS[command]
    assert "Traceback" not in done.stderr
    assert "bug" not in done.stderr


@pytest.mark.parametrize("command", ["lint", "lint --json", "check", "check --json"])
def test_a_reader_that_leaves_does_not_turn_a_failure_into_a_success(command: str, folder: Path) -> None:
    done = shell(f"$SW {command} | true; exit ${{PIPESTATUS[0]}}", folder)
    assert done.returncode == 3
    assert "BrokenPipe" not in done.stderr


def test_a_full_disk_is_told_as_one(folder: Path) -> None:
    done = shell("$SW lint --json >/dev/full", folder)
    assert done.returncode == 3
    assert "the output could not be written: No space left on device" in done.stderr


@pytest.mark.parametrize("stdout", [">&-", ">/dev/full", "| true; exit ${PIPESTATUS[0]}"])
def test_what_was_written_is_told_though_stdout_is_lost(stdout: str, folder: Path) -> None:
    done = shell(f"$SW {' '.join(WRITE)} {stdout}", folder, PASSWORD)
    assert done.returncode == 0
    assert PASSWORD in (folder / ".env").read_text()
    assert "nothing was written" not in done.stderr.lower()
    backups = (folder.parent / "home" / ".local" / "state" / "smtpwizard" / "backups").iterdir()
    assert next(path.name for path in backups if path.suffix == ".env") in done.stderr


def test_an_error_behind_a_write_names_the_file_that_was_written_and_its_backup(folder: Path) -> None:
    body = (
        "from smtpwizard.wizard.save import SaveStep\n"
        "def broken(self): raise ValueError('no')\n"
        "SaveStep.written = broken\n"
        f"from smtpwizard.cli.main import main; main({WRITE!r})\n"
    )
    done = subprocess.run([sys.executable, "-c", body], cwd=folder, input=PASSWORD, capture_output=True, text=True)
    assert done.returncode == 1
    assert "nothing was written" not in done.stderr
    assert f"{folder / '.env'} was written (before: " in " ".join(done.stderr.split())  # whatever its lines are


def test_a_password_from_a_closed_stdin_is_a_plain_error(folder: Path) -> None:
    done = shell(f"$SW {' '.join(WRITE)} <&-", folder)
    assert done.returncode == 2
    assert "stdin is empty" in done.stderr
    assert (folder / ".env").read_text() == REFUSED


def test_a_file_never_gets_the_number_of_a_closed_stream(folder: Path) -> None:
    """A file opened as number 1 would have the diff in it."""
    done = shell(f"$SW {' '.join(WRITE)} >&- 2>&-", folder, PASSWORD)
    assert done.returncode == 0
    assert "@@" not in (folder / ".env").read_text()


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="needs to share one core")
def test_scans_that_share_a_core_all_end_with_their_own_status(tmp_path: Path) -> None:
    """OpenSSL's exit handler must not run under a thread that still reads the roots."""
    core = {min(os.sched_getaffinity(0))}
    ended: list[int] = []
    for _ in range(2):
        started = [
            subprocess.Popen(
                [*PROGRAM, "scan", "127.0.0.1"],
                cwd=tmp_path,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                preexec_fn=lambda: os.sched_setaffinity(0, core),
            )
            for _ in range(6)
        ]
        ended += [process.wait(60) for process in started]
    assert set(ended) <= {0, 1}


def test_checks_of_many_files_end_with_their_own_status_while_roots_are_read(folder: Path) -> None:
    """The port is closed, so that each run ends while the threads that it has begun still read the roots."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        lines = f"SMTP_HOST=127.0.0.1\nSMTP_PORT={closed.getsockname()[1]}\nSMTP_SENDER=a@b.example\nSMTP_TLS=true\n"
        files = [folder / f"{number}.env" for number in range(16)]
        for path in files:
            path.write_text(f"{lines}SMTP_USERNAME=a@b.example\nSMTP_PASSWORD={PASSWORD}\n")
        command = [*PROGRAM, "check", *(word for path in files for word in ("--env-file", str(path)))]
        ended = [subprocess.run(command, cwd=folder, capture_output=True, timeout=60).returncode for _ in range(3)]
    assert ended == [ExitCode.FAILED] * 3


def test_a_crash_leaves_no_core_file(folder: Path) -> None:
    body = (
        "import os, resource\n"
        "hard = resource.getrlimit(resource.RLIMIT_CORE)[1]\n"
        "resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))\n"
        "import smtpwizard.cli.commands.lint as lint\n"
        "lint.run = lambda args: os.abort()\n"
        "from smtpwizard.cli.main import main; main(['lint'])\n"
    )
    process = subprocess.Popen([sys.executable, "-c", body], cwd=folder, stderr=subprocess.DEVNULL)
    ended = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert process.wait() == -signal.SIGABRT
    assert ended is not None
    assert ended.si_code == os.CLD_KILLED  # and not CLD_DUMPED


def test_ctrl_c_while_the_program_is_loaded_shows_no_traceback(folder: Path) -> None:
    body = (
        "import os, signal, sys\n"
        "class Interrupt:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'smtpwizard.errors': os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Interrupt())\n"
        "import runpy; runpy.run_module('smtpwizard', run_name='__main__')\n"
    )
    done = subprocess.run([sys.executable, "-c", body], cwd=folder, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (-signal.SIGINT, "")
