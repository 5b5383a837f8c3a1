"""Step 1, without a screen: how a typed name, address or domain becomes a provider, and what choosing one sets."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from smtpwizard.addresses import domain_of, is_address
from smtpwizard.presets.schema import Kind, Provider, ProviderStatus
from smtpwizard.wizard.questions import begin
from smtpwizard.wizard.session import Session

if TYPE_CHECKING:
    from smtpwizard.presets.matching import Match


HEADINGS: Final = {
    Kind.RELAY: "Relays",
    Kind.MAILBOX: "Mailboxes",
    Kind.HOSTING: "Company and hosting",
    Kind.TEST: "Test inboxes",
    Kind.LOCAL: "Local servers",
    Kind.PRACTICE: "Practice",
    Kind.CUSTOM: "Another server",
}
"""The groups, in the order in which the whole list shows them."""

_MX_SECONDS: Final = 5.0
"""Longer than the resolver's own deadline: a thread that does not come back must not hold the walk."""

_DOMAIN: Final = re.compile(r"(?:[^\s@.]+\.)+[^\s@.]{2,}")


def domain_in(text: str) -> str:
    """Return the domain of a complete mail address or domain, in lower case; '' for anything else."""
    domain = domain_of(text) if is_address(text) else text.lower()
    return domain if _DOMAIN.fullmatch(domain) else ""


class Row(NamedTuple):
    """A provider, or a heading where `provider` is None."""

    provider: Provider | None
    text: str


class Found(NamedTuple):
    """What a typed text may mean."""

    text: str
    providers: tuple[Provider, ...]
    """The likeliest first, without the custom server."""
    match: Match | None
    """The provider to which a whole address or domain leads; it is then the first of `providers` too."""
    pending: str
    """The domain whose MX decides, where it was not asked yet: `look_up()` does."""
    sentence: str
    """What is to be said of it; '' where the list says it all."""


class ProviderStep:
    """Searches providers, asks DNS where a domain receives its mail, and takes one for the walk."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._by_mx: dict[str, Match | None] = {}
        """Domain → what its MX says; a look-up that failed counts as no answer."""

    def search(self, text: str) -> Found:
        """Return what `text` may mean: part of a name, a mail address or a domain. Every provider for ''."""
        presets, custom = self._session.services.presets, self._session.services.custom
        providers = [item for item in presets.search(text) if item.id != custom.id]
        domain = domain_in(text)
        match = (presets.match_address(text) or self._by_mx.get(domain)) if domain else None
        if match is not None:
            providers = [match.provider, *(item for item in providers if item.id != match.provider.id)]
        pending = domain if match is None and domain not in self._by_mx else ""
        sentence = _sentence(text, match, domain, pending=bool(pending), nothing=not providers)
        return Found(text, tuple(providers), match, pending, sentence)

    async def look_up(self, domain: str) -> None:
        """Ask DNS where `domain` receives its mail; what it leads to is in the next `search()`. Never raises."""
        services = self._session.services
        try:
            hosts = await asyncio.wait_for(services.mx_hosts(domain), _MX_SECONDS)
        except TimeoutError:
            hosts = ()
        self._by_mx[domain] = services.presets.match_mx(hosts) if hosts else None

    def rows(self, found: Found) -> tuple[Row, ...]:
        """Group what was found under headings, the custom server last.

        The whole list keeps the order of HEADINGS; a ranked one begins with the group of its best match, so that the
        first row is always the best.
        """
        return rows(found.providers, self._session.services.custom, ranked=bool(found.text))

    @property
    def total(self) -> int:
        """How many providers there are, the practice server not counted."""
        return len(self._session.services.presets.all()) - 1

    @property
    def broken(self) -> str:
        """A sentence on presets of the operator's own that are left out of the list; '' for none."""
        count = len({problem.file for problem in self._session.services.presets.problems})
        if not count:
            return ""
        return f"Not listed, since they cannot be read: {count} of your presets. `smtpwizard presets check` says why."

    def refusal(self, provider: Provider) -> str:
        """Return why `provider` cannot be taken, as a sentence, or ''."""
        if provider.status is not ProviderStatus.BLOCKED:
            return ""
        return f"{provider.name} {provider.status_note or 'takes no password'}. Choose another one."

    def choose(self, provider: Provider, *, region: str | None = None, text: str = "") -> None:
        """Take `provider` with what its preset knows. The practice server is `Session.practise()`: it must be started.

        `text` is what was typed to find it: a mail address is taken over. KeyError for an unknown region.
        """
        state = self._session.state
        address = text if "@" in text and domain_in(text) else ""
        settings = begin(provider, state.settings, region=region, previous=state.provider, address=address)
        self._session.update(provider=provider, region=region, settings=settings)


def rows(found: Sequence[Provider], custom: Provider, *, ranked: bool) -> tuple[Row, ...]:
    """Group providers under headings, `custom` last; a ranked list begins with the group of its first."""
    groups: dict[Kind, list[Provider]] = {} if ranked else {kind: [] for kind in HEADINGS}
    for provider in (*found, custom):
        groups.setdefault(provider.kind, []).append(provider)
    result: list[Row] = []
    for kind, members in groups.items():
        if members:
            result.append(Row(None, HEADINGS[kind]))
            result.extend(Row(member, member.name) for member in members)
    return tuple(result)


def preferred_region(provider: Provider, region: str | None, domain: str = "") -> int:
    """Return the place of the region to start with: `region`, the one that a mail `domain` names, or the default."""
    for wanted in (
        lambda item: item.id == region,
        lambda item: bool(domain) and domain in (item.id, item.label.lower()),
        lambda item: item.host == provider.host,
    ):
        for index, item in enumerate(provider.regions):
            if wanted(item):
                return index
    return 0


def _sentence(text: str, match: Match | None, domain: str, *, pending: bool, nothing: bool) -> str:
    if match is not None and match.how == "mx":
        return f"{domain} receives mail at {match.provider.name} (MX)."
    if match is not None:
        return f"{domain} is {match.provider.name}."
    if domain and pending:
        return f"Looking up where {domain} receives its mail…"
    if domain and nothing:
        return f"No provider is known behind {domain}."
    return f'No provider matches "{text}".' if text and nothing else ""
