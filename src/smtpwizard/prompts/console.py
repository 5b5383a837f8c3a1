"""Line by line: one prompt, one answer, one fact a line; no colour, no redraw. All input and output of `plain` is here.

For screen readers, dumb terminals, serial consoles and recorded sessions. Prompts go to stderr: stdout is data.
"""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TextIO

from smtpwizard.errors import InputError
from smtpwizard.report.lines import Line, columns, words, wrapped
from smtpwizard.secret import Secret, cleared, hide
from smtpwizard.text import safe


def _shown(text: str) -> str:
    """Return a finished text as it may be printed."""
    return cleared(safe(text, limit=len(text) + 1, newlines=True))


@dataclass
class Console:
    """Where questions are asked. `secret` reads without echo."""

    source: TextIO = field(default_factory=lambda: sys.stdin)
    sink: TextIO = field(default_factory=lambda: sys.stderr)
    secret: Callable[[str], str] | None = None

    def say(self, text: str | Line = "") -> None:
        """Write one line, or several."""
        spoken = text if isinstance(text, str) else "\n".join(words([text]))
        lines = (wrapped(line, columns(self.sink), "", "") for line in _shown(spoken).split("\n"))
        self.sink.write("\n".join(lines) + "\n")
        self.sink.flush()

    def tell(self, lines: Iterable[Line]) -> None:
        """Write facts, a line each; gaps are for eyes and left out."""
        for line in words(lines):
            self.say(line)

    def heading(self, number: int, title: str) -> None:
        """Begin a step: `Step 1 of 5: Provider`."""
        self.say()
        self.say(f"Step {number} of 5: {title}")

    def ask(self, label: str, *, default: str = "", optional: bool = False) -> str:
        """Ask for a line. An empty answer takes the default; without one, only an optional question may stay empty.

        Raises InputError when the input ends.
        """
        hint = f" [{safe(default, limit=200)}]" if default else (" (optional)" if optional else "")
        while True:
            self.sink.write(_shown(f"{label}{hint}: "))
            self.sink.flush()
            answer = self._line()
            if answer or default or optional:
                return answer or default
            self.say("An answer is needed here. Ctrl+C leaves; nothing is written.")

    def ask_secret(self, label: str, *, keep: bool = False, optional: bool = False) -> Secret | None:
        """Ask for a secret without echo. None keeps the one there is (`keep`); an empty Secret where it is optional."""
        hint = " (not shown; Enter keeps the present one)" if keep else " (not shown)"
        hint += " (optional)" if optional and not keep else ""
        while True:
            answer = self._hidden(_shown(f"{label}{hint}: "))
            if answer:
                hide([password := Secret(answer)])
                return password
            if keep:
                return None
            if optional:
                return Secret("")
            self.say("An answer is needed here. Ctrl+C leaves; nothing is written.")

    def choose(self, label: str, choices: Sequence[str], *, default: int = 1) -> int:
        """Ask for one of numbered choices; return its index from 0."""
        for number, choice in enumerate(choices, 1):
            self.say(f"  {number}  {choice}")
        while True:
            answer = self.ask(label, default=str(default))
            if answer.isascii() and answer.isdigit() and 1 <= int(answer) <= len(choices):
                return int(answer) - 1
            self.say(f"A number from 1 to {len(choices)} is needed.")

    def confirm(self, label: str, *, default: bool = False) -> bool:
        """Ask yes or no."""
        while True:
            answer = self.ask(f"{label} (yes or no)", default="yes" if default else "no").lower()
            if answer in ("y", "yes", "n", "no"):
                return answer.startswith("y")
            self.say("Answer yes or no.")

    def _line(self) -> str:
        line = self.source.readline()
        if not line:
            raise InputError("The input ended. Nothing was written by this step.", "Input ended")
        return line.strip()

    def _hidden(self, prompt: str) -> str:
        if self.secret is not None:
            return self.secret(prompt).strip("\r\n")
        try:
            return getpass.getpass(prompt, stream=self.sink).strip("\r\n")
        except EOFError:
            raise InputError("The input ended. Nothing was written by this step.", "Input ended") from None
