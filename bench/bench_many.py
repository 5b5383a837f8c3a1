"""`smtpwizard check` over 500 `.env` files in one process, against one server on the loopback."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from smtpwizard.sandbox.scripted import Script, ScriptedServer, Stage, reply, wait

FILES = 500
MOST_RUNS = 3
"""Each run is 500 dialogues: enough for a median of its own."""
LATENCY = 0.1
"""Seconds before the greeting of the slow server, as a server across an ocean has them."""
Row = Callable[[str, str, str], None]


def main(runs: int, row: Row) -> None:
    """Measure a server that answers at once and one that is slow to, and hand the medians to `row`."""
    slow = Script().but(Stage.GREETING, wait(LATENCY), reply("220 slow.example ESMTP"))
    for name, script in {"answers at once": Script(), f"greets after {LATENCY:g} s": slow}.items():
        with ScriptedServer(script) as server, tempfile.TemporaryDirectory() as folder:
            command = [str(Path(sys.executable).with_name("smtpwizard")), "check", "--json"]
            for file in _files(Path(folder), server.port):
                command += ["--env-file", file]
            took = [_run(command, folder) for _ in range(min(runs, MOST_RUNS))]
        seconds = statistics.median(took)
        row(f"check of {FILES} files, server {name}", f"{seconds:.1f} s", "")
        row("  … for each file", f"{seconds / FILES * 1000:.1f} ms", "")


def _files(folder: Path, port: int) -> list[str]:
    """Write the files; each has a user of its own, as 500 installations do."""
    for number in range(FILES):
        (folder / f"{number}.env").write_text(
            f"SMTP_HOST=127.0.0.1\nSMTP_PORT={port}\nSMTP_SENDER=app@example.com\nSMTP_TLS=false\n"
            f"SMTP_USERNAME=user{number}@example.com\nSMTP_PASSWORD=correct-horse\n"
        )
    return [f"{number}.env" for number in range(FILES)]


def _run(command: list[str], folder: str) -> float:
    started = time.perf_counter()
    environment = {"PATH": os.environ["PATH"], "HOME": folder, "LC_ALL": "C.UTF-8"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)
    took = time.perf_counter() - started
    if done.returncode or done.stdout.count(b"\n") != FILES:
        raise SystemExit(f"check of many files failed: {done.stderr.decode()[-500:]}")
    return took


if __name__ == "__main__":
    main(3, lambda name, value, aim="": print(f"  {name:<52}{value:>14}   {aim}"))
