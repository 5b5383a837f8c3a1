"""Which of the ports that answered would do, and what to write for it. Pure.

A port is offered only as it was seen: it greets, its certificate is trusted as the app trusts, and a login is offered
where there are credentials to log in with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from smtpwizard.app.hosts import is_private_host
from smtpwizard.preset_schema import TlsMode
from smtpwizard.probe.look.facts import Evidence, PortFacts
from smtpwizard.secret import Secret

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
    implicit = item.tls is TlsMode.IMPLICIT
    return item.port == evidence.transport.port and implicit == evidence.transport.secure


def changes_for(item: PortFacts, evidence: Evidence) -> Mapping[str, str | Secret | None]:
    """Return what is to be changed in the settings so that the app comes to this port in its mode."""
    settings, provider = evidence.settings, evidence.provider
    implicit = item.tls is TlsMode.IMPLICIT
    wanted = {"SMTP_PORT": str(item.port), "SMTP_TLS": "true" if implicit else "false"}
    if provider and provider.opportunistic_tls and settings.opportunistic_tls:
        wanted["SMTP_OPPORTUNISTIC_TLS"] = "false" if implicit else provider.opportunistic_tls
    if settings.tls is None and not implicit:
        del wanted["SMTP_TLS"]  # the app's default
    return {name: value for name, value in wanted.items() if settings.get(name) != value}


def label_for(item: PortFacts, changes: Mapping[str, str | Secret | None]) -> str:
    """Return the change as an imperative."""
    if "SMTP_PORT" not in changes and len(changes) == 1:
        return " ".join(f"Set {name}={value}" for name, value in changes.items())
    mode = {TlsMode.IMPLICIT: " with TLS", TlsMode.STARTTLS: " with STARTTLS"}.get(item.tls or TlsMode.NONE, "")
    return f"Switch to {item.port}{mode}"


def _rank(item: PortFacts, evidence: Evidence) -> tuple[bool, int, bool, bool, int]:
    listed = evidence.provider is not None and any(choice.port == item.port for choice in evidence.provider.ports)
    place = evidence.ports.index(item)
    return not listed, _strictness(item), item.port == _RELAY, item.port != evidence.transport.port, place


def _strictness(item: PortFacts) -> int:
    return _STRICTNESS[item.tls or TlsMode.NONE]
