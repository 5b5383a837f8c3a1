"""Which DMARC record applies to a domain: the DNS tree walk of RFC 9989 section 4.10, at most 8 questions.

The organisational domain comes out of the walk, so that no public suffix list is needed. Receivers that still go by
RFC 7489 ask for the domain and for the one below the public suffix only; for nearly all domains both find the same.
"""

from __future__ import annotations

import asyncio
from typing import Final, NamedTuple

from smtpwizard.sender.answers import Answer, State
from smtpwizard.sender.dmarc_record import Dmarc, dmarc_records, parse_dmarc
from smtpwizard.sender.lookup import Dns

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
