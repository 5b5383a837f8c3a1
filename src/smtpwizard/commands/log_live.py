"""`logs --follow` as it happens: a new kind of trouble at once, one told before only counted, a summary at the end."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from smtpwizard.commands import log_text
from smtpwizard.commands.output import emit, emit_json, say
from smtpwizard.errors import ExitCode

if TYPE_CHECKING:
    from smtpwizard.container.log_reader import Trouble
    from smtpwizard.container.recent import LogReport

QUIET_SECONDS: Final = 5.0
"""A kind of trouble that comes again gets a line on a terminal at most so often: an app that retries floods nobody."""


class Live:
    """Tells what comes."""

    def __init__(self, as_json: bool, source: str, *, terminal: bool) -> None:
        self._json = as_json
        self._source = source
        self._told: dict[int, float] = {}  # first line of a kind → when it was last spoken of
        self._terminal = terminal
        say(f"Following {source}; Ctrl+C ends it with a summary.")

    def tell(self, trouble: Trouble) -> None:
        """Tell a mail error."""
        now = time.monotonic()
        before = self._told.get(trouble.first_line)
        if before is None:
            self._told[trouble.first_line] = now
            if self._json:
                emit_json({"schema": 1, "event": "trouble", **trouble.to_json()})
            else:
                emit("\n".join((*log_text.trouble_lines(trouble, log_text.columns()), "")))
        elif self._terminal and not self._json and now - before >= QUIET_SECONDS:
            self._told[trouble.first_line] = now
            emit(log_text.again_line(trouble, log_text.columns()))

    def interrupted(self, rest: Iterable[Trouble]) -> None:
        """Take Ctrl+C as the end; `rest` is what was still open."""
        if self._terminal:
            say()  # after the terminal's ^C
        for trouble in rest:
            self.tell(trouble)

    def end(self, report: LogReport) -> ExitCode:
        """Print the summary: each kind with its count."""
        if self._json:
            from smtpwizard.commands.logs import to_json

            emit_json({**to_json(report, self._source), "event": "summary"})
        else:
            width = log_text.columns()
            for trouble in report.troubles:
                line = f"{log_text.counted(trouble)}: {log_text.name_of(trouble.diagnoses[0])}"
                emit(log_text.wrapped(line, width, "✗ "))
            emit(log_text.wrapped(f"{self._source}: {log_text.summary(report)}", width, ""))
        return ExitCode.FAILED if report.troubles else ExitCode.OK
