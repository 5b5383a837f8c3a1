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

from smtpwizard.preset_schema import TlsMode
from smtpwizard.probe import nodewords
from smtpwizard.probe.client import Client
from smtpwizard.probe.ending import Ended
from smtpwizard.probe.keywords import announced
from smtpwizard.probe.look.facts import PortFacts
from smtpwizard.probe.look.limits import MOST_MECHANISMS, SILENT_SECONDS
from smtpwizard.probe.look.race import staggered
from smtpwizard.probe.look.visit import Visit
from smtpwizard.probe.look.way import Way
from smtpwizard.probe.net import Stream
from smtpwizard.probe.results import TlsFacts
from smtpwizard.text import safe

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
