"""Which ports are asked, and how each is expected to speak TLS. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from smtpwizard.app.case import IMPLICIT_PORTS
from smtpwizard.preset_schema import Provider, TlsMode
from smtpwizard.probe.look.limits import MOST_PORTS

USUAL: Final = (587, 465, 2525, 2587, 2465, 25)
"""Submission (RFC 6409), submissions (RFC 8314), the doubles that clouds rarely block, and relay."""
ESCAPES: Final = (2525, 2587, 2465)
WEB: Final = 443


def ports_to_ask(provider: Provider | None = None, *first: int | None) -> tuple[int, ...]:
    """Return the ports in order: `first`, the provider's, the usual ones; each once, only real ones."""
    listed = [choice.port for choice in provider.ports] if provider else []
    return real((*first, *listed, *USUAL))


def real(ports: Iterable[int | None]) -> tuple[int, ...]:
    """Return each port once that is one, 24 at most."""
    found = dict.fromkeys(port for port in ports if port is not None and 0 < port < 65536)
    return tuple(found)[:MOST_PORTS]


def expected_modes(provider: Provider | None = None) -> Mapping[int, TlsMode]:
    """Return port → mode where it is known: which question comes first. Every answer is found out all the same."""
    numbers = dict.fromkeys(IMPLICIT_PORTS, TlsMode.IMPLICIT)
    return numbers | ({choice.port: choice.tls for choice in provider.ports} if provider else {})
