"""How the screen looks: a dark and a light theme, which of them is shown, and where the operator's choice is kept.

Without a choice the terminal's background decides. The terminal is asked for it (OSC 11) once it is drawn on, and
answers when it likes: the answer is taken out of the keys, nothing waits for it, and none may come. Until then
COLORFGBG counts, which some terminals set, and else it is dark.
"""

from __future__ import annotations

import os
import re
import select
import signal
import sys
from collections.abc import Iterable
from contextlib import suppress
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any, Final, TextIO

from textual import constants
from textual._xterm_parser import XTermParser
from textual.message import Message
from textual.theme import Theme

from smtpwizard.files import own_folder

if TYPE_CHECKING:
    from pathlib import Path

    from textual.driver import Driver

DARK: Final = Theme(
    name="smtpwizard",
    primary="#62c2b5",
    secondary="#8aa2b5",
    accent="#62c2b5",
    foreground="#dde3e8",
    background="#14181c",
    surface="#1b2127",
    panel="#242c34",
    success="#86c985",
    warning="#e0b064",
    error="#f0848d",
    dark=True,
    variables={
        "text-muted": "#a3aeb8",
        "text-disabled": "#97a2ac",
        "foreground-muted": "#a3aeb8",
        "foreground-disabled": "#97a2ac",
        "text-primary": "#7fd3c7",
        "text-success": "#9ad799",
        "text-warning": "#e8bf7c",
        "text-error": "#f59aa2",
        "border": "#64717d",
        "border-blurred": "#64717d",
        "boost": "#29323b",
        "bar": "#7d8b98",
        "block-cursor-background": "#1d443f",
        "block-cursor-foreground": "#ffffff",
        "block-cursor-blurred-background": "#1d443f",
        "block-cursor-blurred-foreground": "#ffffff",
        "block-cursor-text-style": "bold",
        "input-selection-background": "#2f6b64",
    },
)

LIGHT: Final = Theme(
    name="smtpwizard-light",
    primary="#0a6c61",
    secondary="#47596a",
    accent="#0a6c61",
    foreground="#1a2127",
    background="#fafbfb",
    surface="#f0f3f4",
    panel="#e3e9ec",
    success="#23692a",
    warning="#855400",
    error="#b01c2e",
    dark=False,
    variables={
        "text-muted": "#4d5a65",
        "text-disabled": "#56636e",
        "foreground-muted": "#4d5a65",
        "foreground-disabled": "#56636e",
        "text-primary": "#086057",
        "text-success": "#1f6026",
        "text-warning": "#7a4d00",
        "text-error": "#a5182a",
        "border": "#7b8893",
        "border-blurred": "#7b8893",
        "boost": "#e6ecef",
        "bar": "#73808b",
        "block-cursor-background": "#c3e6e1",
        "block-cursor-foreground": "#06231f",
        "block-cursor-blurred-background": "#c3e6e1",
        "block-cursor-blurred-foreground": "#06231f",
        "block-cursor-text-style": "bold",
        "input-cursor-background": "#1a2127",
        "input-cursor-foreground": "#fafbfb",
        "input-selection-background": "#a9dcd5",
    },
)

THEMES: Final = (DARK, LIGHT)
"""Text on every ground that it stands on has a contrast of 4.5:1 at least, bars and marks 3:1; a test computes it."""


def theme_file() -> Path:
    """Return where the operator's choice is kept: one line, a theme's name."""
    return own_folder("XDG_CONFIG_HOME", ".config") / "theme"


def kept_theme(known: Iterable[str]) -> str:
    """Return the theme that was chosen in an earlier run, if it is among the `known`; else ''."""
    try:
        name = theme_file().read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return ""
    return name if name in known else ""


def keep_theme(name: str) -> bool:
    """Keep a choice for later runs. False where it cannot be written: then it is for this run."""
    file = theme_file()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{name}\n", encoding="utf-8")
    except OSError:
        return False
    return True


def expected_theme() -> Theme:
    """Return the theme for the background that COLORFGBG names (`15;0`: light on black); without it, the dark one."""
    ground = os.environ.get("COLORFGBG", "").rpartition(";")[2]
    # Of the sixteen colours, 7 and 9 to 15 are bright; terminals call their own white 7 or 15.
    return LIGHT if ground.isdigit() and int(ground) in (7, *range(9, 16)) else DARK


class Background(Message):
    """The terminal has said what its background is."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.theme = theme


_QUESTION: Final = "\x1b]11;?\x07"
"""xterm's Dynamic Colors: what is the text background? Terminals that do not know it pass over it."""
_ANSWER: Final = re.compile(r"\x1b\]11;rgba?:([0-9a-fA-F/]{5,24})(?:\x07|\x1b\\)")
_BEGUN: Final = re.compile(r"\x1b\](?:1(?:1(?:;[0-9a-zA-Z:/]{0,30}(?:\x1b)?)?)?)?\Z")
_SECONDS: Final = 2.0
"""How long an answer is looked for among the keys. What comes later is read as Textual reads it."""


def theme_of(answer: str) -> Theme:
    """Return the theme for a background such as `ffff/ffff/dddd`: two to four hexadecimal digits a colour."""
    parts = [int(part, 16) / (16 ** len(part) - 1) for part in answer.split("/")[:3] if part]
    red, green, blue = (*parts, 0.0, 0.0, 0.0)[:3]
    return LIGHT if 0.299 * red + 0.587 * green + 0.114 * blue > 0.5 else DARK


class _Parser(XTermParser):
    """Takes the terminal's answer out of what is typed. A key is never held back but for an answer that has begun."""

    def __init__(self, debug: bool = False) -> None:
        super().__init__(debug)
        self._until = monotonic() + _SECONDS
        self._held = ""
        self._terminal = select.poll()
        self._terminal.register(sys.__stdin__.fileno() if sys.__stdin__ else 0, 0)  # asked for a hang-up alone
        self._gone = False

    def feed(self, data: str) -> Iterable[Message]:
        text, self._held = self._held + data, ""
        while data and monotonic() < self._until:
            found = _ANSWER.search(text)
            if found is None:
                begun = _BEGUN.search(text)
                if begun is not None:
                    text, self._held = text[: begun.start()], begun[0]
                break
            yield from super().feed(text[: found.start()]) if found.start() else ()
            yield Background(theme_of(found[1]))
            text, self._until = text[found.end() :], 0.0
        if text:
            yield from super().feed(text)
        if not data:
            yield from super().feed("")

    def tick(self) -> Iterable[Message]:
        """Let go of what was held back, once no answer can come of it. End the program with its terminal.

        The kernel tells only a session of its own that the terminal is gone; Textual would read from it without pause.
        """
        if any(event & select.POLLHUP for _, event in self._terminal.poll(0)):
            if not self._gone:
                told = signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN
                os.kill(os.getpid(), signal.SIGHUP if told else signal.SIGTERM)
            self._gone = True
            sleep(0.1)
        if self._held and monotonic() >= self._until:
            held, self._held = self._held, ""
            yield from super().feed(held)
        yield from super().tick()


class _Lasting:
    """A terminal that may go away. What is written then is lost, and the thread that writes goes on.

    Textual's thread would end with the OSError, its queue fill, and the exit wait for ever for room in it.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, text: str) -> int:
        with suppress(OSError):
            self._file.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._file.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def asking_driver() -> type[Driver] | None:
    """Return a driver that asks the terminal for its background; None where Textual's own choice of one has to do."""
    # The Linux console would show the question; on Windows, and where the environment names a driver, it is another's.
    if constants.DRIVER or sys.platform == "win32" or os.environ.get("TERM", "") == "linux":
        return None
    from textual.drivers import linux_driver

    class Asking(linux_driver.LinuxDriver):
        def start_application_mode(self) -> None:
            if not isinstance(self._file, _Lasting):
                self._file: Any = _Lasting(self._file)
            super().start_application_mode()  # type: ignore[no-untyped-call]
            if self._writer_thread is not None:  # none where the process was put into the background at once
                self.write(_QUESTION)
                self.flush()

        # Not in the handlers: a signal may have come while the queue of what is to be drawn was locked.

        def _sigtstp_application(self, *_: Any) -> None:
            self._loop.call_soon_threadsafe(super()._sigtstp_application)

        def _sigcont_application(self, *_: Any) -> None:
            if self._auto_restart:
                self._loop.call_soon_threadsafe(self._take_the_terminal)

        def _take_the_terminal(self) -> None:
            if self._writer_thread is not None and self._writer_thread.is_alive():
                # After SIGSTOP, or SIGCONT alone: Textual would start a second thread to draw, and one to read keys.
                self.suspend_application_mode()
            self.resume_application_mode()

    vars(linux_driver)["XTermParser"] = _Parser  # the driver makes its parser itself; a test pins the name
    return Asking
