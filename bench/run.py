"""`make bench`: every figure that README and docs state, measured here and now, medians of interleaved runs.

Aims are printed beside the figures and never fail a test: a busy machine is not a defect. Usage: run.py [--runs N]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).parent))
import bench_check
import bench_explain
import bench_mails
import bench_many
import bench_steps
from pty_run import first_frame

HERE = Path(__file__).parent


def process_ms(*command: str) -> float:
    """Run a command to its end and return milliseconds."""
    started = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return (time.perf_counter() - started) * 1000


def interleaved(runs: int, **probes: Callable[[], float]) -> dict[str, list[float]]:
    """Call the probes in turn, `runs` times each, after one unmeasured round: they see the same machine."""
    series: dict[str, list[float]] = {name: [] for name in probes}
    for round_number in range(runs + 1):
        for name, probe in probes.items():
            value = probe()
            if round_number:
                series[name].append(value)
    return series


def row(name: str, value: str, aim: str = "") -> None:
    sys.stdout.write(f"  {name:<52}{value:>14}   {aim}\n")
    sys.stdout.flush()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=11)
    runs = parser.parse_args().runs
    python = sys.executable
    wizard = str(Path(python).with_name("smtpwizard"))
    row("machine", f"{os.cpu_count()} cores", f"Python {platform.python_version()}, {runs} interleaved runs, medians")

    starts = interleaved(
        runs,
        nothing=lambda: process_ms(python, "-c", "pass"),
        version=lambda: process_ms(wizard, "--version"),
    )
    nothing, version = (statistics.median(starts[name]) for name in ("nothing", "version"))
    row("python -c pass", f"{nothing:.0f} ms")
    row("smtpwizard --version", f"{version:.0f} ms", "aim ≤ 60 ms")
    row("  … as a multiple of python -c pass", f"{version / nothing:.2f} ×", "aim ≤ 3 ×")

    with tempfile.TemporaryDirectory() as folder:
        memory: list[float] = []

        def wizard_frame() -> float:
            frame = first_frame([wizard], b"Provider", cwd=folder)
            memory.append(frame.rss_mb)
            return frame.first_frame_ms

        frames = interleaved(
            runs,
            trivial=lambda: first_frame([python, str(HERE / "trivial_app.py")], b"READY", cwd=folder).first_frame_ms,
            wizard=wizard_frame,
        )
    trivial, wizard_ms = (statistics.median(frames[name]) for name in ("trivial", "wizard"))
    row("first frame of a trivial Textual app", f"{trivial:.0f} ms")
    row("first frame of the wizard", f"{wizard_ms:.0f} ms")
    row("  … as a multiple of the trivial app", f"{wizard_ms / trivial:.2f} ×", "aim ≤ 1.3 ×")
    row("resident memory after the first frame", f"{statistics.median(memory):.0f} MB", "aim ≤ 60 MB")
    for name, value in asyncio.run(bench_steps.measure(runs)).items():
        row(name, f"{value:.0f} ms", "aim ≤ 50 ms")
    bench_check.main(runs, row)
    bench_explain.main(runs, row)
    bench_many.main(runs, row)
    bench_mails.main(runs, row)
    subprocess.run([python, str(HERE / "bench_files.py"), str(runs)], check=True)


if __name__ == "__main__":
    main()
