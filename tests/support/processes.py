"""Real servers as child processes: free ports, readiness by condition, and an end that leaves nothing behind.

Where a server cannot be run the test is skipped with the reason; with SMTPWIZARD_REQUIRE_MAILSERVERS=1 it fails.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, NoReturn

import pytest

_NEVER: Final = threading.Event()
STOP_SECONDS: Final = 10.0
"""How long the processes of a killed server may take to be gone."""
_ATTEMPTS: Final = 4
"""Ports that were free may be taken before the server binds them; then it is started again on others."""


def give_up(reason: str) -> NoReturn:
    """Skip the calling test with `reason`, or fail it where mail servers are required."""
    if os.environ.get("SMTPWIZARD_REQUIRE_MAILSERVERS") == "1":
        pytest.fail(f"SMTPWIZARD_REQUIRE_MAILSERVERS=1, but {reason}")
    pytest.skip(reason)


def require_root_and(*programs: str) -> None:
    """Give up unless this is root, as servers that change their user want it, and the programs are installed."""
    for program in programs:
        if find(program) is None:
            give_up(f"{program} is not installed")
    if os.geteuid() != 0:
        give_up(f"{programs[0]} has to be started by root: it changes its user")


def find(program: str) -> str | None:
    """Return the path of a program; /usr/sbin is looked in although it is not on every user's PATH."""
    return shutil.which(program, path=os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin")))


def free_ports(count: int, host: str) -> list[int]:
    """Return ports that are free now. Another program may take one yet: whoever binds them must be ready for it."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server((host, 0))) for _ in range(count)]
        return [sock.getsockname()[1] for sock in sockets]


def greeting(host: str, port: int) -> str:
    """Return the first line that a server says, or nothing where it does not listen."""
    with contextlib.suppress(OSError), socket.create_connection((host, port), 5) as connection:
        return connection.makefile("rb").readline().decode("utf-8", "replace").strip()
    return ""


def wait_until(condition: Callable[[], bool], what: str, *, seconds: float = 20.0) -> None:
    """Return once `condition` holds; AssertionError that names `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        _NEVER.wait(0.01)  # a poll: there is no event for what another process does


class Daemon:
    """A server in the foreground, with its children in one process group. `log` keeps what it prints."""

    def __init__(self, command: Sequence[str], *, log: Path, env: Mapping[str, str] | None = None) -> None:
        self.log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                env=None if env is None else dict(env),
            )

    @property
    def ended(self) -> bool:
        """Whether the server's first process is gone."""
        return self._process.poll() is not None

    @property
    def pid(self) -> int:
        """The first process, and the number of its group."""
        return self._process.pid

    def stop(self) -> None:
        """End the server and all its children at once: what they hold is thrown away, and politeness costs a second."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait(STOP_SECONDS)
        wait_until(lambda: not living(self.pid), "the server's children end", seconds=STOP_SECONDS)


def started(launch: Callable[[], Daemon], ready: Callable[[], bool], log: Callable[[], str]) -> Daemon:
    """Return what `launch` starts, on free ports that it chooses, once it is `ready`. AssertionError with its log.

    One at a time on the whole machine: two Postfixes that choose the same port would share it (SO_REUSEPORT).
    """
    for _ in range(_ATTEMPTS):
        with Path(tempfile.gettempdir(), "mail-server-tests.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            daemon = _launched(launch, ready, log)
        if not daemon.ended:
            return daemon
        daemon.stop()  # Postfix cannot log why, since that is the job of a process that it has not started yet
    raise AssertionError(f"the server ended {_ATTEMPTS} times at its start: {log() or 'it logged nothing'}")


def _launched(launch: Callable[[], Daemon], ready: Callable[[], bool], log: Callable[[], str]) -> Daemon:
    daemon = launch()
    try:
        wait_until(lambda: daemon.ended or ready(), "the server is ready")
    except AssertionError as error:
        daemon.stop()
        raise AssertionError(log()) from error
    return daemon


def living(group: int) -> list[int]:
    """Return the processes of a group. One that has ended does not count, even while its status waits to be read."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # proc(5): pid (name) state parent group …; the name may hold blanks and parentheses
            state, _, of = stat.read_text("utf-8", "replace").rpartition(")")[2].split()[:3]
            if int(of) == group and state not in "ZX":
                found.append(int(stat.parent.name))
    return found
