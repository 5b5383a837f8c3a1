"""One port, asked until it is clear how it speaks: in clear, with STARTTLS, with TLS from the first byte, or nothing.

A port that keeps silent in the expected mode is asked in the other one beside it. What was found out stays readable
when the deadline cuts in. Never raises for what a server or the network does.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from smtpwizard.clients.nodemailer import errors as nodewords
from smtpwizard.clients.nodemailer import tls as identity
from smtpwizard.clients.nodemailer import tls as trust
from smtpwizard.clients.nodemailer.channel import Channel
from smtpwizard.clients.nodemailer.dialogue import Client
from smtpwizard.clients.nodemailer.ehlo import announced
from smtpwizard.clients.nodemailer.errors import Ended
from smtpwizard.clients.transport import Transport
from smtpwizard.presets.schema import TlsMode
from smtpwizard.probe.survey.dialer import Way, staggered
from smtpwizard.probe.survey.facts import PortFacts
from smtpwizard.probe.survey.limits import MOST_MECHANISMS, SILENT_SECONDS, STAGE_SECONDS
from smtpwizard.smtp import certificate as tls_facts
from smtpwizard.smtp.certificate import Certificate
from smtpwizard.smtp.net import Stream
from smtpwizard.smtp.results import TlsFacts
from smtpwizard.smtp.stream import Transcript, Wire
from smtpwizard.text import safe


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


_BANNER: Final = 400
_ERROR: Final = 120
_MECHANISM: Final = 32
"""Characters that are kept."""


@dataclass(frozen=True, slots=True)
class _Greeted:
    """A connection on which the server has spoken."""

    visit: Visit
    greeting: str
    refused: Ended | None = None
    """Set where the greeting was no 220."""


class PortLook:
    """The questions to one port. `run` once; `facts` at any time."""

    def __init__(self, way: Way, port: int, *, expected: TlsMode | None = None, addresses: Sequence[str] = ()) -> None:
        self.port = port
        self.done = False
        self._way = way
        self._implicit_first = expected is TlsMode.IMPLICIT
        self._targets = addresses
        self._open = False
        self._address = addresses[0] if addresses else ""
        self._mode: TlsMode | None = None
        self._auth: tuple[str, ...] = ()
        self._login = False
        self._ms: float | None = None
        self._error: str | None = None
        self._banner = ""
        self._tls: TlsFacts | None = None

    async def run(self) -> None:
        """Ask; cancelling it leaves the connections to `Way.close`."""
        began = time.monotonic()
        try:
            try:
                self._address, stream = await self._way.connect(self.port, self._targets)
            except ConnectionResetError:
                self._open = True  # a reset comes after the handshake; the loop may see both at once
                raise
            finally:
                self._ms = round((time.monotonic() - began) * 1000, 1)
            self._open = True
            await self._inquire(await self._opening(stream))
        except (Ended, OSError) as error:
            self._error = self._error or word(error)
        self.done = True

    def facts(self) -> PortFacts:
        """Return what is known by now."""
        unfinished = None if self.done else "ETIMEDOUT"
        error = self._error or unfinished
        nothing_back = not self._open and error == "ETIMEDOUT"
        return PortFacts(
            self.port,
            self._open,
            self._mode,
            self._auth,
            None if nothing_back else self._ms,
            error,
            self._banner,
            self._tls,
            self._address,
            self._login,
        )

    async def _opening(self, stream: Stream) -> _Greeted:
        """Hear the greeting, in clear or inside TLS, whichever the port speaks."""
        first, second = (self._secured, self._clear) if self._implicit_first else (self._clear, self._secured)
        return await staggered([partial(first, stream), partial(second, None)], SILENT_SECONDS)

    async def _clear(self, stream: Stream | None) -> _Greeted:
        return await _greeted(await self._visit(stream, implicit=False))

    async def _secured(self, stream: Stream | None) -> _Greeted:
        visit = await self._visit(stream, implicit=True)
        try:
            await visit.shake(verify=True)
        except ssl.SSLCertVerificationError as error:
            visit = await self._visit(None, implicit=True)
            visit.untrusted = error.verify_code
            await visit.shake(verify=False)
        return await _greeted(visit)

    async def _visit(self, stream: Stream | None, *, implicit: bool) -> Visit:
        if stream is None:
            _, stream = await self._way.connect(self.port, (self._address,))
        return Visit(self._way, stream, self.port, implicit=implicit)

    async def _inquire(self, greeted: _Greeted) -> None:
        visit = greeted.visit
        self._banner = safe(greeted.greeting, limit=_BANNER)
        if visit.implicit:
            self._note(visit)
        if greeted.refused is not None:
            raise greeted.refused
        if visit.implicit:
            self._mode = TlsMode.IMPLICIT
        await visit.client.hello()
        if visit.client.wants_starttls:
            self._mode = TlsMode.STARTTLS
            visit = await self._upgraded(visit)
        elif not visit.implicit:
            self._mode = TlsMode.NONE
        self._offer(visit.client)
        await visit.leave()

    async def _upgraded(self, visit: Visit) -> Visit:
        """Go on inside TLS, on another connection where the certificate is not trusted."""
        await visit.client.ask_starttls()
        try:
            await visit.shake(verify=True)
        except ssl.SSLCertVerificationError as error:
            self._error = nodewords.untrusted(error.verify_code, chain=None, expired=False)[0]
            visit = await self._visit(None, implicit=False)
            visit.untrusted = error.verify_code
            await visit.to_tls(await self._way.context(implicit=False, verify=False))
        self._note(visit)
        await visit.client.hello()
        return visit

    def _note(self, visit: Visit) -> None:
        self._tls, refused = visit.judged()
        self._error = refused

    def _offer(self, client: Client) -> None:
        named = announced(client.capabilities.lines) or client.capabilities.mechanisms
        self._auth = tuple(safe(name, limit=_MECHANISM) for name in named[:MOST_MECHANISMS])
        self._login = client.login_allowed and client.mechanism != "XOAUTH2"


async def _greeted(visit: Visit) -> _Greeted:
    """Wait for the greeting. One that is no 220 is an answer, too; silence and a closed connection are none."""
    try:
        return _Greeted(visit, await visit.client.greeting())
    except Ended as end:
        if end.ending.reply is None:
            raise
        return _Greeted(visit, end.ending.reply, end)


def word(error: Ended | OSError) -> str:
    """Return what went wrong: the server's words where it said something, else the system's or TLS library's word."""
    if isinstance(error, Ended):
        ending = error.ending
        return safe(ending.reply, limit=_ERROR) if ending.reply else ending.error or ending.code or "ESOCKET"
    if isinstance(error, TimeoutError) and error.errno is None:
        return "ETIMEDOUT"
    return nodewords.system(error)
