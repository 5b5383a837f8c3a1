"""Listening sockets on the loopback, for IPv4 and, where the machine has it, IPv6. Opens sockets; serves nothing."""

from __future__ import annotations

import errno
import socket
from contextlib import ExitStack
from typing import Final

from smtpwizard.errors import NetworkError

_TRIES: Final = 20
"""An ephemeral IPv4 port may be taken on IPv6; a second such accident in a row is already rare."""


def listeners(port: int) -> tuple[list[socket.socket], list[socket.socket]]:
    """Return bound sockets for `port` and for `port + 1`, or for two free ports when `port` is 0.

    NetworkError, and nothing left open, where a port is taken or not allowed.
    """
    with ExitStack() as stack:
        first = _pair(port, stack)
        second = _pair(port + 1 if port else 0, stack)
        stack.pop_all()
        return first, second


def _pair(port: int, stack: ExitStack) -> list[socket.socket]:
    for _ in range(_TRIES):
        sockets = [_bind(socket.AF_INET, "127.0.0.1", port)]
        try:
            if socket.has_ipv6:
                sockets += _bind_ipv6(sockets[0].getsockname()[1])
        except NetworkError:
            sockets[0].close()
            if port:
                raise
            continue
        for sock in sockets:
            stack.callback(sock.close)
        return sockets
    raise NetworkError("No free port was found on the loopback, 20 tries.", "Practice server")


def _bind_ipv6(port: int) -> list[socket.socket]:
    with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as trial:
        try:
            trial.bind(("::1", 0))
        except OSError:  # no IPv6 loopback here, as in many containers: IPv4 alone will do
            return []
    return [_bind(socket.AF_INET6, "::1", port)]


def _bind(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
    # IPPROTO_TCP by name: asyncio sets TCP_NODELAY on such sockets alone; without it a multi-line reply waits 40 ms.
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port in TIME_WAIT is free to use again
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind((host, port))
        sock.listen(16)
        sock.setblocking(False)
    except OSError as error:
        sock.close()
        raise NetworkError(_sentence(error, host, port), "Practice server") from error
    return sock


def _sentence(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is taken by another program. Give another with --port, or 0 for any free one."
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"Port {port} needs rights that this user does not have. Give one above 1023 with --port."
    return f"Port {port} on {host} cannot be opened: {error.strerror}. Give another one with --port."
