"""Whether more app profiles cost a start anything: the program twice, with all shipped profiles and with one."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from process import Row, Took, medians, multiple, run
from pty_run import first_frame
from smtpwizard.apps.loading import DEFAULT
from smtpwizard.sandbox.scripted import Script, ScriptedServer

ROOT = Path(__file__).resolve().parents[1]
SETTLED_SECONDS = 2.5
"""From then on the tables of the copied presets are kept, as those of an installed program are."""
START = "import sys; sys.path.insert(0, {folder!r}); from smtpwizard.__main__ import main; main()"


def main(runs: int, row: Row) -> None:
    """Measure `check` and the first frame of both, `runs` interleaved runs each, and hand the medians to `row`."""
    with tempfile.TemporaryDirectory() as home, ScriptedServer(Script()) as server:
        empty = Path(home, "empty")
        empty.mkdir()
        (Path(home) / ".env").write_text(
            f"SMTP_HOST=127.0.0.1\nSMTP_PORT={server.port}\nSMTP_SENDER=app@example.com\nSMTP_TLS=false\n"
        )
        several = len(list((ROOT / "presets" / "apps").glob("*.toml")))
        copies = {"one": _copy(Path(home, "one"), DEFAULT), "all": _copy(Path(home, "all"), "*")}
        time.sleep(SETTLED_SECONDS)
        env = {"PATH": os.environ["PATH"], "HOME": home, "LC_ALL": "C.UTF-8"}
        os.environ["HOME"] = home  # of what runs in the pseudo-terminal
        commands = {name: [sys.executable, "-c", START.format(folder=str(copy))] for name, copy in copies.items()}
        checks = medians(
            runs,
            {name: partial(run, [*command, "check"], env=env, cwd=Path(home)) for name, command in commands.items()},
        )

        def frame(command: list[str]) -> Took:
            return first_frame(command, b"SendGrid", cwd=str(empty)).took

        frames = medians(runs, {name: partial(frame, command) for name, command in commands.items()})
    for what, found in (("check", checks), ("first frame", frames)):
        row(f"{what} with {several} app profiles", str(found["all"]), "")
        multiple(row, found["all"], found["one"], "the same with one profile", "aim ≤ 1.05 ×")


def _copy(folder: Path, profiles: str) -> Path:
    """Copy the program as the wheel has it, with only the app profiles that match."""
    made = shutil.copytree(ROOT / "src" / "smtpwizard", folder / "smtpwizard")
    shutil.copytree(ROOT / "presets", made / "data", ignore=shutil.ignore_patterns("apps"))
    (made / "data" / "apps").mkdir()
    for path in (ROOT / "presets" / "apps").glob(f"{profiles}.toml"):
        shutil.copy2(path, made / "data" / "apps")
    return folder


if __name__ == "__main__":
    from run import row

    main(15, row)
