"""The MX hosts of a domain, within a deadline, or nothing. Must never raise for the network's sake.

dnspython is imported and run in a daemon thread of its own: its import alone takes 45 ms, which would stop the screen,
and a thread of the default executor would hold up the end of the program until the look-up is over.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from smtpwizard.background import in_daemon_thread

_HOST: Final = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*")
"""What a host name in DNS may look like; anything else in an answer is dropped, not shown."""

_MOST: Final = 20
"""Hosts that are returned at most. Large providers have five."""


async def mx_hosts(
    domain: str, *, timeout: float = 3.0, nameservers: Sequence[str] | None = None, port: int = 53
) -> tuple[str, ...]:
    """Return the MX hosts of `domain` in the order of preference, in lower case and without the final dot.

    Empty on any failure: no such domain, no MX, a null MX (RFC 7505), SERVFAIL, no name server, no network, or no
    answer within `timeout` seconds. `nameservers` are IP addresses to ask at `port` in place of the system's.
    """
    try:
        return await in_daemon_thread(
            lambda: look_up(domain, timeout=timeout, nameservers=nameservers, port=port),
            timeout=timeout,
            name="mx look-up",
        )
    except TimeoutError:
        return ()


def look_up(domain: str, *, timeout: float, nameservers: Sequence[str] | None, port: int) -> tuple[str, ...]:
    """Do the work of `mx_hosts()` in the calling thread, which it blocks for `timeout` seconds at most."""
    import dns.exception
    import dns.name
    import dns.resolver

    if not domain.strip(" ."):
        return ()
    try:
        resolver = dns.resolver.Resolver(configure=nameservers is None)
        if nameservers is not None:
            resolver.nameservers = list(nameservers)
            resolver.port = port
        name = dns.name.from_text(domain.strip())  # absolute: no search list of the machine is added
        found = resolver.resolve(name, "MX", lifetime=timeout, search=False)
        ranked = sorted((record.preference, str(record.exchange).rstrip(".").lower()) for record in found)
    except (dns.exception.DNSException, OSError, ValueError):
        return ()
    return tuple(dict.fromkeys(host for _, host in ranked if _HOST.fullmatch(host)))[:_MOST]
