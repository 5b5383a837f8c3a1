"""A real pseudo-terminal with a terminal emulator behind it: keys in, the screen and the exit status out."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Final, Self

import pyte
import pytest

from support.program import Started

KEYS: Final = {
    "enter": "\r",
    "escape": "\x1b",
    "tab": "\t",
    "down": "\x1b[B",
    "up": "\x1b[A",
    "f4": "\x1bOS",
    "f6": "\x1b[17~",
}
WIZARD: Final = "smtpwizard.cli.main"
"""What `warm` takes."""
ALTERNATE_SCREEN: Final = (b"\x1b[?1049h", b"\x1b[?1049l")
CURSOR_SHOWN: Final = b"\x1b[?25h"


class Terminal:
    """One program in a pseudo-terminal of `columns` × `rows`. A context manager: at its end the program is gone.

    `command` begins a process of its own. With `warm` it is the wizard's arguments, and the process is forked from one
    that has imported the wizard, which is most of its processor time: not for what a test says of the start. `warm`
    names the module whose `main` gets them.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        columns: int = 80,
        rows: int = 24,
        pipe_stdout: bool = False,
        warm: str = "",
    ) -> None:
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.modes_before = termios.tcgetattr(slave)
        self._slave = slave
        self.output = b""
        """Every byte that the program wrote."""
        # What was parsed is kept for the session, where there is one: a picture is drawn outside of tests too.
        env = {**{name: os.environ[name] for name in ("XDG_CACHE_HOME",) if name in os.environ}, **env}
        self._stdout = None
        if warm:
            self._process: subprocess.Popen[bytes] | Started
            self._process = Started(command, cwd=cwd, env=env, terminal=slave, module=warm)
            return
        self._process = subprocess.Popen(
            command,
            cwd=cwd,
            env=env,
            stdin=slave,
            stdout=subprocess.PIPE if pipe_stdout else slave,
            stderr=slave,
            start_new_session=True,
        )
        self._stdout = self._process.stdout

    @property
    def modes(self) -> list[object]:
        """The terminal's line settings now."""
        return termios.tcgetattr(self._slave)

    @property
    def threads(self) -> int:
        """How many the program has."""
        return len(os.listdir(f"/proc/{self._process.pid}/task"))

    @property
    def text(self) -> str:
        """What stands on the screen, line by line."""
        rows, columns = range(self._screen.lines), range(self._screen.columns)
        lines = (self._screen.buffer[row] for row in rows)  # the second cell of a wide character is empty
        return "\n".join("".join([line[column].data for column in columns]).rstrip() for line in lines)

    def resize(self, columns: int, rows: int) -> None:
        """Make the window as wide and high, and tell the program."""
        self._screen.resize(rows, columns)
        fcntl.ioctl(self._slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self._process.send_signal(signal.SIGWINCH)

    @property
    def screen(self) -> pyte.Screen:
        """The screen with its colours."""
        return self._screen

    def read(self, seconds: float) -> None:
        """Read what comes in the next `seconds`; a blinking cursor never ends."""
        deadline = monotonic() + seconds
        while (left := deadline - monotonic()) > 0:
            self._read(left)

    def piped(self) -> bytes:
        """Return what went to stdout, where that is a pipe; after the end."""
        assert self._stdout is not None
        return self._stdout.read()

    def kill(self, *numbers: int, seconds: float = 60.0) -> None:
        """Send signals, one after the other; one after a stop only once the process has stopped.

        What the process writes before it stops is read: a full terminal would keep it from stopping.
        """
        for number in numbers:
            self._process.send_signal(number)
            deadline = monotonic() + seconds
            while number in (signal.SIGSTOP, signal.SIGTSTP) and not self._stopped():
                if monotonic() > deadline:
                    pytest.fail(f"not stopped after {seconds:.0f} s:\n{self.text}")
                self._read(0.02)

    def _stopped(self) -> bool:
        stat = Path(f"/proc/{self._process.pid}/stat").read_text("utf-8", "replace")
        return stat.rpartition(")")[2].split()[0] == "T"  # proc(5): pid (name) state …; T is stopped

    def hang_up(self, *, told: bool = True, seconds: float = 60.0) -> int:
        """Take the terminal away, send what the kernel then sends where the program is `told`; return the exit status.

        The kernel tells those whose controlling terminal it was; here it is nobody's.
        """
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, self._slave)
        os.dup2(null, self._master)
        os.close(null)
        if told:
            self.kill(signal.SIGCONT, signal.SIGHUP, signal.SIGCONT)
        return self._process.wait(seconds)

    def wait_for_output(self, octets: bytes, *, seconds: float = 120.0) -> None:
        """Read until the program has written `octets`; fail after `seconds`, or when it has ended without."""
        deadline = monotonic() + seconds
        while octets not in self.output:
            if not self._read_on(deadline):
                pytest.fail(f"no {octets!r} in the output")

    def press(self, *keys: str) -> None:
        """Type keys: a name of KEYS, or text as it is."""
        for key in keys:
            os.write(self._master, KEYS.get(key, key).encode())

    def wait_for(self, *texts: str, seconds: float = 120.0) -> str:
        """Read until all `texts` stand on the screen and return it; fail with it after `seconds`, or at the end.

        What is drawn in one frame can arrive in several reads, so texts that belong together are waited for together.
        """
        deadline = monotonic() + seconds
        shown = self.text
        while missing := [text for text in texts if text not in shown]:
            if not self._read_on(deadline):
                pytest.fail(f"no {missing} on the screen:\n{shown}")
            shown = self.text
        return shown

    def wait(self, *, seconds: float = 120.0) -> int:
        """Read until the program has ended and return its exit status; fail with the screen after `seconds`."""
        deadline = monotonic() + seconds
        while (code := self._process.poll()) is None:
            if not self._read(min(deadline - monotonic(), 0.2)) and monotonic() > deadline:
                pytest.fail(f"still running after {seconds:.0f} s:\n{self.text}")
        while self._read(0.05):
            pass
        return code

    def after_the_screen(self) -> str:
        """Return what was written once the alternate screen was left: what stays in the scrollback, without colours."""
        left = self.output.rpartition(ALTERNATE_SCREEN[1])[2].decode("utf-8", "replace")
        return re.sub(r"\x1b\[[0-9;]*m", "", left).replace("\r\n", "\n")

    def _read_on(self, deadline: float) -> bool:
        """Read what comes next; False where nothing comes before `deadline`, or the program has ended."""
        while not self._read(min(deadline - monotonic(), 0.5)):
            if self._process.poll() is not None or monotonic() > deadline:
                return self._read(0.05)
        return True

    def _read(self, seconds: float) -> bool:
        """Read what there is; False where nothing comes within `seconds`, or none are left, however much comes."""
        if seconds <= 0 or not select.select([self._master], [], [], seconds)[0]:
            return False
        data = os.read(self._master, 65536)
        self.output += data
        self._stream.feed(data)
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(60.0)
        for left in (self._stdout, self._process if isinstance(self._process, Started) else None):
            if left is not None:
                left.close()
        os.close(self._slave)
        os.close(self._master)
