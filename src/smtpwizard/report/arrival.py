"""What `send` saw of its mails in an inbox: as JSON, and as lines for people. Prints nothing, asks nobody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from smtpwizard.mailbox.model import Arrival

_INDENT: Final = "  "
_SYMBOLS: Final = {"inbox": "✓", "junk": "!", "other": "!", "missing": "✗", "unknown": "–"}


class Row(NamedTuple):
    """What became of one mail."""

    message_id: str
    arrival: Arrival | None
    seconds: float | None
    """From the start of the look until it was found."""


class Sight(NamedTuple):
    """What was seen in an inbox."""

    inbox: str
    """Its name, safe to show."""
    explicit: bool
    """Whether the operator named it. A catcher that was found by itself may not be where the mail goes."""
    seconds: float
    """How long was looked."""
    rows: tuple[Row, ...]
    trouble: str = ""
    """Why the inbox could not be read: then what is not found is not known to be missing."""

    @property
    def all_arrived(self) -> bool:
        """Whether every mail was found, junk included."""
        return all(row.arrival is not None for row in self.rows)

    def status(self, row: Row) -> str:
        """Return `inbox`, `junk`, `other`, `missing`, or `unknown` where the inbox could not be read."""
        if row.arrival is not None:
            return row.arrival.place.value
        return "unknown" if self.trouble else "missing"

    def to_json(self) -> list[dict[str, Any]]:
        """Return one object a mail: `id status folder seconds where authentication`."""
        return [
            {
                "id": row.message_id,
                "status": self.status(row),
                "folder": (row.arrival.folder or None) if row.arrival else None,
                "seconds": round(row.seconds, 1) if row.seconds is not None else None,
                "where": self.inbox,
                "authentication": row.arrival.authentication._asdict()
                if row.arrival and row.arrival.authentication
                else None,
            }
            for row in self.rows
        ]

    def lines(self, titles: Mapping[str, str]) -> Iterator[str]:
        """Yield what was seen, for people; `titles` name the mails by their Message-ID."""
        advice: dict[str, None] = {}
        for row in self.rows:
            status = self.status(row)
            yield f"{_SYMBOLS[status]} {titles.get(row.message_id, 'The mail')}: {_place(row, self)}"
            advice |= dict.fromkeys(self._advice(row))
        yield from (_INDENT + line for line in advice)

    def _advice(self, row: Row) -> Iterator[str]:
        if row.arrival is not None:
            from smtpwizard.mailbox.authentication import words

            # A catcher judges no sender, and people cannot miss a mail in it.
            if row.arrival.folder:
                yield from words(row.arrival.authentication, row.arrival.place)
        elif self.trouble:
            yield self.trouble
        elif self.explicit:
            yield (
                "The server has accepted it, which is not delivery. Wait some minutes and look again, in junk and "
                "quarantine too; the provider's page shows what became of it."
            )
        else:
            yield (
                f"The mail may go elsewhere: {self.inbox} was found at the mail server's host, and nobody said that it "
                "keeps its mail. Name the inbox with --inbox."
            )


def _place(row: Row, sight: Sight) -> str:
    if row.arrival is None:
        if sight.trouble:
            return f"not known, since {sight.inbox} could not be read"
        return f"not found in {sight.inbox} within {sight.seconds:.0f} s"
    seconds = f"after {row.seconds:.1f} s" if row.seconds is not None else ""
    if not row.arrival.folder:
        return f"arrived in {sight.inbox} {seconds}".rstrip()
    where = {"inbox": "in the inbox", "junk": "in junk", "other": "in another folder"}[row.arrival.place.value]
    name = f" ({row.arrival.folder})" if row.arrival.folder.upper() != "INBOX" else ""
    return f"arrived {where}{name} of {sight.inbox} {seconds}".rstrip()
