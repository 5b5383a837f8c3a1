"""A whole `smtpwizard explain` process: a reply as an argument, and a log of a thousand lines on stdin."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from process import Row, medians, multiple, run

REPLY = "535-5.7.8 Username and Password not accepted. For more information, go to https://support.google.com/mail"
NOISE = "api-1  | [Nest] 29  - 11/22/2026, 9:41:02 AM     LOG [RouterExplorer] Mapped {/api/users, GET} route +1ms"
ERROR = "api-1  | Error: Invalid login: 535 5.7.8 Error: authentication failed: UGFzc3dvcmQ6"
LOG = "\n".join([NOISE] * 500 + [ERROR] + [NOISE] * 499)
PROBES: Mapping[str, tuple[list[str], str, str]] = {
    "a reply as an argument": ([REPLY], "", "aim ≤ 80 ms"),
    "a reply, as JSON": (["--json", REPLY], "", "aim ≤ 80 ms"),
    "a log of 1,000 lines on stdin": ([], LOG, "aim ≤ 100 ms"),
}


def main(runs: int, row: Row) -> None:
    """Measure every probe, `runs` interleaved times each, and hand the medians to `row`."""
    wizard = str(Path(sys.executable).with_name("smtpwizard"))
    with tempfile.TemporaryDirectory() as folder:
        env = {"PATH": os.environ["PATH"], "HOME": folder, "LC_ALL": "C.UTF-8"}
        probes = {"pass": partial(run, [sys.executable, "-c", "pass"], env=env, cwd=Path(folder))}
        for name, (arguments, stdin, _) in PROBES.items():
            command = [wizard, "explain", *arguments]
            probes[name] = partial(run, command, stdin=stdin.encode(), env=env, cwd=Path(folder))
        found = medians(runs, probes)
    for name, (_, _, aim) in PROBES.items():
        row(f"smtpwizard explain, {name}", str(found[name]), aim)
        multiple(row, found[name], found["pass"], "python -c pass")


if __name__ == "__main__":
    from run import row

    main(15, row)
