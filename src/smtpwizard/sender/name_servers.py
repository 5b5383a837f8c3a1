"""The name servers to ask, as the operator gives them. Pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from smtpwizard.errors import InputError
from smtpwizard.text import safe

_MOST: Final = 8
_IN_BRACKETS: Final = re.compile(r"\[([^]]*)\](?::(\d{1,5}))?")
_WITH_PORT: Final = re.compile(r"([^:]*):(\d{1,5})")


class NameServer(NamedTuple):
    """One of them."""

    address: str
    port: int


NameServers = tuple[NameServer, ...]
"""Empty: those of the machine."""


def name_servers(texts: Sequence[str] | None, port: int = 53) -> NameServers:
    """Return `1.1.1.1`, `127.0.0.1:5353`, `::1` and `[::1]:5353` taken apart. InputError for anything else."""
    if texts is not None and len(texts) > _MOST:
        raise InputError(f"{len(texts)} name servers are too many. Give {_MOST} at most.", "Name server")
    return tuple(_name_server(text, port) for text in texts or ())


def _name_server(text: str, port: int) -> NameServer:
    given = text.strip()
    found = _IN_BRACKETS.fullmatch(given) or _WITH_PORT.fullmatch(given)
    address, number = (found[1], int(found[2] or port)) if found else (given, port)
    try:
        ipaddress.ip_address(address)
    except ValueError:
        address = ""
    if not address or not 0 < number < 65536:
        shown = safe(text, limit=80)
        raise InputError(
            f"{shown!r} is no name server. Give an IP address, with a port if need be: 9.9.9.9 or 127.0.0.1:5353.",
            "Name server",
        )
    return NameServer(address, number)
