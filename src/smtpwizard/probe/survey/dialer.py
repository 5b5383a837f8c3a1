"""Opens connections to one host: its addresses tried as RFC 8305 has it, bounded in octets. Knows no SMTP."""

from __future__ import annotations

import asyncio
import errno
import time
from collections.abc import Callable, Coroutine, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from smtpwizard.clients.model import ClientModel, DialogueEnded
from smtpwizard.probe.survey.facts import ATTEMPT_SECONDS, CONNECT_SECONDS, MOST_ADDRESSES, MOST_OCTETS, STAGE_SECONDS
from smtpwizard.probe.verdict import Options
from smtpwizard.smtp.net import Job, Net, Stream

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
