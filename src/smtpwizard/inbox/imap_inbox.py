"""A mailbox over IMAP as an inbox: one connection and one login for all looks."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Final

from smtpwizard.errors import NetworkError
from smtpwizard.inbox.address import Address
from smtpwizard.inbox.dialling import TITLE, unreachable
from smtpwizard.inbox.imap_login import connect, introduce, log_in
from smtpwizard.inbox.imap_search import Search
from smtpwizard.inbox.imap_syntax import ImapSyntaxError
from smtpwizard.inbox.imap_wire import Wire
from smtpwizard.inbox.model import Arrival, InboxRefused, Wanted
from smtpwizard.inbox.threads import Cord, in_thread
from smtpwizard.secret import Secret, redact
from smtpwizard.text import safe

_MOST_LOGINS: Final = 5
"""Connections that break are made anew, but not without end: a provider counts logins."""


class ImapInbox:
    """The inbox, the junk folder and the archive of a mailbox, and a folder that the operator names."""

    def __init__(self, address: Address, password: Secret, authorities: Sequence[str] = ()) -> None:
        self._address = address
        self._password = password
        self._authorities = tuple(authorities)
        self._search = Search(address.path)
        self._session: _Session | None = None
        self._logins = 0
        self._refused: InboxRefused | None = None

    def __repr__(self) -> str:
        return f"ImapInbox({self.name!r})"

    @property
    def name(self) -> str:
        """`the mailbox of ops@acme.example at imap.acme.example:993`."""
        return f"the mailbox of {safe(self._address.user, limit=120)} at {self._address.place}"

    async def look(self, wanted: Sequence[Wanted], *, timeout: float) -> tuple[Arrival, ...]:
        """Return those of `wanted` that lie there now; see Inbox. A refused login is told again, not tried again."""
        if self._refused is not None:
            raise self._refused
        session = self._session or _Session()
        self._session = session
        deadline = time.monotonic() + timeout
        try:
            return await in_thread(lambda: self._find(session, tuple(wanted), deadline), session.cord, timeout=timeout)
        except NetworkError as error:
            told = type(error)(redact(error.message, [self._password], username=self._address.user), error.title)
        except ImapSyntaxError:
            told = NetworkError(
                f"{self._address.place} answers with something that is no IMAP, or with too much of it. Correct host "
                "and port: 993 is usual for imaps://, 143 for imap://.",
                TITLE,
            )
        except (OSError, UnicodeError) as error:
            told = unreachable(error, self._address.place, timeout)
        except BaseException:
            self._drop(session)
            raise
        self._drop(session)
        if isinstance(told, InboxRefused):
            self._refused = told
        raise told  # outside of the handlers: without the chain of what a library or the server has said

    async def close(self) -> None:
        """Cut the connection, without a word: a server must bear that (RFC 9051 section 5.4)."""
        if self._session is not None:
            self._drop(self._session)

    def _drop(self, session: _Session) -> None:
        session.drop()
        if self._session is session:
            self._session = None

    def _find(self, session: _Session, wanted: tuple[Wanted, ...], deadline: float) -> tuple[Arrival, ...]:
        with session.work():
            wire = session.wire or self._open(session, deadline)
            wire.deadline = deadline
            return self._search.find(wire, wanted, session.offered)

    def _open(self, session: _Session, deadline: float) -> Wire:
        if self._logins >= _MOST_LOGINS:
            raise InboxRefused(
                f"{self._address.place} broke the connection {_MOST_LOGINS} times after the login. Look into the "
                "mailbox yourself, and try again later.",
                TITLE,
            )
        wire, known = connect(self._address, self._authorities, deadline=deadline, cord=session.cord)
        session.wire = wire
        if not known:
            self._logins += 1
            # Stays where this thread is cut off before the server has answered: it may have counted the login.
            self._refused = InboxRefused(
                f"{self._address.place} did not answer to the login of {safe(self._address.user, limit=120)} in time. "
                "Check user and password. It was tried once and is not tried again by itself.",
                TITLE,
            )
            log_in(wire, self._address, self._password)
            self._refused = None
        session.offered = introduce(wire)
        return wire


class _Session:
    """A connection that is logged in, or on the way there. Closed by the thread that works with it, if one does."""

    def __init__(self) -> None:
        self.cord = Cord()
        self.wire: Wire | None = None
        self.offered: frozenset[str] = frozenset()
        self._busy = threading.Lock()
        self._dropped = False

    @contextlib.contextmanager
    def work(self) -> Iterator[None]:
        """Keep the connection open for a thread, as long as it is not dropped."""
        try:
            with self._busy:
                yield
        finally:
            if self._dropped:
                self._close()

    def drop(self) -> None:
        """End it now. Never waits: a thread that still reads from it fails at once, and then closes it."""
        self._dropped = True
        self.cord.cut()
        if self._busy.acquire(blocking=False):
            self._close()
            self._busy.release()

    def _close(self) -> None:
        if self.wire is not None:
            with contextlib.suppress(OSError):
                self.wire.connection.close()
