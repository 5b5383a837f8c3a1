"""Finds out how a port speaks: in clear, with STARTTLS, with TLS from the first byte, or not at all.

A port that keeps silent in the expected mode is tried in the other one at the same time. What was found out stays
readable when the deadline passes. What a server or the network does is never raised: it becomes a fact.
`CertificateProbe` asks further about a certificate that the app refuses. `Dialer` opens their connections: a host's
addresses tried as RFC 8305 has it, bounded in octets.
"""

from __future__ import annotations

import asyncio
import errno
import ssl
import time
from collections.abc import Callable, Coroutine, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from smtpwizard.addresses import is_ip_address
from smtpwizard.clients.model import NAME_MISMATCH, UNKNOWN_AUTHORITY, ClientErrors, ClientModel, DialogueEnded
from smtpwizard.clients.transport import Transport
from smtpwizard.lint.context import is_host_name
from smtpwizard.presets.schema import TlsMode
from smtpwizard.probe.connection import SILENT_SECONDS, ProbeSession
from smtpwizard.probe.survey.facts import (
    ATTEMPT_SECONDS,
    CONNECT_SECONDS,
    MOST_ADDRESSES,
    MOST_MECHANISMS,
    MOST_NAMES,
    MOST_OCTETS,
    STAGE_SECONDS,
    CertificateFacts,
    PortFacts,
)
from smtpwizard.probe.verdict import Options
from smtpwizard.smtp import net as network
from smtpwizard.smtp.net import Job, Net, Stream
from smtpwizard.text import safe

if TYPE_CHECKING:
    import ssl


T = TypeVar("T")

Start = Callable[[], Coroutine[Any, Any, T]]


async def happy_eyeballs(starts: Sequence[Start[T]], pause: float) -> T:
    """Start the calls one after the other and return the first result; the others are cancelled (RFC 8305).

    A call is started `pause` seconds after the one before it, or as soon as one has failed. If all fail, the first
    one's error is raised: OSError or DialogueEnded. Any other error is a bug and raised at once.
    """
    waiting = list(starts)
    started: list[asyncio.Task[T]] = []
    try:
        while waiting or not all(task.done() for task in started):
            if waiting:
                started.append(asyncio.create_task(waiting.pop(0)()))
            running = [task for task in started if not task.done()]
            await asyncio.wait(running, timeout=pause if waiting else None, return_when=asyncio.FIRST_COMPLETED)
            for task in started:
                if task.done() and _succeeded(task):
                    return task.result()
        return started[0].result()
    finally:
        await _cancel(started)


async def together(
    jobs: Iterable[Coroutine[Any, Any, None]], deadline: float, *, enough: Callable[[], float | None] = lambda: None
) -> None:
    """Run all jobs until `deadline` (a moment of time.monotonic()); what is not done by then is cancelled.

    `enough` is called whenever a job has ended; it returns the seconds that the others still get, None for no limit.
    """
    tasks = [asyncio.create_task(job) for job in jobs]
    pending = set(tasks)
    try:
        while pending and (left := deadline - time.monotonic()) > 0:
            done, pending = await asyncio.wait(pending, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
            grace = enough() if done else None
            if grace is not None:
                deadline = min(deadline, time.monotonic() + grace)
    finally:
        await _cancel(tasks)


def _succeeded(task: asyncio.Task[T]) -> bool:
    error = task.exception()
    if error is not None and not isinstance(error, OSError | DialogueEnded):
        raise error
    return error is None


async def _cancel(tasks: Iterable[asyncio.Task[T]]) -> None:
    """Cancel what still runs and wait until it is gone: its sockets are closed only after that."""
    waited = list(tasks)
    for task in waited:
        task.cancel()
    await asyncio.gather(*waited, return_exceptions=True)


class LimitedStream:
    """A stream that returns MOST_OCTETS at most; OSError beyond them."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._left = MOST_OCTETS

    async def receive(self, deadline: float) -> bytes:
        """Return the octets that have come; none at the end of the stream."""
        return self._counted(await self._stream.receive(deadline))

    def drain(self) -> bytes:
        """Return what else comes at this very moment."""
        return self._counted(self._stream.drain())

    async def send(self, data: bytes, deadline: float) -> None:
        """Write all of `data`."""
        await self._stream.send(data, deadline)

    def close(self) -> None:
        """Close at once."""
        self._stream.close()

    def _counted(self, chunk: bytes) -> bytes:
        self._left -= len(chunk)
        if self._left < 0:
            raise OSError(errno.EMSGSIZE, "the server sends without end")
        return chunk


class Dialer:
    """Opens connections to one host, and closes them all at the end."""

    def __init__(
        self,
        net: Net,
        client: ClientModel,
        host: str,
        addresses: Sequence[str],
        options: Options,
        *,
        cipher_spec: str | None = None,
        implicit_ciphers: str = "",
    ) -> None:
        """`cipher_spec` is the app's setting, None where it is not set or the client refuses it.

        `implicit_ciphers` is what the app takes in its place where TLS is spoken from the first byte.

        FileError where a certificate authority of the options cannot be read.
        """
        self.net = net
        self.host = host
        self.client = client
        self.addresses = spread(addresses)
        self.ehlo_name = options.ehlo_name
        self._authorities = options.authorities(client)
        self._cipher_spec = cipher_spec
        self._implicit_ciphers = implicit_ciphers
        self._contexts: dict[tuple[bool, bool], Job[ssl.SSLContext]] = {}
        self._opened: list[Stream] = []
        for implicit in (True, False):
            self._begin(implicit, verify=True)  # reading the trust store takes 20 ms; the network takes as long

    async def connect(self, port: int, addresses: Sequence[str] = ()) -> tuple[str, Stream]:
        """Connect to the first address that answers; OSError of the first where none does."""
        deadline = time.monotonic() + CONNECT_SECONDS
        targets = addresses or self.addresses
        return await happy_eyeballs(
            [partial(self._connect, target, port, deadline) for target in targets], ATTEMPT_SECONDS
        )

    async def context(self, *, implicit: bool, verify: bool) -> ssl.SSLContext:
        """Return the TLS context that the app would use, or one that accepts any certificate.

        With implicit TLS the app has a cipher list of its own where none is set, so there are two.
        """
        return await self._begin(implicit, verify=verify).result(time.monotonic() + STAGE_SECONDS)

    def close(self) -> None:
        """Close every connection."""
        for stream in self._opened:
            stream.close()
        self._opened.clear()

    def _begin(self, implicit: bool, *, verify: bool) -> Job[ssl.SSLContext]:
        key = (implicit, verify)
        if key not in self._contexts:
            ciphers = self._cipher_spec or (self._implicit_ciphers if implicit else "")
            made = partial(self.client.tls.context, ciphers, self._authorities, verify=verify)
            self._contexts[key] = self.net.start(made)
        return self._contexts[key]

    async def _connect(self, address: str, port: int, deadline: float) -> tuple[str, Stream]:
        stream = LimitedStream(await self.net.connect(address, port, deadline))
        self._opened.append(stream)
        return address, stream


def spread(addresses: Sequence[str]) -> tuple[str, ...]:
    """Return the addresses that are tried: IPv4 and IPv6 by turns, IPv4 first, as RFC 8305 section 4 mixes families."""
    four = [address for address in addresses if ":" not in address]
    six = [address for address in addresses if ":" in address]
    mixed = [row[at] for at in range(max(len(four), len(six))) for row in (four, six) if at < len(row)]
    return tuple(mixed[:MOST_ADDRESSES])


_BANNER: Final = 400
_ERROR: Final = 120
_MECHANISM: Final = 32
"""Characters that are kept."""


@dataclass(frozen=True, slots=True)
class _Greeted:
    """A connection on which the server has spoken."""

    session: ProbeSession
    greeting: str
    refused: DialogueEnded | None = None
    """Set where the greeting was no 220."""


class PortProbe:
    """The questions to one port. `run` once; `facts` at any time."""

    def __init__(
        self, dialer: Dialer, port: int, *, expected: TlsMode | None = None, addresses: Sequence[str] = ()
    ) -> None:
        self._dialer = dialer
        self._implicit_first = expected is TlsMode.IMPLICIT
        self._targets = addresses
        self._done = False
        self._found = PortFacts(port, open=False, address=addresses[0] if addresses else "")

    async def run(self) -> None:
        """Ask; cancelling it leaves the connections to `Dialer.close`."""
        began = time.monotonic()
        try:
            try:
                address, stream = await self._dialer.connect(self._found.port, self._targets)
            except ConnectionResetError:
                self._learn(open=True)  # a reset comes after the handshake; the loop may see both at once
                raise
            finally:
                self._learn(ms=round((time.monotonic() - began) * 1000, 1))
            self._learn(open=True, address=address)
            await self._inquire(await self._opening(stream))
        except (DialogueEnded, OSError) as error:
            self._learn(error=self._found.error or word(error, self._dialer.client.errors()))
        self._done = True

    def facts(self) -> PortFacts:
        """Return what is known by now."""
        found = self._found if self._done else self._found._replace(error=self._found.error or "ETIMEDOUT")
        return found._replace(ms=None) if not found.open and found.error == "ETIMEDOUT" else found

    def _learn(self, **facts: Any) -> None:
        self._found = self._found._replace(**facts)

    async def _opening(self, stream: Stream) -> _Greeted:
        """Hear the greeting, in clear or inside TLS, whichever the port speaks."""
        first, second = (self._secured, self._clear) if self._implicit_first else (self._clear, self._secured)
        return await happy_eyeballs([partial(first, stream), partial(second, None)], SILENT_SECONDS)

    async def _clear(self, stream: Stream | None) -> _Greeted:
        return await _greeted(await self._session(stream, implicit=False))

    async def _secured(self, stream: Stream | None) -> _Greeted:
        session = await self._session(stream, implicit=True)
        try:
            await session.handshake(await self._dialer.context(implicit=session.implicit, verify=True))
        except ssl.SSLCertVerificationError as error:
            session = await self._session(None, implicit=True)
            session.untrusted = error.verify_code
            await session.handshake(await self._dialer.context(implicit=True, verify=False))
        return await _greeted(session)

    async def _session(self, stream: Stream | None, *, implicit: bool) -> ProbeSession:
        if stream is None:
            _, stream = await self._dialer.connect(self._found.port, (self._found.address,))
        return open_session(self._dialer, stream, self._found.port, implicit=implicit)

    async def _inquire(self, greeted: _Greeted) -> None:
        session = greeted.session
        self._learn(banner=safe(greeted.greeting, limit=_BANNER))
        if session.implicit:
            self._learn_tls(session)
        if greeted.refused is not None:
            raise greeted.refused
        if session.implicit:
            self._learn(tls=TlsMode.IMPLICIT)
        await session.dialogue.hello()
        if session.dialogue.wants_starttls:
            self._learn(tls=TlsMode.STARTTLS)
            session = await self._upgraded(session)
        elif not session.implicit:
            self._learn(tls=TlsMode.NONE)
        mechanisms = session.dialogue.capabilities.announced[:MOST_MECHANISMS]
        auth = tuple(safe(name, limit=_MECHANISM) for name in mechanisms)
        self._learn(auth=auth, login=session.dialogue.can_log_in)
        await session.leave(time.monotonic() + STAGE_SECONDS)

    async def _upgraded(self, session: ProbeSession) -> ProbeSession:
        """Go on inside TLS, on another connection where the certificate is not trusted."""
        await session.dialogue.ask_starttls()
        try:
            await session.handshake(await self._dialer.context(implicit=session.implicit, verify=True))
        except ssl.SSLCertVerificationError as error:
            failure = self._dialer.client.errors().untrusted(
                error.verify_code, chain=None, facts=None, words=error.verify_message
            )
            self._learn(error=failure.error)
            session = await self._session(None, implicit=False)
            session.untrusted = error.verify_code
            await session.to_tls(await self._dialer.context(implicit=False, verify=False))
        self._learn_tls(session)
        await session.dialogue.hello()
        return session

    def _learn_tls(self, session: ProbeSession) -> None:
        facts, refused = session.tls_facts()
        self._learn(tls_facts=facts, error=refused)


async def _greeted(session: ProbeSession) -> _Greeted:
    """Wait for the greeting. One that is no 220 is an answer, too; silence and a closed connection are none."""
    try:
        return _Greeted(session, await session.dialogue.greeting())
    except DialogueEnded as end:
        if end.failure.reply is None:
            raise
        return _Greeted(session, end.failure.reply, end)


def word(error: DialogueEnded | OSError, errors: ClientErrors) -> str:
    """Return what went wrong: the server's words where it said something, else the system's or TLS library's word."""
    if isinstance(error, DialogueEnded):
        failure = error.failure
        return safe(failure.reply, limit=_ERROR) if failure.reply else failure.error or failure.code or "ESOCKET"
    return errors.word(error)


def open_session(dialer: Dialer, stream: Stream, port: int, *, implicit: bool, host: str | None = None) -> ProbeSession:
    """Return a dialogue on a connection; `host` is the name that the certificate has to be for, None: the dialer's."""
    transport = Transport(dialer.host if host is None else host, port, secure=implicit)
    return ProbeSession(dialer.client, stream, transport, timeout=STAGE_SECONDS, ehlo_name=dialer.ehlo_name)


_BUNDLES: Final = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Ubuntu, Alpine, Arch
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora, RHEL
    "/etc/ssl/ca-bundle.pem",  # SUSE
    "/etc/ssl/cert.pem",  # macOS, BSD
)


class CertificateProbe:
    """The questions about one refused certificate. `run` once; `facts` at any time."""

    def __init__(self, dialer: Dialer, port: int, *, implicit: bool, error: str, names: Iterable[str] = ()) -> None:
        """`error` is the client's word; `names` those in the certificate."""
        self._dialer = dialer
        self._port = port
        self._implicit = implicit
        self._error = error
        self._candidates = tuple(dict.fromkeys(name.lower() for name in names if _could_be_host(name)))[:MOST_NAMES]
        self._system: bool | None = None
        self._bundle = ""
        self._chain: int | None = None
        self._names: list[str] = []

    async def run(self) -> None:
        """Ask; whatever goes wrong only leaves facts out."""
        if self._error in UNKNOWN_AUTHORITY:
            await together([self._ask_system(), self._count()], time.monotonic() + CONNECT_SECONDS)
        elif self._error == NAME_MISMATCH:
            jobs = [self._try_name(name) for name in self._candidates if name != self._dialer.host.lower()]
            await together(jobs, time.monotonic() + CONNECT_SECONDS)

    def facts(self) -> CertificateFacts:
        """Return what is known by now; names in the certificate's order."""
        names = tuple(name for name in self._candidates if name in self._names)
        return CertificateFacts(self._system, self._bundle, self._chain, names)

    async def _ask_system(self) -> None:
        with suppress(DialogueEnded, OSError):
            deadline = time.monotonic() + CONNECT_SECONDS
            context = await self._dialer.net.start(system_context).result(deadline)
            try:
                session = await self._session(self._dialer.host, context)
            except ssl.SSLCertVerificationError:
                self._system = False
                return
            self._system = session.mismatch() is None
            self._bundle = system_bundle()

    async def _count(self) -> None:
        with suppress(DialogueEnded, OSError):
            lenient = await self._dialer.context(implicit=self._implicit, verify=False)
            self._chain = (await self._session(self._dialer.host, lenient)).chain()

    async def _try_name(self, name: str) -> None:
        """Note `name` where it leads to the same server, and the app would trust the server by that name."""
        with suppress(DialogueEnded, OSError):
            found = await network.addresses(self._dialer.net, name, time.monotonic() + CONNECT_SECONDS)
            same = tuple(address for address in self._dialer.addresses if address in found)
            if not same:
                return
            strict = await self._dialer.context(implicit=self._implicit, verify=True)
            session = await self._session(name, strict, same)
            if session.mismatch() is None:
                self._names.append(name)

    async def _session(self, host: str, context: ssl.SSLContext, addresses: tuple[str, ...] = ()) -> ProbeSession:
        _, stream = await self._dialer.connect(self._port, addresses)
        session = open_session(self._dialer, stream, self._port, implicit=self._implicit, host=host)
        await session.to_tls(context)
        return session


def system_context() -> ssl.SSLContext:
    """Return a client context that trusts this machine's own store, as other programs on it do; 30 ms."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False  # by Node's rules instead, afterwards
    made.verify_flags = ssl.VERIFY_X509_TRUSTED_FIRST
    made.load_default_certs()
    return made


def system_bundle() -> str:
    """Return the file that holds this machine's store, empty where it is not a single file."""
    known = (ssl.get_default_verify_paths().cafile, *_BUNDLES)
    return next((name for name in known if name and Path(name).is_file()), "")


def _could_be_host(name: str) -> bool:
    return "." in name and "*" not in name and is_host_name(name) and not is_ip_address(name)
