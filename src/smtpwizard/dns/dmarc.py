"""DMARC (RFC 9989): records parsed and looked up, and whether mail through the provider can pass the policy."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Sequence
from typing import Final

from smtpwizard.dns.resolver import Dns
from smtpwizard.dns.sender import Answer, Context, DnsRecord, Owner, SenderCheck, State, unknown_because
from smtpwizard.presets.schema import SpfEnvelope
from smtpwizard.records import NamedTuple
from smtpwizard.smtp.results import Status
from smtpwizard.text import listed, safe

POLICIES: Final = ("none", "quarantine", "reject")
_MOST_TAGS: Final = 40
_MOST_REPORTS: Final = 10
_REPORT: Final = re.compile(r"(?i)mailto:([^\s,!@]{1,64})@([a-z0-9.-]{1,253})(?:!\d+[kmgt]?)?")


class Dmarc(NamedTuple):
    """One record."""

    text: str
    policy: str = ""
    """`none`, `quarantine`, `reject`; empty where `p=` is missing or wrong."""
    subdomains: str = ""
    """`sp=`, the same; empty where it is missing."""
    missing: str = ""
    """`np=`, for names that do not exist (RFC 9989); empty where it is missing."""
    strict_dkim: bool = False
    strict_spf: bool = False
    percent: int = 100
    """`pct=`, which RFC 9989 has dropped but older receivers heed."""
    testing: bool = False
    """`t=y`: one step less than the policy is asked for (RFC 9989)."""
    psd: str = "u"
    """`y`: published for a public suffix; `n`: for an organisation; `u`: not said."""
    reports: tuple[tuple[str, str], ...] = ()
    """`rua=`: mailbox and domain of each mailto: address."""
    faults: tuple[str, ...] = ()
    """What receivers will pass over, as sentences."""

    @property
    def valid(self) -> bool:
        """Whether receivers apply it at all: with a wrong `p=` only where `rua=` has an address (section 4.10.1)."""
        return bool(self.policy or self.reports)

    def asks(self, *, inherited: bool) -> str:
        """Return what is asked for a failing mail of the domain itself, or of an existing name below it."""
        asked = (self.subdomains if inherited else "") or self.policy or "none"
        if self.testing or not self.percent:
            return POLICIES[max(POLICIES.index(asked) - 1, 0)]
        return asked


def dmarc_records(texts: Sequence[str]) -> tuple[str, ...]:
    """Return those TXT records that are DMARC records: `v=DMARC1` comes first, in these letters."""
    return tuple(text for text in texts if re.match(r"v[ \t]*=[ \t]*DMARC1[ \t]*(?:;|\Z)", text))


def parse_dmarc(text: str) -> Dmarc:
    """Take one record apart. An unknown tag is passed over, a wrong value replaced by its default (section 4.8)."""
    tags: dict[str, str] = {}
    faults: list[str] = []
    for part in text.split(";")[1 : _MOST_TAGS + 1]:
        name, sign, value = part.partition("=")
        key = name.strip().lower()
        if sign and key in tags:
            faults.append(f"{key}= is there twice; the first one counts.")
        elif sign:
            tags[key] = value.strip()
        elif part.strip():
            faults.append(f"`{part.strip()[:40]}` is no tag.")
    policy = _word(tags, "p", POLICIES, faults)
    if "p" not in tags:
        faults.append("p= is missing.")
    reports = _reports(tags.get("rua", ""), faults)
    percent = tags.get("pct", "100")
    if not (percent.isascii() and percent.isdigit() and int(percent[:4]) <= 100):
        faults.append("pct= is no number from 0 to 100.")
        percent = "100"
    return Dmarc(
        text,
        policy=policy,
        subdomains=_word(tags, "sp", POLICIES, faults),
        missing=_word(tags, "np", POLICIES, faults),
        strict_dkim=_word(tags, "adkim", ("r", "s"), faults) == "s",
        strict_spf=_word(tags, "aspf", ("r", "s"), faults) == "s",
        percent=int(percent),
        testing=_word(tags, "t", ("y", "n"), faults) == "y",
        psd=_word(tags, "psd", ("y", "n", "u"), faults) or "u",
        reports=reports,
        faults=tuple(faults),
    )


def _word(tags: dict[str, str], name: str, words: Sequence[str], faults: list[str]) -> str:
    value = tags.get(name, "").lower()
    if value in words:
        return value
    if name in tags:
        faults.append(f"{name}= must be one of {', '.join(words)}.")
    return ""


def _reports(value: str, faults: list[str]) -> tuple[tuple[str, str], ...]:
    found = []
    for part in value.split(",")[:_MOST_REPORTS]:
        match = _REPORT.fullmatch(part.strip())
        if match:
            found.append((match[1], match[2].lower().strip(".")))
        elif part.strip():
            faults.append("rua= has an entry that is no mailto: address.")
    return tuple(found)


MOST_QUESTIONS: Final = 8


class Policy(NamedTuple):
    """What was found."""

    answer: Answer
    """The one that decided: with the record, or the first that could not be had."""
    home: str = ""
    """The domain at whose `_dmarc` the record is; empty for none."""
    record: Dmarc | None = None
    several: tuple[str, ...] = ()
    """The records at the domain itself where there are several: receivers then heed none of them."""
    organisation: str = ""
    """The organisational domain, by the walk."""

    def inherited(self, domain: str) -> bool:
        """Say whether the record is that of a domain above."""
        return bool(self.home) and self.home != domain


async def find_policy(dns: Dns, domain: str) -> Policy:
    """Find the record for mail from `domain`. The questions go out together, for they do not depend on each other."""
    names = walk_names(domain)
    answers = await asyncio.gather(*(dns.ask(f"_dmarc.{name}", "TXT") for name in names))
    lost = next((answer for answer in answers[:1] if not answer.known), None)
    if lost is not None:
        return Policy(lost)
    found: list[tuple[str, Answer, Dmarc]] = []
    several: tuple[str, ...] = ()
    for name, answer in zip(names, answers, strict=True):
        records = dmarc_records(answer.texts)
        if len(records) > 1 and name == domain:
            several = records
        if len(records) == 1:
            found.append((name, answer, parse_dmarc(records[0])))
    organisation = _organisation(domain, [(name, record) for name, _, record in found])
    at = {name: (answer, record) for name, answer, record in found if record.valid}
    for name in dict.fromkeys((domain, organisation, *(item for item, _, record in found if record.psd == "y"))):
        if name in at:
            return Policy(at[name][0], name, at[name][1], several, organisation)
    broken = next((record for name, _, record in found if name == domain), None)
    unheard = next((answer for answer in answers if not answer.known), Answer(State.EMPTY))
    return Policy(unheard, domain if broken else "", broken, several, organisation)


def walk_names(domain: str) -> tuple[str, ...]:
    """Return the domains to ask, the domain itself first: from eight labels on, seven come next (section 4.10)."""
    labels = domain.split(".")
    first = 1 if len(labels) < MOST_QUESTIONS else len(labels) - (MOST_QUESTIONS - 1)
    return (domain, *(".".join(labels[start:]) for start in range(first, len(labels))))


def _organisation(domain: str, found: list[tuple[str, Dmarc]]) -> str:
    """Return the organisational domain (section 4.10.2) out of the records from the longest name to the shortest."""
    for name, record in found:
        if record.psd == "n":
            return name
        if record.psd == "y" and name != domain:
            labels = domain.split(".")
            return ".".join(labels[-len(name.split(".")) - 1 :])
    return found[-1][0] if found else domain


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


def alignment_of(context: Context, *, dkim: bool | None, spf: bool | None) -> Alignment:
    """Return what can make mail pass. An envelope below the sender's domain is set up together with the keys."""
    together = context.envelope is SpfEnvelope.SUBDOMAIN and dkim is False
    return Alignment(dkim, False if together else spf)


def check_dmarc(
    context: Context, policy: Policy, alignment: Alignment, *, permissions: tuple[tuple[str, Answer], ...] = ()
) -> SenderCheck:
    """Return the check `dmarc`. `permissions`: other domains that reports go to, and whether they take them."""
    record = policy.record
    if record is None and policy.several:
        return _several(policy)
    if record is None and not policy.answer.known:
        return SenderCheck(_ID, Status.SKIPPED, "The DMARC record is not known.", (unknown_because(policy.answer),))
    if record is None:
        return _none(context)
    detail = tuple(_detail(context, policy, record, permissions))
    if not record.valid:
        return _invalid(context, record, detail)
    asked = record.asks(inherited=policy.inherited(context.domain))
    status, summary, remedy = _judge(context, record, asked, alignment)
    if status is Status.PASSED and record.faults:
        status, remedy = Status.WARNED, "Correct the record."
    return SenderCheck(_ID, status, summary, detail, remedy if context.owner is not Owner.PROVIDER else "")


def _judge(context: Context, record: Dmarc, asked: str, alignment: Alignment) -> tuple[Status, str, str]:
    policy = f"p={asked}"
    if context.provider is None or context.owner is Owner.PROVIDER:
        return Status.PASSED, f"The domain asks receivers for {policy}.", ""
    harmless = asked == "none"
    if context.owner is Owner.OTHERS:
        summary = f"The domain asks for {policy}, and mail through {context.by} can never pass."
        return Status.WARNED if harmless else Status.FAILED, summary, "Send from a domain of your own."
    passes = alignment.passes(record)
    if passes:
        way = "its DKIM signature" if alignment.dkim else "SPF"
        return Status.PASSED, f"The domain asks for {policy}; mail through {context.by} passes by {way}.", ""
    if passes is None:
        summary = (
            f"The domain asks for {policy}. Whether mail through {context.by} passes cannot be seen from DNS alone."
        )
        remedy = f"Set {context.domain} up with {context.by}, and look at the DMARC result in a mail that has arrived."
        return Status.PASSED if harmless else Status.WARNED, summary, remedy
    remedy = f"Publish {context.by}'s DKIM key, or its SPF include where its envelope has your domain."
    if harmless:
        summary = (
            f"The domain asks for {policy}, so nothing is refused for it, but mail through {context.by} fails DMARC."
        )
        return Status.WARNED, summary, remedy
    does = "refuse this mail" if asked == "reject" else "put this mail into spam"
    summary = f"The domain asks for {policy}, and mail through {context.by} fails: receivers that honour it {does}."
    return Status.FAILED, summary, remedy


def _none(context: Context) -> SenderCheck:
    summary = f"{context.domain} has no DMARC record."
    if context.owner is not Owner.OPERATOR:
        return SenderCheck(_ID, Status.WARNED, summary)
    record = DnsRecord(f"_dmarc.{context.domain}", "TXT", f"v=DMARC1; p=none; rua=mailto:postmaster@{context.domain}")
    remedy = "Publish this record. It refuses nothing; the reports that it asks for show who sends in your name."
    return SenderCheck(_ID, Status.WARNED, summary, (BULK_RULE,), remedy, record)


def _several(policy: Policy) -> SenderCheck:
    summary = f"There are {len(policy.several)} DMARC records, so receivers heed none of them (RFC 9989 section 4.10)."
    detail = tuple(f"Found: {safe(text, limit=_SHOWN)}" for text in policy.several[:4])
    return SenderCheck(_ID, Status.WARNED, summary, (*detail, BULK_RULE), "Keep one of them, and delete the others.")


def _invalid(context: Context, record: Dmarc, detail: tuple[str, ...]) -> SenderCheck:
    rest = [part.strip() for part in record.text.split(";")[1:] if part.strip() and not _is_policy(part)]
    value = "; ".join(["v=DMARC1", "p=none", *rest])
    fits = context.owner is Owner.OPERATOR and value.isascii() and value.isprintable() and len(value) < _SHOWN
    summary = "The DMARC record has no valid policy, so receivers pass it over (RFC 9989 section 4.10.1)."
    fixed = DnsRecord(f"_dmarc.{context.domain}", "TXT", value) if fits else None
    return SenderCheck(_ID, Status.WARNED, summary, detail, "Correct its p=: none, quarantine or reject.", fixed)


def _is_policy(part: str) -> bool:
    return part.partition("=")[0].strip().lower() == "p"


def _detail(
    context: Context, policy: Policy, record: Dmarc, permissions: tuple[tuple[str, Answer], ...]
) -> Iterator[str]:
    where = f" at _dmarc.{policy.home}" if policy.inherited(context.domain) else ""
    yield f"Found{where}: {safe(record.text, limit=_SHOWN)}"
    if policy.inherited(context.domain):
        tag = "sp=" if record.subdomains else "p="
        yield f"{context.domain} has none of its own: {tag} of {policy.home} applies."
    if record.testing or record.percent < 100:
        tag = "t=y" if record.testing else f"pct={record.percent}"
        yield f"{tag} asks receivers to apply less than the policy."
    strict = [name for name, on in (("adkim=s", record.strict_dkim), ("aspf=s", record.strict_spf)) if on]
    if strict:
        yield f"{listed(strict)}: names below {policy.home} do not align."
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
