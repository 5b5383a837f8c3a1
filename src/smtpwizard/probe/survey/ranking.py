"""Ranks the ports by how well the app would fare there, and puts what was seen at each into a line. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from smtpwizard.apps.profile import Role
from smtpwizard.hosts import is_private_host
from smtpwizard.presets.schema import TlsMode
from smtpwizard.probe.survey.facts import Evidence, PortFacts, Reach
from smtpwizard.problems import Changes, repair_label
from smtpwizard.smtp import certificate as tls_facts
from smtpwizard.text import listed

_STRICTNESS = {TlsMode.IMPLICIT: 0, TlsMode.STARTTLS: 1, TlsMode.NONE: 2}
_RELAY = 25
"""Between servers; clouds block it, and servers on it often take mail only for their own domains."""


def candidates(evidence: Evidence) -> tuple[PortFacts, ...]:
    """Return the ports with which the app would work, the best first; the settings as they stand are not among them.

    The provider's own ports lead, then stricter TLS, then the port that the settings have.
    """
    found = [item for item in evidence.ports if would_do(item, evidence) and not is_current(item, evidence)]
    return tuple(sorted(found, key=lambda item: _rank(item, evidence)))


def strictest(ports: Sequence[PortFacts]) -> PortFacts | None:
    """Return the best port with trusted TLS and a login, for who has no settings yet; None where there is none."""
    found = [item for item in ports if item.usable and item.login and item.tls is not TlsMode.NONE]
    return min(found, key=lambda item: (_strictness(item), item.port == _RELAY), default=None)


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
    return not listed, _strictness(item), item.port == _RELAY, item.port != evidence.transport.port, place


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
