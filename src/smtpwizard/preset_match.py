"""Which provider is behind a host: an SMTP_HOST, or the MX hosts of a domain. Pure; must not look anything up."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final, Literal, NamedTuple

from smtpwizard.preset_schema import Kind, Provider

_KIND: Final = rb"(?m)^kind *= *[\"'](\w+)"
_NAME: Final = rb"[\w.-]*"


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


def may_belong(raw: bytes, name: str) -> bool:
    """Say whether the preset with the text `raw` may be that of host `name`, so that it is worth parsing.

    In TOML a host is a whole string, or what follows {region} is its end. The practice server's own preset never is.
    """
    word = name.encode("utf-8", "replace")
    if b'"' + word + b'"' in raw or b"'" + word + b"'" in raw:
        return set(re.findall(_KIND, raw)) != {b"practice"}
    ends = (re.match(_NAME, behind) for behind in raw.split(b"{region}")[1:])
    return any(end is not None and word.endswith(end[0]) for end in ends)


def by_host(providers: Iterable[Provider], host: str, *, own: Callable[[str], bool]) -> Provider | None:
    """Return the provider to which an SMTP host belongs.

    A current host weighs more than a region by template, than an old name, than another name of a local server; the
    last counts only if one provider alone has it (`localhost` tells nothing). The practice server never answers: its
    address is anyone's. Equal hosts, as Gmail's: the operator's own preset, then the guide's, the lower tier, the id.
    """
    name = clean_host(host)
    if not name:
        return None
    candidates = [provider for provider in providers if provider.kind is not Kind.PRACTICE]
    found = [(_closeness(provider, name), provider) for provider in candidates]
    if sum(closeness is not None for closeness, _ in found) > 1:
        found = [item for item in found if item[0] != _ALIAS]
    ranked = [
        (closeness, not own(provider.id), not provider.guide, provider.tier, provider.id, provider)
        for closeness, provider in found
        if closeness is not None
    ]
    return min(ranked, key=lambda item: item[:5])[5] if ranked else None


_HOST, _TEMPLATE, _OLD, _ALIAS = range(4)


def _closeness(provider: Provider, name: str) -> int | None:
    if name == provider.host or any(name == region.host for region in provider.regions):
        return _HOST
    if provider.host_template:
        before, after = (re.escape(part) for part in provider.host_template.split("{region}"))
        if re.fullmatch(rf"{before}[a-z0-9-]+{after}", name):
            return _TEMPLATE
    if name in provider.old_hosts:
        return _OLD
    return _ALIAS if name in provider.alt_hosts else None


def _ends(name: str, suffix: str) -> bool:
    return name == suffix or name.endswith(f".{suffix}")
