"""A real mail client behind a pipe: one process that runs many mails at once. What it reports comes back as an Outcome.

The program is a driver under tests/conformance/clients. It prints `ready`, then reads one JSON object a line: `id`,
`way` (which library, or which app's use of it), `mode` (implicit, starttls, opportunistic, none), `host`, `port`,
`user`, `password`, `sender`, `to`, `timeout` (seconds or null), `patience` (seconds). For each it sends one mail and
prints one line, in any order: `id`, `ok`, `error` (the exception's class), `code` (the reply code in it, or null),
`message` (the line in the app's log), or `hangs` once `patience` has passed.
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from queue import Queue
from typing import Any, Final, Self

_SECONDS: Final = 30.0
"""For an answer: a driver gives one after its patience at the latest."""
HANGS: Final = "hangs"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a mail."""

    ok: bool
    error: str | None = None
    code: int | None = None
    """The reply code that the error names."""
    message: str = ""
    """The error as the app's log has it."""
    hangs: bool = False

    def __str__(self) -> str:
        if self.ok or self.hangs:
            return "ok" if self.ok else HANGS
        return f"{self.message or self.error}" + (f" [{self.code}]" if self.code else "")


class RealClient:
    """One driver. A context manager."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        self._command, self._environment = command, {**os.environ, **(environment or {})}
        self._numbers = itertools.count(1)
        self._waiting: dict[int, Queue[dict[str, Any]]] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=self._environment
        )
        assert self._process.stdout is not None
        ready = self._process.stdout.readline()
        assert ready == "ready\n", ready
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()

    def send(self, **job: Any) -> Outcome:
        """Have the client send one mail."""
        number = next(self._numbers)
        answer: Queue[dict[str, Any]] = Queue()
        with self._lock:
            self._waiting[number] = answer
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps({"id": number, **job}) + "\n")
            self._process.stdin.flush()
        found = answer.get(timeout=_SECONDS)
        if found.get("hangs"):
            return Outcome(False, hangs=True)
        return Outcome(found["ok"], found.get("error"), found.get("code"), found.get("message") or "")

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            answer = json.loads(line)
            with self._lock:
                waiting = self._waiting.pop(answer["id"])
            waiting.put(answer)
