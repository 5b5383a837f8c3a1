"""Questions to name servers: each with a deadline, all of them bounded, none asked twice.

Own look-ups over dnspython, which is there already. checkdmarc 6.0.4 would serve less well: 27 packages of 60 MB, an
import of 270 ms (dnspython: 85), a time limit for each question but none for the whole, and no notion of a provider.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from smtpwizard.background import in_daemon_thread
from smtpwizard.dns.sender import Answer, NameServers, State
from smtpwizard.records import NamedTuple

if TYPE_CHECKING:
    from dns.asyncresolver import Resolver

    from smtpwizard.dns.dnspython import AnswerCache
    from smtpwizard.presets.schema import Provider


MOST_QUESTIONS: Final = 60
"""Questions of one run: a full SPF record needs about 25, a walk up a deep tree 8."""
ONE_QUESTION: Final = 4.0
"""Seconds for one question at most, with its repetitions."""
AT_A_TIME: Final = 12
MOST_RECORDS: Final = 50
"""Records of one answer that are looked at."""
LONGEST_TEXT: Final = 10_000
"""Characters of a TXT record that are looked at. An SPF record should not pass 450 (RFC 7208 section 3.4)."""


class Dns:
    """The look-ups of one run."""

    def __init__(self, resolver: Resolver | None, deadline: float, *, most: int = MOST_QUESTIONS) -> None:
        """Ask with `resolver` (None: there is no name server) until the running loop's clock reads `deadline`."""
        self._resolver = resolver
        self._deadline = deadline
        self._left = most
        self._asked: dict[tuple[str, str], asyncio.Future[Answer]] = {}
        self._turn = asyncio.Semaphore(AT_A_TIME)

    async def ask(self, name: str, kind: str) -> Answer:
        """Return the records of the type `kind` (TXT, MX, A, AAAA, NS) at `name`.

        A network that fails is an answer, not an exception. A question that is under way or was answered in this run
        is not asked again.
        """
        key = (name.lower().rstrip("."), kind)
        pending = self._asked.get(key)
        if pending is None:
            pending = self._asked[key] = asyncio.ensure_future(self._answer(*key))
        return await pending

    def close(self) -> None:
        """Give up what is still under way."""
        for pending in self._asked.values():
            pending.cancel()

    async def _answer(self, name: str, kind: str) -> Answer:
        if self._resolver is None:
            return Answer(State.SILENT)
        async with self._turn:
            seconds = min(ONE_QUESTION, self._deadline - asyncio.get_running_loop().time())
            if self._left <= 0 or seconds <= 0:
                return Answer(State.NOT_ASKED)
            self._left -= 1
            return await _resolved(self._resolver, name, kind, seconds)


async def _resolved(resolver: Resolver, name: str, kind: str, seconds: float) -> Answer:
    from smtpwizard.dns.dnspython import read_error, read_records

    try:
        async with asyncio.timeout(seconds + 0.5):
            found = await resolver.resolve(f"{name}.", kind, lifetime=seconds, search=False, raise_on_no_answer=False)
        return read_records(found, kind, most=MOST_RECORDS, longest=LONGEST_TEXT)
    except Exception as error:  # dnspython's own, OSError, ValueError: whatever a hostile answer brings about
        return read_error(error)


MOST_ENTRIES: Final = 512
_CACHES: Final[dict[NameServers, AnswerCache]] = {}
"""What this process has heard, by who said it."""

ONE_TRY: Final = 1.5
"""Seconds until a name server is asked again, or the next one."""


class Prepared(NamedTuple):
    """What was made ready."""

    resolver: Resolver | None
    """None where the machine names no name server."""
    home: Provider | None
    """The provider whose mailboxes have the sender's domain."""


async def prepare(domain: str, servers: NameServers, deadline: float) -> Prepared | None:
    """Return the tools, or None if the running loop's clock reads `deadline` before they are ready."""
    left = deadline - asyncio.get_running_loop().time()
    try:
        return await in_daemon_thread(
            lambda: Prepared(_resolver(servers), _home(domain)), timeout=left, name="sender check"
        )
    except TimeoutError:
        return None


def _resolver(servers: NameServers) -> Resolver | None:
    import dns.asyncresolver
    import dns.resolver

    # With it come the record types, which dnspython would load at first use.
    from smtpwizard.dns.dnspython import AnswerCache

    try:
        resolver = dns.asyncresolver.Resolver(configure=not servers)
    except (dns.resolver.NoResolverConfiguration, OSError):
        return None
    if servers:
        from dns.nameserver import Do53Nameserver

        resolver.nameservers = [Do53Nameserver(server.address, server.port) for server in servers]
    resolver.timeout = ONE_TRY
    resolver.cache = _CACHES.setdefault(servers, AnswerCache(MOST_ENTRIES))
    return resolver if resolver.nameservers else None


def _home(domain: str) -> Provider | None:
    from smtpwizard.presets.catalogue import Presets

    found = Presets.open().match_address(domain)
    return found.provider if found else None
