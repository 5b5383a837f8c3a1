"""Step 1, without a screen: how a typed name, address or domain becomes a provider, and what choosing one sets."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Final

from smtpwizard.addresses import domain_of, is_address
from smtpwizard.apps.profile import Role, repository
from smtpwizard.presets.catalogue import Match, ranked
from smtpwizard.presets.schema import Kind, Provider, ProviderStatus
from smtpwizard.records import NamedTuple
from smtpwizard.report.presets import GROUPS
from smtpwizard.text import safe
from smtpwizard.wizard.questions import begin
from smtpwizard.wizard.session import Session

HERE: Final = "Found here"
WITHOUT_ACCOUNT: Final = "Without an account"
"""Headings of what is offered first, beside what the app's guide names."""

_MX_SECONDS: Final = 5.0
"""Longer than the resolver's own deadline: a thread that does not come back must not hold the walk."""

_DOMAIN: Final = re.compile(r"(?:[^\s@.]+\.)+[^\s@.]{2,}")


def domain_in(text: str) -> str:
    """Return the domain of a complete mail address or domain, in lower case; '' for anything else."""
    domain = domain_of(text) if is_address(text) else text.lower()
    if ":" in domain or re.fullmatch(r"[\d.]+", domain):
        return ""  # a server with its port, or an IPv4 address
    return domain if _DOMAIN.fullmatch(domain) else ""


_SERVER: Final = re.compile(r"(?:smtps?://)?((?:[\w-]+\.)*[\w-]+|\[[0-9a-f:.]+\])\.?(?::(\d{1,5}))?/?", re.IGNORECASE)


def server_in(text: str) -> tuple[str, str]:
    """Return host and port of a typed server: `mail.acme.example`, `localhost:25`, `smtp://10.0.0.5`; else ('', '').

    A single word is none, unless it is `localhost` or a port follows: it is searched for.
    """
    found = _SERVER.fullmatch(text)
    if found is None:
        return "", ""
    host, port = found[1].lower(), found[2] or ""
    plain = host == "localhost" or "." in host or ":" in host or port or "://" in text
    return (host, port) if plain else ("", "")


class Row(NamedTuple):
    """A provider, or a heading where `provider` is None."""

    provider: Provider | None
    text: str
    note: str = ""
    """Why it is offered first, in a few words."""
    host: str = ""
    """The name under which the app reaches it, where it was found beside the app."""


class Found(NamedTuple):
    """What a typed text may mean."""

    text: str
    providers: tuple[Provider, ...]
    """The likeliest first; the custom server only where it is meant."""
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
        providers = [*(ranked((*presets.all(), custom), text) if text else presets.all())]
        domain = domain_in(text)
        match = (presets.match_address(text) or self._by_mx.get(domain)) if domain else None
        if match is not None:
            providers = [match.provider, *(item for item in providers if item.id != match.provider.id)]
        pending = domain if match is None and domain not in self._by_mx else ""
        sentence = _sentence(text, match, domain, pending=bool(pending), nothing=not providers)
        return Found(text, tuple(providers), match, pending, sentence)

    @property
    def intro(self) -> str:
        """One line on what will happen, for whom, and what will not."""
        services = self._session.services
        why = f", {services.app_why}" if services.app_why else ""
        return f"Mail for {services.app.name}{why}. Nothing is written before step 4."

    async def look_up(self, domain: str) -> None:
        """Ask DNS where `domain` receives its mail; what it leads to is in the next `search()`. Never raises."""
        services = self._session.services
        try:
            hosts = await asyncio.wait_for(services.mx_hosts(domain), _MX_SECONDS)
        except TimeoutError:
            hosts = ()
        self._by_mx[domain] = services.presets.match_mx(hosts) if hosts else None

    def rows(self, found: Found) -> tuple[Row, ...]:
        """Group what was found under headings, the custom server last where it is not meant.

        Without a text a few come first: what the app's guide names, what lies in the folder, the practice server; then
        everything in the order of GROUPS. A ranked list begins with the group of its best match, so that the first row
        is always the best.
        """
        custom = self._session.services.custom
        first = () if found.text else self.first()
        return (*first, *rows(found.providers, custom, ranked=bool(found.text)))

    def first(self) -> Iterator[Row]:
        """Yield what is offered first, under its headings."""
        app, known = self._session.services.app, {item.id: item for item in self._session.services.presets.all()}
        custom = self._session.services.custom
        known[custom.id] = custom
        named = [item for item in app.suggested if item.provider in known]
        yield Row(None, f"In the guide of {app.name}" if named else "A server of your own")
        for item in named:
            yield Row(known[item.provider], known[item.provider].name, item.reason)
        if not named:
            yield Row(custom, custom.name)
        if self._here:
            yield Row(None, HERE)
            yield from self._here
        practice = next((item for item in known.values() if item.kind is Kind.PRACTICE), None)
        if practice is not None:
            yield Row(None, WITHOUT_ACCOUNT)
            yield Row(practice, practice.name, "to try the walk")

    @cached_property
    def _here(self) -> tuple[Row, ...]:
        """The test servers among the services of the compose file beside the target."""
        from smtpwizard.targets.files import default_file

        target = self._session.state.target.path
        folder = target.parent if target is not None else Path()
        if default_file(folder) is None:
            return ()
        from smtpwizard.wizard.destination import images_here

        return tuple(
            Row(provider, provider.name, f"service {safe(service)}", service)
            for service, image in images_here(folder)
            for provider in self._session.services.presets.all()
            if provider.docker_image and repository(provider.docker_image) == repository(image)
        )

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

    def choose(self, provider: Provider, *, region: str | None = None, text: str = "", host: str = "") -> None:
        """Take `provider` with what its preset knows. The practice server is `Session.practise()`: it must be started.

        `text` is what was typed to find it: an address is taken over, and by the custom server a host with its port.
        `host` is the name under which the app reaches it, where that is known. KeyError for an unknown region.
        """
        state = self._session.state
        address = text if "@" in text and domain_in(text) else ""
        settings = begin(provider, state.settings, region=region, previous=state.provider, address=address)
        named, port = server_in(text) if provider.kind is Kind.CUSTOM else ("", "")
        if host or named:
            settings = settings.with_changes({Role.HOST: host or named})
        if port:
            settings = settings.with_changes({Role.PORT: port})
        self._session.update(provider=provider, region=region, settings=settings)


def rows(found: Sequence[Provider], custom: Provider, *, ranked: bool) -> tuple[Row, ...]:
    """Group providers under headings, `custom` last unless it is found; a ranked list begins with its first's group."""
    groups: dict[Kind, list[Provider]] = {} if ranked else {kind: [] for kind in GROUPS}
    for provider in found if custom in found else (*found, custom):
        groups.setdefault(provider.kind, []).append(provider)
    result: list[Row] = []
    for kind, members in groups.items():
        if members:
            result.append(Row(None, GROUPS[kind]))
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
    if nothing and server_in(text)[0]:
        return ""
    return f'No provider matches "{text}".' if text and nothing else ""
