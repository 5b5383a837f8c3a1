"""The real MailDev 3 from npm on loopback ports: SMTP in, its page and API out. A process for each test that wants one.

Where node or the package cannot be had the test is skipped with the reason; see node.py.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import smtplib
import tempfile
import urllib.request
from pathlib import Path
from typing import Any, Final, Self

from support.node import node_modules
from support.processes import Daemon, free_ports, greeting, wait_until

_ATTEMPTS: Final = 5
"""Ports that were free may be taken before MailDev binds them."""


class MailDev:
    """A running MailDev. A context manager: at its end the process and its files are gone.

    `login` is user and password of its page; `base` the path that its page is below.
    """

    host: Final = "127.0.0.1"

    def __init__(self, *, login: tuple[str, str] | None = None, base: str = "") -> None:
        self.login = login
        self.base = base
        self.smtp_port = self.web_port = 0

    @property
    def url(self) -> str:
        """Its page."""
        return f"http://{self.host}:{self.web_port}{self.base}"

    @property
    def log(self) -> str:
        """What it has printed so far."""
        return (self._folder / "output.log").read_text("utf-8", "replace")

    def send(self, raw: bytes) -> None:
        """Hand it a message by SMTP, as an app would."""
        with smtplib.SMTP(self.host, self.smtp_port, timeout=20) as client:
            client.sendmail("noreply@acme.example", ["to@acme.example"], raw)

    def mails(self) -> list[dict[str, Any]]:
        """Return what it keeps, with the mark whether each has been read."""
        with urllib.request.urlopen(f"{self.url}/api/email", timeout=20) as answer:
            found: list[dict[str, Any]] = json.load(answer)
        return found

    def __enter__(self) -> Self:
        program = node_modules() / "maildev" / "dist" / "bin" / "maildev.js"
        self._folder = Path(tempfile.mkdtemp(prefix="maildev-"))
        try:
            self._start(program)
        except BaseException:
            shutil.rmtree(self._folder)
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._daemon.stop()
        shutil.rmtree(self._folder)

    def _start(self, program: Path) -> None:
        for _ in range(_ATTEMPTS):
            self.smtp_port, self.web_port = free_ports(2, self.host)
            self._daemon = Daemon(["node", str(program), *self._options()], log=self._folder / "output.log")
            try:
                wait_until(lambda: self._ready() or self._daemon.ended, "MailDev answers")
            except AssertionError:
                self._daemon.stop()
                raise
            if not self._daemon.ended:
                return
            self._daemon.stop()
            assert "EADDRINUSE" in self.log, self.log
        raise AssertionError(self.log)

    def _options(self) -> list[str]:
        options = ["--ip", self.host, "--smtp", str(self.smtp_port), "--web-ip", self.host, "--web", str(self.web_port)]
        options += ["--mail-directory", str(self._folder / "mails")]
        if self.base:
            options += ["--base-pathname", self.base]
        if self.login is not None:
            options += ["--web-user", self.login[0], "--web-pass", self.login[1]]
        return options

    def _ready(self) -> bool:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.url}/api/healthz", timeout=5) as answer:
            return answer.status == 200 and greeting(self.host, self.smtp_port).startswith("220")
        return False
