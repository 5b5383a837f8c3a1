"""The practice server's ports, on the running event loop: opened, served, and closed without waiting for any client.

Imported only when a server starts.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Self

from smtpwizard.sandbox.dialogue import Connection, Dialogue, Doorway
from smtpwizard.sandbox.ports import listeners

_ROUNDS: Final = 3
"""Turns of the loop in which connections are dropped: one accepted in the last moment appears a turn or two later."""

_UNWIND_SECONDS: Final = 0.05


@dataclass(frozen=True, slots=True)
class Service:
    """Both ports, listening."""

    dialogue: Dialogue
    sockets: tuple[socket.socket, ...]
    servers: Sequence[asyncio.AbstractServer]
    ports: tuple[int, int]
    """STARTTLS, implicit TLS."""

    @classmethod
    async def open(cls, dialogue: Dialogue, port: int) -> Self:
        """Listen on `port` and the next one, or on two free ones for 0. NetworkError where one is taken."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(_quiet)
        starttls, implicit = listeners(port)
        servers = [
            await loop.create_server(factory, sock=sock)
            for sockets, factory in ((starttls, partial(Connection, dialogue)), (implicit, partial(Doorway, dialogue)))
            for sock in sockets
        ]
        return cls(dialogue, (*starttls, *implicit), servers, (_port(starttls), _port(implicit)))

    async def close(self) -> None:
        """Accept no more, drop every connection, free the ports."""
        loop = asyncio.get_running_loop()
        for sock in self.sockets:
            loop.remove_reader(sock)  # closing comes later: asyncio trips over a connection accepted in between
        for _ in range(_ROUNDS):
            tasks = [task for item in tuple(self.dialogue.live) if (task := item.abort()) is not None]
            if tasks:
                await asyncio.wait(tasks, timeout=_UNWIND_SECONDS)
            await asyncio.sleep(0)
        for server in self.servers:
            server.close()


def _port(sockets: list[socket.socket]) -> int:
    port: int = sockets[0].getsockname()[1]
    return port


def _quiet(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    # A client that leaves in the middle of a handshake is everyday here; asyncio would print it over the wizard.
    if not isinstance(context.get("exception"), (OSError, ssl.SSLError)):
        loop.default_exception_handler(context)
