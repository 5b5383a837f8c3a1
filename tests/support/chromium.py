"""A real browser that draws mails: headless Chromium, spoken to over its DevTools pipe. Opens no connection.

Where Chromium is missing, a test is skipped with the reason; with SMTPWIZARD_REQUIRE_CHROMIUM=1 it fails instead, so
that a CI without it cannot pass unnoticed.
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NoReturn, Self

import pytest

_NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "chrome")
_SECONDS: Final = 60.0
"""Deadline of each command: the first one waits for the browser's start."""

_FLAGS: Final = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-extensions", "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP * ~NOTFOUND", "--force-color-profile=srgb", "--hide-scrollbars",
    "--remote-debugging-pipe",
)  # fmt: skip


def chromium() -> str:
    """Return the browser's path; skip (or fail) the calling test where there is none."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    return found or _give_up("Chromium is not installed")


@dataclass(frozen=True)
class Look:
    """How a page is looked at."""

    width: int
    """CSS pixels of the window."""
    dark: bool
    """What `prefers-color-scheme` says."""

    def __str__(self) -> str:
        return f"{self.width}-{'dark' if self.dark else 'light'}"


class Chromium:
    """The browser, one page at a time. A context manager; the profile is new, empty, and gone afterwards."""

    def __enter__(self) -> Self:
        program = chromium()
        self._folder = Path(tempfile.mkdtemp(prefix="smtpwizard-chromium-"))
        theirs_in, ours_out = os.pipe()
        ours_in, theirs_out = os.pipe()
        # The browser reads from descriptor 3 and writes to 4: out of their way first, then put there by the shell.
        moved = [fcntl.fcntl(fd, fcntl.F_DUPFD, 10) for fd in (theirs_in, theirs_out)]
        for fd in (theirs_in, theirs_out):
            os.close(fd)
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", f'exec "$0" "$@" 3</dev/fd/{moved[0]} 4>/dev/fd/{moved[1]}', program, *_FLAGS,
             f"--user-data-dir={self._folder / 'profile'}", "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, pass_fds=moved,
        )  # fmt: skip
        for fd in moved:
            os.close(fd)
        self._out, self._in = ours_out, ours_in
        self._buffer, self._number, self._session = b"", 0, ""
        self._events: list[dict[str, Any]] = []
        try:
            target = self._call("Target.createTarget", url="about:blank")["targetId"]
            self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
            self._call("Page.enable")
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session = ""
        with contextlib.suppress(OSError, AssertionError):
            self._call("Browser.close")
        os.close(self._out)
        os.close(self._in)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def show(self, html: str, look: Look) -> None:
        """Draw `html` as a page of its own."""
        file = self._folder / "page.html"
        file.write_text(html, "utf-8")
        self._call(
            "Emulation.setDeviceMetricsOverride", width=look.width, height=800, deviceScaleFactor=1, mobile=False
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if look.dark else "light"}
        self._call("Emulation.setEmulatedMedia", media="screen", features=[scheme])
        self._events.clear()
        self._call("Page.navigate", url=file.as_uri())
        while not any(event["method"] == "Page.loadEventFired" for event in self._events):
            self._events.append(self._read())

    def evaluate(self, script: str) -> Any:
        """Return the value of a JavaScript expression in the page, as JSON carries it."""
        answer = self._call("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def picture(self, width: int = 0, height: int = 0) -> bytes:
        """Return the whole page as PNG, or its upper left corner of that size."""
        clip = {"clip": {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}} if width else {}
        data: str = self._call("Page.captureScreenshot", format="png", captureBeyondViewport=True, **clip)["data"]
        return base64.b64decode(data)

    def _call(self, method: str, **params: Any) -> Any:
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self._number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return answer["result"]
            if "method" in answer:
                self._events.append(answer)

    def _read(self) -> dict[str, Any]:
        deadline = time.monotonic() + _SECONDS
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._in], [], [], max(0.0, deadline - time.monotonic()))
            assert ready, f"Chromium did not answer within {_SECONDS:.0f} s"
            chunk = os.read(self._in, 1 << 16)
            assert chunk, "Chromium ended before it answered"
            self._buffer += chunk
        message, _, self._buffer = self._buffer.partition(b"\0")
        answer: dict[str, Any] = json.loads(message)
        return answer


def _give_up(reason: str) -> NoReturn:
    if os.environ.get("SMTPWIZARD_REQUIRE_CHROMIUM") == "1":
        pytest.fail(f"SMTPWIZARD_REQUIRE_CHROMIUM=1, but {reason}")
    pytest.skip(reason)
