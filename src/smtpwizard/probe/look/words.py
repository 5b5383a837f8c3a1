"""What was seen at the ports, in lines for a person. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from smtpwizard.preset_schema import TlsMode
from smtpwizard.probe import tls_facts
from smtpwizard.probe.look.facts import PortFacts, Reach

MODE: Final = {
    TlsMode.IMPLICIT: "TLS from the first byte",
    TlsMode.STARTTLS: "STARTTLS",
    TlsMode.NONE: "no TLS",
}
MANNER: Final = {
    TlsMode.IMPLICIT: "with TLS from the first byte",
    TlsMode.STARTTLS: "with STARTTLS",
    TlsMode.NONE: "without TLS",
}
_MEANING: Final = {
    "ETIMEDOUT": "no answer",
    "ECONNREFUSED": "refused",
    "EHOSTUNREACH": "no route",
    "ENETUNREACH": "no route",
    "EADDRNOTAVAIL": "no route",
    "ECONNRESET": "cut off",
    "EOF": "closed before a greeting",
    "EMSGSIZE": "sends without end",
    "ENOTFOUND": "no such host",
    "EAI_AGAIN": "no name server answers",
}


def port_lines(ports: Sequence[PortFacts], host: str) -> tuple[str, ...]:
    """Return a line for each port that took a connection, and one for all others of the same fate."""
    lines = [f"{item.port}: {answer(item, host)}" for item in ports if item.open]
    closed: dict[str, list[PortFacts]] = {}
    for item in ports:
        if not item.open:
            closed.setdefault(item.error or "ETIMEDOUT", []).append(item)
    return (*lines, *(f"{listed(items)}: {meaning(error)}" for error, items in closed.items()))


def answer(item: PortFacts, host: str) -> str:
    """Return what an open port said: `TLS from the first byte, TLSv1.3, certificate x, 61 days left, AUTH PLAIN`."""
    if item.tls is None:
        return _stranger(item.error or "ETIMEDOUT")
    return ", ".join(_parts(item, host))


def _stranger(error: str) -> str:
    """Return what is said of a port that takes connections and is no mail server that greets."""
    if error == "ETIMEDOUT":
        return "connects, but nothing greets (ETIMEDOUT)"
    if error in _MEANING:
        return meaning(error)
    return f"no greeting ({error})" if error.isupper() and " " not in error else f"answers {error}"


def _parts(item: PortFacts, host: str) -> Iterator[str]:
    assert item.tls is not None
    yield MODE[item.tls]
    if item.tls_facts is not None:
        yield tls_facts.sentence(item.tls_facts, host)
    if item.error is not None:
        yield item.error if item.error not in _MEANING else meaning(item.error)
    if item.auth:
        yield f"AUTH {' '.join(item.auth)}"
    elif item.error is None:
        yield "no login offered"


def meaning(error: str) -> str:
    """Return `no answer (ETIMEDOUT)`; a word that needs none is returned as it is."""
    return f"{_MEANING[error]} ({error})" if error in _MEANING else error


def listed(ports: Sequence[PortFacts]) -> str:
    """Return `25, 465 and 587`."""
    return enumerate_words([str(item.port) for item in ports])


def enumerate_words(words: Sequence[str]) -> str:
    """Return the words with commas and `and`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""


def family_lines(families: Sequence[PortFacts], host: str) -> Iterator[str]:
    """Yield a line for IPv4 and one for IPv6."""
    for item in families:
        name = "IPv6" if ":" in item.address else "IPv4"
        said = answer(item, host) if item.open else meaning(item.error or "ETIMEDOUT")
        yield f"{name} ({item.address}) port {item.port}: {said}"


def web_line(web: Reach, port: int) -> str:
    """Return what the web port of the host said."""
    return {
        Reach.ANSWERS: f"{port} (web) of the same host: answers",
        Reach.REFUSES: f"{port} (web) of the same host: refused, so the host is reached",
        Reach.SILENT: f"{port} (web) of the same host: no answer",
    }[web]
