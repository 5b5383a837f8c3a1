"""A mailbox over IMAP, read only: EXAMINE, SEARCH and BODY.PEEK. Each look blocks, so it runs in a thread.

IMAPClient speaks the protocol. Here is what it leaves open: bounds on time and octets, a cancel, our trust in
certificates, silence about the login in its log, and which folders are searched for which mails.
"""

from __future__ import annotations

import contextlib
import imaplib
import logging
import re
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final, NamedTuple

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError
from imapclient.imap_utf7 import decode as decode_utf7
from imapclient.response_parser import parse_response

from smtpwizard.errors import NetworkError
from smtpwizard.mailbox.address import Address
from smtpwizard.mailbox.authentication import authentication_of
from smtpwizard.mailbox.connect import TITLE, Cancellation, dial, in_thread, seconds_left, secure, trust, unreachable
from smtpwizard.mailbox.model import (
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
from smtpwizard.secret import Secret, redact
from smtpwizard.text import safe

logging.getLogger("imapclient").setLevel(logging.CRITICAL + 1)
# Its warnings repeat what the server says, and without a handler Python prints warnings on the terminal.

LINE_LIMIT: Final = 1_000_000
"""Octets of a line: the numbers of 100,000 messages in one answer to SEARCH."""
LITERAL_LIMIT: Final = 1_000_000
"""Octets of a literal: 64 KiB are asked for at most."""
COMMAND_LIMIT: Final = 8_000_000
"""Octets of all that comes in answer to one command."""
_MOST_LINES: Final = 20_000
"""Lines of all that comes in answer to one command."""
_CHUNK: Final = 65_536
_STATUS: Final = re.compile(rb"(\S+) ([A-Za-z]+) ?(?:\[([^\]\r\n]*)\] ?)?([^\r\n]*)\r?\n")


class NotImapError(Exception):
    """An answer that is no IMAP, or more of it than any server would send."""


class Status(NamedTuple):
    """The line that ends a command, or the greeting."""

    tag: str = ""
    """`*` for a greeting."""
    kind: str = ""
    """`OK`, `NO`, `BAD`, …"""
    code: str = ""
    """The first word of the response code: `AUTHENTICATIONFAILED` (RFC 5530)."""
    text: str = ""
    """What it says to people. Foreign text."""

    @property
    def is_refusal(self) -> bool:
        """Whether the server has refused a command."""
        return self.tag != "*" and self.kind in ("NO", "BAD")

    def shown(self, limit: int = 200) -> str:
        """Return the server's words, safe to show in a sentence."""
        return safe(self.text or self.kind or "no reason given", limit=limit).rstrip(".")


class Connection(imaplib.IMAP4):
    """imaplib's dialogue over a socket that is bounded in time and octets and can be cancelled.

    `deadline` is of time.monotonic() and set anew for each look. OSError, NotImapError, imaplib's own errors.
    """

    def __init__(
        self, address: Address, authorities: Sequence[str], deadline: float, cancellation: Cancellation
    ) -> None:
        self.deadline = deadline
        self._address = address
        self._authorities = authorities
        self._cancellation = cancellation
        self._buffer = bytearray()
        self._octets = self._lines = 0
        self._last = b""
        super().__init__(address.host, address.port)

    @property
    def answer(self) -> Status:
        """What the last line says, where it is the end of a command or a greeting."""
        found = _STATUS.fullmatch(self._last)
        if found is None:
            return Status()
        tag, kind, code, text = (part.decode("utf-8", "replace") for part in found.groups(b""))
        return Status(tag, kind.upper(), code.partition(" ")[0].upper(), text)

    def open(self, host: str = "", port: int = 0, timeout: float | None = None) -> None:
        """Connect, with TLS from the first octet for `imaps`. The deadline stands for the timeout."""
        self.host, self.port = host, port
        self.sock = dial(host, port, deadline=self.deadline, cancellation=self._cancellation)
        if self._address.scheme == "imaps":
            self._secure()

    def _secure(self) -> None:
        context = trust(self._authorities)
        self.sock = secure(self.sock, self.host, context, deadline=self.deadline, cancellation=self._cancellation)

    def starttls(self, ssl_context: object = None) -> Any:
        """Go over to TLS, with our trust; nothing that was sent before it is read as if it came under it."""
        kind, data = self._simple_command("STARTTLS")
        if kind == "OK":
            if self._buffer:
                raise NotImapError("data before TLS")
            self._secure()
        return kind, data

    def login(self, user: str, password: str) -> Any:
        """Log in with LOGIN: imaplib would send a user name without quotes, and no letter beyond ASCII."""
        words = [self._quote(user).encode("utf-8", "surrogateescape")]
        if password.isascii():
            words.append(self._quote(password).encode("ascii"))
        else:
            self.literal = password.encode("utf-8", "surrogateescape")  # type: ignore[assignment]  # octets, whatever typeshed says
        kind, data = self._simple_command("LOGIN", *words)
        if kind != "OK":
            raise self.error("refused")
        self.state = "AUTH"
        return kind, data

    def send(self, data: Any) -> None:
        """Send octets, and begin to count what comes in answer."""
        self._octets = self._lines = 0
        self.sock.settimeout(seconds_left(self.deadline))
        self.sock.sendall(data)

    def readline(self) -> bytes:
        """Return the next line, with its end. InboxRefused where the first one is no greeting of IMAP."""
        self._lines += 1
        start = 0
        while (end := self._buffer.find(b"\n", start)) < 0:
            start = len(self._buffer)
            if start > LINE_LIMIT:
                raise NotImapError("a line is too long")
            self._fill()
        if self._lines > _MOST_LINES:
            raise NotImapError("an answer has too many lines")
        is_greeting, self._last = not self._last, self._take(end + 1)
        if is_greeting and not self._last.startswith((b"* OK", b"* PREAUTH")):
            raise InboxRefused(
                f"{self._address.place} takes no connection: {self.answer.shown()}. Try again later.", TITLE
            )
        if self._last.startswith(b"* BYE"):
            raise ConnectionResetError("the server has said goodbye")
        return self._last

    def read(self, size: int) -> bytes:
        """Return a literal of `size` octets."""
        if size > LITERAL_LIMIT:
            raise NotImapError("a literal is too long")
        while len(self._buffer) < size:
            self._fill()
        return self._take(size)

    def shutdown(self) -> None:
        """Close the connection, without a word: a server must bear that (RFC 9051 section 5.4)."""
        self.sock.close()

    def _fill(self) -> None:
        self.sock.settimeout(seconds_left(self.deadline))
        chunk = self.sock.recv(_CHUNK)
        if not chunk:
            raise ConnectionResetError("the server has closed the connection")
        self._octets += len(chunk)
        if self._octets > COMMAND_LIMIT:
            raise NotImapError("an answer is too long")
        self._buffer += chunk

    def _take(self, size: int) -> bytes:
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken

    def _log(self, line: str) -> None:
        """Keep nothing: imaplib would hold the last ten lines of the dialogue, the login among them."""


class Client(IMAPClient):  # type: ignore[misc]  # IMAPClient ships no type information
    """IMAPClient over a Connection; ready for a password, or logged in already (PREAUTH).

    InboxRefused where a password would cross a public network in clear text; OSError, NotImapError, IMAPClientError.
    """

    def __init__(
        self, address: Address, authorities: Sequence[str], *, deadline: float, cancellation: Cancellation
    ) -> None:
        self.address = address
        self._make = partial(Connection, address, authorities, deadline, cancellation)
        super().__init__(address.host, address.port, ssl=address.scheme == "imaps")
        self.connection.debug = 0  # IMAPClient logs the dialogue otherwise
        self.normalise_times = False
        try:
            if address.scheme == "imap":
                self._want_tls()
        except BaseException:
            self.shutdown()
            raise

    def _create_IMAP4(self) -> Connection:
        return self._make()

    @property
    def connection(self) -> Connection:
        """What it speaks through."""
        connection: Connection = self._imap
        return connection

    @property
    def is_logged_in(self) -> bool:
        """Whether the server takes commands on folders."""
        return self.connection.state != "NONAUTH"

    def _want_tls(self) -> None:
        """Go over to TLS where it is offered; without it only a private network is safe enough for a password."""
        if not self.is_logged_in and b"STARTTLS" in self.capabilities():
            try:
                self.starttls()
            except IMAPClientError:
                status = self.connection.answer
                if not status.is_refusal:
                    raise
                said = status.shown()
                raise InboxRefused(f"{self.address.place} refuses STARTTLS: {said}. Use imaps://.", TITLE) from None
        elif not self.address.is_private:  # after PREAUTH there is no STARTTLS (RFC 9051 section 7.1.4)
            raise InboxRefused(
                f"{self.address.place} offers no TLS, so the password would cross the network in clear text. It was "
                "not sent. Use imaps:// in the URL of the inbox.",
                TITLE,
            )

    def log_in(self, password: Secret) -> None:
        """Log in, once and in one way: PLAIN (RFC 4616) where it is offered, else LOGIN.

        InboxRefused where it is refused, and where the connection ends meanwhile: the server may have counted it.
        """
        offered = self.capabilities()
        user = self.address.user
        try:
            if b"AUTH=PLAIN" in offered:
                answers = [f"\0{user}\0{password.reveal()}".encode("utf-8", "surrogateescape")]
                self.sasl_login("PLAIN", lambda _: answers.pop())
            elif b"LOGINDISABLED" not in offered:
                self.connection.login(user, password.reveal())  # IMAPClient.login would log the user name
            else:
                raise InboxRefused(
                    f"{self.address.place} offers no login with user and password. It may want another way in, such "
                    "as OAuth: then give another mailbox, or look for the mail yourself.",
                    TITLE,
                )
        except InboxRefused:
            raise
        except Exception:  # the library fails on hostile octets in a dozen ways
            status = self.connection.answer
            message = (
                _refusal(self.address, status, password)
                if status.is_refusal
                else f"{self.address.place} broke off at the login of {safe(user, limit=120)}. That may be its way to "
                "refuse: check user and password. It was tried once and is not tried again by itself."
            )
            raise InboxRefused(message, TITLE) from None

    def introduce(self) -> None:
        """Say who asks, where that is known.

        RFC 2971 leaves ID to the client; the servers of NetEase (163.com, 126.com) let nobody open a folder without it.
        """
        try:
            self.id_({"name": "smtpwizard"})
        except IMAPClientAbortError:
            raise
        except IMAPClientError:
            return  # not offered, or refused

    def folders(self) -> list[Listed]:
        """Return the folders that can be opened."""
        special = {b"SPECIAL-USE", b"LIST-EXTENDED"} <= set(self.capabilities())  # RFC 6154, 5258
        kind, data = self.connection.list('""', '"*" RETURN (SPECIAL-USE)' if special else '"*"')
        if kind != "OK" and special:
            kind, data = self.connection.list('""', '"*"')
        found = [listed(parse_response([item])) for item in data if item] if kind == "OK" else []
        return [item for item in found if item is not None]


def _refusal(address: Address, status: Status, password: Secret) -> str:
    # Cleared before it is cut to length: half a password would not be found.
    said = status._replace(text=redact(status.text, [password], username=address.user)).shown()
    action = "Check both: many providers want an app password here, and IMAP switched on in their settings."
    if status.code in ("UNAVAILABLE", "INUSE", "SERVERBUG", "LIMIT"):  # RFC 5530
        action = "It says that this is for now only: try again later."
    return (
        f"{address.place} refuses the login of {safe(address.user, limit=120)}: {said}. {action} It was tried once "
        "and is not tried again by itself."
    )


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

_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Search:
    """What is known of a mailbox from look to look."""

    def __init__(self, named: str = "") -> None:
        self._named = named
        self._folders: tuple[Folder, ...] = ()
        self._read: dict[tuple[str, int, int], Mail] = {}
        """Messages that were read for their code, by folder, UIDVALIDITY and UID."""

    def find(self, client: Client, wanted: Sequence[Wanted]) -> tuple[Arrival, ...]:
        """Return those of `wanted` that lie in the folders. InboxRefused, and what Client raises."""
        self._folders = self._folders or choose(client.folders(), self._named)
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
    day = (datetime.now(UTC) - timedelta(days=1)).date()
    return sorted(client.search(f"SINCE {day.day}-{_MONTHS[day.month - 1]}-{day.year}{more}"))


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
        if not client.is_logged_in:
            self._logins += 1
            # Stays where this thread is cut off before the server has answered: it may have counted the login.
            self._refused = InboxRefused(
                f"{self._address.place} did not answer to the login of {safe(self._address.user, limit=120)} in time. "
                "Check user and password. It was tried once and is not tried again by itself.",
                TITLE,
            )
            client.log_in(self._password)
            self._refused = None
        client.introduce()
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
