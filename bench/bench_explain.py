"""A whole `smtpwizard explain` process: a reply as an argument, and a log of a thousand lines on stdin."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

REPLY = "535-5.7.8 Username and Password not accepted. For more information, go to https://support.google.com/mail"
NOISE = "api-1  | [Nest] 29  - 11/22/2026, 9:41:02 AM     LOG [RouterExplorer] Mapped {/api/users, GET} route +1ms"
ERROR = "api-1  | Error: Invalid login: 535 5.7.8 Error: authentication failed: UGFzc3dvcmQ6"
LOG = "\n".join([NOISE] * 500 + [ERROR] + [NOISE] * 500)
PROBES: Mapping[str, tuple[list[str], str]] = {
    "a reply as an argument": ([REPLY], ""),
    "a reply, as JSON": (["--json", REPLY], ""),
    "a log of 1,001 lines on stdin": ([], LOG),
}
Row = Callable[[str, str, str], None]


def main(runs: int, row: Row) -> None:
    """Measure every probe, `runs` interleaved times each, and hand the medians to `row`."""
    wizard = str(Path(sys.executable).with_name("smtpwizard"))
    series: dict[str, list[float]] = {name: [] for name in ("python -c pass", *PROBES)}
    with tempfile.TemporaryDirectory() as folder:
        environment = {"PATH": os.environ["PATH"], "HOME": folder, "LC_ALL": "C.UTF-8"}
        for number in range(runs + 1):
            took = {"python -c pass": _run([sys.executable, "-c", "pass"], "", environment)}
            for name, (arguments, stdin) in PROBES.items():
                took[name] = _run([wizard, "explain", *arguments], stdin, environment)
            if number:  # the first round fills caches
                for name, milliseconds in took.items():
                    series[name].append(milliseconds)
    row("python -c pass, in the same runs", f"{statistics.median(series.pop('python -c pass')):.0f} ms", "")
    for name, values in series.items():
        row(f"smtpwizard explain, {name}", f"{statistics.median(values):.0f} ms", "aim ≤ 100 ms")


def _run(command: list[str], stdin: str, environment: Mapping[str, str]) -> float:
    started = time.perf_counter()
    done = subprocess.run(command, input=stdin, env=environment, capture_output=True, text=True, check=False)
    took = (time.perf_counter() - started) * 1000
    if done.returncode:
        raise SystemExit(f"{command[0]} failed: {done.stderr[-500:]}")
    return took


if __name__ == "__main__":
    main(15, lambda name, value, aim="": print(f"  {name:<52}{value:>14}   {aim}"))
