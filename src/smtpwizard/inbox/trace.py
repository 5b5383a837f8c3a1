"""Which header fields of a mail the receiving side has written, and which came with the mail. Pure.

Each server puts its fields on top of those that are there (RFC 5321 section 4.4), so what stands above the first
`Received` of another organisation is the receiver's. Below the receiver's own last `Received` both kinds can follow:
Gmail and milters write there, too. There a field counts only if it names a server of the receiver.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from smtpwizard.app.hosts import is_address, is_private_host

Field = tuple[str, str]
"""Name in lower case and unfolded value."""

_BY: Final = re.compile(r"(?:^|\s)by\s+(\[?[\w.:-]+\]?)", re.IGNORECASE | re.ASCII)
_COMMENT: Final = re.compile(r"\([^()]*\)")
_SECOND_LEVEL: Final = frozenset({"ac", "co", "com", "edu", "go", "gov", "ne", "net", "or", "org"})
"""Labels below a country's domain under which organisations register: `co.kr`, `com.au`."""
_SAME: Final = {"office365.com": "outlook.com", "me.com": "icloud.com", "apple.com": "icloud.com"}
"""Domains of one organisation whose servers hand mail on to each other: Microsoft 365, iCloud."""


class Line(NamedTuple):
    """A field that the receiving side may have written."""

    name: str
    value: str
    certain: bool
    """Whether it stands where only the receiving side can have put it."""


class Trace(NamedTuple):
    """What the receiving side has written."""

    hosts: tuple[str, ...]
    """Its servers, by their own `Received` fields, in lower case, the last one on the way first."""
    lines: tuple[Line, ...]


def trace(fields: Sequence[Field]) -> Trace:
    """Return the fields of the receiving side; nothing where no `Received` tells who that is."""
    hosts: list[str] = []
    border = -1
    end = len(fields)
    for index, (name, value) in enumerate(fields):
        if name != "received":
            continue
        host = _by(value)
        if hosts and not _own(host, hosts):
            end = index
            break
        border = index
        hosts.append(host)
    if border < 0:
        return Trace((), ())
    lines = tuple(Line(name, value, index < border) for index, (name, value) in enumerate(fields[:end]))
    return Trace(tuple(hosts), lines)


def related(name: str, hosts: Sequence[str]) -> bool:
    """Say whether `name` is one of the hosts or of the same organisation, by its looks."""
    name = name.lower().rstrip(".")
    return name != "" and any(name == host or _organisation(name) == _organisation(host) != "" for host in hosts)


def _own(host: str, hosts: Sequence[str]) -> bool:
    """Say whether a further server on the way belongs to the receiver, too.

    Names that mean something inside a network only are passed over, and the first public one counts: Gmail's last hop
    names an IPv6 address, that of a small server `localhost`.
    """
    return not _organisation(host) or not any(map(_organisation, hosts)) or related(host, hosts)


def _by(value: str) -> str:
    """Return the server that a `Received` field names as its writer."""
    while (bare := _COMMENT.sub(" ", value)) != value:
        value = bare
    found = _BY.search(value)
    return found[1].strip("[].").lower() if found else ""


def _organisation(host: str) -> str:
    """Return the registered domain of a public host name, roughly; empty for addresses and names inside a network."""
    if ":" in host or is_address(host) or is_private_host(host):
        return ""
    domain = ".".join(_labels(host))
    return _SAME.get(domain, domain)


def _labels(host: str) -> Iterator[str]:
    labels = host.split(".")
    country = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL
    yield from labels[-3 if country else -2 :]
