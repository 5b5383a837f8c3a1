"""The survey after a failed check: everything is asked at once, under one deadline. Needs asyncio, so import it late.

The deadline and the number of connections bound it, whatever the server does. Cancelling closes every connection at
once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from typing import Any

from smtpwizard.apps.loading import shipped
from smtpwizard.apps.profile import AppProfile
from smtpwizard.clients.model import CipherListError
from smtpwizard.clients.registry import dialogue_of
from smtpwizard.clients.transport import Transport
from smtpwizard.presets.schema import Kind, Provider, TlsMode
from smtpwizard.probe.survey.advice import cloud_provider, proposals, sister
from smtpwizard.probe.survey.facts import (
    GRACE_SECONDS,
    TOTAL_SECONDS,
    WEB,
    Evidence,
    PortFacts,
    Reach,
    SurveyResult,
    expected_modes,
    family_lines,
    is_useful,
    meaning,
    port_lines,
    ports_to_ask,
    real,
    web_line,
)
from smtpwizard.probe.survey.port import CertificateProbe, Dialer, PortProbe, together
from smtpwizard.probe.verdict import Options
from smtpwizard.problems import Problem
from smtpwizard.secret import redact
from smtpwizard.settings import Settings
from smtpwizard.smtp import net as network
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
    app: AppProfile | None = None,
) -> tuple[PortFacts, ...]:
    """Ask all ports of `host` in parallel and return one PortFacts each, in the order given, after `timeout` s at most.

    `host` is a name or an IP address. Certificates are judged with the trust of `app` (None: the default
    one) and what `options` add. `expected` says which mode to try first; port 465 and 2465 are tried with TLS first
    anyway. No credentials are sent. FileError where a certificate authority of the options cannot be read.
    """
    options = options or Options()
    client = dialogue_of(app or shipped())
    options.authorities(client)  # a file that cannot be read is an error before anything is asked
    deadline = time.monotonic() + timeout
    asked = real(ports)
    net = AsyncioNet()
    try:
        addresses = await network.addresses(net, host, deadline)
    except OSError as error:
        word = client.errors().unresolved(host, error, timeout).error
        return tuple(PortFacts(port, False, error=word) for port in asked)
    modes = {**expected_modes(), **(expected or {})}
    dialer = Dialer(net, client, host, addresses, options)
    probes = [PortProbe(dialer, port, expected=modes.get(port)) for port in asked]
    try:
        await together([_run_and_report(probe, on_port) for probe in probes], deadline)
    finally:
        dialer.close()
    return tuple(probe.facts() for probe in probes)


async def _run_and_report(probe: PortProbe, on_port: OnPort | None) -> None:
    """Run a probe and report what it found."""
    await probe.run()
    if on_port is not None:
        on_port(probe.facts())


class Survey:
    """All ports, the settings' own over IPv4 and IPv6 apart; the web port and the certificate where they matter."""

    def __init__(
        self,
        dialer: Dialer,
        transport: Transport,
        failed: StepResult | None,
        ports: tuple[int, ...],
        *,
        provider: Provider | None,
        web_port: int,
    ) -> None:
        self._dialer = dialer
        self._transport = transport
        self._failed = failed
        self._web_port = web_port
        self.web: Reach | None = None
        modes = expected_modes(provider)
        own, apart = transport.port, self._apart() if transport.port in ports else ()
        self._families = [PortProbe(dialer, own, expected=modes.get(own), addresses=(address,)) for address in apart]
        rest = (port for port in ports if port != own or not apart)
        self._ports = [PortProbe(dialer, port, expected=modes.get(port)) for port in rest]
        self.certificate = self._certificate()

    def jobs(self, on_port: OnPort | None) -> list[Coroutine[Any, Any, None]]:
        """Return everything that is to be run at once."""
        jobs = [_run_and_report(probe, on_port) for probe in (*self._families, *self._ports)]
        if self._unreached:
            jobs.append(self._ask_web())
        if self.certificate is not None:
            jobs.append(self.certificate.run())
        return jobs

    def enough(self) -> float | None:
        """Return a short grace for the rest once the settings' own port was found to speak the other mode."""
        own = next((item for item in self.port_facts() if item.port == self._transport.port), None)
        if own is None or not own.usable or self._failed is None or self._failed.step not in (Step.GREETING, Step.TLS):
            return None
        return GRACE_SECONDS if (own.tls is TlsMode.IMPLICIT) != self._transport.secure else None

    def port_facts(self) -> tuple[PortFacts, ...]:
        """Return what is known of each port, the settings' own first; of two families the one that answers."""
        rest = tuple(probe.facts() for probe in self._ports)
        ours = [item for item in self.family_facts() if item.address in self._dialer.addresses]
        return (min(ours, key=lambda item: (not item.usable, not item.open)), *rest) if ours else rest

    def family_facts(self) -> tuple[PortFacts, ...]:
        """Return what the settings' own port said over IPv4 and IPv6."""
        return tuple(probe.facts() for probe in self._families)

    def _certificate(self) -> CertificateProbe | None:
        failed = self._failed
        if failed is None or failed.error is None or failed.step not in (Step.TLS, Step.STARTTLS):
            return None
        names = failed.tls.names if failed.tls else ()
        implicit = failed.step is Step.TLS
        return CertificateProbe(self._dialer, self._transport.port, implicit=implicit, error=failed.error, names=names)

    def _apart(self) -> tuple[str, ...]:
        """Return an address of each family if the host has both; of a closed loopback address also its counterpart."""
        four = [address for address in self._dialer.addresses if ":" not in address]
        six = [address for address in self._dialer.addresses if ":" in address]
        if four and six:
            return four[0], six[0]
        other = sister(self._dialer.host) if self._unreached else None
        return (self._dialer.host, other) if other else ()

    @property
    def _unreached(self) -> bool:
        return self._failed is not None and self._failed.step is Step.CONNECT

    async def _ask_web(self) -> None:
        try:
            await self._dialer.connect(self._web_port)
        except ConnectionRefusedError:
            self.web = Reach.REFUSES
        except OSError:
            self.web = Reach.SILENT
        else:
            self.web = Reach.ANSWERS


_LINE = 600
"""Characters of a text that are kept."""


async def run_survey(
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
) -> SurveyResult:
    """Ask the server what the first try, `report`, left open; return at the latest after `timeout` s.

    Nothing is asked where `is_useful(report)` is false. `ports` replaces the ports that are asked beside the settings'
    own (default: the provider's and the usual ones), `web_port` the one that shows whether the host is reached at all.
    `service` is the app's compose service. `on_port` is called with each port as soon as it is clear, with the
    settings' own once for each of IPv4 and IPv6. FileError where an authority of the options cannot be read.
    """
    options = options or Options()
    client = dialogue_of(settings.app)
    transport = client.transport(settings, origin=options.origin)
    if transport is None or not is_useful(report):
        return SurveyResult()
    options.authorities(client)
    began = time.monotonic()
    net = AsyncioNet()
    try:
        addresses = await network.addresses(net, transport.host, began + timeout)
    except OSError as error:
        word = client.errors().unresolved(transport.host, error, timeout).error or ""
        return SurveyResult(facts=(_clean(f"{transport.host}: {meaning(word)}", settings),))
    try:
        client.tls.check_ciphers(settings.ciphers or "")
        ciphers = settings.ciphers or None
    except CipherListError:  # the first try has reported it; the ports can be tried all the same
        ciphers = None
    dialer = Dialer(
        net,
        client,
        transport.host,
        addresses,
        options,
        cipher_spec=ciphers,
        implicit_ciphers=settings.app.client.implicit_ciphers,
    )
    wanted = ports_to_ask(provider, transport.port) if ports is None else real((transport.port, *ports))
    survey = Survey(dialer, transport, report.failed, wanted, provider=provider, web_port=web_port)
    try:
        await together(survey.jobs(on_port), began + timeout, enough=survey.enough)
    finally:
        dialer.close()
    unreached = report.failed is not None and report.failed.step is Step.CONNECT
    evidence = Evidence(
        settings=settings,
        transport=transport,
        provider=None if provider is None or provider.kind is Kind.CUSTOM else provider,
        failed=report.failed,
        ports=tuple(_redacted(item, settings) for item in survey.port_facts()),
        families=tuple(_redacted(item, settings) for item in survey.family_facts()),
        web=survey.web,
        certificate=survey.certificate.facts() if survey.certificate else None,
        cloud=cloud_provider() if unreached else "",
        service=service,
    )
    return SurveyResult(
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
    if evidence.cloud:
        yield f"place: {evidence.cloud}"


def _cleaned(proposal: Problem, settings: Settings) -> Problem:
    return proposal._replace(
        title=_clean(proposal.title, settings),
        cause=_clean(proposal.cause, settings),
        remedy=_clean(proposal.remedy, settings),
        facts=tuple(_clean(line, settings) for line in proposal.facts),
    )


def _redacted(item: PortFacts, settings: Settings) -> PortFacts:
    """Return the facts without secrets: a server that was given the password before could repeat it."""
    auth = tuple(_clean(name, settings) for name in item.auth)
    error = None if item.error is None else _clean(item.error, settings)
    return item._replace(auth=auth, error=error, banner=_clean(item.banner, settings))


def _clean(text: str, settings: Settings) -> str:
    return safe(redact(text, settings.secrets(), username=settings.username or ""), limit=_LINE)
