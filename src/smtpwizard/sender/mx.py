"""The MX hosts of a domain, within a deadline, or nothing. Must never raise for the network's sake.

dnspython is imported and run in a daemon thread of its own: its import alone takes 45 ms, which would stop the screen,
and a thread of the default executor would hold up the end of the program until the look-up is over.
"""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Sequence
from typing import Final

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
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[tuple[str, ...]] = loop.create_future()

    def settle(hosts: tuple[str, ...]) -> None:
        if not answer.done():
            answer.set_result(hosts)

    def work() -> None:
        hosts = look_up(domain, timeout=timeout, nameservers=nameservers, port=port)
        try:
            loop.call_soon_threadsafe(settle, hosts)
        except RuntimeError:
            return  # the loop has ended: nobody waits for the answer any more

    threading.Thread(target=work, name="mx look-up", daemon=True).start()
    try:
        async with asyncio.timeout(timeout):
            return await answer
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
