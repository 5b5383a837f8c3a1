"""Whether the sender's SPF record (RFC 7208) lets the provider send, and the record to publish where it does not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from smtpwizard.dns.sender import Context, DnsRecord, Owner, SenderCheck
from smtpwizard.dns.spf import (
    COUNTED,
    MOST_LOOKUPS,
    MOST_VOIDS,
    VERSION,
    Spf,
    SpfEvaluation,
    SpfFacts,
    not_known,
    parse_spf,
)
from smtpwizard.presets.schema import SpfEnvelope
from smtpwizard.records import NamedTuple
from smtpwizard.smtp.results import Status
from smtpwizard.text import safe

ONE_STRING: Final = 255
"""Octets of one string in a TXT record (RFC 1035 section 3.3.14); a longer record is several strings."""
ONE_PACKET: Final = 512
"""Octets of an answer that fits a UDP packet without extensions (RFC 7208 section 3.4)."""

_STRICTNESS: Final = "~-?+"
"""Qualifiers of `all` in the order in which one is taken where records differ: soft fail hurts nobody's other mail."""


def with_include(record: Spf, domain: str) -> str:
    """Return `record` with `include:domain` before its `all`, or before its redirect, or at the end."""
    words = [word for word in record.text.split(" ") if word]
    return " ".join([*words[: (place := _end(words))], f"include:{domain}", *words[place:]])


def new_record(domain: str) -> str:
    """Return the record for a domain that has none. `~all`, so that mail which nobody thought of is not refused."""
    return f"{VERSION} include:{domain} ~all"


def merged(records: Sequence[str]) -> str:
    """Return one record with the terms of all; empty where that is not possible: an error in one, two redirects."""
    parsed = [parse_spf(text) for text in records]
    redirects = {record.redirect for record in parsed if record.redirect}
    qualifiers = {record.all for record in parsed if record.all}
    if any(record.errors for record in parsed) or len(redirects) > 1 or (redirects and qualifiers):
        return ""
    words = dict.fromkeys(_terms(parsed))
    end = next((f"{'' if sign == '+' else sign}all" for sign in _STRICTNESS if sign in qualifiers), "")
    redirect = next((f"redirect={domain}" for domain in redirects), "")
    return " ".join(word for word in (VERSION, *words, redirect, end) if word)


def entry_hint(value: str) -> str:
    """Return how a long record has to be entered; empty for one that fits a string."""
    if len(value) <= ONE_STRING:
        return ""
    return (
        f"It has {len(value)} characters. A string of a TXT record holds {ONE_STRING}: where the DNS page does not "
        "split it by itself, enter it as several strings in quotes, without a blank lost between them."
    )


def _terms(records: Sequence[Spf]) -> Iterator[str]:
    for record in records:
        yield from (term.text for term in record.terms if term.name != "all")


def _end(words: Sequence[str]) -> int:
    """Return the place of the first word that ends the evaluation: `all`, or else a redirect."""
    for index, word in enumerate(words):
        if word.lstrip("+-~?").lower() == "all":
            return index
    redirects = (index for index, word in enumerate(words) if word.lower().startswith("redirect="))
    return next(redirects, len(words))


_ID = "spf"
_SHOWN = 1000
"""Characters of a record that are shown."""
_LONGEST_VALUE = 4000
"""Characters of a record that is offered to be published."""
_MOST_LINES = 6
"""Errors of one kind that are told."""


class _Verdict(NamedTuple):
    status: Status
    summary: str
    remedy: str = ""
    value: str = ""
    """The record to publish."""


def check_spf(context: Context, facts: SpfFacts, *, signed: bool | None) -> SenderCheck:
    """Return the check `spf`. `signed`: whether a DKIM key of the provider's is there, None where unknown.

    Where the provider puts a domain of its own into the envelope, a fault of the sender's record fails nothing.
    """
    why = not_known(facts)
    if why:
        return SenderCheck(_ID, Status.SKIPPED, "The SPF record is not known.", (why,))
    verdict = _judge(context, facts, signed=signed)
    elsewhere = context.envelope not in (None, SpfEnvelope.SENDER)
    if elsewhere and context.owner is not Owner.OTHERS:
        verdict = _elsewhere(context, verdict, facts)
    if context.owner is not Owner.OPERATOR:
        verdict = verdict._replace(value="", remedy="" if context.owner is Owner.PROVIDER else verdict.remedy)
    if len(verdict.value) > _LONGEST_VALUE:
        verdict = verdict._replace(value="", remedy="Shorten the record: it is too long to be mended.")
    record = DnsRecord(context.domain, "TXT", verdict.value) if verdict.value else None
    detail = tuple(line for line in _detail(facts, verdict) if line)
    return SenderCheck(_ID, verdict.status, verdict.summary, detail, verdict.remedy, record)


def _judge(context: Context, facts: SpfFacts, *, signed: bool | None) -> _Verdict:
    if len(facts.records) > 1:
        summary = f"There are {len(facts.records)} SPF records; one is allowed (RFC 7208 section 4.5)."
        return _Verdict(Status.FAILED, summary, "Delete them all and publish one.", _joined(context, facts))
    if facts.record is None or facts.evaluation is None:
        return _no_record(context, signed=signed)
    if facts.record.errors:
        return _Verdict(Status.FAILED, "The SPF record has an error, so receivers pass it over.", "Correct the record.")
    if facts.evaluation.errors or facts.too_many or facts.evaluation.voids > MOST_VOIDS:
        return _broken(facts.evaluation)
    if facts.record.all == "+" or facts.evaluation.all == "+":
        value = _no_plus(facts.record.text, context, facts)
        return _Verdict(Status.FAILED, "The record lets everybody send (+all).", "End it with ~all.", value)
    if context.owner is Owner.OTHERS and context.provider is not None:
        return _Verdict(
            Status.FAILED, f"The record of {context.domain} does not let {context.by} send, and never will."
        )
    if facts.includes is False and context.owner is Owner.OPERATOR:
        return _lacking(context, facts)
    return _whole(context, facts, facts.evaluation)


def _no_record(context: Context, *, signed: bool | None) -> _Verdict:
    summary = f"{context.domain} has no SPF record."
    if not context.includes:
        who = "" if context.provider else " Name the provider with --preset to get the record."
        return _Verdict(Status.WARNED, summary, f"Publish one that names every server that sends for it.{who}")
    status = Status.WARNED if signed else Status.FAILED
    remedy = "Publish this record. Add to it whatever else sends for the domain, such as your mailboxes' provider."
    return _Verdict(status, summary, remedy, new_record(context.includes[0]))


def _broken(evaluation: SpfEvaluation) -> _Verdict:
    if evaluation.lookups > MOST_LOOKUPS:
        number = f"more than {COUNTED}" if evaluation.cut else str(evaluation.lookups)
        summary = f"The record needs {number} DNS look-ups; {MOST_LOOKUPS} are allowed."
        remedy = "Take out includes that are no longer used, and write ip4: and ip6: in place of a and mx."
    elif evaluation.errors:
        summary = "Following the record ends in an error, so receivers pass it over."
        remedy = "Take out or correct what leads there."
    else:
        summary = f"{evaluation.voids} look-ups of the record find nothing; {MOST_VOIDS} are allowed."
        remedy = "Take out the terms whose domains have no records any more."
    return _Verdict(Status.FAILED, summary, remedy)


def _lacking(context: Context, facts: SpfFacts) -> _Verdict:
    record = facts.record
    assert record is not None
    late = {term.value for term in record.after_all if term.name == "include"} & set(context.includes)
    summary = f"The record does not let {context.by} send."
    if late:
        summary = f"The include for {context.by} stands behind `all`, where nobody reads it."
    remedy = "Publish this in place of the present record."
    if len(context.includes) > 1:
        others = ", ".join(context.includes[1:])
        remedy += f" {context.by} has several; where another one is named to you, take that ({others})."
    return _Verdict(Status.FAILED, summary, remedy, with_include(record, context.includes[0]))


def _whole(context: Context, facts: SpfFacts, evaluation: SpfEvaluation) -> _Verdict:
    uncertain = context.includes and facts.includes is None and context.owner is Owner.OPERATOR
    if uncertain:
        summary = f"Whether the record lets {context.by} send cannot be told from DNS alone."
        return _Verdict(Status.WARNED, summary, "Look at the SPF result in a mail that has arrived.")
    named = f"The record lets {context.by} send." if facts.includes else "There is one SPF record, without an error."
    if evaluation.unknown:
        return _Verdict(Status.WARNED, named, "Try again: part of the record could not be looked up.")
    if evaluation.all in ("", "?"):
        lack = (
            "does not say what to do with mail from elsewhere"
            if not evaluation.all
            else "says ?all, which means nothing"
        )
        return _Verdict(Status.WARNED, f"{named} It {lack}.", "End it with ~all.", _with_soft_all(facts.record))
    if evaluation.ptr:
        return _Verdict(Status.WARNED, named, "Take out ptr: it must not be used (RFC 7208 section 5.5).")
    if facts.record is not None and len(facts.record.text) > ONE_PACKET:
        return _Verdict(Status.WARNED, named, f"Shorten it to {ONE_PACKET} characters: it fits no UDP answer.")
    return _Verdict(Status.PASSED, named)


def _elsewhere(context: Context, verdict: _Verdict, facts: SpfFacts) -> _Verdict:
    """Soften: the record of the From domain is not what receivers look at for mail through this provider."""
    name = (
        f"a name below {context.domain}" if context.envelope is SpfEnvelope.SUBDOMAIN else f"{context.by}'s own domain"
    )
    summary = (
        f"Mail through {context.by} has {name} in its envelope, so the SPF record of {context.domain} is not what "
        "counts."
    )
    if verdict.status is not Status.FAILED:
        return _Verdict(Status.PASSED, summary)
    if facts.broken or (facts.evaluation is not None and facts.evaluation.all == "+"):
        return _Verdict(
            Status.WARNED, f"{verdict.summary} It does not count for {context.by}.", verdict.remedy, verdict.value
        )
    return _Verdict(Status.PASSED, summary)


def _joined(context: Context, facts: SpfFacts) -> str:
    value = merged(facts.records)
    if not value or context.envelope is not SpfEnvelope.SENDER or not context.includes:
        return value
    record = parse_spf(value)
    named = any(term.name == "include" and term.value in context.includes for term in record.terms)
    return value if named else with_include(record, context.includes[0])


def _no_plus(text: str, context: Context, facts: SpfFacts) -> str:
    record = parse_spf(_with_soft_all(parse_spf(text)))
    if record.all != "~":
        return ""  # the +all is in a record that this one is redirected to
    missing = facts.includes is False and context.envelope is SpfEnvelope.SENDER
    return with_include(record, context.includes[0]) if missing else record.text


def _with_soft_all(record: Spf | None) -> str:
    """Return the record with `~all` for its `all`, or at its end; empty where the end is in another record."""
    if record is None or record.redirect:
        return ""
    words = [word for word in record.text.split(" ") if word]
    if not record.all:
        return " ".join([*words, "~all"])
    return " ".join("~all" if word.lstrip("+-~?").lower() == "all" else word for word in words)


def _detail(facts: SpfFacts, verdict: _Verdict) -> Iterator[str]:
    yield from (f"Found: {safe(text, limit=_SHOWN)}" for text in facts.records[:_MOST_LINES])
    if not facts.records:
        yield from (f"Read by nobody: {safe(text, limit=100)}" for text in facts.nearly[:_MOST_LINES])
    evaluation = facts.evaluation
    if evaluation is not None:
        needed = f"more than {COUNTED}" if evaluation.cut else evaluation.lookups
        yield f"It needs {needed} of {MOST_LOOKUPS} DNS look-ups."
        yield from (safe(text, limit=200) for text in evaluation.errors[:_MOST_LINES])
        if evaluation.voids:
            yield f"{evaluation.voids} of them find nothing ({MOST_VOIDS} are allowed)."
        yield from (safe(text, limit=200) for text in evaluation.unknown[:_MOST_LINES])
        if evaluation.macros:
            terms = ", ".join(evaluation.macros[:_MOST_LINES])
            yield f"Not evaluated, for it depends on each message: {safe(terms, limit=200)}"
        if evaluation.ptr:
            yield "It uses ptr, which is slow and out of use (RFC 7208 section 5.5)."
    if facts.includes is False and facts.provider_evaluation is not None and evaluation is not None and verdict.value:
        total = evaluation.lookups + 1 + facts.provider_evaluation.lookups
        note = " That is too many: take others out." if total > MOST_LOOKUPS else ""
        yield f"With the include it needs {total}.{note}"
    yield entry_hint(verdict.value)
