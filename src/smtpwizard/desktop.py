"""Opening a web page without disturbing the terminal: never a text browser, nothing of its output on our screen.

For both front ends and the commands. What a page holds is their matter.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from smtpwizard.secret import environment_without_secrets

if TYPE_CHECKING:
    import subprocess


_PATIENCE: Final = 3.0
"""Seconds in which an opener says that it cannot."""

_running: Final[list[subprocess.Popen[bytes]]] = []


def open_page(url: str) -> bool:
    """Have the desktop open `url`; False where there is no desktop to ask. Blocking: for a daemon thread."""
    if not url.startswith(("https://", "http://", "file://")):
        return False
    import shutil
    import subprocess
    import webbrowser

    if sys.platform.startswith("linux"):
        if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
            return False  # webbrowser would start w3m or lynx in the terminal that we draw on
        opener = shutil.which("xdg-open")
        if opener:
            process = subprocess.Popen(  # noqa: S603  # a fixed program; the URL is one argument, not through a shell
                [opener, url],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=environment_without_secrets(),  # the browser that it starts outlives us by days
                start_new_session=True,
            )
            try:
                return process.wait(timeout=_PATIENCE) == 0
            except subprocess.TimeoutExpired:
                _running.append(process)  # some openers stay as long as the browser does
                return True
    return webbrowser.open(url)


def private_page(html: str) -> Path:
    """Write `html` into a new file that only its owner may read (mode 0600) and return it. OSError.

    A mail holds a code or a link that lets someone in. The file stays, since the browser reads it when it likes: the
    system clears its temporary folder.
    """
    import tempfile

    descriptor, name = tempfile.mkstemp(prefix="smtpwizard-", suffix=".html")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(html)
    return Path(name)
