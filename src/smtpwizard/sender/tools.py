"""What a check needs that blocks: dnspython's import, the machine's name servers, the presets. In a daemon thread.

The imports take 85 ms, which would stop a screen; a thread of the default executor would hold up the program's end.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, NamedTuple

from smtpwizard.background import in_daemon_thread
from smtpwizard.sender.name_servers import NameServers

if TYPE_CHECKING:
    from dns.asyncresolver import Resolver

    from smtpwizard.preset_schema import Provider

ONE_TRY: Final = 1.5
"""Seconds until a name server is asked again, or the next one."""


class Tools(NamedTuple):
    """What was made ready."""

    resolver: Resolver | None
    """None where the machine names no name server."""
    home: Provider | None
    """The provider whose mailboxes have the sender's domain."""


async def prepared(domain: str, servers: NameServers, deadline: float) -> Tools | None:
    """Return the tools, or None if the running loop's clock reads `deadline` before they are ready."""
    left = deadline - asyncio.get_running_loop().time()
    try:
        return await in_daemon_thread(
            lambda: Tools(_resolver(servers), _home(domain)), timeout=left, name="sender check"
        )
    except TimeoutError:
        return None


def _resolver(servers: NameServers) -> Resolver | None:
    import dns.asyncresolver
    import dns.resolver

    import smtpwizard.sender.reading  # noqa: F401  # with the record types, which are loaded at first use else

    try:
        resolver = dns.asyncresolver.Resolver(configure=not servers)
    except (dns.resolver.NoResolverConfiguration, OSError):
        return None
    if servers:
        from dns.nameserver import Do53Nameserver

        resolver.nameservers = [Do53Nameserver(server.address, server.port) for server in servers]
    resolver.timeout = ONE_TRY
    return resolver if resolver.nameservers else None


def _home(domain: str) -> Provider | None:
    from smtpwizard.presets import Presets

    found = Presets.open().match_address(domain)
    return found.provider if found else None
