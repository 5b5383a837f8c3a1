"""A TLS hello on a port that owes a greeting: told in under 3 s, where the app's client waits 30 s.

For the faithful dialogue, which is strictly one after the other and runs with and without an event loop alike.
"""

from __future__ import annotations

from smtpwizard.app.client import Transport
from smtpwizard.probe import second_look
from smtpwizard.probe.look.limits import HELLO_SECONDS
from smtpwizard.probe.net import Net
from smtpwizard.probe.results import TlsFacts


async def hello(net: Net, address: str, transport: Transport) -> TlsFacts | None:
    """Try TLS from the first byte on another connection; return the session's facts, None where it is not spoken.

    Takes 1 s to connect and 1 s for the handshake at most. Any certificate will do, and no credentials are sent.
    """
    asked = Transport(transport.host, transport.port, secure=True)
    return (await second_look.look(net, address, asked, timeout=HELLO_SECONDS)).facts
