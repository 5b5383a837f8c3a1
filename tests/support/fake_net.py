"""A network that is a list of octets: for fuzzing whole dialogues, some hundred a second, without sockets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import pytest

from smtpwizard.probe import engine
from smtpwizard.probe.engine import Probe
from smtpwizard.probe.verdict import Options
from smtpwizard.settings import Settings
from smtpwizard.smtp.net import BlockingJob
from smtpwizard.smtp.results import OutgoingMessage, Report

T = TypeVar("T")
Source = Callable[[bytes], Iterable[bytes]]
"""What is sent after what the client has just said; nothing was said before the greeting."""


class FakeStream:
    """A connection whose other side is a function."""

    def __init__(self, source: Source, end: Exception | None) -> None:
        self._source = source
        self._end = end
        self._pieces: Iterator[bytes] = iter(source(b""))

    async def receive(self, deadline: float) -> bytes:
        """Return the next piece, or the end: of the stream, or an error."""
        for piece in self._pieces:
            if piece:
                return piece
        if self._end is not None:
            raise self._end
        return b""

    async def send(self, data: bytes, deadline: float) -> None:
        """Hand the client's words to the source."""
        self._pieces = iter(self._source(data))

    def close(self) -> None:
        """There is nothing to close."""


class FakeNet:
    """The only host is this one; look-ups and the reading of roots are done for real."""

    def __init__(self, source: Source, end: Exception | None) -> None:
        self._source = source
        self._end = end

    async def connect(self, address: str, port: int, deadline: float) -> FakeStream:
        """Connect to the source, whatever the address."""
        return FakeStream(self._source, self._end)

    def start(self, call: Callable[[], T]) -> BlockingJob[T]:
        """Run `call` in a daemon thread."""
        return BlockingJob(call)


@contextmanager
def connected_to(source: Source, end: Exception | None = None) -> Iterator[None]:
    """Have every probe speak with `source`; `end` is what comes after its last piece, None for the end of stream."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "BlockingNet", lambda: FakeNet(source, end))
        yield


def probed(settings: Settings, source: Source, end: Exception | None = None, *, send: bool = False) -> Report:
    """Run a probe over `source` to its end."""
    message = OutgoingMessage("<1@example.com>", b"Subject: x\r\n\r\nx\r\n", "to@example.com") if send else None
    with connected_to(source, end):
        probe = Probe(settings, Options(timeout=5.0, trust_extra_env=False), message=message)
        return probe.run_blocking()
