"""`kill -9` at any moment leaves the old file or the new one, never less, and no secret lying about for long."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

ROUNDS = int(os.environ.get("SMTPWIZARD_KILLS", "40"))

WRITER = """
import sys
from pathlib import Path
from smtpwizard.outputs import apply, plan_env_file
path, backups = Path(sys.argv[1]), Path(sys.argv[2])
print("ready", flush=True)
n = 0
while True:
    n += 1
    host = ("a" if n % 2 else "b") * 200
    apply(plan_env_file(path, {"SMTP_HOST": host + ".example"}), backup_dir=backups)
"""


def test_a_kill_at_any_moment_leaves_a_whole_file(tmp_path: Path) -> None:
    path, backups = tmp_path / ".env", tmp_path / "backups"
    filler = b"".join(b"KEY_%d=value %d # note\n" % (n, n) for n in range(300))
    path.write_bytes(filler + b"SMTP_HOST=start.example\n")
    whole = {filler + b"SMTP_HOST=" + host + b".example\n" for host in (b"start", b"a" * 200, b"b" * 200)}
    source = random.Random(4)
    for _ in range(ROUNDS):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path), str(backups)], stdout=subprocess.PIPE)
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"ready\n"
        deadline = time.monotonic() + source.uniform(0.0, 0.12)
        while time.monotonic() < deadline:
            assert path.read_bytes() in whole
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        assert path.read_bytes() in whole
    leftovers = [item.name for item in tmp_path.iterdir() if item.name.endswith(".tmp")]
    assert len(leftovers) <= 1  # each run sweeps away what the one before it left
