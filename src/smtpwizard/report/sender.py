"""What DNS says of a sender's domain, check by check, with the records to publish. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from smtpwizard.report.lines import GAP, Line, LineRole, Mark, mark_of
from smtpwizard.text import safe

if TYPE_CHECKING:
    from smtpwizard.dns.sender import DnsRecord, SenderCheck, SenderReport
    from smtpwizard.presets.schema import Provider


_TROUBLED: Final = frozenset({"failed", "warned"})


class CheckLines(NamedTuple):
    """One check for a person."""

    lines: tuple[Line, ...]
    """The fact, what was found, what to do."""
    records: tuple[DnsRecord, ...]
    """What to publish."""


def checks(report: SenderReport) -> tuple[CheckLines, ...]:
    """Return the checks in their order."""
    return tuple(CheckLines(tuple(_lines(item)), _records(item)) for item in report.checks)


def _lines(check: SenderCheck) -> Iterator[Line]:
    yield Line(check.summary, mark_of(check.status.value), name=check.title)
    yield from (Line(line, role=LineRole.REMARK, indent=1) for line in check.detail)
    if check.remedy:
        yield Line(check.remedy, role=LineRole.ACTION, indent=1)


def _records(check: SenderCheck) -> tuple[DnsRecord, ...]:
    return (check.record, *check.also) if check.record is not None else check.also


def record_lines(record: DnsRecord) -> Iterator[Line]:
    """Yield the three parts of a record, each as its field on a DNS provider's page is called."""
    yield Line(record.name, role=LineRole.EVIDENCE, name="Record name")
    yield Line(record.type, role=LineRole.EVIDENCE, name="Record type")
    yield Line(record.value, role=LineRole.EVIDENCE, name="Record value")


def closing_lines(report: SenderReport, provider: Provider | None) -> Iterator[Line]:
    """Yield what is to be said of the checks as a whole: that nothing is wrong, or that nobody answered."""
    if not report.answered:
        sentence = "No name server answered: this machine is offline, or may not ask. Nothing is known of the domain."
        yield Line(sentence, Mark.SKIPPED)
        yield from (Line(line, indent=1) for line in _questions(report.domain, provider))
        yield Line(f"From another machine: smtpwizard sender {safe(report.address, limit=120)}", indent=1)
    elif not any(check.status.value in _TROUBLED for check in report.checks):
        yield GAP
        fine = "Nothing in DNS speaks against the mail. A DKIM signature shows only in a mail that has arrived."
        yield Line(fine, role=LineRole.REMARK)


def _questions(domain: str, provider: Provider | None) -> Iterator[str]:
    """Yield what `domain` should publish and how to see it, where this machine cannot look itself."""
    if provider is not None and provider.spf_include:
        included = " or ".join(f"include:{name}" for name in provider.spf_include)
        yield f"SPF: the TXT record of {domain} should have {included}. See it with: dig +short TXT {domain}"
    yield f"DMARC: a policy of reject or quarantine drops unsigned mail. See it with: dig +short TXT _dmarc.{domain}"
