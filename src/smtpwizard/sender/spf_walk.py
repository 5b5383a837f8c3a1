"""What a receiver would look up for an SPF record: counted, not evaluated, for no message is there. Judges nothing."""

from __future__ import annotations

import asyncio
import ipaddress
from dataclasses import dataclass, field
from typing import Final

from smtpwizard.sender.answers import Answer, State, unknown_because
from smtpwizard.sender.lookup import Dns
from smtpwizard.sender.spf_record import QUERYING, Spf, Term, network_of, parse_spf, spf_records

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

MOST_LOOKUPS: Final = 10
"""RFC 7208 section 4.6.4; more is a permanent error."""
MOST_VOIDS: Final = 2
MOST_MX_HOSTS: Final = 10
COUNTED: Final = 50
"""Look-ups after which counting stops: an include can double at each level."""
_DEEPEST: Final = 20
_MOST_NETWORKS: Final = 2000


@dataclass
class Walk:
    """What was met on the way through a record and all that it includes."""

    lookups: int = 0
    """DNS-querying terms: include, redirect, a, mx, ptr, exists; those of a record met twice count twice."""
    voids: int = 0
    """Of these, the ones whose question had no answer."""
    errors: list[str] = field(default_factory=list)
    """What makes receivers end with a permanent error, as sentences."""
    unknown: list[str] = field(default_factory=list)
    """What could not be asked, as sentences."""
    macros: list[str] = field(default_factory=list)
    """Terms that depend on the message, as they stand."""
    included: set[str] = field(default_factory=set)
    """Domains whose records can let a message pass, at any depth."""
    networks: list[Network] = field(default_factory=list)
    all: str = ""
    """The qualifier of the `all` that ends the evaluation, across redirects; empty where there is none."""
    ptr: bool = False

    @property
    def cut(self) -> bool:
        """Whether counting was given up: there are more than COUNTED look-ups."""
        return self.lookups > COUNTED


async def walk_spf(dns: Dns, domain: str, record: Spf) -> Walk:
    """Follow `record`, published at `domain`, through its includes and its redirect."""
    walk = Walk()
    await _follow(dns, walk, domain, record, (domain,), passing=True, outermost=True)
    walk.errors[:] = dict.fromkeys(walk.errors)
    walk.unknown[:] = dict.fromkeys(walk.unknown)
    return walk


async def walk_domain(dns: Dns, domain: str) -> Walk | None:
    """Follow the record of `domain`; None where it has not exactly one."""
    records = spf_records((await dns.ask(domain, "TXT")).texts)
    return await walk_spf(dns, domain, parse_spf(records[0])) if len(records) == 1 else None


async def _follow(
    dns: Dns, walk: Walk, domain: str, record: Spf, path: tuple[str, ...], *, passing: bool, outermost: bool
) -> None:
    """Walk one record. `path` is the domains from the outermost one; `passing`: a match in here lets mail pass."""
    where = "" if outermost and len(path) == 1 else f"The record of {domain}: "
    walk.errors += [f"{where}{fault}." for fault in record.errors]
    if outermost:
        walk.all = record.all
    asked = []
    for term in record.terms:
        if term.name in QUERYING:
            walk.lookups += 1
            if walk.cut:
                break
            asked.append(_term(dns, walk, domain, term, path, passing=passing))
        elif (network := network_of(term)) and passing and term.qualifier == "+":
            walk.networks[_MOST_NETWORKS:] = ()
            walk.networks.append(network)
    if record.redirect:
        walk.lookups += 1
        if not walk.cut:
            asked.append(_into(dns, walk, "redirect=", record.redirect, path, passing=passing, outermost=outermost))
    await asyncio.gather(*asked)


async def _term(dns: Dns, walk: Walk, domain: str, term: Term, path: tuple[str, ...], *, passing: bool) -> None:
    target = term.value or domain
    if term.name == "ptr":
        walk.ptr = True
    elif term.macro:
        walk.macros.append(term.text)
    elif term.name == "include":
        inside = passing and term.qualifier == "+"
        await _into(dns, walk, "include:", target, path, passing=inside, outermost=False)
    elif term.name == "mx":
        answer = await dns.ask(target, "MX")
        _count(walk, term, answer)
        if len(answer.hosts) > MOST_MX_HOSTS:
            walk.errors.append(f"`{term.text}` leads to {len(answer.hosts)} MX hosts; {MOST_MX_HOSTS} are allowed.")
    else:
        four = await dns.ask(target, "A")
        # Which of the two a receiver asks for depends on the address that the mail comes from.
        _count(walk, term, await dns.ask(target, "AAAA") if four.void and term.name == "a" else four)


def _count(walk: Walk, term: Term, answer: Answer) -> None:
    if answer.void:
        walk.voids += 1
    elif answer.state is not State.FOUND:
        walk.unknown.append(f"`{term.text}`: {unknown_because(answer)}")


async def _into(
    dns: Dns, walk: Walk, word: str, target: str, path: tuple[str, ...], *, passing: bool, outermost: bool
) -> None:
    """Walk into the record of an include or a redirect."""
    if "%" in target:
        walk.macros.append(f"{word}{target}")
        return
    if target in path or len(path) > _DEEPEST:
        walk.errors.append(f"`{word}{target}` leads back to a record that it came from: a loop without end.")
        return
    if passing:
        walk.included.add(target)
    answer = await dns.ask(target, "TXT")
    records = spf_records(answer.texts)
    if not answer.known:
        walk.unknown.append(f"`{word}{target}`: {unknown_because(answer)}")
        return
    walk.voids += answer.void
    if len(records) != 1:
        what = "no SPF record" if not records else f"{len(records)} SPF records"
        walk.errors.append(f"`{word}{target}` leads to a domain with {what}.")
        return
    record = parse_spf(records[0])
    await _follow(dns, walk, target, record, (*path, target), passing=passing, outermost=outermost)
