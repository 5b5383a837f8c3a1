"""The way to the server: addresses, connection, TLS. What is said over it is `session`'s and `client`'s work.

Each public method is one stage; it returns what to tell, or raises Ended.
"""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING, Final, NamedTuple

from smtpwizard.clients.nodemailer import errors as nodewords
from smtpwizard.clients.nodemailer import tls as roots
from smtpwizard.clients.nodemailer import tls as trust
from smtpwizard.clients.nodemailer.channel import Channel
from smtpwizard.clients.nodemailer.dialogue import Client
from smtpwizard.clients.nodemailer.errors import Ended, Ending
from smtpwizard.clients.transport import Transport
from smtpwizard.probe.survey.limits import HELLO_SECONDS
from smtpwizard.probe.verdict import Options
from smtpwizard.smtp import net as resolve
from smtpwizard.smtp.certificate import Certificate
from smtpwizard.smtp.net import Job, Net
from smtpwizard.smtp.results import Status, TlsFacts
from smtpwizard.smtp.stream import Transcript, Wire

if TYPE_CHECKING:
    import ssl


MAX_PORT: Final = 65535


class Told(NamedTuple):
    """What a stage has to tell. The texts are not yet redacted."""

    summary: str = ""
    """One line; empty: the reply says it."""
    status: Status = Status.PASSED
    reply: str | None = None
    note: str = ""
    """What is to be added to the reply."""
    tls: TlsFacts | None = None
    detail: tuple[str, ...] = ()


class Link:
    """One connection, from the host's name to TLS."""

    def __init__(
        self,
        net: Net,
        transport: Transport,
        options: Options,
        authorities: tuple[str, ...],
        transcript: Transcript,
    ) -> None:
        self.transport = transport
        self.transcript = transcript
        self.address = ""
        """The IP address of the connection."""
        self._net = net
        self._options = options
        self._authorities = authorities
        self._addresses: list[str] = []
        self._wire: Wire | None = None
        self._client: Client | None = None
        self._context: Job[ssl.SSLContext] | None = None
        if roots.expects_tls(transport.host, implicit=transport.secure, authorities=bool(authorities)):
            self.prepare()  # 20 ms of reading roots, while the network is waited for

    @property
    def client(self) -> Client:
        """The client's side, once connected."""
        assert self._client is not None
        return self._client

    async def resolve(self) -> Told:
        """Find the addresses."""
        host = self.transport.host
        try:
            found = await resolve.addresses(self._net, host, self._deadline())
        except socket.gaierror as error:
            word = nodewords.resolver(error)
            raise Ended(Ending(f"getaddrinfo {word} {host}", "EDNS", "CONN", error=word)) from error
        except TimeoutError as error:
            summary = f"no answer from the name servers within {self._options.timeout:g} s: {host}"
            raise Ended(Ending(summary, "EDNS", "CONN", error="EAI_AGAIN")) from error
        self._addresses = list(found)
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        return Told(found[0] + more, detail=found)

    async def connect(self) -> Told:
        """Open the connection: to the first address that answers."""
        port = self.transport.port
        if not 0 <= port <= MAX_PORT:
            summary = f"port {port} does not exist: ports go from 1 to {MAX_PORT}"
            raise Ended(Ending(summary, "ECONNECTION", "CONN", error="ERR_SOCKET_BAD_PORT"))
        failed: list[str] = []
        deadline = self._deadline()
        while True:
            self.address = self._addresses.pop(0)
            try:
                await self._open(deadline)
            except OSError as error:
                ending = self._unreached(error)
                failed.append(ending.summary)
                if not self._addresses:
                    raise Ended(ending) from error
            else:
                return Told(_join(self.address, port), detail=tuple(failed))

    def check_ciphers(self, code: str, command: str) -> None:
        """Raise Ended, with nodemailer's words for the stage, where Node refuses the cipher list."""
        try:
            trust.check_ciphers(self.transport.ciphers)
        except trust.CipherListError as error:
            summary = f"{error}: Node refuses SMTP_CIPHER_SPEC={self.transport.ciphers}"
            raise Ended(Ending(summary, code, command, error=error.code)) from error

    async def tls(self) -> Told:
        """Make the handshake of implicit TLS; where it fails, the client tries the next address from the start."""
        while True:
            try:
                return await self.handshake()
            except Ended:
                if not self._addresses:
                    raise
                await self.connect()

    async def handshake(self) -> Told:
        """Make a TLS handshake and judge the certificate as Node does."""
        import ssl

        from smtpwizard.clients.nodemailer import tls as identity
        from smtpwizard.smtp import certificate as tls_facts

        self.prepare()
        assert self._context is not None
        assert self._wire is not None
        try:
            context = await self._context.result(self._deadline())
        except TimeoutError as error:
            raise Ended(Ending("the roots were not read in time", "ETIMEDOUT", "CONN", error="ETIMEDOUT")) from error
        try:
            await self.client.handshake(context, trust.server_name(self.transport.host))
        except ssl.SSLCertVerificationError as error:
            raise Ended(await self._untrusted(error.verify_code)) from error
        session = self._wire.tls
        assert session is not None
        found = tls_facts.certificate(session)
        reason = identity.mismatch(self.transport.host, found) if found else "the certificate cannot be read"
        if reason is not None:
            facts = tls_facts.facts(session, found, verified=False)
            summary = f"Hostname/IP does not match certificate's altnames: {reason}"
            raise Ended(Ending(summary, "ESOCKET", "CONN", error=nodewords.ALTNAME, tls=facts))
        facts = tls_facts.facts(session, found, verified=True)
        soon = facts.days_left is not None and facts.days_left < tls_facts.SOON
        sentence = tls_facts.sentence(facts, self.transport.host)
        status = Status.WARNED if soon else Status.PASSED
        return Told(sentence, status, tls=facts, detail=tls_facts.lines(facts))

    async def hello(self) -> None:
        """Ask a port that owes its greeting, on another connection, for TLS. Ended where it answers that.

        The app's client reports what it would without the question: ETIMEDOUT, after 30 s.
        """

        facts = await hello(self._net, self.address, self.transport)
        if facts is not None:
            summary = "Greeting never received: the port answers a TLS hello, so it speaks TLS from the first byte"
            raise Ended(Ending(f"{summary} (the app waits 30 s)", "ETIMEDOUT", "CONN", error="ETIMEDOUT", tls=facts))

    def prepare(self) -> None:
        """Begin to read the roots, once. A refused cipher list is told elsewhere, before the result is used."""
        if self._context is None:
            ciphers, authorities = self.transport.ciphers, self._authorities
            self._context = self._net.start(lambda: trust.context(ciphers, authorities), brief=True)

    def close(self) -> None:
        """Close the connection at once."""
        if self._wire is not None:
            self._wire.close()
        self._net.settle()

    async def _open(self, deadline: float) -> None:
        """Connect to the current address, with an equal share of the time for each that is left."""
        now = time.monotonic()
        share = (deadline - now) / (len(self._addresses) + 1)
        if self._wire is not None:
            self._wire.close()
        self._wire = Wire(await self._net.connect(self.address, self.transport.port, now + share))
        channel = Channel(self._wire, self.transcript, timeout=self._options.timeout)
        self._client = Client(channel, self.transport, ehlo_name=self._options.ehlo_name)

    def _unreached(self, error: OSError) -> Ending:
        where = _join(self.address, self.transport.port)
        if isinstance(error, TimeoutError) and error.errno is None:
            summary = f"Connection timeout: {where} did not answer in {self._options.timeout:g} s (the app waits 2 min)"
            return Ending(summary, "ETIMEDOUT", "CONN", error="ETIMEDOUT")
        word = nodewords.system(error)
        return Ending(f"connect {word} {where}", "ESOCKET", "CONN", error=word)

    async def _untrusted(self, code: int) -> Ending:
        """Return the end that a certificate brings, with facts from a second look at it."""

        seen = await look(self._net, self.address, self.transport, timeout=self._options.timeout)
        left = seen.facts.days_left if seen.facts else None
        word, text = nodewords.untrusted(code, chain=seen.chain, expired=left is not None and left < 0)
        if seen.facts is not None:
            name = seen.facts.names[0] if seen.facts.names else "no name"
            text += f" ({name}, issued by {seen.facts.issuer or 'nobody'}, valid until {seen.facts.not_after[:10]})"
        return Ending(text, "ESOCKET", "CONN", error=word, tls=seen.facts)

    def _deadline(self) -> float:
        return time.monotonic() + self._options.timeout


def _join(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


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
    from smtpwizard.smtp import certificate as tls_facts

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


async def hello(net: Net, address: str, transport: Transport) -> TlsFacts | None:
    """Try TLS from the first byte on another connection; return the session's facts, None where it is not spoken.

    Takes 1 s to connect and 1 s for the handshake at most. Any certificate will do, and no credentials are sent.
    """
    asked = Transport(transport.host, transport.port, secure=True)
    return (await look(net, address, asked, timeout=HELLO_SECONDS)).facts
