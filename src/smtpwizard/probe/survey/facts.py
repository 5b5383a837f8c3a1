"""When a survey helps, what bounds it, what it finds, and which ports would do. Pure; texts are safe and redacted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

from smtpwizard.addresses import is_private_host
from smtpwizard.apps.profile import Role
from smtpwizard.clients.model import REFUSED_CIPHERS, ClientModel
from smtpwizard.clients.registry import dialogue_of
from smtpwizard.clients.transport import Transport
from smtpwizard.presets.schema import Kind, Provider, TlsMode
from smtpwizard.presets.values import IMPLICIT_PORTS, MTA_PORT
from smtpwizard.problems import NO_CHANGES, Basis, Changes, Problem, Severity, repair_label
from smtpwizard.records import NamedTuple
from smtpwizard.settings import Settings
from smtpwizard.smtp import certificate as tls_facts
from smtpwizard.smtp.results import Report, Status, Step, StepResult, TlsFacts, Verdict
from smtpwizard.text import listed

TOTAL_SECONDS: Final = 10.0
"""The one deadline over everything."""
CONNECT_SECONDS: Final = 4.0
"""For a TCP connection: a SYN that was lost is sent again after 1 and 3 s (RFC 6298), so two repeats fit."""
ATTEMPT_SECONDS: Final = 0.25
"""From one address to the next without waiting for the first: RFC 8305's Connection Attempt Delay."""
STAGE_SECONDS: Final = 8.0
"""For each step of the dialogue; servers that look up the client's name first take 5 s and more to greet."""
GRACE_SECONDS: Final = 0.4
"""The time that the other ports still get once the settings' own port has explained the failure."""

MOST_ADDRESSES: Final = 4
"""Addresses of a host that are tried for a port; large providers have dozens."""
MOST_PORTS: Final = 24
MOST_OCTETS: Final = 128 * 1024
"""Octets taken from one connection. A dialogue with its certificates has 20 KB; beyond this it is no mail server."""
MOST_MECHANISMS: Final = 16
MOST_NAMES: Final = 5
"""Names of a certificate that are looked up."""
_ENVELOPE: Final = frozenset({Step.MAIL, Step.RCPT, Step.DATA})
_AUTHENTICATION_REQUIRED: Final = 530
"""RFC 4954 section 6; also `Must issue a STARTTLS command first` (RFC 3207 section 4)."""


class PortFacts(NamedTuple):
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


class CertificateFacts(NamedTuple):
    """What else was found out about a certificate that the app does not trust."""

    system_trusts: bool | None = None
    """Whether this machine's own store trusts it for this host; None: not found out."""
    bundle: str = ""
    """The file in which this machine keeps its store."""
    chain: int | None = None
    """How many certificates the server sends."""
    names: tuple[str, ...] = ()
    """Names in it that lead to the same address and under which the app would trust the server."""


class Evidence(NamedTuple):
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

    @property
    def client(self) -> ClientModel:
        """The client that has talked to the server."""
        return dialogue_of(self.settings.app)

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


class SurveyResult(NamedTuple):
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


def is_useful(report: Report) -> bool:
    """Say whether a survey makes sense after `report`.

    It does for a closed or silent port, for everything about TLS and certificates, for a server that greets in a
    strange way, for a login that was not offered, and where the password went in clear. It does not for a host without
    an address, for a refused login (asking again locks accounts), for a refused sender or recipient, and for a server
    that asks for a pause.
    """
    failed = report.failed
    if failed is None:
        return report.app.verdict is Verdict.LEAKS
    code = failed.reply.code if failed.reply else None
    if code is not None and 400 <= code < 500 and failed.step is not Step.STARTTLS:
        return False
    if failed.step is Step.CONNECT:
        return True
    if failed.step in (Step.TLS, Step.STARTTLS):
        return failed.error not in REFUSED_CIPHERS  # nothing was asked of the server
    if failed.step is Step.GREETING:
        return True
    if failed.step is Step.EHLO:
        return failed.reply is None
    return failed.step in _ENVELOPE and (code == _AUTHENTICATION_REQUIRED or not_offered(report.step(Step.AUTH)))


def not_offered(auth: StepResult | None) -> bool:
    """Say whether the app went on without its login because none was offered."""
    return auth is not None and auth.status is Status.WARNED and auth.reply is None


_STRICTNESS = {TlsMode.IMPLICIT: 0, TlsMode.STARTTLS: 1, TlsMode.NONE: 2}


def candidates(evidence: Evidence) -> tuple[PortFacts, ...]:
    """Return the ports with which the app would work, the best first; the settings as they stand are not among them.

    The provider's own ports lead, then stricter TLS, then the port that the settings have.
    """
    found = [item for item in evidence.ports if would_do(item, evidence) and not is_current(item, evidence)]
    return tuple(sorted(found, key=lambda item: _rank(item, evidence)))


def strictest(ports: Sequence[PortFacts]) -> PortFacts | None:
    """Return the best port with trusted TLS and a login, for who has no settings yet; None where there is none."""
    found = [item for item in ports if item.usable and item.login and item.tls is not TlsMode.NONE]
    return min(found, key=lambda item: (_strictness(item), item.port == MTA_PORT), default=None)


def would_do(item: PortFacts, evidence: Evidence) -> bool:
    """Say whether the app would come through the login on a port without leaking."""
    if not item.usable:
        return False
    if evidence.transport.logs_in and not item.login:
        return False
    return item.tls is not TlsMode.NONE or is_private_host(item.address or evidence.transport.host)


def is_current(item: PortFacts, evidence: Evidence) -> bool:
    """Say whether a port is the settings' own in the settings' own mode."""
    transport = evidence.transport
    other = {TlsMode.STARTTLS: transport.ignore_tls, TlsMode.NONE: transport.require_tls and not transport.ignore_tls}
    fits = transport.secure == (item.tls is TlsMode.IMPLICIT)
    return item.port == transport.port and fits and not (item.tls and other.get(item.tls))


def changes_for(item: PortFacts, evidence: Evidence) -> Changes:
    """Return what is to be changed in the settings so that the app comes to this port in its mode."""
    settings, app = evidence.settings, evidence.settings.app
    implicit = item.tls is TlsMode.IMPLICIT
    mode = app.mode_changes(app.mode_for(item.tls or TlsMode.NONE))
    wanted: dict[str, str | None] = {app.variable(Role.PORT): str(item.port), **mode}
    guide = app.guided(evidence.provider)
    if guide and guide.opportunistic and settings.opportunistic:
        wanted[app.variable(Role.OPPORTUNISTIC)] = "false" if implicit else guide.opportunistic
    default = app.spec(Role.SECURITY)
    if settings.security is None and default and default.default == mode.get(default.name):
        del wanted[default.name]
    return {name: value for name, value in wanted.items() if settings.get(name) != value}


def label_for(item: PortFacts, changes: Changes, evidence: Evidence) -> str:
    """Return the change as an imperative."""
    if evidence.settings.app.variable(Role.PORT) not in changes:
        return repair_label(changes)
    mode = {TlsMode.IMPLICIT: " with TLS", TlsMode.STARTTLS: " with STARTTLS"}.get(item.tls or TlsMode.NONE, "")
    return f"Switch to {item.port}{mode}"


def _rank(item: PortFacts, evidence: Evidence) -> tuple[bool, int, bool, bool, int]:
    listed = evidence.provider is not None and any(choice.port == item.port for choice in evidence.provider.ports)
    place = evidence.ports.index(item)
    return not listed, _strictness(item), item.port == MTA_PORT, item.port != evidence.transport.port, place


def _strictness(item: PortFacts) -> int:
    return _STRICTNESS[item.tls or TlsMode.NONE]


MODE: Final = {
    TlsMode.IMPLICIT: "TLS from the first byte",
    TlsMode.STARTTLS: "STARTTLS",
    TlsMode.NONE: "no TLS",
}
MANNER: Final = {
    TlsMode.IMPLICIT: "with TLS from the first byte",
    TlsMode.STARTTLS: "with STARTTLS",
    TlsMode.NONE: "without TLS",
}
_MEANING: Final = {
    "ETIMEDOUT": "no answer",
    "ECONNREFUSED": "refused",
    "EHOSTUNREACH": "no route",
    "ENETUNREACH": "no route",
    "EADDRNOTAVAIL": "no route",
    "ECONNRESET": "cut off",
    "EOF": "closed before a greeting",
    "EMSGSIZE": "sends without end",
    "ENOTFOUND": "no such host",
    "EAI_AGAIN": "no name server answers",
}


def port_lines(ports: Sequence[PortFacts], host: str) -> tuple[str, ...]:
    """Return a line for each port that took a connection, and one for all others of the same fate."""
    lines = [f"{item.port}: {answer(item, host)}" for item in ports if item.open]
    closed: dict[str, list[PortFacts]] = {}
    for item in ports:
        if not item.open:
            closed.setdefault(item.error or "ETIMEDOUT", []).append(item)
    return (*lines, *(f"{port_list(items)}: {meaning(error)}" for error, items in closed.items()))


def answer(item: PortFacts, host: str) -> str:
    """Return what an open port said: `TLS from the first byte, TLSv1.3, certificate x, 61 days left, AUTH PLAIN`."""
    if item.tls is None:
        return _stranger(item.error or "ETIMEDOUT")
    return ", ".join(_parts(item, host))


def _stranger(error: str) -> str:
    """Return what is said of a port that takes connections and is no mail server that greets."""
    if error == "ETIMEDOUT":
        return "connects, but nothing greets (ETIMEDOUT)"
    if error in _MEANING:
        return meaning(error)
    return f"no greeting ({error})" if error.isupper() and " " not in error else f"answers {error}"


def _parts(item: PortFacts, host: str) -> Iterator[str]:
    assert item.tls is not None
    yield MODE[item.tls]
    if item.tls_facts is not None:
        yield tls_facts.sentence(item.tls_facts, host)
    if item.error is not None:
        yield item.error if item.error not in _MEANING else meaning(item.error)
    if item.auth:
        yield f"AUTH {' '.join(item.auth)}"
    elif item.error is None:
        yield "no login offered"


def meaning(error: str) -> str:
    """Return `no answer (ETIMEDOUT)`; a word that needs none is returned as it is."""
    return f"{_MEANING[error]} ({error})" if error in _MEANING else error


def port_list(ports: Sequence[PortFacts]) -> str:
    """Return `25, 465 and 587`."""
    return listed(str(item.port) for item in ports)


def family_lines(families: Sequence[PortFacts], host: str) -> Iterator[str]:
    """Yield a line for IPv4 and one for IPv6."""
    for item in families:
        name = "IPv6" if ":" in item.address else "IPv4"
        said = answer(item, host) if item.open else meaning(item.error or "ETIMEDOUT")
        yield f"{name} ({item.address}) port {item.port}: {said}"


def web_line(web: Reach, port: int) -> str:
    """Return what the web port of the host said."""
    return {
        Reach.ANSWERS: f"{port} (web) of the same host: answers",
        Reach.REFUSES: f"{port} (web) of the same host: refused, so the host is reached",
        Reach.SILENT: f"{port} (web) of the same host: no answer",
    }[web]
