"""A mailbox over IMAP, read only: which folders are searched for which mails, by EXAMINE, SEARCH and BODY.PEEK.

Each look blocks, so it runs in a thread.
"""

from __future__ import annotations

import contextlib
import re
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from imapclient.datetime_util import format_criteria_date
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError
from imapclient.imap_utf7 import decode as decode_utf7
from imapclient.response_parser import parse_response

from smtpwizard.errors import MachineError, NetworkError
from smtpwizard.mailbox.authentication import authentication_of
from smtpwizard.mailbox.connect import TITLE, Cancellation, Client, in_thread, unreachable
from smtpwizard.mailbox.model import (
    Address,
    Arrival,
    InboxRefused,
    Mail,
    Place,
    Wanted,
    answered,
    plain_id,
    read_headers,
    read_mail,
)
from smtpwizard.records import NamedTuple
from smtpwizard.secret import Secret, redact
from smtpwizard.text import safe

MOST: Final = 6
"""Folders that are looked in at most."""

_JUNK_NAMES: Final = frozenset(
    name.casefold()
    for name in (
        "Junk", "Junk E-mail", "Junk Email", "Junk Mail", "Spam", "Bulk", "Bulk Mail", "Quarantine",
        "垃圾邮件", "垃圾郵件", "垃圾箱", "迷惑メール", "스팸", "스팸함", "스팸메일함", "스팸편지함", "정크 메일",
        "Spamverdacht", "Junk-E-Mail", "Courrier indésirable", "Indésirables", "Correo no deseado",
        "Posta indesiderata", "Lixo Eletrônico", "Lixo eletrônico", "Ongewenste e-mail", "Спам",
    )
)  # fmt: skip
"""Where a server does not say which folder is junk (RFC 6154): what it is called, by itself or below the inbox."""


class Folder(NamedTuple):
    """A folder of a mailbox."""

    name: str
    place: Place


class Listed(NamedTuple):
    """A folder as a LIST response names it."""

    name: str
    attributes: frozenset[str]
    """In lower case, with their backslash."""
    separator: str


def listed(values: Sequence[Any]) -> Listed | None:
    """Return the folder of a LIST response, or None where it is none that can be opened."""
    if len(values) < 3 or not isinstance(values[0], tuple) or not isinstance(values[2], bytes | int):
        return None
    attributes, separator, name = values[:3]
    words = frozenset(word.decode("ascii", "replace").lower() for word in attributes if isinstance(word, bytes))
    if words & {r"\noselect", r"\nonexistent"}:
        return None
    between = separator.decode("ascii", "replace") if isinstance(separator, bytes) else ""
    return Listed(folder_name(name) if isinstance(name, bytes) else str(name), words, between)


def folders_of(client: Client) -> list[Listed]:
    """Return the folders that can be opened."""
    special = {b"SPECIAL-USE", b"LIST-EXTENDED"} <= set(client.capabilities())  # RFC 6154, 5258
    kind, data = client.connection.list('""', '"*" RETURN (SPECIAL-USE)' if special else '"*"')
    if kind != "OK" and special:
        kind, data = client.connection.list('""', '"*"')
    found = [listed(parse_response([item])) for item in data if item] if kind == "OK" else []
    return [item for item in found if item is not None]


def folder_name(raw: bytes) -> str:
    """Return a folder's name from modified UTF-7 (RFC 3501 section 5.1.3); what is none as it stands there."""
    with contextlib.suppress(UnicodeDecodeError):
        if raw.isascii():
            name: str = decode_utf7(raw)
            return name
    return raw.decode("utf-8", "replace")


def choose(folders: Iterable[Listed], named: str = "") -> tuple[Folder, ...]:
    """Return the folders to look in, the inbox last: what is found in a later one counts.

    In this order a mail that arrives meanwhile is not taken for one that is only in the archive of all mail (`\\All`),
    which holds what is in the inbox, too. `named` is a folder of the operator's.
    """
    folders = tuple(folders)
    junk = [item.name for item in folders if r"\junk" in item.attributes]
    if not junk:
        junk = [item.name for item in folders if _last(item).casefold() in _JUNK_NAMES]
    every = [item.name for item in folders if r"\all" in item.attributes]
    places: dict[str, Place] = dict.fromkeys(every[:1], Place.OTHER)
    if named and named.upper() != "INBOX":
        places[named] = Place.OTHER
    places |= dict.fromkeys(junk[: MOST - len(places) - 1], Place.JUNK)
    places["INBOX"] = Place.INBOX  # in any case the name of the inbox (RFC 3501 section 5.1)
    return tuple(Folder(name, place) for name, place in places.items())


def _last(item: Listed) -> str:
    return item.name.rpartition(item.separator)[2] if item.separator else item.name


NEWEST: Final = 50
"""Messages of a folder that are read for their code, each once."""
PORTION: Final = 10
"""Messages that are asked for at a time."""
OCTETS: Final = 65_536
"""Of a message, from its beginning: the app's own are some 10 kB."""


class Search:
    """What is known of a mailbox from look to look."""

    def __init__(self, named: str = "") -> None:
        self._named = named
        self._folders: tuple[Folder, ...] = ()
        self._read: dict[tuple[str, int, int], Mail] = {}
        """Messages that were read for their code, by folder, UIDVALIDITY and UID."""

    def find(self, client: Client, wanted: Sequence[Wanted]) -> tuple[Arrival, ...]:
        """Return those of `wanted` that lie in the folders. InboxRefused, and what Client raises."""
        self._folders = self._folders or choose(folders_of(client), self._named)
        found: dict[str, Arrival] = {}
        for folder in self._folders:
            validity = self._examine(client, folder)
            if validity is None:
                continue
            for mail in wanted:
                for uid in _by_id(client, mail):
                    arrival = _arrival(client, folder, uid, mail)
                    if arrival is not None:
                        found[mail.message_id] = arrival
                        break
            missing = [mail for mail in wanted if mail.message_id not in found]
            if missing and folder.place is not Place.OTHER:
                found |= self._by_code(client, folder, validity, missing)
        return tuple(found.values())

    def _examine(self, client: Client, folder: Folder) -> int | None:
        """Open a folder and return its UIDVALIDITY, None where it cannot be opened and need not be there."""
        try:
            validity = client.select_folder(folder.name, readonly=True).get(b"UIDVALIDITY", 0)
        except IMAPClientError:
            status = client.connection.answer
            if not status.is_refusal:
                raise
        else:
            return validity if isinstance(validity, int) else 0
        said = safe(status.text, limit=120).rstrip(".") or "no reason given"
        if folder.name == self._named:
            raise InboxRefused(
                f"The folder {safe(folder.name, limit=120)} cannot be opened: {said}. Correct it in the URL of the "
                "inbox; folders below others are written as the server does, such as INBOX.App.",
                TITLE,
            )
        if folder.place is Place.INBOX:
            raise InboxRefused(f"The inbox cannot be opened: {said}. Try again later.", TITLE)
        return None

    def _by_code(self, client: Client, folder: Folder, validity: int, missing: Sequence[Wanted]) -> dict[str, Arrival]:
        """Return what is found by its code in the newest messages, the newest of each."""
        uids = _search(client)[-NEWEST:]
        new = [uid for uid in reversed(uids) if (folder.name, validity, uid) not in self._read]
        for start in range(0, len(new), PORTION):
            for uid, items in _fetch(client, new[start : start + PORTION], "BODY.PEEK[]").items():
                self._read[folder.name, validity, uid] = read_mail(_octets(items))
        found: dict[str, Arrival] = {}
        for uid in reversed(uids):
            remaining = [mail for mail in missing if mail.message_id not in found]
            mail = answered(self._read.get((folder.name, validity, uid), Mail("", frozenset())), remaining)
            arrival = _arrival(client, folder, uid, mail, checked=True) if mail is not None else None
            if mail is not None and arrival is not None:
                found[mail.message_id] = arrival
        return found


def _by_id(client: Client, mail: Wanted) -> list[int]:
    """Return the messages whose Message-ID holds the wanted one, the newest first: SEARCH looks for a part."""
    text = mail.message_id
    if not plain_id(text) or not text.isascii() or not text.isprintable():
        return []
    word = re.sub(r'(["\\])', r"\\\1", text)
    return _search(client, f' HEADER Message-ID "{word}"')[::-1][:PORTION]


def _search(client: Client, more: str = "") -> list[int]:
    """Return the messages of the last days that match, the oldest first.

    The day spares a server from reading the headers of an archive of years. SINCE looks at the date of arrival alone,
    in no time zone: yesterday in UTC is early enough in all of them.
    """
    day = format_criteria_date(datetime.now(UTC) - timedelta(days=1)).decode("ascii")
    return sorted(client.search(f"SINCE {day}{more}"))


def _arrival(client: Client, folder: Folder, uid: int, mail: Wanted, *, checked: bool = False) -> Arrival | None:
    """Return the message as an arrival, or None where it is gone or, unless `checked`, has another Message-ID."""
    items = _fetch(client, [uid], "BODY.PEEK[HEADER]").get(uid, {})
    fields = read_headers(_octets(items))
    own = next((plain_id(value) for name, value in fields if name == "message-id"), "")
    if not items or (not checked and own != plain_id(mail.message_id)):
        return None
    at = _with_zone(items.get(b"INTERNALDATE"))
    return Arrival(mail.message_id, folder.place, safe(folder.name, limit=120), at, authentication_of(fields))


def _fetch(client: Client, uids: Sequence[int], section: str) -> dict[int, dict[bytes, Any]]:
    found: dict[int, dict[bytes, Any]] = client.fetch(uids, ["INTERNALDATE", f"{section}<0.{OCTETS}>"])
    return found


def _octets(items: dict[bytes, Any]) -> bytes:
    """Return the one section that was asked for; servers name it with and without where it begins."""
    sections = (value for name, value in items.items() if name.startswith(b"BODY[") and isinstance(value, bytes))
    return next(sections, b"")


def _with_zone(at: object) -> datetime | None:
    """Return an INTERNALDATE where it is a point in time; its zone may be any number of hours."""
    try:
        return at.astimezone(UTC) if isinstance(at, datetime) and at.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


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
            return await in_thread(
                lambda: self._find(session, tuple(wanted), deadline), session.cancellation, timeout=timeout
            )
        except NetworkError as error:
            told = type(error)(redact(error.message, [self._password], username=self._address.user), error.title)
        except MachineError:
            self._drop(session)
            raise
        except OSError as error:
            told = unreachable(error, self._address.place, timeout)
        except Exception as error:  # the library fails on hostile octets in a dozen ways, RecursionError among them
            cause = error.__context__ if isinstance(error, IMAPClientAbortError) else None
            told = (
                unreachable(cause, self._address.place, timeout)
                if isinstance(cause, OSError)  # imaplib gives an error of its own where it could not send
                else NetworkError(
                    f"{self._address.place} answers with something that is no IMAP, or with too much of it. Correct "
                    "host and port: 993 is usual for imaps://, 143 for imap://.",
                    TITLE,
                )
            )
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
            client = session.client or self._open(session, deadline)
            client.connection.deadline = deadline
            return self._search.find(client, wanted)

    def _open(self, session: _Session, deadline: float) -> Client:
        if self._logins >= _MOST_LOGINS:
            raise InboxRefused(
                f"{self._address.place} broke the connection {_MOST_LOGINS} times after the login. Look into the "
                "mailbox yourself, and try again later.",
                TITLE,
            )
        client = Client(self._address, self._authorities, deadline=deadline, cancellation=session.cancellation)
        session.client = client
        if client.connection.state == "NONAUTH":  # not PREAUTH
            self._logins += 1
            # Stays where this thread is cut off before the server has answered: it may have counted the login.
            self._refused = InboxRefused(
                f"{self._address.place} did not answer to the login of {safe(self._address.user, limit=120)} in time. "
                "Check user and password. It was tried once and is not tried again by itself.",
                TITLE,
            )
            client.log_in(self._password)
            self._refused = None
        # RFC 2971 leaves ID to the client; the servers of NetEase (163.com, 126.com) open no folder without it. Where
        # it is not offered, or refused, the next command tells whether that matters.
        with contextlib.suppress(IMAPClientError):
            client.id_({"name": "smtpwizard"})
        return client


class _Session:
    """A connection that is logged in, or on the way there. Closed by the thread that works with it, if one does."""

    def __init__(self) -> None:
        self.cancellation = Cancellation()
        self.client: Client | None = None
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
        self.cancellation.cancel()
        if self._busy.acquire(blocking=False):
            self._close()
            self._busy.release()

    def _close(self) -> None:
        if self.client is not None:
            with contextlib.suppress(OSError):
                self.client.shutdown()
