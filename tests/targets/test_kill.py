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
# The line says which of the two texts it begins with. The writer says its id, and the time whenever it begins to write.
WRITERS = """
import os, sys, time
from pathlib import Path
from smtpwizard.targets.apply import apply; from smtpwizard.targets.env.plan import plan_env_file
path, backups = Path(sys.argv[1]), Path(sys.argv[2])
for line in sys.stdin:
    child = os.fork()
    if not child:
        os.write(1, b"%d\\n" % os.getpid())
        n = int(line)
        while True:
            n += 1
            host = ("a" if n % 2 else "b") * 200
            os.write(1, b"%r\\n" % time.monotonic())
            apply(plan_env_file(path, {"SMTP_HOST": host + ".example"}), backup_dir=backups)
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
        takes = 0.0
        for number in range(ROUNDS):
            process.stdin.write(f"{number}\n")
            child = int(process.stdout.readline())
            # The first one is timed, and so has written for certain: how long a write takes depends on the machine.
            begun = [float(process.stdout.readline()) for _ in range(6 if number == 0 else source.randint(1, 2))]
            if number == 0:
                takes = (begun[5] - begun[1]) / 4  # without the first write, which loads modules
            moment = time.monotonic() + source.uniform(0.0, takes)
            while time.monotonic() < moment:
                seen.add(path.read_bytes())
            os.kill(child, signal.SIGKILL)
            while (line := process.stdout.readline()) != "gone\n":
                assert line
            seen.add(path.read_bytes())
    assert seen <= whole
    # The writers did get to write: some are killed only in their second write, and they begin with either text.
    assert len(seen) > 1
    leftovers = [item.name for item in tmp_path.iterdir() if item.name.endswith(".tmp")]
    assert len(leftovers) <= 1  # the name lasts from link to rename; each run sweeps away what the one before it left
    copies = {item.name.removesuffix(".about.json") for item in backups.iterdir() if item.name.endswith(".json")}
    assert {item.name for item in backups.iterdir() if not item.name.endswith((".json", ".tmp"))} <= copies
