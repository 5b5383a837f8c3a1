"""A stand-in for docker: an executable of that name for the head of PATH. It is not docker, and says so when asked.

It takes the two commands that the program runs: `docker compose … logs` prints what the test has laid down, and
`docker compose … exec -T SERVICE node …` runs node on this machine with the variables and in the folder that stand for
the container's. Its errors are in the real docker's words (docker 28.2, compose 2.40.3; see test_real_docker.py), which
go to stderr with the real exit status. Every call is kept: its arguments, and what came on stdin.

Plan and calls are Python's literals, and it loads no module that it can do without: that is two thirds of its time.
"""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

NO_DAEMON: Final = "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?"
NO_PERMISSION: Final = (
    "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: Get "
    '"http://%2Fvar%2Frun%2Fdocker.sock/v1.51/containers/json?all=1": dial unix /var/run/docker.sock: connect: '
    "permission denied"
)
NO_PROJECT: Final = "no configuration file provided: not found"
NO_PLUGIN: Final = "unknown flag: --no-color\n\nUsage:  docker [OPTIONS] COMMAND [ARG...]\n\nRun 'docker --help'"
NO_SERVICE: Final = "no such service: {service}"
NOT_RUNNING: Final = 'service "{service}" is not running'
NO_NODE: Final = (
    'OCI runtime exec failed: exec failed: unable to start container process: exec: "node": executable file not found '
    "in $PATH: unknown"
)
BLANK: Final = (
    'time="2026-11-25T17:49:14Z" level=warning msg="The \\"SMTP_PASSWORD\\" variable is not set. Defaulting to a blank '
    'string."'
)
"""A remark of compose's that is no error."""

_PROGRAM: Final = """\
#!{python} -IS
# A stand-in for docker, for tests.
import os, sys
folder = {folder!r}
with open(os.path.join(folder, "plan"), encoding="utf-8") as file:
    plan = eval(file.read())
words = sys.argv[1:]
if words == ["--version"]:
    print("a stand-in for docker, for tests")
    sys.exit(0)
verb = next((word for word in words if word in ("logs", "exec", "ps")), "")
call = {{"words": [os.path.basename(sys.argv[0]), *words], "cwd": os.getcwd(), "pid": os.getpid()}}
failure = plan["errors"].get(verb) or plan["errors"].get("")
if verb == "exec" and not failure:
    rest = words[words.index("node"):]
    given = sys.stdin.buffer.read()
    call["stdin"] = given.decode()
with open(os.path.join(folder, "calls"), "a") as calls:
    calls.write(ascii(call) + "\\n")
sys.stderr.write(plan["remark"])
if failure:
    sys.stderr.write(failure["words"] + "\\n")
    sys.exit(failure["status"])
if verb == "ps":
    print("3f2a9c" if plan["container"] else "", end="\\n" if plan["container"] else "")
elif verb == "logs":
    sys.stderr.flush()
    source = plan["log"]
    descriptor = os.open(source, os.O_RDONLY)
    while data := os.read(descriptor, 65536):
        os.write(2 if plan["log_on_stderr"] else 1, data)
    if plan["hangs"]:
        import subprocess
        child = subprocess.Popen(["sleep", "600"])
        with open(os.path.join(folder, "child"), "w") as file:
            file.write(str(child.pid))
        child.wait()
    sys.exit(0)
elif verb == "exec":
    if plan["version"] and rest == ["node", "--version"]:
        print(plan["version"])
        sys.exit(0)
    if plan["node"] is not None:
        sys.stdout.write(plan["node"])
        sys.exit(0)
    import subprocess
    kept = subprocess.PIPE if plan["keeps"] else None
    done = subprocess.run(rest, input=given, stdout=kept, env=plan["variables"], cwd=plan["workdir"])
    if plan["keeps"]:
        with open(os.path.join(folder, "said"), "wb") as file:
            file.write(done.stdout)
        sys.stdout.buffer.write(done.stdout)
    sys.exit(done.returncode)
"""


@dataclass
class StandIn:
    """Where the stand-in is, and what it was asked."""

    folder: Path
    plan: dict[str, Any] = field(repr=False)

    @property
    def path(self) -> str:
        """PATH with the stand-in first."""
        return f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}"

    def change(self, **plan: Any) -> None:
        """Change what it does: `errors` (verb → words), `log`, `variables`, `workdir`, `node`, `hangs`, `container`.

        With `keeps` what node says is kept; `node` has it said, in the place of a run, and `version` its version.
        """
        errors = plan.pop("errors", None)
        if errors is not None:
            plan["errors"] = {verb: {"words": words, "status": 1} for verb, words in errors.items()}
        self.plan |= plan
        (self.folder / "plan").write_text(repr(self.plan), "utf-8")

    def said(self) -> str:
        """Return what node said last."""
        return (self.folder / "said").read_text("utf-8")

    def calls(self) -> list[dict[str, Any]]:
        """Return what it was called with, in order."""
        file = self.folder / "calls"
        return [ast.literal_eval(line) for line in file.read_text().splitlines()] if file.exists() else []


def stand_in(
    folder: Path, *, variables: Mapping[str, str] | None = None, log: bytes = b"", programs: Sequence[str] = ("docker",)
) -> StandIn:
    """Lay a stand-in into `folder`; `variables` are the container's, beside PATH."""
    (folder / "bin").mkdir(parents=True)
    (folder / "log").write_bytes(log)
    for name in programs:
        program = folder / "bin" / name
        program.write_text(_PROGRAM.format(python=sys.executable, folder=str(folder)))
        program.chmod(0o755)
    made = StandIn(folder, {})
    made.change(
        errors={},
        remark="",
        log=str(folder / "log"),
        log_on_stderr=False,
        hangs=False,
        container=True,
        node=None,
        keeps=False,
        version="",
        workdir=str(folder),
        variables={"PATH": os.environ["PATH"], **(variables or {})},
    )
    return made


def stamped(*lines: str, minute: int = 49) -> bytes:
    """Return lines as `docker compose logs --timestamps --no-log-prefix` prints them, a second apart."""
    return b"".join(
        f"2026-11-25T17:{minute:02}:{second:02}.123456789Z {line}\n".encode() for second, line in enumerate(lines)
    )
