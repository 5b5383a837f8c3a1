"""Many ports of a host at once: which of them answer, and how they speak TLS. Needs asyncio, so import it late."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterable, Mapping

from smtpwizard.preset_schema import TlsMode
from smtpwizard.probe import nodewords, resolve
from smtpwizard.probe.look.facts import PortFacts
from smtpwizard.probe.look.limits import TOTAL_SECONDS
from smtpwizard.probe.look.port import PortLook
from smtpwizard.probe.look.ports import expected_modes, real
from smtpwizard.probe.look.race import together
from smtpwizard.probe.look.way import Way, authorities
from smtpwizard.probe.net_asyncio import AsyncioNet
from smtpwizard.probe.options import Options

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
