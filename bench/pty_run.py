"""Start a program in a pseudo-terminal and time it: first output, first frame, resident memory."""

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
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Frame:
    """What one start showed."""

    first_frame_ms: float
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
    elapsed: float | None = None
    try:
        while time.perf_counter() - started < deadline:
            ready, _, _ = select.select([master], [], [], 0.3)
            if not ready:
                if elapsed is not None:
                    return Frame(elapsed, _rss(pid))
                continue
            chunk = os.read(master, 65536)
            seen += chunk
            if elapsed is None and marker in seen:
                elapsed = (time.perf_counter() - started) * 1000
        raise RuntimeError(f"{marker!r} was not drawn within {deadline} s; last output: {seen[-200:]!r}")
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(master)


def _rss(pid: int) -> float:
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        for line in status:
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
    return float("nan")
