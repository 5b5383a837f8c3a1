"""What a survey finds and proposes. Data only; every text in here is already safe, bounded and redacted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from smtpwizard.clients import registry
from smtpwizard.clients.model import ClientModel
from smtpwizard.clients.transport import Transport
from smtpwizard.lint.context import IMPLICIT_PORTS
from smtpwizard.presets.schema import Kind, Provider, TlsMode
from smtpwizard.probe.survey.limits import MOST_PORTS
from smtpwizard.problems import NO_CHANGES, Basis, Changes, Problem, Severity, repair_label
from smtpwizard.settings import Settings
from smtpwizard.smtp.results import StepResult, TlsFacts


@dataclass(frozen=True, slots=True)
class PortFacts:
    """One port, asked without credentials."""

    port: int
    open: bool
    """A TCP connection came about."""
    tls: TlsMode | None = None
    """How it speaks TLS; None if no mail server greeted."""
    auth: tuple[str, ...] = ()
    """Login mechanisms it offers, inside TLS where it has TLS."""
    ms: float | None = None
    """Milliseconds until the connection was open or refused; None if nothing came back."""
    error: str | None = None
    """Why the app could not use it as it stands: the system's or TLS library's word, or the server's own words."""
    banner: str = ""
    """The greeting."""
    tls_facts: TlsFacts | None = None
    address: str = ""
    """The IP address that answered."""
    login: bool = False
    """Whether the app's client, given credentials, would log in here."""

    @property
    def usable(self) -> bool:
        """Whether the app's client would come as far as the login: it greets, and a certificate it has is trusted."""
        if self.tls is None or self.error is not None:
            return False
        return self.tls is TlsMode.NONE or (self.tls_facts is not None and self.tls_facts.verified)

    def to_json(self) -> dict[str, Any]:
        """Return the contract's object of `scan --json`."""
        return {
            "port": self.port,
            "open": self.open,
            "tls": None if self.tls is None else self.tls.value,
            "auth": list(self.auth),
            "ms": self.ms,
            "error": self.error,
        }


class Reach(StrEnum):
    """What became of a connection to the web port of the same host."""

    ANSWERS = "answers"
    REFUSES = "refuses"
    """It refused, so the host is there and packets reach it."""
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """What else was found out about a certificate that the app does not trust."""

    system_trusts: bool | None = None
    """Whether this machine's own store trusts it for this host; None: not found out."""
    bundle: str = ""
    """The file in which this machine keeps its store."""
    chain: int | None = None
    """How many certificates the server sends."""
    names: tuple[str, ...] = ()
    """Names in it that lead to the same address and under which the app would trust the server."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything from which proposals are made."""

    settings: Settings
    transport: Transport
    provider: Provider | None
    """None for a custom server."""
    failed: StepResult | None
    """The stage at which the first try failed; None where it went through in clear text."""
    ports: tuple[PortFacts, ...] = ()
    """The settings' own port first, where it is one."""
    families: tuple[PortFacts, ...] = ()
    """The settings' own port over IPv4 and over IPv6, where the host has both."""
    web: Reach | None = None
    certificate: CertificateFacts | None = None
    cloud: str = ""
    """The cloud in which this machine stands."""
    service: str = "api"
    """The app's compose service."""
    client: ClientModel = registry.DEFAULT
    """The app's mail client."""

    @property
    def own(self) -> PortFacts | None:
        """What the settings' own port said."""
        return next((item for item in self.ports if item.port == self.transport.port), None)

    @property
    def known(self) -> Provider | None:
        """The provider where it is a public one, whose host names and ports are known."""
        public = (Kind.RELAY, Kind.MAILBOX, Kind.HOSTING, Kind.TEST)
        return self.provider if self.provider is not None and self.provider.kind in public else None


def proposal(
    id: str,  # noqa: A002
    title: str,
    cause: str,
    remedy: str,
    changes: Changes = NO_CHANGES,
    label: str = "",
    facts: tuple[str, ...] = (),
) -> Problem:
    """Return a problem that rests on what was seen at the server, its changes such that the server answers to them."""
    return Problem(
        id=id,
        severity=Severity.ERROR,
        title=title,
        cause=cause,
        remedy=remedy,
        variables=tuple(changes),
        changes=changes,
        label=label or repair_label(changes),
        basis=Basis.SURVEY,
        facts=facts,
    )


@dataclass(frozen=True, slots=True)
class SurveyResult:
    """The result of a survey."""

    proposals: tuple[Problem, ...] = ()
    """The best first."""
    facts: tuple[str, ...] = ()
    """What was seen, a line each."""
    ports: tuple[PortFacts, ...] = ()
    elapsed_ms: float = 0.0


USUAL: Final = (587, 465, 2525, 2587, 2465, 25)
"""Submission (RFC 6409), submissions (RFC 8314), the doubles that clouds rarely block, and relay."""
ESCAPES: Final = (2525, 2587, 2465)
WEB: Final = 443


def ports_to_ask(provider: Provider | None = None, *first: int | None) -> tuple[int, ...]:
    """Return the ports in order: `first`, the provider's, the usual ones; each once, only real ones."""
    listed = [choice.port for choice in provider.ports] if provider else []
    return real((*first, *listed, *USUAL))


def real(ports: Iterable[int | None]) -> tuple[int, ...]:
    """Return the valid ports, each once, 24 at most."""
    found = dict.fromkeys(port for port in ports if port is not None and 0 < port < 65536)
    return tuple(found)[:MOST_PORTS]


def expected_modes(provider: Provider | None = None) -> Mapping[int, TlsMode]:
    """Return port → mode where it is known: which question comes first. Every answer is found out all the same."""
    numbers = dict.fromkeys(IMPLICIT_PORTS, TlsMode.IMPLICIT)
    return numbers | ({choice.port: choice.tls for choice in provider.ports} if provider else {})
