"""Can the provider sign for the sender's domain? DKIM judged, with the records to publish (RFC 6376). Asks nobody."""

from __future__ import annotations

from collections.abc import Iterator

from smtpwizard.sender.answers import State, unknown_because
from smtpwizard.sender.case import Case, Owner
from smtpwizard.sender.dkim_facts import DkimFacts, KeyFact
from smtpwizard.sender.dkim_record import GOOD_RSA, WEAKEST_RSA
from smtpwizard.sender.results import DnsRecord, SenderCheck, Standing
from smtpwizard.text import safe

_ID = "dkim"


def check_dkim(case: Case, facts: DkimFacts, *, spf_aligned: bool | None) -> SenderCheck:
    """Return the check `dkim`. Mail without a signature passes DMARC where `spf_aligned`, so it is a warning then."""
    if case.provider is None:
        remedy = "Name the provider to have its key looked for."
        return SenderCheck(_ID, Standing.SKIPPED, "Without a provider there is no selector to look for.", (), remedy)
    if case.owner is not Owner.OPERATOR:
        return _not_ours(case)
    if not facts.keys:
        return _no_selector(case)
    detail = tuple(_line(item) for item in facts.keys if not item.selector.alternative or item.there)
    lacking = tuple(item for item in facts.wanted if not item.good)
    records = tuple(record for item in lacking if (record := _record(case, item)))
    remedy = _remedy(case, lacking, records)
    first, also = (records[0] if records else None), records[1:]
    if any(not item.answer.known for item in facts.keys) and not any(item.good for item in facts.keys):
        return SenderCheck(_ID, Standing.SKIPPED, f"Whether {case.by}'s keys are published is not known.", detail)
    if facts.above:
        return _above(case, facts, detail, remedy)
    if not facts.signed:
        standing = Standing.WARNED if spf_aligned or facts.doubtful else Standing.FAILED
        summary = f"{case.by} has no usable key at {case.domain}, so its mail is not signed for it."
        if facts.doubtful:
            detail += ("No page of the vendor's confirms these names: compare with what it shows you.",)
        return SenderCheck(_ID, standing, summary, detail, remedy, first, also)
    count = sum(item.good for item in facts.wanted)
    summary = f"{case.by} can sign for {case.domain} ({count} of {len(facts.wanted)} keys)."
    if lacking:
        return SenderCheck(_ID, Standing.WARNED, summary, detail, remedy, first, also)
    if any(item.key and item.key.testing for item in facts.wanted):
        return SenderCheck(_ID, Standing.WARNED, summary, detail, "Take t=y out of the key record once it works.")
    if any(item.key and item.key.kind == "rsa" and item.key.bits < GOOD_RSA for item in facts.wanted):
        advice = f"Ask {case.by} for a key of {GOOD_RSA} bits (RFC 8301)."
        return SenderCheck(_ID, Standing.WARNED, summary, detail, advice)
    return SenderCheck(_ID, Standing.PASSED, summary, detail)


def _not_ours(case: Case) -> SenderCheck:
    if case.owner is Owner.PROVIDER:
        summary = f"{case.by} signs for {case.domain} itself; there is nothing to publish."
        return SenderCheck(_ID, Standing.SKIPPED, summary)
    return SenderCheck(_ID, Standing.FAILED, f"{case.by} cannot sign for {case.domain}.")


def _no_selector(case: Case) -> SenderCheck:
    assert case.provider is not None
    where = case.provider.dkim.where
    summary = f"The selector of {case.by}'s key is not known, so the key cannot be looked for."
    remedy = where if where else f"{case.by} shows the record to publish, if it signs for domains of its customers."
    return SenderCheck(_ID, Standing.SKIPPED, summary, (), remedy)


def _above(case: Case, facts: DkimFacts, detail: tuple[str, ...], remedy: str) -> SenderCheck:
    name = safe(facts.above[0].name, limit=200)
    summary = f"{case.by}'s key is not at {case.domain}, but at {name}."
    detail += ("A signature with that key aligns, too, unless DMARC says adkim=s. Whether one is made, a mail shows.",)
    return SenderCheck(_ID, Standing.WARNED, summary, detail, remedy)


def _line(item: KeyFact) -> str:
    name = safe(item.name, limit=200)
    if item.key is None:
        return f"{name}: {_absent(item)}"
    key = item.key
    if key.revoked:
        return f"{name}: the key is revoked (empty p=)."
    if key.error:
        return f"{name}: the record {key.error}."
    note = ""
    if key.kind == "rsa" and key.bits < WEAKEST_RSA:
        note = f", too short: receivers take none below {WEAKEST_RSA} (RFC 8301)"
    elif key.kind == "rsa" and key.bits < GOOD_RSA:
        note = f", short: {GOOD_RSA} are recommended (RFC 8301)"
    testing = " It is in test mode (t=y)." if key.testing else ""
    size = f"{key.bits} bits" if key.kind == "rsa" else "256 bits"
    return f"{name}: {key.kind} key, {size}{note}.{testing}"


def _absent(item: KeyFact) -> str:
    if not item.answer.known:
        return unknown_because(item.answer)
    if item.answer.aliases:
        target = safe(item.answer.aliases[-1], limit=200)
        missing = "does not exist" if item.answer.state is State.NO_NAME else "has no key"
        return f"leads to {target}, which {missing}."
    return "nothing is published there." if not item.answer.texts else "what is published there is no key record."


def _record(case: Case, item: KeyFact) -> DnsRecord | None:
    target = item.selector.target_for(case.domain)
    if not target or (item.answer.aliases and item.answer.aliases[0].lower() == target.lower()):
        return None
    return DnsRecord(f"{item.selector.selector}._domainkey.{case.domain}", item.selector.type, target)


def _remedy(case: Case, lacking: tuple[KeyFact, ...], records: tuple[DnsRecord, ...]) -> str:
    return " ".join(_steps(case, lacking, records))


def _steps(case: Case, lacking: tuple[KeyFact, ...], records: tuple[DnsRecord, ...]) -> Iterator[str]:
    assert case.provider is not None
    if not lacking:
        return
    if records:
        yield f"Set {case.domain} up with {case.by}, then publish {'these records' if records[1:] else 'this record'}."
        if not all(item.selector.verified for item in lacking):
            yield f"Compare with what {case.by} shows you."
    else:
        kind = lacking[0].selector.type
        yield f"Publish the {kind} record{'s' if len(lacking) > 1 else ''} that {case.by} gives you."
    if case.provider.dkim.where:
        yield case.provider.dkim.where
