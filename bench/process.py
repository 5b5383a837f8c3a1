"""Run a whole process and say what it took: on the clock, and of the processors, whose time says the same when busy.

A figure is a median of interleaved runs; where two are compared, both are of the same runs.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

Row = Callable[[str, str, str], None]


class Took(NamedTuple):
    """What one run took, or the medians of several."""

    wall_ms: float
    cpu_ms: float
    """User and system."""

    def __str__(self) -> str:
        return f"{self.wall_ms:.0f} ms, CPU {self.cpu_ms:.0f}"


def run(
    command: Sequence[str],
    *,
    stdin: bytes = b"",
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    fails: bool = False,
) -> Took:
    """Run a command to its end. SystemExit where it fails, unless it may."""
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as said:
        given.write(stdin)
        given.seek(0)
        started = time.perf_counter()
        process = subprocess.Popen(command, stdin=given, stdout=said, stderr=said, env=env, cwd=cwd)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode and not fails:
            said.seek(0)
            raise SystemExit(f"{' '.join(command)[:200]} failed: {said.read()[-1000:].decode('utf-8', 'replace')}")
    return Took(wall * 1000, (usage.ru_utime + usage.ru_stime) * 1000)


def medians(runs: int, probes: Mapping[str, Callable[[], Took]]) -> dict[str, Took]:
    """Call the probes in turn, `runs` times each, after one unmeasured round that fills caches."""
    series: dict[str, list[Took]] = {name: [] for name in probes}
    for number in range(runs + 1):
        for name, probe in probes.items():
            took = probe()
            if number:
                series[name].append(took)
    return {name: Took(*map(statistics.median, zip(*took, strict=True))) for name, took in series.items()}


def multiple(row: Row, ours: Took, theirs: Took, of: str, aim: str = "") -> None:
    """Print how many times as long ours took, on the clock and of processor time."""
    value = f"{ours.wall_ms / theirs.wall_ms:.2f} ×, CPU {ours.cpu_ms / theirs.cpu_ms:.2f}"
    row(f"  … as a multiple of {of}", value, aim)
