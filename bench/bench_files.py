"""A whole `smtpwizard write` process on large files, at 1×, 10× and 100× the size: time and memory must grow no faster.

Time is that of the processor, user and system, so that a busy machine shows the same; fsync waits are not in it.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

Row = Callable[[str, str, str], None]

ENV_LINES: Final = (100, 1_000, 10_000)
COMPOSE_LINES: Final = (50, 500, 5_000)
SETTINGS: Final = (
    "--preset", "gmail", "--set", "SMTP_USERNAME=you@gmail.com", "--set", "SMTP_SENDER=you@gmail.com",
    "--set", "ADMIN_WEB_URL=https://feedback.example.com", "--password-stdin", "--json",
)  # fmt: skip


def env_text(lines: int) -> str:
    """Return a `.env` of so many lines: plain and quoted values, comments, and two variables of ours at the end."""
    kinds = ("# section {n}", "KEY_{n}='value {n}' # note", "KEY_{n}=value{n}", "URL_{n}=https://h/{n}?a=b")
    body = [kinds[number % len(kinds)].format(n=number) for number in range(lines - 2)]
    return "\n".join([*body, "SMTP_HOST=old", "SMTP_PORT=25", ""])


def compose_text(lines: int) -> str:
    """Return a compose file of about so many lines, the app's service in the middle."""
    one = (
        '  s{n}:\n    image: "busybox:1.{n}" # pinned\n    restart: unless-stopped\n    environment:\n'
        '      - A_{n}=1\n      - B_{n}=${{B:-x}}\n    ports: ["80{n}:80"]\n    depends_on:\n      - api\n'
    )
    api = "  api:\n    image: line/abc-user-feedback-api\n    environment:\n      - SMTP_HOST=old # x\n"
    services = [one.format(n=number) for number in range(max((lines - 5) // 9, 1))]
    middle = len(services) // 2
    return "services:\n" + "".join([*services[:middle], api, *services[middle:]])


def main(runs: int, row: Row) -> None:
    """Measure each kind and size, medians of `runs` runs after one that fills caches, and hand them to `row`."""
    for flag, name, sizes, text in (
        ("--env-file", ".env", ENV_LINES, env_text),
        ("--compose", "compose.yaml", COMPOSE_LINES, compose_text),
    ):
        for lines in sizes:
            times, memory = _series(runs, flag, name, text(lines))
            aim = "aim ≤ 300 ms, ≤ 60 MB" if lines == sizes[-1] else ""
            row(f"write into a {name} of {lines:,} lines", f"{times:.0f} ms {memory:.0f} MB", aim)


def _series(runs: int, flag: str, name: str, text: str) -> tuple[float, float]:
    wizard = str(Path(sys.executable).with_name("smtpwizard"))
    times: list[float] = []
    memory: list[float] = []
    with tempfile.TemporaryDirectory() as home:
        for number in range(runs + 1):
            folder = Path(home) / "project"
            folder.mkdir()
            (folder / name).write_text(text)
            took, resident = _run([wizard, "write", flag, name, *SETTINGS], folder, Path(home))
            shutil.rmtree(folder)
            if number:
                times.append(took)
                memory.append(resident)
    return statistics.median(times), max(memory)


def _run(command: list[str], folder: Path, home: Path) -> tuple[float, float]:
    """Return milliseconds of processor time and the peak of resident memory in MB."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(home)}
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdin is not None
        process.stdin.write(b"abcdefghijklmnop")
        process.stdin.close()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command[:4])} ended with {process.returncode}")
    return (usage.ru_utime + usage.ru_stime) * 1000, usage.ru_maxrss / 1024


if __name__ == "__main__":
    main(5, lambda name, value, aim="": print(f"  {name:<52}{value:>14}   {aim}"))
