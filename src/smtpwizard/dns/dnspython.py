"""dnspython's answers and errors as plain data, and its cache. Loads dnspython: imported when a question is asked."""

from __future__ import annotations

import time
from typing import Any, Final

import dns.asyncresolver
import dns.exception
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rdtypes.ANY.CNAME
import dns.rdtypes.ANY.MX
import dns.rdtypes.ANY.SOA
import dns.rdtypes.ANY.TXT
import dns.rdtypes.IN.A
import dns.rdtypes.IN.AAAA
import dns.resolver
import dns.ttl

from smtpwizard.dns.sender import Answer, State

_MOST_ALIASES = 16
"""CNAME records that are followed; dnspython stops at the same number."""


LONGEST_SECONDS: Final = 60
"""However long a record may be kept: an operator who has just corrected one asks again, and must see it."""


class AnswerCache(dns.resolver.LRUCache):
    """dnspython's cache, which keeps nothing for longer than LONGEST_SECONDS, and no answer that states no TTL."""

    def put(self, key: dns.resolver.CacheKey, value: dns.resolver.Answer) -> None:
        """Keep an answer; a negative one states its TTL in the SOA record (RFC 2308 section 5)."""
        ttl = value.chaining_result.minimum_ttl
        if 0 < ttl < dns.ttl.MAX_TTL and (value.rrset is not None or _zone(value.response)):
            value.expiration = time.time() + min(ttl, LONGEST_SECONDS)
            super().put(key, value)


def read_records(found: dns.resolver.Answer, kind: str, *, most: int, longest: int) -> Answer:
    """Return the records of an answer: at most `most`, each TXT cut to `longest` characters."""
    response = found.response
    aliases = _aliases(response)
    if found.rrset is None:
        return Answer(State.EMPTY, aliases=aliases, zone=_zone(response))
    records = list(found.rrset)[:most]
    if kind == "TXT":
        texts = tuple(b"".join(record.strings).decode("latin-1")[:longest] for record in records)
        return Answer(State.FOUND, texts=texts, aliases=aliases)
    if kind == "MX":
        hosts = tuple(sorted((record.preference, _text(record.exchange)) for record in records))
        return Answer(State.FOUND, hosts=hosts, aliases=aliases)
    if kind in ("A", "AAAA"):
        return Answer(State.FOUND, addresses=tuple(record.address for record in records), aliases=aliases)
    return Answer(State.FOUND, aliases=aliases)


def read_error(error: Exception) -> Answer:
    """Return what a failed look-up means."""
    if isinstance(error, dns.resolver.NXDOMAIN):
        response = next(iter(error.kwargs.get("responses", {}).values()), None)
        if response is None:
            return Answer(State.NO_NAME)
        return Answer(State.NO_NAME, aliases=_aliases(response), zone=_zone(response))
    if isinstance(error, dns.resolver.NoNameservers | dns.resolver.LifetimeTimeout):
        said = [_said(item) for item in error.kwargs.get("errors", ())]
        reasons = [reason for reason in said if reason]
        return Answer(State.REFUSED, reason=reasons[-1]) if reasons else Answer(State.SILENT)
    if isinstance(error, dns.message.ChainTooLong):
        return Answer(State.REFUSED, reason="a chain of aliases that does not end")
    if isinstance(error, OSError):  # TimeoutError is one
        return Answer(State.SILENT)
    return Answer(State.REFUSED, reason="broken answer")


def _said(item: Any) -> str:
    """Return what one name server said, by its rcode; empty where it could not be heard."""
    *_, error, response = item
    if response is not None:
        return "broken answer" if response.rcode() == dns.rcode.NOERROR else dns.rcode.to_text(response.rcode())
    return "broken answer" if isinstance(error, dns.exception.FormError | dns.message.ChainTooLong | EOFError) else ""


def _aliases(response: dns.message.Message) -> tuple[str, ...]:
    """Return the names that aliases led to."""
    if not isinstance(response, dns.message.QueryMessage):
        return ()
    try:
        cnames = response.resolve_chaining().cnames
    except dns.exception.DNSException:
        return ()
    return tuple(_text(cname.target) for rrset in cnames[:_MOST_ALIASES] for cname in list(rrset)[:1])


def _zone(response: dns.message.Message) -> str:
    return next((_text(rrset.name) for rrset in response.authority if rrset.rdtype == dns.rdatatype.SOA), "")


def _text(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower().removesuffix(".")
