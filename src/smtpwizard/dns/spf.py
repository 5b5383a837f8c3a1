"""SPF (RFC 7208): records parsed, and followed through their includes and redirects. `spf_check` judges the result."""

from __future__ import annotations

import asyncio
import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from smtpwizard.dns.resolver import Dns
from smtpwizard.dns.sender import Answer, Context, Owner, State, unknown_because
from smtpwizard.presets.schema import SpfEnvelope
from smtpwizard.records import NamedTuple

VERSION: Final = "v=spf1"
QUERYING: Final = frozenset({"include", "a", "mx", "ptr", "exists"})
"""Mechanisms that cost a look-up each; so does the modifier `redirect` (section 4.6.4)."""

_MOST_TERMS: Final = 300
"""Terms that are read: a TXT record of 4 kB has about 200."""
_SHOWN: Final = 60
_NAMES: Final = QUERYING | {"all", "ip4", "ip6"}
_TERM: Final = re.compile(r"(?P<qualifier>[+?~-]?)(?P<name>[A-Za-z][A-Za-z0-9_.-]*)(?P<rest>[:/].*)?", re.DOTALL)
_MODIFIER: Final = re.compile(r"(?P<name>[A-Za-z][A-Za-z0-9_.-]*)=(?P<value>.*)", re.DOTALL)
_CIDR: Final = re.compile(r"(?P<domain>[^/]*)(?:/(?P<four>\d{1,2}))?(?://(?P<six>\d{1,3}))?")
_MACRO: Final = re.compile(r"%(?:%|_|-|\{[slodiphcrtvSLODIPHCRTV]\d*[rR]?[.+,/_=-]*\})")
_DOMAIN: Final = re.compile(r"[\x21-\x24\x26-\x7e]+")


class Term(NamedTuple):
    """One mechanism."""

    text: str
    """As it stands in the record."""
    qualifier: str
    """`+ - ~ ?`."""
    name: str
    """In lower case: include, a, mx, ptr, exists, ip4, ip6, all."""
    value: str = ""
    """The domain or network; empty for the domain of the record itself."""

    @property
    def macro(self) -> bool:
        """Whether its domain depends on the message (section 7), so that DNS alone cannot tell it."""
        return "%" in self.value


class Spf(NamedTuple):
    """One record."""

    text: str
    terms: tuple[Term, ...] = ()
    """Up to `all`: what follows it is never looked at (section 5.1)."""
    after_all: tuple[Term, ...] = ()
    redirect: str = ""
    """The domain of the modifier; empty where `all` is there, for then it has no effect (section 6.1)."""
    errors: tuple[str, ...] = ()
    """What makes the whole record a permanent error, each as a sentence's subject and verb."""

    @property
    def all(self) -> str:
        """The qualifier of `all`: `+ - ~ ?`, or empty where there is none."""
        return self.terms[-1].qualifier if self.terms and self.terms[-1].name == "all" else ""

    def has(self, name: str) -> bool:
        """Say whether a mechanism is used."""
        return any(term.name == name for term in self.terms)


def spf_records(texts: Sequence[str]) -> tuple[str, ...]:
    """Return those TXT records that are SPF records (section 4.5): `v=spf1` alone, or followed by a blank."""
    return tuple(text for text in texts if re.match(r"(?i)v=spf1(?: |\Z)", text))


def nearly_spf(texts: Sequence[str]) -> tuple[str, ...]:
    """Return those TXT records that were meant to be SPF records but are read as none."""
    return tuple(
        text for text in texts if re.search(r"(?i)v\s*=\s*spf|^\W*spf[12]", text[:40]) and not spf_records([text])
    )


def parse_spf(text: str) -> Spf:
    """Take one record apart."""
    errors: list[str] = []
    terms: list[Term] = []
    modifiers: dict[str, str] = {}
    if not text.isascii() or not all(32 <= ord(char) < 127 for char in text):
        errors.append("a character that is not printable ASCII is in it")
    words = text.split(" ")[1 : _MOST_TERMS + 1]
    for word in words:
        if word:
            _read(word, terms, modifiers, errors)
    place = next((index for index, term in enumerate(terms) if term.name == "all"), len(terms) - 1)
    has_all = any(term.name == "all" for term in terms)
    return Spf(
        text,
        terms=tuple(terms[: place + 1]),
        after_all=tuple(terms[place + 1 :]),
        redirect="" if has_all else modifiers.get("redirect", ""),
        errors=tuple(dict.fromkeys(errors)),
    )


def _read(word: str, terms: list[Term], modifiers: dict[str, str], errors: list[str]) -> None:
    modifier = _MODIFIER.fullmatch(word)
    if modifier:
        name, value = modifier["name"].lower(), modifier["value"]
        if name in modifiers and name in ("redirect", "exp"):
            errors.append(f"{name}= is there twice")
        if name in ("redirect", "exp") and not _is_domain(value):
            errors.append(f"`{_short(word)}` names no domain")
        modifiers.setdefault(name, value.rstrip(".").lower())
        return
    found = _TERM.fullmatch(word)
    name = found["name"].lower() if found else ""
    if not found or name not in _NAMES:
        errors.append(f"`{_short(word)}` is no SPF term")
        return
    value, fault = _value(name, found["rest"] or "")
    if fault:
        errors.append(f"`{_short(word)}` {fault}")
    else:
        terms.append(Term(word, found["qualifier"] or "+", name, value))


def _value(name: str, rest: str) -> tuple[str, str]:
    """Return the value of a mechanism and what is wrong with it."""
    value = rest[1:] if rest.startswith(":") else ""
    if name == "all":
        return "", "takes no value" if rest else ""
    if name in ("ip4", "ip6"):
        return value, "" if rest.startswith(":") and _network(name, value) is not None else "is no network"
    if name in ("include", "exists"):
        return value.rstrip(".").lower(), "" if _is_domain(value) else "names no domain"
    if name == "ptr":
        return value.rstrip(".").lower(), "" if not rest or _is_domain(value) else "names no domain"
    cidr = _CIDR.fullmatch(value if rest.startswith(":") else rest)
    if cidr is None or (rest.startswith(":") and not _is_domain(cidr["domain"])):
        return "", "names no domain"
    if int(cidr["four"] or 0) > 32 or int(cidr["six"] or 0) > 128:
        return "", "has a prefix that is too long"
    return cidr["domain"].rstrip(".").lower(), ""


def network_of(term: Term) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """Return the network of an `ip4` or `ip6` mechanism, None for others."""
    return _network(term.name, term.value) if term.name in ("ip4", "ip6") else None


def _network(name: str, value: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    address, _, prefix = value.partition("/")
    if "/" in value and not (prefix.isascii() and prefix.isdigit() and len(prefix) <= 3):
        return None
    try:
        if name == "ip4":
            return ipaddress.IPv4Network(value, strict=False) if "." in address else None
        return ipaddress.IPv6Network(value, strict=False) if "%" not in address else None
    except ValueError:
        return None


def _is_domain(text: str) -> bool:
    """Say whether `text` can be a domain-spec (section 7.1): printable, with complete macros, and not too long."""
    if not text or len(text) > 512 or "/" in _MACRO.sub("", text):
        return False
    plain = _MACRO.sub("x", text)
    if not _DOMAIN.fullmatch(plain):
        return False
    labels = plain.rstrip(".").split(".")
    return ("." in plain or "%" in text) and all(0 < len(label) <= 63 for label in labels)


def _short(word: str) -> str:
    return word if len(word) <= _SHOWN else word[: _SHOWN - 1] + "…"


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
class SpfEvaluation:
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


async def evaluate_spf(dns: Dns, domain: str, record: Spf) -> SpfEvaluation:
    """Follow `record`, published at `domain`, through its includes and its redirect."""
    evaluation = SpfEvaluation()
    await _follow(dns, evaluation, domain, record, (domain,), passing=True, outermost=True)
    evaluation.errors[:] = dict.fromkeys(evaluation.errors)
    evaluation.unknown[:] = dict.fromkeys(evaluation.unknown)
    return evaluation


async def evaluate_domain(dns: Dns, domain: str) -> SpfEvaluation | None:
    """Follow the record of `domain`; None where it has not exactly one."""
    records = spf_records((await dns.ask(domain, "TXT")).texts)
    return await evaluate_spf(dns, domain, parse_spf(records[0])) if len(records) == 1 else None


async def _follow(
    dns: Dns,
    evaluation: SpfEvaluation,
    domain: str,
    record: Spf,
    path: tuple[str, ...],
    *,
    passing: bool,
    outermost: bool,
) -> None:
    """Follow one record. `path` is the domains from the outermost one; `passing`: a match in here lets mail pass."""
    where = "" if outermost and len(path) == 1 else f"The record of {domain}: "
    evaluation.errors += [f"{where}{fault}." for fault in record.errors]
    if outermost:
        evaluation.all = record.all
    asked = []
    for term in record.terms:
        if term.name in QUERYING:
            evaluation.lookups += 1
            if evaluation.cut:
                break
            asked.append(_term(dns, evaluation, domain, term, path, passing=passing))
        elif (network := network_of(term)) and passing and term.qualifier == "+":
            evaluation.networks[_MOST_NETWORKS:] = ()
            evaluation.networks.append(network)
    if record.redirect:
        evaluation.lookups += 1
        if not evaluation.cut:
            asked.append(
                _into(dns, evaluation, "redirect=", record.redirect, path, passing=passing, outermost=outermost)
            )
    await asyncio.gather(*asked)


async def _term(
    dns: Dns, evaluation: SpfEvaluation, domain: str, term: Term, path: tuple[str, ...], *, passing: bool
) -> None:
    target = term.value or domain
    if term.name == "ptr":
        evaluation.ptr = True
    elif term.macro:
        evaluation.macros.append(term.text)
    elif term.name == "include":
        inside = passing and term.qualifier == "+"
        await _into(dns, evaluation, "include:", target, path, passing=inside, outermost=False)
    elif term.name == "mx":
        answer = await dns.ask(target, "MX")
        _count(evaluation, term, answer)
        if len(answer.hosts) > MOST_MX_HOSTS:
            evaluation.errors.append(
                f"`{term.text}` leads to {len(answer.hosts)} MX hosts; {MOST_MX_HOSTS} are allowed."
            )
    else:
        four = await dns.ask(target, "A")
        # Which of the two a receiver asks for depends on the address that the mail comes from.
        _count(evaluation, term, await dns.ask(target, "AAAA") if four.void and term.name == "a" else four)


def _count(evaluation: SpfEvaluation, term: Term, answer: Answer) -> None:
    if answer.void:
        evaluation.voids += 1
    elif answer.state is not State.FOUND:
        evaluation.unknown.append(f"`{term.text}`: {unknown_because(answer)}")


async def _into(
    dns: Dns,
    evaluation: SpfEvaluation,
    word: str,
    target: str,
    path: tuple[str, ...],
    *,
    passing: bool,
    outermost: bool,
) -> None:
    """Follow the record of an include or a redirect."""
    if "%" in target:
        evaluation.macros.append(f"{word}{target}")
        return
    if target in path or len(path) > _DEEPEST:
        evaluation.errors.append(f"`{word}{target}` leads back to a record that it came from: a loop without end.")
        return
    if passing:
        evaluation.included.add(target)
    answer = await dns.ask(target, "TXT")
    records = spf_records(answer.texts)
    if not answer.known:
        evaluation.unknown.append(f"`{word}{target}`: {unknown_because(answer)}")
        return
    evaluation.voids += answer.void
    if len(records) != 1:
        what = "no SPF record" if not records else f"{len(records)} SPF records"
        evaluation.errors.append(f"`{word}{target}` leads to a domain with {what}.")
        return
    record = parse_spf(records[0])
    await _follow(dns, evaluation, target, record, (*path, target), passing=passing, outermost=outermost)


_MOST_COMPARED: Final = 300
"""Networks of a provider that are compared one by one."""


class SpfFacts(NamedTuple):
    """What was found about SPF."""

    answer: Answer
    records: tuple[str, ...] = ()
    nearly: tuple[str, ...] = ()
    record: Spf | None = None
    evaluation: SpfEvaluation | None = None
    provider_evaluation: SpfEvaluation | None = None
    """The provider's own record, walked where the domain's does not name it."""
    context: Context | None = None

    @property
    def broken(self) -> bool:
        """Whether receivers end with a permanent error."""
        if len(self.records) > 1:
            return True
        return self.evaluation is not None and bool(
            self.evaluation.errors or self.too_many or self.evaluation.voids > 2
        )

    @property
    def too_many(self) -> bool:
        """Whether more look-ups are wanted than allowed."""
        return self.evaluation is not None and self.evaluation.lookups > MOST_LOOKUPS

    @property
    def includes(self) -> bool | None:
        """Whether the record lets the provider's servers pass; None where that cannot be told."""
        context, evaluation = self.context, self.evaluation
        if context is None or not context.includes or not self.answer.known:
            return None
        if evaluation is None:
            return False
        if evaluation.included & set(context.includes) or context.domain in context.includes or self._by_address():
            return True
        return None if evaluation.unknown or evaluation.macros or evaluation.cut else False

    def _by_address(self) -> bool:
        """Say whether all of the provider's networks stand in the record by address ("flattened")."""
        if self.evaluation is None or self.provider_evaluation is None or self.provider_evaluation.unknown:
            return False
        return _covers(self.evaluation.networks, self.provider_evaluation.networks)

    @property
    def aligned(self) -> bool | None:
        """Whether SPF makes mail through the provider pass DMARC (RFC 9989 section 4.4.2); None: it cannot be told."""
        context = self.context
        if context is None or context.provider is None:
            return None
        if context.envelope is not SpfEnvelope.SENDER:
            return None if context.envelope is SpfEnvelope.SUBDOMAIN else False
        if context.owner is Owner.OTHERS or self.broken:
            return False
        return self.includes


async def find_spf(dns: Dns, context: Context) -> SpfFacts:
    """Ask for the record and follow it; where it does not name the provider, ask for the provider's own, too."""
    answer = await dns.ask(context.domain, "TXT")
    records = spf_records(answer.texts)
    facts = SpfFacts(answer, records, nearly_spf(answer.texts), context=context)
    if len(records) != 1:
        return facts
    record = parse_spf(records[0])
    evaluation = await evaluate_spf(dns, context.domain, record)
    facts = facts._replace(record=record, evaluation=evaluation)
    if facts.includes is False and context.owner is Owner.OPERATOR:
        facts = facts._replace(provider_evaluation=await evaluate_domain(dns, context.includes[0]))
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
