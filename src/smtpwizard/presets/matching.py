"""Which providers a person may mean by a few typed letters. Pure; must not load anything.

A preset is found by its name, aliases and id, by its mail domains and by its hosts, in this order of weight; letters
that only appear in the right order come last, and misspelt words are tried where nothing else fits. A search over 63
providers takes about 1 ms, so it can run at every key.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final, Literal

from smtpwizard.presets.schema import Kind, Provider
from smtpwizard.records import NamedTuple

_KIND: Final = rb"(?m)^kind *= *[\"'](\w+)"
_QUOTED: Final = rb"""(?<=["'])[^"'\s]+(?=["'])"""
_REGION: Final = "{region}"


class Match(NamedTuple):
    """A provider that an address or host leads to, and why."""

    provider: Provider
    how: Literal["domain", "mx"]
    evidence: str
    """The mail domain, or the MX host that told."""


def clean_host(text: str) -> str:
    """Return a host name as it is compared: lower case, no blanks around, no final dot."""
    return text.strip().rstrip(".").lower()


def by_mx(
    providers: Iterable[Provider], gateways: Iterable[str], hosts: Sequence[str], *, own: Callable[[str], bool]
) -> Match | None:
    """Return the provider whose MX suffix is the longest that fits one of `hosts`.

    None where a host belongs to a gateway: then the mailboxes may be anywhere. Among equal suffixes the operator's own
    preset (`own` by id) wins, then the lower tier, then the id.
    """
    names = [name for host in hosts if (name := clean_host(host))]
    if any(_ends(name, suffix) for name in names for suffix in gateways):
        return None
    found = [
        (-len(suffix), not own(provider.id), provider.tier, provider.id, place, provider, name)
        for provider in providers
        for suffix in provider.mx_suffixes
        for place, name in enumerate(names)
        if _ends(name, suffix)
    ]
    if not found:
        return None
    *_, provider, name = min(found, key=lambda item: item[:5])
    return Match(provider, "mx", name)


def names_in(raw: bytes) -> set[str]:
    """Return what may be a host or domain in the text of a preset: each is a whole string; of {region} and what follows
    it, the end of a host. Of the practice server's own preset nothing is: its address is anyone's.
    """
    if {*re.findall(_KIND, raw)} == {b"practice"}:
        return set()
    found = [*re.findall(_QUOTED, raw), *re.findall(rb"\{region\}[\w.-]*", raw)]
    return {name.decode("utf-8", "replace") for name in found}


def ways_to_write(host: str) -> Iterator[str]:
    """Yield what of `names_in` a preset has whose host this may be."""
    yield host
    for at in range(len(host) + 1):
        yield _REGION + host[at:]


def by_host(providers: Iterable[Provider], host: str, *, own: Callable[[str], bool]) -> Provider | None:
    """Return the provider to which an SMTP host belongs.

    A current host weighs more than a region by template, than an old name, than another name of a local server; the
    last counts only if one provider alone has it (`localhost` tells nothing). The practice server never answers: its
    address is anyone's. Equal hosts, as Gmail's: the operator's own preset, then the lower tier, the id.
    """
    name = clean_host(host)
    if not name:
        return None
    candidates = [provider for provider in providers if provider.kind is not Kind.PRACTICE]
    found = [(_closeness(provider, name), provider) for provider in candidates]
    if sum(closeness is not None for closeness, _ in found) > 1:
        found = [item for item in found if item[0] != _ALIAS_RANK]
    ranked = [
        (closeness, not own(provider.id), provider.tier, provider.id, provider)
        for closeness, provider in found
        if closeness is not None
    ]
    return min(ranked, key=lambda item: item[:4])[4] if ranked else None


_HOST, _TEMPLATE, _OLD, _ALIAS_RANK = range(4)


def _closeness(provider: Provider, name: str) -> int | None:
    if name == provider.host or any(name == region.host for region in provider.regions):
        return _HOST
    if provider.host_template:
        before, after = (re.escape(part) for part in provider.host_template.split("{region}"))
        if re.fullmatch(rf"{before}[a-z0-9-]+{after}", name):
            return _TEMPLATE
    if name in provider.old_hosts:
        return _OLD
    return _ALIAS_RANK if name in provider.alt_hosts else None


def _ends(name: str, suffix: str) -> bool:
    return name == suffix or name.endswith(f".{suffix}")


_EXACT, _NAME_SCORE, _ALIAS_SCORE, _WORD, _DOMAIN, _PART, _FUZZY = range(7)
_FUZZY_FROM: Final = 3
"""Letters from which a loose match is added to better ones: two letters in order are in almost every name."""

_MISSPELT_FROM: Final = 4
_LIKE: Final = 0.75
"""How alike a misspelt word must be (difflib's ratio): `sendgird`, `sparkpsot`; not `acme` and `scaleway`."""

_KINDS: Final = {kind: place for place, kind in enumerate(Kind)}


def list_order(provider: Provider) -> tuple[int, int, str]:
    """Sort key of the list: group, then tier, then name."""
    return _KINDS[provider.kind], provider.tier, provider.name.casefold()


def domain_of(text: str) -> str:
    """Return the domain of a mail address, or `text` itself if it looks like a domain; empty if neither."""
    domain = text.strip().strip("<>").rpartition("@")[2].rstrip(".").lower()
    plausible = "." in domain.strip(".") and not re.search(r"[\s/:,;]|\.\.", domain) and not domain.startswith(".")
    return domain if plausible else ""


def ranked(providers: Iterable[Provider], text: str) -> tuple[Provider, ...]:
    """Return those of `providers` that `text` may mean, the likeliest first. An empty text finds none here."""
    query = " ".join(text.casefold().split())
    if "@" in query:
        query = query.rpartition("@")[2]
        if not query:
            return ()
    pool = tuple(providers)
    scored = [(score, provider) for provider in pool if (score := _score(provider, query)) is not None]
    if not scored:
        return _misspelt(pool, query)
    strong = [item for item in scored if item[0][0] < _FUZZY]
    if strong and len(query) < _FUZZY_FROM:
        scored = strong
    return tuple(provider for _, provider in sorted(scored, key=lambda item: (item[0], _tie(item[1]))))


def _misspelt(providers: tuple[Provider, ...], query: str) -> tuple[Provider, ...]:
    """Return providers with a name, alias or id much like `query`: `sendgird`. Never for addresses and short words."""
    if len(query) < _MISSPELT_FROM or "." in query:
        return ()
    from difflib import get_close_matches

    owners = {text: provider for provider in providers for text in (_texts(provider)[0], *sorted(_texts(provider)[1]))}
    near = get_close_matches(query, list(owners), n=3, cutoff=_LIKE)
    return tuple(dict.fromkeys(owners[text] for text in near))


def _tie(provider: Provider) -> tuple[int, int, str]:
    return provider.tier, _KINDS[provider.kind], provider.name.casefold()


def _score(provider: Provider, query: str) -> tuple[int, int] | None:
    """Return (class, finer measure), lower is better; None where nothing fits."""
    if not query:
        return None
    whole = _score_one(provider, query)
    if whole is not None or " " not in query:
        return whole
    words = [_score_one(provider, word) for word in query.split()]
    if any(word is None or word[0] == _FUZZY for word in words):
        return None
    return max(word for word in words if word is not None)


def _score_one(provider: Provider, query: str) -> tuple[int, int] | None:
    name, others, words, domains = _texts(provider)
    if query == name or query in others:
        return _EXACT, 0
    if query in domains:
        return _EXACT, 1
    if name.startswith(query):
        return _NAME_SCORE, 0
    if any(other.startswith(query) for other in others):
        return _ALIAS_SCORE, 0
    if any(word.startswith(query) for word in words):
        return _WORD, 0
    if any(f".{domain}".find(f".{query}") >= 0 for domain in domains):
        return _DOMAIN, 0
    if any(query in text for text in (name, *others, *domains)):
        return _PART, 0
    spans = [span for text in (name, provider.id) if 0 < (span := _span(text, query)) <= 2 * len(query)]
    return (_FUZZY, min(spans)) if spans else None


@lru_cache(maxsize=1024)
def _texts(provider: Provider) -> tuple[str, frozenset[str], frozenset[str], frozenset[str]]:
    """Name; aliases and id; the words of all these; mail domains and hosts. Case folded."""
    name = provider.name.casefold()
    others = frozenset([provider.id, *(alias.casefold() for alias in provider.aliases)])
    words = frozenset(word for text in (name, *others) for word in re.split(r"[\W_]+", text) if word)
    hosts = [provider.host, *(region.host for region in provider.regions), *provider.alt_hosts, *provider.old_hosts]
    return name, others, words, frozenset(host for host in [*provider.mail_domains, *hosts] if host)


def _span(text: str, query: str) -> int:
    """Return over how many characters of `text` the letters of `query` come in order; 0 if they do not all come."""
    start = at = -1
    for char in query:
        at = text.find(char, at + 1)
        if at < 0:
            return 0
        start = at if start < 0 else start
    return at - start + 1
