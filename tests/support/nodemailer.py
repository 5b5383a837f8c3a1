"""The app's real mail client: nodemailer, driven over a pipe. What it reports comes back as an Outcome."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from queue import Queue
from typing import Any, Final

from support.node import node_modules

DRIVER: Final = Path(__file__).resolve().parents[1] / "conformance" / "driver.js"
LIMITS: Final = {"connectionTimeout": 1500, "greetingTimeout": 1200, "socketTimeout": 1500, "dnsTimeout": 3000}
"""Milliseconds instead of the client's 2 min, 30 s, 10 min and 30 s: how it gives up is the same."""
PATIENCE: Final = 5000
"""Milliseconds after which a call that has not returned counts as one that never does."""
LIBRARIES: Final = ("nodemailer", "nodemailer-latest")
"""The packages that are loaded: the version of the first app, and the newest."""
_SECONDS: Final = 120.0
"""Only against hanging: a busy machine takes its time."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What verify() or sendMail() came to."""

    ok: bool
    code: str | None = None
    response_code: int | None = None
    command: str | None = None
    fate: str | None = None
    """`hangs` or `crashes`, where there is no result at all."""
    message: str | None = field(default=None, compare=False)
    """The words of the error."""

    def __str__(self) -> str:
        if self.ok or self.fate:
            return self.fate or "ok"
        return " ".join(str(part) for part in (self.code or "no code", self.response_code, self.command) if part)


class Nodemailer:
    """One Node process that runs many jobs at once. A context manager."""

    def __init__(self, ca_file: Path, libraries: Sequence[str] = LIBRARIES) -> None:
        self._libraries = libraries
        modules = node_modules()
        self._environment = {
            **os.environ,
            "NODE_PATH": str(modules),
            "NODE_EXTRA_CA_CERTS": str(ca_file),
            "NODE_OPTIONS": "",
        }
        self._numbers = itertools.count(1)
        self._waiting: dict[int, Queue[dict[str, Any]]] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> Nodemailer:
        self._process = self._start()
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.kill()
        self._process.wait()
        self._reader.join()
        self._process.stdout.close()

    def run(
        self,
        call: str,
        variables: dict[str, str],
        *,
        library: str = "nodemailer",
        alone: bool = False,
        to: str = "to@example.com",
        limits: Mapping[str, int] = LIMITS,
    ) -> Outcome:
        """Run `verify` or `send` with the app's transport for `variables`; `alone` in a process of its own."""
        job = {
            "id": next(self._numbers),
            "library": library,
            "call": call,
            "variables": variables,
            "limits": dict(limits),
            "patience": max(PATIENCE, *limits.values()),
            "to": to,
        }
        return self._run_alone(job) if alone else self._run_shared(job)

    def _run_shared(self, job: dict[str, Any]) -> Outcome:
        answer: Queue[dict[str, Any]] = Queue()
        with self._lock:
            self._waiting[job["id"]] = answer
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps(job) + "\n")
            self._process.stdin.flush()
        return _outcome(answer.get(timeout=_SECONDS))

    def _run_alone(self, job: dict[str, Any]) -> Outcome:
        """The call may take the whole process down; then there is no answer, and a TypeError on stderr."""
        done = subprocess.run(
            ["node", str(DRIVER), job["library"]],
            input=json.dumps({**job, "last": True}) + "\n",
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
            env=self._environment,
        )
        answers = done.stdout.splitlines()[1:]  # after `ready`
        if answers:
            return _outcome(json.loads(answers[0]))
        assert "TypeError" in done.stderr, done.stderr
        return Outcome(False, fate="crashes")

    def _start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            ["node", str(DRIVER), *self._libraries],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=self._environment,
        )

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            answer = json.loads(line)
            with self._lock:
                waiting = self._waiting.pop(answer["id"])
            waiting.put(answer)


def _outcome(answer: dict[str, Any]) -> Outcome:
    if answer.get("hangs"):
        return Outcome(False, fate="hangs")
    return Outcome(answer["ok"], answer["code"], answer["response_code"], answer["command"], message=answer["message"])
