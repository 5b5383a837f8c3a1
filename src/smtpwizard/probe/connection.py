"""The connection to the server: addresses, TCP, TLS. What is said over it is the business of `engine`.

Each public coroutine of `Connection` is one stage; it returns what to report, or raises DialogueEnded.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Final

from smtpwizard.clients.model import NAME_MISMATCH, CipherListError, ClientFailure, ClientModel, Dialogue, DialogueEnded
from smtpwizard.clients.transport import Transport
from smtpwizard.probe.verdict import Options, StageOutcome
from smtpwizard.records import NamedTuple
from smtpwizard.smtp import net as network
from smtpwizard.smtp.net import Job, Net, Stream, TlsStream
from smtpwizard.smtp.results import Status, TlsFacts, Transcript

if TYPE_CHECKING:
    import ssl

    from smtpwizard.smtp.certificate import Certificate

SILENT_SECONDS: Final = 1.0
"""Silence after which a port is tried in the other mode, too: a TLS hello where a greeting was due, or the reverse."""
HELLO_SECONDS: Final = 1.0
"""For connecting, and again for the handshake, of a TLS hello beside the dialogue: with SILENT_SECONDS under 3 s,
where the app's client waits 30 s for the greeting."""
_MAX_PORT: Final = 65535
_EXAMINE_SECONDS: Final = 3.0
"""The limit of a second connection that only looks at the certificate."""
UNREADABLE: Final = "the certificate cannot be read"


class Connection:
    """One connection, from the host's name to TLS."""

    def __init__(
        self,
        net: Net,
        client: ClientModel,
        transport: Transport,
        options: Options,
        authorities: tuple[str, ...],
        transcript: Transcript,
    ) -> None:
        self.client = client
        self.transport = transport
        self._errors = client.errors(transport)
        self.transcript = transcript
        self.address = ""
        """The IP address of the connection."""
        self._net = net
        self._options = options
        self._authorities = authorities
        self._addresses: list[str] = []
        self._stream: TlsStream | None = None
        self._dialogue: Dialogue | None = None
        self._context: Job[ssl.SSLContext] | None = None
        # Where they are not kept, the roots take 13 ms; they are decoded while the network is waited for.
        self.client.tls.begin(transport.host, implicit=transport.secure)

    @property
    def dialogue(self) -> Dialogue:
        """The client's side of the dialogue, once connected."""
        assert self._dialogue is not None
        return self._dialogue

    async def resolve(self) -> StageOutcome:
        """Find the addresses."""
        host, seconds = self.transport.host, self._options.timeout
        try:
            found = await network.addresses(self._net, host, self._deadline())
        except OSError as error:
            raise DialogueEnded(self._errors.unresolved(host, error, seconds)) from error
        self._addresses = list(found)
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        return StageOutcome(found[0] + more, detail=found)

    async def connect(self) -> StageOutcome:
        """Open the connection: to the first address that answers."""
        port = self.transport.port
        if not 0 <= port <= _MAX_PORT:
            raise DialogueEnded(self._errors.no_such_port(port))
        failed: list[str] = []
        deadline = self._deadline()
        while True:
            self.address = self._addresses.pop(0)
            where = f"[{self.address}]:{port}" if ":" in self.address else f"{self.address}:{port}"
            try:
                await self._open(deadline)
            except OSError as error:
                failure = self._errors.unreached(where, error, self._options.timeout)
                failed.append(failure.summary)
                if not self._addresses:
                    raise DialogueEnded(failure) from error
            else:
                return StageOutcome(where, detail=tuple(failed))

    def check_ciphers(self) -> None:
        """Raise DialogueEnded where the client refuses the cipher list."""
        ciphers, implicit = self.transport.ciphers, self.transport.secure
        try:
            self.client.tls.check_ciphers(ciphers)
        except CipherListError as error:
            raise DialogueEnded(self._errors.refused_ciphers(error, ciphers, implicit=implicit)) from error

    async def tls(self) -> StageOutcome:
        """Make the handshake of implicit TLS; where it fails, start again with the next address, as the client does."""
        while True:
            try:
                return await self.handshake()
            except DialogueEnded:
                if not self._addresses:
                    raise
                await self.connect()

    async def handshake(self) -> StageOutcome:
        """Make a TLS handshake and judge the certificate as the client does."""
        import ssl

        from smtpwizard.smtp import certificate as certificates

        self.prepare()
        assert self._stream is not None
        host, client = self.transport.host, self.client
        try:
            context = await self._context.result(self._deadline()) if self._context else self._made()
        except TimeoutError as error:
            raise DialogueEnded(self._errors.late("the roots were not read in time")) from error
        try:
            await self.dialogue.handshake(context, client.tls.server_name(host))
        except ssl.SSLCertVerificationError as error:
            seen = await examine(
                client, self._net, self.address, self.transport, min(self._options.timeout, _EXAMINE_SECONDS)
            )
            failure = self._errors.untrusted(
                error.verify_code, chain=seen.chain, facts=seen.facts, words=error.verify_message
            )
            raise DialogueEnded(failure) from error
        session = self._stream.tls
        assert session is not None
        found = certificates.certificate(session)
        reason = client.tls.mismatch(host, found) if found else UNREADABLE
        checked, named = self.transport.verify, self.transport.verify_name
        facts = certificates.facts(session, found, verified=checked and reason is None)
        if checked and named and reason is not None:
            raise DialogueEnded(self._errors.wrong_name(reason, facts))
        summary = certificates.sentence(facts, host)
        if not checked or reason is not None:
            summary += "; the app does not check it" if not checked else "; the app does not check the name in it"
        soon = facts.days_left is not None and facts.days_left < certificates.SOON
        status = Status.WARNED if soon or not checked or reason is not None else Status.PASSED
        return StageOutcome(summary, status, tls=facts, detail=certificates.lines(facts))

    async def refuse_silent_tls_port(self) -> None:
        """Raise DialogueEnded if a port that has sent no greeting answers a TLS hello on another connection.

        What the client reports is the timeout that it would run into.
        """
        facts = await probe_implicit_tls(self.client, self._net, self.address, self.transport)
        if facts is not None:
            raise DialogueEnded(self._errors.speaks_tls(facts))

    def prepare(self) -> None:
        """Begin to make the TLS context, once, where that takes long.

        `check_ciphers` reports a refused list before the result is used.
        """
        if self._context is None and self.transport.verify and not self.client.tls.is_ready():
            self._context = self._net.start(self._made)

    def _made(self) -> ssl.SSLContext:
        transport = self.transport
        return self.client.tls.context(transport.ciphers, self._authorities, verify=transport.verify)

    def close(self) -> None:
        """Close the connection at once."""
        if self._stream is not None:
            self._stream.close()

    async def _open(self, deadline: float) -> None:
        """Connect to the current address; each address that is left gets an equal share of the time."""
        now = time.monotonic()
        share = (deadline - now) / (len(self._addresses) + 1)
        if self._stream is not None:
            self._stream.close()
        self._stream = TlsStream(await self._net.connect(self.address, self.transport.port, now + share))
        self._dialogue = self.client.dialogue(
            self._stream,
            self.transport,
            self.transcript,
            timeout=self._options.timeout,
            ehlo_name=self._options.ehlo_name,
        )

    def _deadline(self) -> float:
        return time.monotonic() + self._options.timeout


class ProbeSession:
    """A dialogue without credentials, to find out what a port offers. Nothing of it is kept in a transcript."""

    def __init__(
        self,
        client: ClientModel,
        stream: Stream,
        transport: Transport,
        *,
        timeout: float,
        until: float = math.inf,
        ehlo_name: str | None = None,
    ) -> None:
        """`transport` has the port, the TLS mode, and the name that the certificate has to be for."""
        self.implicit = transport.secure
        self.untrusted: int | None = None
        """OpenSSL's X509_V_ERR for a certificate that was refused on an earlier connection."""
        self._client = client
        self._host = transport.host
        self._stream = TlsStream(stream)
        self.dialogue = client.dialogue(
            self._stream, transport, Transcript(str), timeout=timeout, until=until, ehlo_name=ehlo_name
        )

    async def to_tls(self, context: ssl.SSLContext) -> None:
        """Come to a TLS session: at once, or by greeting, EHLO and STARTTLS. ssl.SSLCertVerificationError."""
        if not self.implicit:
            await self.dialogue.greeting()
            await self.dialogue.hello()
            if not self.dialogue.wants_starttls:
                raise DialogueEnded(ClientFailure("STARTTLS is not offered"))
            await self.dialogue.ask_starttls()
        await self.handshake(context)

    async def handshake(self, context: ssl.SSLContext) -> None:
        """Make the handshake alone. ssl.SSLCertVerificationError."""
        await self.dialogue.handshake(context, self._client.tls.server_name(self._host))

    def certificate(self) -> Certificate | None:
        """Return the server's certificate, once there is a session."""
        from smtpwizard.smtp import certificate as certificates

        return certificates.certificate(self._session)

    def mismatch(self) -> str | None:
        """Return why the client refuses the certificate for the host, or None where it takes it."""
        found = self.certificate()
        return self._client.tls.mismatch(self._host, found) if found else UNREADABLE

    def tls_facts(self) -> tuple[TlsFacts, str | None]:
        """Return the session's facts, and the client's word where it would refuse the certificate."""
        from smtpwizard.smtp import certificate as certificates

        reason = self.mismatch()
        verified = self.untrusted is None and reason is None
        facts = certificates.facts(self._session, self.certificate(), verified=verified)
        if self.untrusted is not None:
            return facts, self._client.errors().untrusted(self.untrusted, chain=self.chain(), facts=facts).error
        return facts, None if reason is None else NAME_MISMATCH

    def chain(self) -> int | None:
        """Return how many certificates the server sent; None where Python does not tell."""
        from smtpwizard.smtp import certificate as certificates

        return certificates.chain_length(self._session)

    async def leave(self, deadline: float) -> None:
        """Say QUIT and go, without waiting for the answer."""
        try:
            await self._stream.send(b"QUIT\r\n", deadline)
        except OSError:
            return

    @property
    def _session(self) -> ssl.SSLObject:
        assert self._stream.tls is not None
        return self._stream.tls


class Examined(NamedTuple):
    """What a second connection showed of the certificate."""

    chain: int | None = None
    """How many certificates the server sends."""
    facts: TlsFacts | None = None


async def examine(client: ClientModel, net: Net, address: str, transport: Transport, timeout: float) -> Examined:
    """Connect again, accept any certificate, and return what it says; everything within `timeout` seconds."""
    until = time.monotonic() + timeout
    try:
        stream = await net.connect(address, transport.port, until)
    except OSError:
        return Examined()
    try:
        anonymous = transport._replace(username=None, password=None)
        session = ProbeSession(client, stream, anonymous, timeout=timeout, until=until)
        await session.to_tls(client.tls.context(transport.ciphers, (), verify=False))
        return Examined(session.chain(), session.tls_facts()[0]._replace(verified=False))
    except (DialogueEnded, OSError):
        return Examined()
    finally:
        stream.close()


async def probe_implicit_tls(client: ClientModel, net: Net, address: str, transport: Transport) -> TlsFacts | None:
    """Try TLS from the first byte on another connection; return the session's facts, None where it is not spoken.

    Any certificate will do, and no credentials are sent.
    """
    implicit = Transport(transport.host, transport.port, secure=True)
    return (await examine(client, net, address, implicit, HELLO_SECONDS)).facts
