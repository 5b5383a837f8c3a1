"""`explain_log` for a log that comes line by line and may never end. Opens nothing, knows no clock.

Entries are told apart as there, so an error with its stack and its properties is one, even when each line comes alone;
its end is seen at the next entry, or by whoever waits for the lines: no line for a while is an end, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from smtpwizard.diagnosis.catalogue import Catalogue, default
from smtpwizard.diagnosis.explaining_text import Explained, Explainer
from smtpwizard.diagnosis.log_lines import found_in
from smtpwizard.diagnosis.records import Grouping, Record

if TYPE_CHECKING:
    from smtpwizard.preset_schema import Provider


class Seen(NamedTuple):
    """A mail error that came by."""

    key: tuple[str, ...]
    """The same for errors with the same cause."""
    line: int
    """Its first line, counted from 1 over all lines that were added."""
    explained: Explained
    """The kind of error: its first line, and how often it came until now."""


class LogStream:
    """Takes lines, gives mail errors."""

    def __init__(
        self,
        *,
        stage: str | None = None,
        provider: Provider | str | None = None,
        catalogue: Catalogue | None = None,
    ) -> None:
        self._stage = stage
        self._provider = provider
        self._grouping = Grouping()
        self._explainer = Explainer(catalogue or default())

    @property
    def lines(self) -> int:
        """Lines taken so far."""
        return self._grouping.number

    @property
    def entry(self) -> int:
        """The first line of the entry that may still go on; 0 where there is none."""
        current = self._grouping.current
        return current.number if current else 0

    def add(self, line: str, *, contained: bool = False) -> Seen | None:
        """Take the next line; return the mail error that it ended, if any.

        `contained`: the line came whole from a container, so no terminal has wrapped it.
        """
        return self._explained(self._grouping.add(line, contained=contained))

    def flush(self) -> Seen | None:
        """End the entry that may still go on; return it if it is a mail error."""
        return self._explained(self._grouping.flush())

    def _explained(self, record: Record | None) -> Seen | None:
        found = found_in(record, self._stage, self._provider) if record else None
        if found is None:
            return None
        key = self._explainer.take(found)
        return Seen(key, found.number, self._explainer.kinds[key]) if key else None
