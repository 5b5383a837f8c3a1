"""`kill -9` at any moment leaves the old file or the new one, never less, and no secret lying about for long."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROUNDS = int(os.environ.get("SMTPWIZARD_KILLS", "100"))

# Starting Python costs ten times what one write takes, so one warm process forks a writer for each line that it gets.
WRITERS = """
import os, signal, sys
from pathlib import Path
from smtpwizard.targets.apply import apply; from smtpwizard.targets.env.plan import plan_env_file
path, backups = Path(sys.argv[1]), Path(sys.argv[2])
for _ in sys.stdin:
    child = os.fork()
    if not child:
        n = 0
        while True:
            n += 1
            host = ("a" if n % 2 else "b") * 200
            apply(plan_env_file(path, {"SMTP_HOST": host + ".example"}), backup_dir=backups)
    print(child, flush=True)
    os.waitpid(child, 0)
    print("gone", flush=True)
"""


@contextmanager
def writers(path: Path, backups: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", WRITERS, str(path), str(backups)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) as process:
        try:
            yield process
        finally:
            process.terminate()


def test_a_kill_at_any_moment_leaves_a_whole_file(tmp_path: Path) -> None:
    path, backups = tmp_path / ".env", tmp_path / "backups"
    filler = b"".join(b"KEY_%d='value %d' # note\n" % (n, n) for n in range(300))
    path.write_bytes(filler + b"SMTP_HOST=start.example\n")
    whole = {filler + b"SMTP_HOST=" + host + b".example\n" for host in (b"start", b"a" * 200, b"b" * 200)}
    source = random.Random(4)
    seen: set[bytes] = set()
    with writers(path, backups) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for number in range(ROUNDS):
            process.stdin.write("next\n")
            child = int(process.stdout.readline())
            start = time.monotonic()
            deadline = start + source.uniform(0.0, 0.06)
            # The first one goes on until it has written: on a busy machine all others may be killed before they do.
            while time.monotonic() < deadline or (number == 0 and len(seen) < 2 and time.monotonic() < start + 30):
                seen.add(path.read_bytes())
            os.kill(child, signal.SIGKILL)
            assert process.stdout.readline() == "gone\n"
            seen.add(path.read_bytes())
    assert seen <= whole
    assert len(seen) > 1  # the writers did get to write
    leftovers = [item.name for item in tmp_path.iterdir() if item.name.endswith(".tmp")]
    assert len(leftovers) <= 1  # the name lasts from link to rename; each run sweeps away what the one before it left
    copies = {item.name.removesuffix(".about.json") for item in backups.iterdir() if item.name.endswith(".json")}
    assert {item.name for item in backups.iterdir() if not item.name.endswith((".json", ".tmp"))} <= copies
