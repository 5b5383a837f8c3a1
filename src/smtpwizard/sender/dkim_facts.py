"""Which DKIM keys of a provider are published for a domain (RFC 6376). Asks; judging it is `dkim_check`'s work."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

from smtpwizard.preset_schema import DkimSelector
from smtpwizard.sender.answers import Answer
from smtpwizard.sender.case import Case, Owner
from smtpwizard.sender.dkim_record import WEAKEST_RSA, DkimKey, is_key_record, parse_dkim
from smtpwizard.sender.lookup import Dns

MOST_SELECTORS = 8


class KeyFact(NamedTuple):
    """What was found under one selector."""

    selector: DkimSelector
    name: str
    """`s1._domainkey.acme.example`."""
    answer: Answer
    key: DkimKey | None = None
    """None where there is no key record."""

    @property
    def there(self) -> bool:
        """Whether anything is published under the name, be it an alias that leads nowhere."""
        return self.key is not None or bool(self.answer.aliases)

    @property
    def good(self) -> bool:
        """Whether receivers can check a signature with it."""
        key = self.key
        if key is None or key.revoked or key.error:
            return False
        return key.kind == "ed25519" or key.bits >= WEAKEST_RSA


class DkimFacts(NamedTuple):
    """What was found for all selectors."""

    keys: tuple[KeyFact, ...] = ()
    above: tuple[KeyFact, ...] = ()
    """Good keys at the organisational domain, where the sender's own has none: relaxed alignment takes them, too."""

    @property
    def wanted(self) -> tuple[KeyFact, ...]:
        """The keys that should be there: the alternatives where one of them is, or else the others."""
        alternatives = tuple(item for item in self.keys if item.selector.alternative and item.good)
        usual = tuple(item for item in self.keys if not item.selector.alternative)
        return alternatives if alternatives and not any(item.there for item in usual) else usual

    @property
    def signed(self) -> bool | None:
        """Whether the provider can sign for the domain; None where that is not known."""
        if any(item.good for item in self.keys):
            return True
        if not self.keys or self.above or self.doubtful or any(not item.answer.known for item in self.keys):
            return None
        return False

    @property
    def doubtful(self) -> bool:
        """Whether all selectors rest on less than the vendor's word, and nothing at all is published under them."""
        return not any(item.there or item.selector.verified for item in self.keys)


async def find_keys(dns: Dns, case: Case) -> DkimFacts:
    """Ask for the keys under the provider's fixed selectors."""
    if case.provider is None or case.owner is not Owner.OPERATOR:
        return DkimFacts()
    selectors = case.provider.dkim.selectors[:MOST_SELECTORS]
    return DkimFacts(tuple(await asyncio.gather(*(_key(dns, case.domain, item) for item in selectors))))


async def find_keys_above(dns: Dns, case: Case, facts: DkimFacts, organisation: str) -> DkimFacts:
    """Look at the organisational domain, too, where the sender's domain is below it and has no key."""
    if not facts.keys or organisation == case.domain or any(item.there for item in facts.keys):
        return facts
    found = await asyncio.gather(*(_key(dns, organisation, item.selector) for item in facts.keys))
    return facts._replace(above=tuple(item for item in found if item.good))


async def _key(dns: Dns, domain: str, selector: DkimSelector) -> KeyFact:
    name = f"{selector.selector.lower()}._domainkey.{domain}"
    answer = await dns.ask(name, "TXT")
    records = [text for text in answer.texts if is_key_record(text)]
    return KeyFact(selector, name, answer, parse_dkim(records[0]) if records else None)
