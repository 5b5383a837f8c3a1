"""What does the domain ask receivers to do with mail that fails, and can mail through this provider pass? (RFC 9989)"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from smtpwizard.preset_schema import SpfEnvelope
from smtpwizard.sender.answers import Answer, unknown_because
from smtpwizard.sender.case import Case, Owner
from smtpwizard.sender.dmarc_find import Policy
from smtpwizard.sender.dmarc_record import Dmarc
from smtpwizard.sender.results import DnsRecord, SenderCheck, Standing
from smtpwizard.text import safe

_ID = "dmarc"
_SHOWN = 1000
BULK_RULE: Final = (
    "Gmail and Yahoo want one from whoever sends them 5,000 mails a day or more, since 2024-02-01 "
    "(support.google.com/a/answer/81126)."
)


class Alignment(NamedTuple):
    """What can make mail through the provider pass; None where DNS does not tell."""

    dkim: bool | None
    spf: bool | None

    def passes(self, record: Dmarc | None) -> bool | None:
        """Say whether mail can pass. A key is at the sender's domain itself, so strict alignment changes nothing."""
        spf = False if self.spf is None and record is not None and record.strict_spf else self.spf
        if self.dkim or spf:
            return True
        return False if self.dkim is False and spf is False else None


def alignment_of(case: Case, *, dkim: bool | None, spf: bool | None) -> Alignment:
    """Return what can make mail pass. An envelope below the sender's domain is set up together with the keys."""
    together = case.envelope is SpfEnvelope.SUBDOMAIN and dkim is False
    return Alignment(dkim, False if together else spf)


def check_dmarc(
    case: Case, policy: Policy, alignment: Alignment, *, permissions: tuple[tuple[str, Answer], ...] = ()
) -> SenderCheck:
    """Return the check `dmarc`. `permissions`: other domains that reports go to, and whether they take them."""
    record = policy.record
    if record is None and policy.several:
        return _several(case, policy)
    if record is None and not policy.answer.known:
        return SenderCheck(_ID, Standing.SKIPPED, "The DMARC record is not known.", (unknown_because(policy.answer),))
    if record is None:
        return _none(case)
    detail = tuple(_detail(case, policy, record, permissions))
    if not record.valid:
        return _invalid(case, record, detail)
    asked = record.asks(inherited=policy.inherited(case.domain))
    standing, summary, remedy = _judge(case, record, asked, alignment)
    if standing is Standing.PASSED and record.faults:
        standing, remedy = Standing.WARNED, "Correct the record."
    return SenderCheck(_ID, standing, summary, detail, remedy if case.owner is not Owner.PROVIDER else "")


def _judge(case: Case, record: Dmarc, asked: str, alignment: Alignment) -> tuple[Standing, str, str]:
    policy = f"p={asked}"
    if case.provider is None or case.owner is Owner.PROVIDER:
        return Standing.PASSED, f"The domain asks receivers for {policy}.", ""
    harmless = asked == "none"
    if case.owner is Owner.OTHERS:
        summary = f"The domain asks for {policy}, and mail through {case.by} can never pass."
        return Standing.WARNED if harmless else Standing.FAILED, summary, "Send from a domain of your own."
    passes = alignment.passes(record)
    if passes:
        way = "its DKIM signature" if alignment.dkim else "SPF"
        return Standing.PASSED, f"The domain asks for {policy}; mail through {case.by} passes by {way}.", ""
    if passes is None:
        summary = f"The domain asks for {policy}. Whether mail through {case.by} passes cannot be seen from DNS alone."
        remedy = f"Set {case.domain} up with {case.by}, and look at the DMARC result in a mail that has arrived."
        return Standing.PASSED if harmless else Standing.WARNED, summary, remedy
    remedy = f"Publish {case.by}'s DKIM key, or its SPF include where its envelope has your domain."
    if harmless:
        summary = f"The domain asks for {policy}, so nothing is refused for it, but mail through {case.by} fails DMARC."
        return Standing.WARNED, summary, remedy
    does = "refuse this mail" if asked == "reject" else "put this mail into spam"
    summary = f"The domain asks for {policy}, and mail through {case.by} fails: receivers that honour it {does}."
    return Standing.FAILED, summary, remedy


def _none(case: Case) -> SenderCheck:
    summary = f"{case.domain} has no DMARC record."
    if case.owner is not Owner.OPERATOR:
        return SenderCheck(_ID, Standing.WARNED, summary)
    record = DnsRecord(f"_dmarc.{case.domain}", "TXT", f"v=DMARC1; p=none; rua=mailto:postmaster@{case.domain}")
    remedy = "Publish this record. It refuses nothing; the reports that it asks for show who sends in your name."
    return SenderCheck(_ID, Standing.WARNED, summary, (BULK_RULE,), remedy, record)


def _several(case: Case, policy: Policy) -> SenderCheck:
    summary = f"There are {len(policy.several)} DMARC records, so receivers heed none of them (RFC 9989 section 4.10)."
    detail = tuple(f"Found: {safe(text, limit=_SHOWN)}" for text in policy.several[:4])
    return SenderCheck(_ID, Standing.WARNED, summary, (*detail, BULK_RULE), "Keep one of them, and delete the others.")


def _invalid(case: Case, record: Dmarc, detail: tuple[str, ...]) -> SenderCheck:
    rest = [part.strip() for part in record.text.split(";")[1:] if part.strip() and not _is_policy(part)]
    value = "; ".join(["v=DMARC1", "p=none", *rest])
    fits = case.owner is Owner.OPERATOR and value.isascii() and value.isprintable() and len(value) < _SHOWN
    summary = "The DMARC record has no valid policy, so receivers pass it over (RFC 9989 section 4.10.1)."
    fixed = DnsRecord(f"_dmarc.{case.domain}", "TXT", value) if fits else None
    return SenderCheck(_ID, Standing.WARNED, summary, detail, "Correct its p=: none, quarantine or reject.", fixed)


def _is_policy(part: str) -> bool:
    return part.partition("=")[0].strip().lower() == "p"


def _detail(case: Case, policy: Policy, record: Dmarc, permissions: tuple[tuple[str, Answer], ...]) -> Iterator[str]:
    where = f" at _dmarc.{policy.home}" if policy.inherited(case.domain) else ""
    yield f"Found{where}: {safe(record.text, limit=_SHOWN)}"
    if policy.inherited(case.domain):
        tag = "sp=" if record.subdomains else "p="
        yield f"{case.domain} has none of its own: {tag} of {policy.home} applies."
    if record.testing or record.percent < 100:
        tag = "t=y" if record.testing else f"pct={record.percent}"
        yield f"{tag} asks receivers to apply less than the policy."
    strict = [name for name, on in (("adkim=s", record.strict_dkim), ("aspf=s", record.strict_spf)) if on]
    if strict:
        yield f"{' and '.join(strict)}: names below {policy.home} do not align."
    yield from (f"Fault: {safe(text, limit=200)}" for text in record.faults[:6])
    for domain, answer in permissions:
        if answer.void:
            yield f"{safe(domain, limit=100)} does not say that it takes reports for {policy.home}; it will get none."


def outside_reports(policy: Policy) -> tuple[tuple[str, str], ...]:
    """Return the other domains that reports go to, each with the name that must permit it (RFC 9990 section 4)."""
    record, home = policy.record, policy.home
    if record is None or not home:
        return ()
    domains = dict.fromkeys(domain for _, domain in record.reports if not _same(domain, home))
    return tuple((domain, f"{home}._report._dmarc.{domain}") for domain in list(domains)[:2])


def _same(one: str, other: str) -> bool:
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")
