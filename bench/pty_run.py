"""Start a program in a pseudo-terminal and measure it: its first frame, and its memory once the screen is quiet."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from collections.abc import Sequence
from typing import NamedTuple

from process import Took


class Frame(NamedTuple):
    """What one start showed."""

    took: Took
    """From fork to the marker on screen."""
    rss_mb: float
    """Resident memory when the screen had been quiet for 300 ms."""


def first_frame(command: Sequence[str], marker: bytes, *, cwd: str, deadline: float = 15.0) -> Frame:
    """Run `command` at 120×36 until `marker` is drawn, then end it. RuntimeError when it is never drawn."""
    started = time.perf_counter()
    pid, master = pty.fork()
    if pid == 0:
        os.chdir(cwd)
        os.environ.update(TERM="xterm-256color", COLORTERM="truecolor", LINES="36", COLUMNS="120")
        os.execv(command[0], list(command))
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 36, 120, 0, 0))
    seen = b""
    took: Took | None = None
    try:
        while time.perf_counter() - started < deadline:
            ready, _, _ = select.select([master], [], [], 0.3)
            if not ready:
                if took is not None:
                    return Frame(took, _rss(pid))
                continue
            chunk = os.read(master, 65536)
            seen += chunk
            if took is None and marker in seen:
                took = Took((time.perf_counter() - started) * 1000, _cpu_ms(pid))
        raise RuntimeError(f"{marker!r} was not drawn within {deadline} s; last output: {seen[-200:]!r}")
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(master)


def _cpu_ms(pid: int) -> float:
    """Return the processor time of another process so far: what clock_getcpuclockid(3) makes of its id on Linux."""
    return time.clock_gettime(~pid << 3 | 2) * 1000


def _rss(pid: int) -> float:
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        for line in status:
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
    return float("nan")
