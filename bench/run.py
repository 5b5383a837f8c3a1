"""`make bench`: every figure that README and docs state, measured here and now, medians of interleaved runs.

Aims are printed beside the figures and never fail a test: a busy machine is not a defect. Usage: run.py [--runs N]
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).parent))
import bench_check
import bench_explain
import bench_mails
import bench_many
import bench_profiles
import bench_steps
from process import Took, medians, multiple, run
from pty_run import first_frame

HERE = Path(__file__).parent


def row(name: str, value: str, aim: str = "") -> None:
    sys.stdout.write(f"  {name:<56}{value:>22}   {aim}\n")
    sys.stdout.flush()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=11)
    runs = parser.parse_args().runs
    python = sys.executable
    wizard = str(Path(python).with_name("smtpwizard"))
    row("machine", f"{os.cpu_count()} cores", f"Python {platform.python_version()}, {runs} interleaved runs, medians")

    starts = medians(
        runs, {"pass": partial(run, [python, "-c", "pass"]), "version": partial(run, [wizard, "--version"])}
    )
    row("python -c pass", str(starts["pass"]))
    row("smtpwizard --version", str(starts["version"]), "aim ≤ 60 ms")
    multiple(row, starts["version"], starts["pass"], "python -c pass", "aim ≤ 3 ×")

    memory: list[float] = []
    with tempfile.TemporaryDirectory() as folder:

        def frame(marker: bytes, *command: str) -> Took:
            found = first_frame(command, marker, cwd=folder)
            if command[0] == wizard:
                memory.append(found.rss_mb)
            return found.took

        frames = medians(
            runs,
            {
                "trivial": partial(frame, b"Row 9", python, str(HERE / "trivial_app.py")),
                "wizard": partial(frame, b"SendGrid", wizard),
            },
        )
    row("first frame of a trivial Textual app with 62 rows", str(frames["trivial"]))
    row("first frame of the wizard with its list", str(frames["wizard"]))
    multiple(row, frames["wizard"], frames["trivial"], "the trivial app", "aim ≤ 1.3 ×")
    row("resident memory after the first frame", f"{statistics.median(memory):.0f} MB", "aim ≤ 50 MB")
    for name, (value, aim) in bench_steps.measure(runs).items():
        row(name, f"{value:.0f} ms", aim)
    bench_check.main(runs, row)
    bench_explain.main(runs, row)
    bench_profiles.main(runs, row)
    bench_many.main(runs, row)
    bench_mails.main(runs, row)
    subprocess.run([python, str(HERE / "bench_files.py"), str(runs)], check=True)


if __name__ == "__main__":
    main()
