"""The network: what a probe needs of it, and how blocking sockets give it to commands that do one thing at a time.

The coroutines of `BlockingNet` never suspend, so `drive` runs them without an event loop and without importing asyncio.
Not to be used inside an event loop: `net_asyncio` is for that.

A stream can change to TLS: octets in, octets out, first in clear text and then encrypted on the same socket. TLS runs
over memory buffers, not over a wrapped socket: octets read before the handshake stay where the client keeps them, and
decrypted octets come one TLS record at a time, as Node delivers them.
"""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final, Generic, Protocol, TypeVar

from smtpwizard.errors import BugError, lacking

if TYPE_CHECKING:
    import ssl


T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

CHUNK: Final = 65536
"""Octets that are read at once, as in Node."""
MOMENT_SECONDS: Final = 0.0001
"""Silence that ends a moment: Node takes 20 to 100 µs from learning that octets have come to reading them."""
LONGEST_MOMENT: Final = 0.002


@contextlib.contextmanager
def on_this_machine() -> Iterator[None]:
    """Raise MachineError for an error that comes from a lack of this machine, not from the other side."""
    try:
        yield
    except OSError as error:
        if (machine := lacking(error)) is not None:
            raise machine from error
        raise


class Stream(Protocol):
    """A connected socket."""

    async def receive(self, deadline: float) -> bytes:
        """Return the octets that have come, at most CHUNK; none at the end of the stream."""

    async def send(self, data: bytes, deadline: float) -> None:
        """Write all of `data`."""

    def drain(self) -> bytes:
        """Return what else comes at this very moment, and is one chunk to a client that reads a little later."""

    def close(self) -> None:
        """Close at once, without waiting for anything. May be called again."""


class Job(Protocol[T_co]):
    """A call that runs in a daemon thread."""

    async def result(self, deadline: float) -> T_co:
        """Wait for the call and return its result, or raise what it raised."""


class Net(Protocol):
    """The way to the network."""

    async def connect(self, address: str, port: int, deadline: float) -> Stream:
        """Open a TCP connection to an IP address."""

    def start(self, call: Callable[[], T]) -> Job[T]:
        """Run `call` in a daemon thread: a look-up that hangs must not keep the process from ending."""


def remaining(deadline: float) -> float:
    """Return the seconds until `deadline`. TimeoutError when there are none left."""
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise TimeoutError
    return seconds


def is_deadline(error: OSError | None) -> bool:
    """Say whether our own deadline passed: the system's ETIMEDOUT has an errno."""
    return isinstance(error, TimeoutError) and error.errno is None


def socket_address(address: str, port: int) -> tuple[str, int] | tuple[str, int, int, int]:
    """Return the address in the socket module's form, its zone as a number: asyncio would look a name up."""
    host, _, zone = address.partition("%")
    return (host, port, 0, socket.if_nametoindex(zone)) if zone else (host, port)


def socket_for(address: str) -> socket.socket:
    """Return a socket for an IP address. What is written goes at once: a message is written in three parts."""
    with on_this_machine():
        sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def drained(sock: socket.socket) -> bytes:
    """Read a non-blocking socket until nothing comes for MOMENT_SECONDS, or for LONGEST_MOMENT in all. OSError."""
    found = b""
    until = time.monotonic() + LONGEST_MOMENT
    while len(found) < CHUNK and time.monotonic() < until:
        time.sleep(MOMENT_SECONDS)
        try:
            chunk = sock.recv(CHUNK)
        except BlockingIOError:
            break
        except OSError:
            if not found:
                raise
            break
        if not chunk:
            break
        found += chunk
    return found


class BlockingStream:
    """A socket with blocking calls that end at their deadline."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock

    async def receive(self, deadline: float) -> bytes:
        """Return the octets that have come; none at the end of the stream."""
        self._socket.settimeout(remaining(deadline))
        return self._socket.recv(CHUNK)

    def drain(self) -> bytes:
        """Return what else comes at this very moment."""
        self._socket.setblocking(False)
        return drained(self._socket)

    async def send(self, data: bytes, deadline: float) -> None:
        """Write all of `data`."""
        self._socket.settimeout(remaining(deadline))
        self._socket.sendall(data)

    def close(self) -> None:
        """Close at once."""
        self._socket.close()


class BlockingJob(Generic[T]):
    """A call in a daemon thread that the caller waits for."""

    def __init__(self, call: Callable[[], T]) -> None:
        self._call = call
        self._outcome: list[T] = []
        self._error: BaseException | None = None
        from smtpwizard.background import started  # a check of an address does without

        self._thread = started(self._run, "smtpwizard-job")

    def _run(self) -> None:
        try:
            self._outcome.append(self._call())
        except BaseException as error:  # handed to the caller's thread, which raises it
            self._error = error

    async def result(self, deadline: float) -> T:
        """Wait for the call."""
        self._thread.join(remaining(deadline))
        if self._thread.is_alive():
            raise TimeoutError
        if self._error is not None:
            raise self._error
        return self._outcome[0]


class BlockingNet:
    """Net over blocking sockets."""

    async def connect(self, address: str, port: int, deadline: float) -> BlockingStream:
        """Open a TCP connection to an IP address."""
        sock = socket_for(address)
        try:
            sock.settimeout(remaining(deadline))
            sock.connect(socket_address(address, port))
        except BaseException:
            sock.close()
            raise
        return BlockingStream(sock)

    def start(self, call: Callable[[], T]) -> BlockingJob[T]:
        """Run `call` in a daemon thread."""
        return BlockingJob(call)


def drive(steps: AsyncGenerator[T, None]) -> Iterator[T]:
    """Run an async generator over a BlockingNet as an ordinary one. BugError if it suspends."""
    try:
        while True:
            try:
                steps.__anext__().send(None)
            except StopIteration as done:
                yield done.value
            except StopAsyncIteration:
                return
            else:
                raise BugError("a probe over blocking sockets waited for an event loop")
    finally:
        with contextlib.suppress(StopIteration):
            steps.aclose().send(None)


_IF_INET6: Final = Path("/proc/net/if_inet6")
"""Linux's list of IPv6 addresses, a line each; the last column is the interface."""


def literal(host: str) -> str | None:
    """Return `host` where it is an IP address already, as the client's net.isIP() sees it."""
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, host.partition("%")[0] if family is socket.AF_INET6 else host)
        except (OSError, ValueError):
            continue
        return host
    return None


async def addresses(net: Net, host: str, deadline: float) -> tuple[str, ...]:
    """Return the addresses of `host`, at least one. socket.gaierror where there is none, TimeoutError."""
    found = literal(host)
    if found is not None:
        return (found,)
    return await net.start(lambda: look_up(host)).result(deadline)


def look_up(host: str) -> tuple[str, ...]:
    """Ask the system's resolver; may hang for long. socket.gaierror where it knows nothing."""
    name = host.encode("ascii") if host.isascii() and host else host  # as text it would load IDNA tables: 3 ms
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except OSError:
        with on_this_machine():
            socket.socket().close()  # without a descriptor left, a look-up fails as if no name server answered
        raise
    except (UnicodeError, ValueError) as error:  # no such name can exist: an empty or too long label, a NUL
        raise socket.gaierror(socket.EAI_NONAME, "not a host name") from error
    families = (socket.AF_INET, socket.AF_INET6) if _has_ipv6() else (socket.AF_INET,)
    ordered = [str(item[4][0]) for family in families for item in found if item[0] == family]
    ordered = ordered or [str(item[4][0]) for item in found]
    return tuple(dict.fromkeys(ordered))


def _has_ipv6() -> bool:
    """Say whether an interface other than the loopback has IPv6; without one the client drops all AAAA records."""
    try:
        lines = _IF_INET6.read_text(encoding="utf-8").splitlines()
    except OSError:
        return not Path("/proc/net").exists()  # on Linux a missing file means no IPv6 at all
    return any(not line.endswith(" lo") for line in lines)


_RECORD = 16384
"""Octets that one TLS record holds at most (RFC 8446 section 5.1)."""


class HandshakeClosed(OSError):
    """The server ended the connection before the handshake was complete."""


class TlsStream:
    """One connection. OSError, ssl.SSLError too, for what breaks it; TimeoutError without errno at a deadline."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self.tls: ssl.SSLObject | None = None
        self.truncated = False
        """Whether the server ended the connection without an end of TLS (close_notify, RFC 8446 section 6.1)."""
        self._incoming: ssl.MemoryBIO | None = None
        self._outgoing: ssl.MemoryBIO | None = None

    async def receive(self, deadline: float) -> list[bytes]:
        """Return what has come, one item for each TLS record; nothing at the end of the stream."""
        if self.tls is None:
            chunk = await self._stream.receive(deadline)
            return [chunk] if chunk else []
        while True:
            records, ended = self._decrypt()
            await self._flush(deadline)
            if records or ended:
                return records
            chunk = await self._stream.receive(deadline)
            if not chunk:
                self.truncated = True
                return []
            assert self._incoming is not None
            self._incoming.write(chunk)

    def drain(self) -> bytes:
        """Return what else comes in clear text at this very moment."""
        return self._stream.drain()

    async def send(self, data: bytes, deadline: float) -> None:
        """Write all of `data`."""
        if self.tls is None:
            await self._stream.send(data, deadline)
            return
        self.tls.write(data)
        await self._flush(deadline)

    async def secure(self, context: ssl.SSLContext, server_name: str | None, deadline: float) -> None:
        """Make the client's side of a TLS handshake. ssl.SSLError where it fails, HandshakeClosed."""
        import ssl

        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=server_name)
        while True:
            try:
                tls.do_handshake()
            except ssl.SSLWantReadError:
                await self._flush(deadline)
                chunk = await self._stream.receive(deadline)
                if not chunk:
                    raise HandshakeClosed from None
                self._incoming.write(chunk)
            except ssl.SSLError:
                with contextlib.suppress(OSError):  # the alert; whether it arrives changes nothing
                    await self._flush(deadline)
                raise
            else:
                break
        self.tls = tls
        await self._flush(deadline)

    def close(self) -> None:
        """Close at once."""
        self._stream.close()

    def _decrypt(self) -> tuple[list[bytes], bool]:
        """Return the records that are complete, and whether the server has ended its side of TLS."""
        import ssl

        assert self.tls is not None
        records: list[bytes] = []
        while True:
            try:
                record = self.tls.read(_RECORD)
            except ssl.SSLWantReadError:
                return records, False
            except ssl.SSLZeroReturnError:
                return records, True
            except ssl.SSLError:
                if records:  # what came before the broken record counts; the error comes again at the next read
                    return records, False
                raise
            if not record:
                return records, True
            records.append(record)

    async def _flush(self, deadline: float) -> None:
        if self._outgoing is not None and self._outgoing.pending:
            await self._stream.send(self._outgoing.read(), deadline)
