"""The SPF record to publish: the one that is there with what it lacks, and nothing dropped. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from smtpwizard.sender.spf_record import VERSION, Spf, parse_spf

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
