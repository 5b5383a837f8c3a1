"""What DNS says about a sender's domain, judged. Data only; texts in here are safe to show."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple


class Standing(StrEnum):
    """How a check came out."""

    PASSED = "passed"
    WARNED = "warned"
    FAILED = "failed"
    SKIPPED = "skipped"
    """Not asked, or not answered: nothing is known."""


class DnsRecord(NamedTuple):
    """A record to publish, as text to copy."""

    name: str
    """The full name, without the final dot: `_dmarc.acme.example`."""
    type: str
    """`TXT`, `CNAME`."""
    value: str


_TITLES: Final = {"domain": "Domain", "mx": "MX", "spf": "SPF", "dkim": "DKIM", "dmarc": "DMARC"}


class SenderCheck(NamedTuple):
    """One question about the domain, answered."""

    id: str
    """`domain`, `mx`, `spf`, `dkim`, `dmarc`."""
    standing: Standing
    summary: str
    """One line: the fact."""
    detail: tuple[str, ...] = ()
    """The records as found and what follows from them, a line each."""
    remedy: str = ""
    """What to do; empty where nothing is to be done."""
    record: DnsRecord | None = None
    """What to publish, where a record is wanted."""
    also: tuple[DnsRecord, ...] = ()
    """Further records that belong to it, where one is not enough: a provider's second and third DKIM key."""

    @property
    def title(self) -> str:
        """What people call it: `SPF`."""
        return _TITLES.get(self.id, self.id)


class SenderReport(NamedTuple):
    """All that was asked about one sender."""

    address: str
    domain: str
    """In lower case and ASCII."""
    checks: tuple[SenderCheck, ...]
    provider: str | None = None
    """The id of the provider that SPF and DKIM were judged for."""
    answered: bool = True
    """False where no name server answered at all: offline."""

    def check(self, id_: str) -> SenderCheck | None:
        """Return the check of that id, or None where it was not made."""
        return next((item for item in self.checks if item.id == id_), None)

    @property
    def trusted(self) -> bool:
        """Whether nothing was found for which receivers would refuse or suspect the mail, and DNS answered."""
        return self.answered and all(item.standing is not Standing.FAILED for item in self.checks)
