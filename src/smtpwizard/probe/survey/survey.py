"""The second look: everything is asked at once, under one deadline, and then judged. Needs asyncio, so import it late.

Bounded by the deadline and by the number of connections, not by a server's good will. Cancelling closes every
connection at once.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from smtpwizard.clients.nodemailer import errors as nodewords
from smtpwizard.clients.transport import Transport, transport
from smtpwizard.presets.schema import Kind, Provider, TlsMode
from smtpwizard.probe.survey.advice import place, proposals
from smtpwizard.probe.survey.certificates import CertificateLook
from smtpwizard.probe.survey.dialer import Way, authorities, together, usable_ciphers
from smtpwizard.probe.survey.facts import (
    WEB,
    Evidence,
    PortFacts,
    Proposal,
    Reach,
    SecondLook,
    expected_modes,
    ports_to_ask,
    real,
)
from smtpwizard.probe.survey.limits import GRACE_SECONDS, TOTAL_SECONDS, applies
from smtpwizard.probe.survey.port import PortLook
from smtpwizard.probe.survey.ranking import family_lines, meaning, port_lines, web_line
from smtpwizard.probe.survey.rules import sister
from smtpwizard.probe.verdict import Options
from smtpwizard.secret import redact
from smtpwizard.settings import Settings
from smtpwizard.smtp import net as resolve
from smtpwizard.smtp.net_asyncio import AsyncioNet
from smtpwizard.smtp.results import Report, Step, StepResult
from smtpwizard.text import safe

OnPort = Callable[[PortFacts], None]
"""Called with each port as soon as it is clear."""


async def scan_ports(
    host: str,
    ports: Iterable[int],
    *,
    timeout: float = TOTAL_SECONDS,
    options: Options | None = None,
    expected: Mapping[int, TlsMode] | None = None,
    on_port: OnPort | None = None,
) -> tuple[PortFacts, ...]:
    """Ask all ports of `host` in parallel and return one PortFacts each, in the order given, after `timeout` s at most.

    `host` is a name or an IP address. Certificates are judged with the app's trust and what `options` add. `expected`
    says which mode to try first; port 465 and 2465 are tried with TLS first anyway. No credentials are sent.
    FileError where a certificate authority of the options cannot be read.
    """
    options = options or Options()
    trusted = authorities(options)
    deadline = time.monotonic() + timeout
    asked = real(ports)
    net = AsyncioNet()
    try:
        addresses = await resolve.addresses(net, host, deadline)
    except (OSError, TimeoutError) as error:
        return tuple(PortFacts(port, False, error=unresolved(error)) for port in asked)
    modes = {**expected_modes(), **(expected or {})}
    way = Way(net, host, addresses, authorities=trusted, ehlo_name=options.ehlo_name)
    looks = [PortLook(way, port, expected=modes.get(port)) for port in asked]
    try:
        await together([told(look, on_port) for look in looks], deadline)
    finally:
        way.close()
    return tuple(look.facts() for look in looks)


async def told(look: PortLook, on_port: OnPort | None) -> None:
    """Run a look and tell its outcome."""
    await look.run()
    if on_port is not None:
        on_port(look.facts())


def unresolved(error: OSError) -> str:
    """Return Node's word for a host without an address, or one that no name server answered for in time."""
    return nodewords.resolver(error) if isinstance(error, socket.gaierror) else "EAI_AGAIN"


class Asking:
    """All ports, the settings' own over IPv4 and IPv6 apart; the web port and the certificate where they matter."""

    def __init__(
        self,
        way: Way,
        handed: Transport,
        failed: StepResult | None,
        ports: tuple[int, ...],
        *,
        provider: Provider | None,
        web_port: int,
    ) -> None:
        self._way = way
        self._handed = handed
        self._failed = failed
        self._web_port = web_port
        self.web: Reach | None = None
        modes = expected_modes(provider)
        own, apart = handed.port, self._apart() if handed.port in ports else ()
        self._families = [PortLook(way, own, expected=modes.get(own), addresses=(address,)) for address in apart]
        rest = (port for port in ports if port != own or not apart)
        self._ports = [PortLook(way, port, expected=modes.get(port)) for port in rest]
        self.certificate = self._certificate()

    def jobs(self, on_port: OnPort | None) -> list[Coroutine[Any, Any, None]]:
        """Return everything that is to be run at once."""
        jobs = [told(look, on_port) for look in (*self._families, *self._ports)]
        if self._unreached:
            jobs.append(self._ask_web())
        if self.certificate is not None:
            jobs.append(self.certificate.run())
        return jobs

    def enough(self) -> float | None:
        """Return a short grace for the rest once the settings' own port was found to speak the other mode."""
        own = next((item for item in self.port_facts() if item.port == self._handed.port), None)
        if own is None or not own.usable or self._failed is None or self._failed.step not in (Step.GREETING, Step.TLS):
            return None
        return GRACE_SECONDS if (own.tls is TlsMode.IMPLICIT) != self._handed.secure else None

    def port_facts(self) -> tuple[PortFacts, ...]:
        """Return what is known of each port, the settings' own first; of two families the one that answers."""
        rest = tuple(look.facts() for look in self._ports)
        ours = [item for item in self.family_facts() if item.address in self._way.addresses]
        return (min(ours, key=lambda item: (not item.usable, not item.open)), *rest) if ours else rest

    def family_facts(self) -> tuple[PortFacts, ...]:
        """Return what the settings' own port said over IPv4 and IPv6."""
        return tuple(look.facts() for look in self._families)

    def _certificate(self) -> CertificateLook | None:
        failed = self._failed
        if failed is None or failed.error is None or failed.step not in (Step.TLS, Step.STARTTLS):
            return None
        names = failed.tls.names if failed.tls else ()
        implicit = failed.step is Step.TLS
        return CertificateLook(self._way, self._handed.port, implicit=implicit, error=failed.error, names=names)

    def _apart(self) -> tuple[str, ...]:
        """Return an address of each family where the host has both; of a closed loopback address the sister, too."""
        four = [address for address in self._way.addresses if ":" not in address]
        six = [address for address in self._way.addresses if ":" in address]
        if four and six:
            return four[0], six[0]
        other = sister(self._way.host) if self._unreached else None
        return (self._way.host, other) if other else ()

    @property
    def _unreached(self) -> bool:
        return self._failed is not None and self._failed.step is Step.CONNECT

    async def _ask_web(self) -> None:
        try:
            await self._way.connect(self._web_port)
        except ConnectionRefusedError:
            self.web = Reach.REFUSES
        except OSError:
            self.web = Reach.SILENT
        else:
            self.web = Reach.ANSWERS


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
