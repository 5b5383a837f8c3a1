"""The second look: everything is asked at once, under one deadline, and then judged. Needs asyncio, so import it late.

Bounded by the deadline and by the number of connections, not by a server's good will. Cancelling closes every
connection at once.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import replace

from smtpwizard.app.client import transport
from smtpwizard.preset_schema import Kind, Provider
from smtpwizard.probe import resolve
from smtpwizard.probe.look.applying import applies
from smtpwizard.probe.look.asking import Asking
from smtpwizard.probe.look.facts import Evidence, PortFacts, Proposal, SecondLook
from smtpwizard.probe.look.limits import TOTAL_SECONDS
from smtpwizard.probe.look.place import place
from smtpwizard.probe.look.ports import WEB, ports_to_ask, real
from smtpwizard.probe.look.proposing import proposals
from smtpwizard.probe.look.race import together
from smtpwizard.probe.look.scan import OnPort, unresolved
from smtpwizard.probe.look.way import Way, authorities, usable_ciphers
from smtpwizard.probe.look.words import family_lines, meaning, port_lines, web_line
from smtpwizard.probe.net_asyncio import AsyncioNet
from smtpwizard.probe.options import Options
from smtpwizard.probe.results import Report, Step
from smtpwizard.secret import redact
from smtpwizard.settings import Settings
from smtpwizard.text import safe

_LINE = 600
"""Characters of a text that are kept."""


async def second_look(
    report: Report,
    settings: Settings,
    options: Options | None = None,
    *,
    provider: Provider | None = None,
    ports: Iterable[int] | None = None,
    web_port: int = WEB,
    service: str = "api",
    timeout: float = TOTAL_SECONDS,
    on_port: OnPort | None = None,
) -> SecondLook:
    """Ask the server what the first try, `report`, left open; return at the latest after `timeout` s.

    Nothing is asked where `applies(report)` is false. `ports` replaces the ports that are asked beside the settings'
    own (default: the provider's and the usual ones), `web_port` the one that shows whether the host is reached at all.
    `service` is the app's compose service. `on_port` is told each port as soon as it is clear, the settings' own once
    for each of IPv4 and IPv6. FileError where a certificate authority of the options cannot be read.
    """
    options = options or Options()
    handed = transport(settings, origin=options.origin)
    if handed is None or not applies(report):
        return SecondLook()
    trusted = authorities(options)
    began = time.monotonic()
    net = AsyncioNet()
    try:
        addresses = await resolve.addresses(net, handed.host, began + timeout)
    except OSError as error:
        return SecondLook(facts=(_clean(f"{handed.host}: {meaning(unresolved(error))}", settings),))
    way = Way(
        net,
        handed.host,
        addresses,
        authorities=trusted,
        cipher_spec=usable_ciphers(settings.cipher_spec),
        ehlo_name=options.ehlo_name,
    )
    wanted = ports_to_ask(provider, handed.port) if ports is None else real((handed.port, *ports))
    asking = Asking(way, handed, report.failed, wanted, provider=provider, web_port=web_port)
    try:
        await together(asking.jobs(on_port), began + timeout, enough=asking.enough)
    finally:
        way.close()
    unreached = report.failed is not None and report.failed.step is Step.CONNECT
    evidence = Evidence(
        settings=settings,
        transport=handed,
        provider=None if provider is None or provider.kind is Kind.CUSTOM else provider,
        failed=report.failed,
        ports=tuple(_redacted(item, settings) for item in asking.port_facts()),
        families=tuple(_redacted(item, settings) for item in asking.family_facts()),
        web=asking.web,
        certificate=asking.certificate.facts() if asking.certificate else None,
        place=place() if unreached else "",
        service=service,
    )
    return SecondLook(
        tuple(_cleaned(item, settings) for item in proposals(evidence)),
        tuple(_clean(line, settings) for line in _facts(evidence, web_port)),
        evidence.ports,
        round((time.monotonic() - began) * 1000, 1),
    )


def _facts(evidence: Evidence, web_port: int) -> Iterator[str]:
    host, certificate = evidence.transport.host, evidence.certificate
    yield from port_lines(evidence.ports, host)
    if len({item.usable for item in evidence.families}) > 1:
        yield from family_lines(evidence.families, host)
    if evidence.web is not None:
        yield web_line(evidence.web, web_port)
    if certificate is not None and certificate.system_trusts is not None:
        trusts = "trusts the certificate" if certificate.system_trusts else "does not trust the certificate either"
        yield f"this machine's own store {trusts}"
    if certificate is not None and certificate.chain == 1:
        yield "the server sends one certificate only: an intermediate one may be missing"
    if evidence.place:
        yield f"place: {evidence.place}"


def _cleaned(proposal: Proposal, settings: Settings) -> Proposal:
    return replace(
        proposal,
        title=_clean(proposal.title, settings),
        cause=_clean(proposal.cause, settings),
        remedy=_clean(proposal.remedy, settings),
        facts=tuple(_clean(line, settings) for line in proposal.facts),
    )


def _redacted(item: PortFacts, settings: Settings) -> PortFacts:
    """Return the facts without secrets: a server that was logged in to before could say them back."""
    auth = tuple(_clean(name, settings) for name in item.auth)
    error = None if item.error is None else _clean(item.error, settings)
    return replace(item, auth=auth, error=error, banner=_clean(item.banner, settings))


def _clean(text: str, settings: Settings) -> str:
    return safe(redact(text, settings.secrets(), username=settings.username or ""), limit=_LINE)
