"""From a host to the addresses that the app's client would try, in its order: IPv4 first, then IPv6.

The client asks DNS for A and AAAA and only then the system; here the system is asked for both at once, which also
reads the hosts file first. The client starts with a random one of the addresses; here the order is kept, so that a
result can be repeated.
"""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Final

from smtpwizard.probe.net import Net

_IF_INET6: Final = Path("/proc/net/if_inet6")
"""Linux's list of IPv6 addresses, a line each; the last column is the interface."""


def literal(host: str) -> str | None:
    """Return `host` where it is an IP address already, as the client's net.isIP() sees it."""
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, host.partition("%")[0] if family is socket.AF_INET6 else host)
        except (OSError, ValueError):
            continue
        return host
    return None


async def addresses(net: Net, host: str, deadline: float) -> tuple[str, ...]:
    """Return the addresses of `host`, at least one. socket.gaierror where there is none, TimeoutError."""
    found = literal(host)
    if found is not None:
        return (found,)
    return await net.start(lambda: look_up(host)).result(deadline)


def look_up(host: str) -> tuple[str, ...]:
    """Ask the system's resolver; may hang for long. socket.gaierror where it knows nothing."""
    name = host.encode("ascii") if host.isascii() and host else host  # as text it would load IDNA tables: 3 ms
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except (UnicodeError, ValueError) as error:  # no such name can exist: an empty or too long label, a NUL
        raise socket.gaierror(socket.EAI_NONAME, "not a host name") from error
    families = (socket.AF_INET, socket.AF_INET6) if _has_ipv6() else (socket.AF_INET,)
    ordered = [str(item[4][0]) for family in families for item in found if item[0] == family]
    ordered = ordered or [str(item[4][0]) for item in found]
    return tuple(dict.fromkeys(ordered))


def _has_ipv6() -> bool:
    """Say whether an interface other than the loopback has IPv6; without one the client drops all AAAA records."""
    try:
        lines = _IF_INET6.read_text(encoding="ascii").splitlines()
    except OSError:
        return not Path("/proc/net").exists()  # on Linux a missing file means no IPv6 at all
    return any(not line.endswith(" lo") for line in lines)
