"""Answers of name servers as plain data, free of dnspython; and name servers as a flag names them."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from smtpwizard.errors import InputError
from smtpwizard.text import safe


class State(StrEnum):
    """How a look-up ended."""

    FOUND = "found"
    EMPTY = "empty"
    """The name exists, but has no record of this type (NODATA, RFC 2308)."""
    NO_NAME = "no-name"
    """NXDOMAIN."""
    REFUSED = "refused"
    """A name server answered that it cannot tell: SERVFAIL, REFUSED, a broken answer."""
    SILENT = "silent"
    """No name server answered in time, or none can be reached."""
    NOT_ASKED = "not-asked"
    """The time or the number of questions of this run was used up before."""


class Answer(NamedTuple):
    """The answer to one question. Texts are as they came: bounded in length, not made safe to show."""

    state: State
    texts: tuple[str, ...] = ()
    """TXT records, each with its strings joined without blanks (RFC 7208 section 3.3)."""
    hosts: tuple[tuple[int, str], ...] = ()
    """MX records in the order of preference: number and host in lower case; an empty host is the root (RFC 7505)."""
    addresses: tuple[str, ...] = ()
    """A or AAAA records."""
    aliases: tuple[str, ...] = ()
    """The names that CNAME records led to, in order."""
    zone: str = ""
    """The zone in which the name is missing, where the answer named it (SOA, RFC 2308)."""
    reason: str = ""
    """`SERVFAIL`, `REFUSED`: what the name server said, for State.REFUSED."""

    @property
    def known(self) -> bool:
        """Whether the question was answered: with records, or with the word that there are none."""
        return self.state in (State.FOUND, State.EMPTY, State.NO_NAME)

    @property
    def void(self) -> bool:
        """Whether it is a void look-up (RFC 7208 section 4.6.4): an answer without records, or no such name."""
        return self.state in (State.EMPTY, State.NO_NAME)

    @property
    def heard(self) -> bool:
        """Whether any name server said anything at all."""
        return self.known or self.state is State.REFUSED


def unknown_because(answer: Answer) -> str:
    """Return why a question has no answer, as a sentence for people; empty where it has one."""
    return {
        State.REFUSED: f"The name server cannot tell ({answer.reason or 'broken answer'}).",
        State.SILENT: "No name server answered in time.",
        State.NOT_ASKED: "It was not asked: the time or the number of questions was used up.",
    }.get(answer.state, "")


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
