"""One connection to one port, with the words that the app's client would use as far as the login, and not that.

Credentials never reach this room: the client here is made without any. Raises Ended and OSError as the client does.
"""

from __future__ import annotations

import ssl
import time

from smtpwizard.app.client import Transport
from smtpwizard.probe import identity, nodewords, tls_facts, trust
from smtpwizard.probe.channel import Channel
from smtpwizard.probe.client import Client
from smtpwizard.probe.look.limits import STAGE_SECONDS
from smtpwizard.probe.look.way import Way
from smtpwizard.probe.net import Stream
from smtpwizard.probe.results import TlsFacts
from smtpwizard.probe.transcript import Transcript
from smtpwizard.probe.wire import Wire
from smtpwizard.probe.x509 import Certificate


class Visit:
    """A client without credentials on a connection."""

    def __init__(self, way: Way, stream: Stream, port: int, *, implicit: bool, host: str | None = None) -> None:
        """`host` is the name that the certificate has to be for; None: the way's own."""
        self.implicit = implicit
        self.untrusted: int | None = None
        """OpenSSL's X509_V_ERR for a certificate that was refused on an earlier connection."""
        self._way = way
        self._host = way.host if host is None else host
        self._wire = Wire(stream)
        channel = Channel(self._wire, Transcript(str), timeout=STAGE_SECONDS)
        self.client = Client(channel, Transport(self._host, port, secure=implicit), ehlo_name=way.ehlo_name)

    async def to_tls(self, context: ssl.SSLContext) -> None:
        """Come to a TLS session: at once, or by greeting, EHLO and STARTTLS. ssl.SSLCertVerificationError."""
        if not self.implicit:
            await self.client.greeting()
            await self.client.hello()
            await self.client.ask_starttls()
        await self.client.handshake(context, trust.server_name(self._host))

    async def shake(self, *, verify: bool) -> None:
        """Make the handshake alone, with the app's trust or none. ssl.SSLCertVerificationError."""
        context = await self._way.context(implicit=self.implicit, verify=verify)
        await self.client.handshake(context, trust.server_name(self._host))

    def certificate(self) -> Certificate | None:
        """Return the server's certificate, once there is a session."""
        return tls_facts.certificate(self._session)

    def mismatch(self) -> str | None:
        """Return why Node refuses the certificate for the host, or None where it takes it."""
        found = self.certificate()
        return identity.mismatch(self._host, found) if found else "the certificate cannot be read"

    def judged(self) -> tuple[TlsFacts, str | None]:
        """Return the session's facts, and Node's word where it would refuse the certificate."""
        verified = self.untrusted is None and self.mismatch() is None
        facts = tls_facts.facts(self._session, self.certificate(), verified=verified)
        if self.untrusted is not None:
            expired = facts.days_left is not None and facts.days_left < 0
            return facts, nodewords.untrusted(self.untrusted, chain=self.chain(), expired=expired)[0]
        return facts, None if verified else nodewords.ALTNAME

    def chain(self) -> int | None:
        """Return how many certificates the server sent; None where Python does not tell."""
        inner = getattr(self._session, "_sslobj", None)  # public from Python 3.13 on
        listed = getattr(self._session, "get_unverified_chain", None) or getattr(inner, "get_unverified_chain", None)
        return len(listed() or ()) or None if listed else None

    async def leave(self) -> None:
        """Say QUIT and go, without waiting for the answer."""
        try:
            await self._wire.send(b"QUIT\r\n", time.monotonic() + STAGE_SECONDS)
        except OSError:
            return

    @property
    def _session(self) -> ssl.SSLObject:
        assert self._wire.tls is not None
        return self._wire.tls
