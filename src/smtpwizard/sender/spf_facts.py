"""What DNS says about SPF for the sender and the provider (RFC 7208). Asks; judging it is `spf_check`'s work."""

from __future__ import annotations

import ipaddress
from typing import Final, NamedTuple

from smtpwizard.preset_schema import SpfEnvelope
from smtpwizard.sender.answers import Answer, unknown_because
from smtpwizard.sender.case import Case, Owner
from smtpwizard.sender.lookup import Dns
from smtpwizard.sender.spf_record import Spf, nearly_spf, parse_spf, spf_records
from smtpwizard.sender.spf_walk import MOST_LOOKUPS, Network, Walk, walk_domain, walk_spf

_MOST_COMPARED: Final = 300
"""Networks of a provider that are compared one by one."""


class SpfFacts(NamedTuple):
    """What was found about SPF."""

    answer: Answer
    records: tuple[str, ...] = ()
    nearly: tuple[str, ...] = ()
    record: Spf | None = None
    walk: Walk | None = None
    provider_walk: Walk | None = None
    """The provider's own record, walked where the domain's does not name it."""
    case: Case | None = None

    @property
    def broken(self) -> bool:
        """Whether receivers end with a permanent error."""
        if len(self.records) > 1:
            return True
        return self.walk is not None and bool(self.walk.errors or self.too_many or self.walk.voids > 2)

    @property
    def too_many(self) -> bool:
        """Whether more look-ups are wanted than allowed."""
        return self.walk is not None and self.walk.lookups > MOST_LOOKUPS

    @property
    def includes(self) -> bool | None:
        """Whether the record lets the provider's servers pass; None where that cannot be told."""
        case, walk = self.case, self.walk
        if case is None or not case.includes or not self.answer.known:
            return None
        if walk is None:
            return False
        if walk.included & set(case.includes) or case.domain in case.includes or self._by_address():
            return True
        return None if walk.unknown or walk.macros or walk.cut else False

    def _by_address(self) -> bool:
        """Say whether all of the provider's networks stand in the record by address ("flattened")."""
        if self.walk is None or self.provider_walk is None or self.provider_walk.unknown:
            return False
        return _covers(self.walk.networks, self.provider_walk.networks)

    @property
    def aligned(self) -> bool | None:
        """Whether SPF makes mail through the provider pass DMARC (RFC 9989 section 4.4.2); None: it cannot be told."""
        case = self.case
        if case is None or case.provider is None:
            return None
        if case.envelope is not SpfEnvelope.SENDER:
            return None if case.envelope is SpfEnvelope.SUBDOMAIN else False
        if case.owner is Owner.OTHERS or self.broken:
            return False
        return self.includes


async def find_spf(dns: Dns, case: Case) -> SpfFacts:
    """Ask for the record and follow it; where it does not name the provider, ask for the provider's own, too."""
    answer = await dns.ask(case.domain, "TXT")
    records = spf_records(answer.texts)
    facts = SpfFacts(answer, records, nearly_spf(answer.texts), case=case)
    if len(records) != 1:
        return facts
    record = parse_spf(records[0])
    walk = await walk_spf(dns, case.domain, record)
    facts = facts._replace(record=record, walk=walk)
    if facts.includes is False and case.owner is Owner.OPERATOR:
        facts = facts._replace(provider_walk=await walk_domain(dns, case.includes[0]))
    return facts


def not_known(facts: SpfFacts) -> str:
    """Return why the records are not known, as a sentence; empty where they are."""
    return unknown_because(facts.answer)


def _covers(allowed: list[Network], wanted: list[Network]) -> bool:
    if not wanted or len(wanted) > _MOST_COMPARED:
        return False
    four = [item for item in allowed if isinstance(item, ipaddress.IPv4Network)]
    six = [item for item in allowed if isinstance(item, ipaddress.IPv6Network)]
    wide_four, wide_six = list(ipaddress.collapse_addresses(four)), list(ipaddress.collapse_addresses(six))
    return all(
        any(item.subnet_of(wide) for wide in wide_four)
        if isinstance(item, ipaddress.IPv4Network)
        else any(item.subnet_of(wide) for wide in wide_six)
        for item in wanted
    )
