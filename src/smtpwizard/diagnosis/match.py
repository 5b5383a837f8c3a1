"""Ranks the catalogue entries that account for an event. Pure; the catalogue is handed in.

Ranked as follows: provider + enhanced code + words, provider + code, words, enhanced code, code, condition that is
merely possible. A reply whose words prove another provider than the one named is that provider's.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from smtpwizard.addresses import without_addresses
from smtpwizard.diagnosis.catalogue import Catalogue
from smtpwizard.diagnosis.event import Event
from smtpwizard.diagnosis.schema import FAMILY, Fact, Failure, Phrase

MOST: Final = 3
"""Causes that are told for one event: more is no help to choose what to try."""


class Match(NamedTuple):
    """An entry that accounts for the event."""

    failure: Failure
    level: int
    """0 to 100."""
    length: int
    """Characters of the longest phrase found: the more words, the surer."""
    extras: int

    @property
    def order(self) -> tuple[int, int, int]:
        """Sorts the best match last."""
        return self.level, self.length, self.extras


def matches(event: Event, catalogue: Catalogue) -> tuple[Match, ...]:
    """Return the entries that account for `event`, best first, at most MOST."""
    near = [failure for failure in catalogue.rules if stage_fits(event, failure)]
    providers = _proved(event, catalogue, near)
    found = [match for failure in near if (match := _match(event, failure, providers)) is not None]
    found.sort(key=lambda match: match.order, reverse=True)
    return tuple(found[:MOST])


def stage_fits(event: Event, failure: Failure) -> bool:
    """Say whether entry and event have a stage in common, counting the envelope and the message as one stage."""
    if not event.stages:
        return True
    if not event.stages.isdisjoint(failure.stages):
        return True
    return not FAMILY.isdisjoint(failure.stages) and not FAMILY.isdisjoint(event.stages)


def _proved(event: Event, catalogue: Catalogue, near: Iterable[Failure]) -> frozenset[str]:
    """Return the providers that the words prove, else the one that the caller named."""
    given = frozenset({event.given}) if event.given else frozenset()
    text = without_addresses(event.text)  # a recipient at gmail.com does not make it Google's reply
    proofs = [providers for phrase, providers in catalogue.words if phrase.found_in(text)]
    proofs += [frozenset(f.providers) for f in near if f.own_words and _longest(f.text, event.text)]
    for proof in proofs:
        if given & proof:
            return given
    return frozenset().union(*proofs) or given


def _longest(phrases: tuple[Phrase, ...], text: str) -> int:
    return max([phrase.length for phrase in phrases if phrase.found_in(text)], default=0) if phrases else 0


def _match(event: Event, failure: Failure, providers: frozenset[str]) -> Match | None:
    length = _longest(failure.text, event.text)
    if not length and not providers.isdisjoint(failure.providers):
        length = _longest(failure.provider_text, event.text)
    facts = _facts(event, failure, providers, length)
    if event.status == "passed" and not (Fact.WHEN in facts or {Fact.TEXT, Fact.CODE} <= facts):
        return None  # the words of a success, whatever they are, are bad news only where an entry knows the code, too
    if not any(combination <= facts for combination in failure.by):
        return None
    extras = len(facts & {Fact.CODE, Fact.ENHANCED, Fact.STAGE, Fact.PORT})
    return Match(failure, _level(facts, failure), length, extras)


def _facts(event: Event, failure: Failure, providers: frozenset[str], length: int) -> frozenset[Fact]:
    held = {
        Fact.STAGE: not event.stages.isdisjoint(failure.stages),
        Fact.CODE: event.code is not None and event.code in failure.codes,
        Fact.ENHANCED: not event.enhanced.isdisjoint(failure.enhanced),
        Fact.TEXT: length > 0,
        Fact.ERROR: not event.errors.isdisjoint(failure.errors),
        Fact.PROVIDER: not providers.isdisjoint(failure.providers),
        Fact.ANYWHERE: not providers and event.status != "passed",
        Fact.PORT: event.port is not None and event.port in failure.ports,
    }
    facts = {fact for fact, holds in held.items() if holds}
    # Conditions look at whole texts, so they are asked only where they can decide.
    needed = any(Fact.WHEN in combination and combination - {Fact.WHEN} <= facts for combination in failure.by)
    if needed and failure.when:
        from smtpwizard.diagnosis.conditions import CONDITIONS

        if CONDITIONS[failure.when](event):
            facts.add(Fact.WHEN)
    return frozenset(facts)


def _level(facts: frozenset[Fact], failure: Failure) -> int:
    """Rank by what holds, following the order in this module's docstring."""
    if failure.rank:
        return 100 if failure.rank == "first" else 10
    held = facts.__contains__
    if held(Fact.PROVIDER):
        if held(Fact.TEXT):
            return 100 if held(Fact.ENHANCED) else 95
        if held(Fact.WHEN):
            return 92
        if held(Fact.CODE) or held(Fact.PORT) or held(Fact.ERROR):
            return 90
    if held(Fact.WHEN):
        return 80
    if held(Fact.TEXT):
        return 75 if held(Fact.ERROR) else 70
    if held(Fact.ERROR):
        return 60
    return 50 if held(Fact.ENHANCED) else 40
