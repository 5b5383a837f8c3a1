"""The dialogue line by line, for people: credentials masked, foreign text made safe, bounded. Keeps no raw octets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from smtpwizard.probe.results import TranscriptLine
from smtpwizard.text import safe

MAX_LINES: Final = 500
"""Lines that are kept; a whole send has about 40."""
MAX_CHARACTERS: Final = 1000


class Transcript:
    """What was said, redacted as it comes in."""

    def __init__(self, redact: Callable[[str], str]) -> None:
        self._redact = redact
        self._lines: list[TranscriptLine] = []
        self._left_out = 0

    def client(self, line: str) -> None:
        """Note a line of ours; the caller masks credentials before."""
        self._add("client", line)

    def server(self, reply: str) -> None:
        """Note a reply, which may have several lines."""
        room = MAX_LINES - len(self._lines)
        lines = reply.split("\n", max(room, 0) + 1)
        for line in lines[: room + 1]:
            self._add("server", line)

    def lines(self) -> tuple[TranscriptLine, ...]:
        """Return everything so far."""
        if not self._left_out:
            return tuple(self._lines)
        return (*self._lines, TranscriptLine("client", f"({self._left_out} more lines, not kept)"))

    def _add(self, sender: str, line: str) -> None:
        if len(self._lines) >= MAX_LINES:
            self._left_out += 1
            return
        self._lines.append(TranscriptLine(sender, safe(self._redact(line), limit=MAX_CHARACTERS)))
