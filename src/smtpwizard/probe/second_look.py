"""A second connection, without credentials, to see a certificate that was refused: Python shows only what it trusts.

Says nothing about the app: its verdict stands already. Whatever goes wrong here only leaves facts out.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, NamedTuple

from smtpwizard.app.client import Transport
from smtpwizard.probe import trust
from smtpwizard.probe.channel import Channel
from smtpwizard.probe.client import Client
from smtpwizard.probe.ending import Ended
from smtpwizard.probe.net import Net
from smtpwizard.probe.results import TlsFacts
from smtpwizard.probe.transcript import Transcript
from smtpwizard.probe.wire import Wire
from smtpwizard.probe.x509 import Certificate

if TYPE_CHECKING:
    import ssl

SECONDS: Final = 3.0
"""Limit of all of it."""


class Seen(NamedTuple):
    """What the second look brought."""

    certificate: Certificate | None = None
    chain: int | None = None
    """How many certificates the server sends."""
    facts: TlsFacts | None = None


async def look(net: Net, address: str, transport: Transport, *, timeout: float) -> Seen:
    """Connect again, take any certificate, and return what it says."""
    until = time.monotonic() + min(timeout, SECONDS)
    try:
        wire = Wire(await net.connect(address, transport.port, until))
    except OSError:
        return Seen()
    try:
        return await _see(Channel(wire, Transcript(str), timeout=timeout, until=until), transport)
    except (Ended, OSError):
        return Seen()
    finally:
        wire.close()


async def _see(channel: Channel, transport: Transport) -> Seen:
    from smtpwizard.probe import tls_facts

    client = Client(channel, transport)
    if not transport.secure:
        await client.greeting()
        await client.hello()
        if not client.wants_starttls:
            return Seen()
        await client.ask_starttls()
    await client.handshake(trust.context(transport.ciphers, (), verify=False), trust.server_name(transport.host))
    session = channel.wire.tls
    assert session is not None
    found = tls_facts.certificate(session)
    return Seen(found, _chain(session), tls_facts.facts(session, found, verified=False))


def _chain(session: ssl.SSLObject) -> int | None:
    inner = getattr(session, "_sslobj", None)  # public from Python 3.13 on
    chain = getattr(session, "get_unverified_chain", None) or getattr(inner, "get_unverified_chain", None)
    return len(chain() or ()) or None if chain else None
