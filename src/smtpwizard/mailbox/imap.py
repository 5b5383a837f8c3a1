"""One look through the folders of a mailbox, read-only: EXAMINE, SEARCH, BODY.PEEK. Blocking, see threads.py."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
import time
from base64 import b64encode
from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Final, NamedTuple, TypeAlias

from smtpwizard.errors import NetworkError
from smtpwizard.mailbox.address import Address
from smtpwizard.mailbox.authentication import authentication_of
from smtpwizard.mailbox.connect import TITLE, Cord, dial, in_thread, left, secure, trust, unreachable
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

Value: TypeAlias = "bytes | list[Value] | None"
"""An atom, a string or a literal; NIL; a parenthesised list."""

_DEEPEST: Final = 20
_LITERAL_AHEAD: Final = re.compile(rb"\{(\d{1,20})\+?\}\Z")
_CODE: Final = re.compile(r"\[([^\]\r\n]*)\] ?(.*)", re.DOTALL)
_STATES: Final = frozenset({"OK", "NO", "BAD", "BYE", "PREAUTH"})
_TOKEN: Final = re.compile(
    rb'(?P<blank> +)|(?P<open>\()|(?P<close>\))|"(?P<quoted>(?:[^"\\]|\\.)*)"|'
    # A section such as BODY[HEADER.FIELDS (DATE)]<0> is one word, blanks and all.
    rb'(?P<atom>[^\s()"\[]*(?:\[[^\]]*\])?[^\s()"\[]*)',
    re.DOTALL,
)


class ImapSyntaxError(ValueError):
    """A response that is no IMAP."""


class Response(NamedTuple):
    """One response of a server."""

    tag: str
    """`*` for data, `+` where the server waits for more, else the tag of the command that it ends."""
    kind: str
    """In capitals: `OK`, `NO`, `LIST`, `FETCH`, …"""
    number: int = 0
    """The message of `* 12 FETCH`."""
    code: str = ""
    """The response code of a status: `AUTHENTICATIONFAILED`, `CAPABILITY IMAP4rev1 …`."""
    text: str = ""
    """What a status says to people. Foreign text."""
    values: tuple[Value, ...] = ()
    """The data of any other response."""


def literal_ahead(line: bytes) -> int | None:
    """Return how many octets of a literal follow this line (without its line end), or None where none does."""
    found = _LITERAL_AHEAD.search(line)
    return int(found[1]) if found else None


def parse(parts: Sequence[bytes]) -> Response:
    """Return a response; `parts` are its lines without line ends, and between two lines the literal there."""
    head = parts[0] if parts else b""
    tag, _, rest = head.partition(b" ")
    word, _, tail = rest.partition(b" ")
    number = 0
    if tag == b"*" and word.isdigit():
        number = int(word[:10])
        word, _, tail = tail.partition(b" ")
    kind = _decoded(word).upper()
    if tag == b"+" or not tag:
        return Response("+" if tag else "", "", text=_decoded(rest))
    if kind in _STATES:
        text = _decoded(tail)
        found = _CODE.fullmatch(text)
        return Response(_decoded(tag), kind, code=found[1] if found else "", text=found[2] if found else text)
    return Response(_decoded(tag), kind, number, values=tuple(values((tail, *parts[1:]))))


def values(parts: Sequence[bytes]) -> list[Value]:
    """Return the data in `parts`: every second one is a literal. ImapSyntaxError for unbalanced parentheses."""
    top: list[Value] = []
    stack = [top]
    for index, part in enumerate(parts):
        if index % 2:
            stack[-1].append(part)
            continue
        text = _LITERAL_AHEAD.sub(b"", part).removesuffix(b"~") if index + 1 < len(parts) else part
        _tokens(text, stack)
    if len(stack) != 1:
        raise ImapSyntaxError("a parenthesis is not closed")
    return top


def _tokens(text: bytes, stack: list[list[Value]]) -> None:
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None or found.end() == at:
            raise ImapSyntaxError("no word of IMAP")
        at = found.end()
        kind = found.lastgroup
        if kind == "open":
            inner: list[Value] = []
            stack[-1].append(inner)
            stack.append(inner)
            if len(stack) > _DEEPEST:
                raise ImapSyntaxError("too many parentheses")
        elif kind == "close":
            stack.pop()
            if not stack:
                raise ImapSyntaxError("a parenthesis too many")
        elif kind == "quoted":
            stack[-1].append(re.sub(rb"\\(.)", rb"\1", found["quoted"], flags=re.DOTALL))
        elif kind == "atom":
            stack[-1].append(None if found["atom"].upper() == b"NIL" else found["atom"])


def pairs(value: Value) -> dict[str, Value]:
    """Return the items of a FETCH response by name in capitals; `BODY[]<0>` is named `BODY[]`."""
    items = value if isinstance(value, list) else []
    found: dict[str, Value] = {}
    for name, item in zip(items[::2], items[1::2], strict=False):
        if isinstance(name, bytes):
            found[re.sub(r"<\d+>\Z", "", _decoded(name).upper())] = item
    return found


def quoted(text: str) -> bytes | None:
    """Return a string in quotes (RFC 3501 section 4.3), or None where it has to be a literal."""
    if not text.isascii() or not all(char.isprintable() for char in text):
        return None
    return b'"' + re.sub(rb'(["\\])', rb"\\\1", text.encode("ascii")) + b'"'


def folder_word(name: str) -> bytes:
    """Return a folder's name as it goes over the wire: in modified UTF-7 (RFC 3501 section 5.1.3), in quotes."""
    text = quoted(to_utf7(name))
    assert text is not None, "modified UTF-7 is printable ASCII"
    return text


def to_utf7(name: str) -> str:
    """Return a folder's name in modified UTF-7."""
    return re.sub(r"&|[^\x20-\x7e]+", lambda found: _shifted(found[0]), name)


def from_utf7(raw: bytes) -> str:
    """Return a folder's name from modified UTF-7; what is none, such as UTF-8, as it stands there."""
    if not raw.isascii():
        return _decoded(raw)
    return re.sub(r"&([A-Za-z0-9+,]*)-", _unshifted, raw.decode("ascii"))


def _shifted(text: str) -> str:
    if text == "&":
        return "&-"
    encoded = b2a_base64(text.encode("utf-16-be", "surrogatepass"), newline=False).decode("ascii")
    return f"&{encoded.rstrip('=').replace('/', ',')}-"


def _unshifted(found: re.Match[str]) -> str:
    encoded = found[1].replace(",", "/")
    if not encoded:
        return "&"
    try:
        return a2b_base64(encoded + "=" * (-len(encoded) % 4)).decode("utf-16-be")
    except (Base64Error, UnicodeDecodeError):
        return found[0]


def _decoded(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


LINE_LIMIT: Final = 1_000_000
"""Octets of a line: the numbers of 100,000 messages in one answer to SEARCH."""
LITERAL_LIMIT: Final = 1_000_000
"""Octets of a literal: 64 KiB are asked for at most."""
COMMAND_LIMIT: Final = 8_000_000
"""Octets of all that comes in answer to one command."""
_MOST_RESPONSES: Final = 20_000
_CHUNK: Final = 65_536


class TooMuchError(ImapSyntaxError):
    """A server that says more than any would."""


class Wire:
    """The lines of one connection. `deadline` is of time.monotonic() and set anew for each piece of work."""

    def __init__(self, connection: socket.socket, deadline: float) -> None:
        self.connection = connection
        self.deadline = deadline
        self._buffer = bytearray()
        self._count = 0
        self._spent = 0

    @property
    def has_unread(self) -> bool:
        """Whether something has come in that nobody has read yet."""
        return bool(self._buffer)

    def response(self) -> Response:
        """Return the next response. OSError, ImapSyntaxError."""
        parts = [self._line()]
        while (size := literal_ahead(parts[-1])) is not None:
            if size > LITERAL_LIMIT:
                raise TooMuchError("a literal is too long")
            parts.append(self._octets(size))
            parts.append(self._line())
        return parse(parts)

    def command(
        self, *parts: bytes, more: Callable[[], bytes] | None = None, quiet: bool = False
    ) -> tuple[Response, list[Response]]:
        """Send a command and return the response that ends it, and those before it.

        Between two `parts` stands a literal's header: the next one is sent when the server has said `+`. `more` gives
        the line for a `+` that comes when all are sent. OSError; ImapSyntaxError; ConnectionResetError at a BYE.
        """
        self._count += 1
        self._spent = 0
        tag = f"W{self._count}"
        ahead = list(parts)
        self._send(tag.encode("ascii") + b" " + ahead.pop(0))
        before: list[Response] = []
        while len(before) < _MOST_RESPONSES:
            response = self.response()
            if response.tag == tag:
                return response, before
            if response.tag == "+" and ahead:
                self._send(ahead.pop(0))
            elif response.tag == "+" and more is not None:
                self._send(more())
                more = None
            elif response.kind == "BYE" and not quiet:
                raise ConnectionResetError("the server has said goodbye")
            else:
                before.append(response)
        raise TooMuchError("too many responses")

    def _send(self, line: bytes) -> None:
        self.connection.settimeout(left(self.deadline))
        self.connection.sendall(line + b"\r\n")

    def _line(self) -> bytes:
        start = 0
        while (end := self._buffer.find(b"\n", start)) < 0:
            start = len(self._buffer)
            if start > LINE_LIMIT:
                raise TooMuchError("a line is too long")
            self._fill()
        line = bytes(self._buffer[:end]).removesuffix(b"\r")
        del self._buffer[: end + 1]
        return line

    def _octets(self, size: int) -> bytes:
        while len(self._buffer) < size:
            self._fill()
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken

    def _fill(self) -> None:
        self.connection.settimeout(left(self.deadline))
        chunk = self.connection.recv(_CHUNK)
        if not chunk:
            raise ConnectionResetError("the server has closed the connection")
        self._spent += len(chunk)
        if self._spent > COMMAND_LIMIT:
            raise TooMuchError("an answer is too long")
        self._buffer += chunk


_SAID: Final = 200
"""Characters of a server's words that a message repeats."""


def connect(address: Address, authorities: Sequence[str], *, deadline: float, cord: Cord) -> tuple[Wire, bool]:
    """Return a connection that is fit for a password, and whether it is logged in already (PREAUTH).

    InboxRefused where it would be in clear text on a public network; OSError, UnicodeError, ImapSyntaxError.
    """
    made = dial(address.host, address.port, deadline=deadline, cord=cord)
    try:
        if address.scheme == "imaps":
            made = secure(made, address.host, trust(authorities), deadline=deadline, cord=cord)
        wire = Wire(made, deadline)
        greeting = wire.response()
        if greeting.tag != "*" or greeting.kind not in ("OK", "PREAUTH"):
            raise InboxRefused(f"{address.place} takes no connection: {_said(greeting)}. Try again later.", TITLE)
        if address.scheme == "imap" and greeting.kind == "OK":
            _starttls(wire, address, authorities, cord)
        elif address.scheme == "imap" and not address.is_private:
            raise _clear_text(address)  # after PREAUTH there is no STARTTLS (RFC 9051 section 7.1.4)
    except BaseException:
        made.close()
        raise
    return wire, greeting.kind == "PREAUTH"


def _starttls(wire: Wire, address: Address, authorities: Sequence[str], cord: Cord) -> None:
    """Go over to TLS where it is offered; without it only a private network is safe enough for a password."""
    if "STARTTLS" not in capabilities(wire):
        if not address.is_private:
            raise _clear_text(address)
        return
    answer, _ = wire.command(b"STARTTLS")
    if answer.kind != "OK":
        raise InboxRefused(f"{address.place} refuses STARTTLS: {_said(answer)}. Use imaps://.", TITLE)
    if wire.has_unread:  # sent before TLS, to be read as if it came under TLS
        raise ImapSyntaxError("data before TLS")
    wire.connection = secure(wire.connection, address.host, trust(authorities), deadline=wire.deadline, cord=cord)


def log_in(wire: Wire, address: Address, password: Secret) -> None:
    """Log in, once and in one way: PLAIN (RFC 4616) where it is offered, else LOGIN.

    InboxRefused where it is refused, and where the connection ends meanwhile: the server may have counted it.
    """
    offered = capabilities(wire)
    try:
        if "AUTH=PLAIN" in offered:
            answer = _plain(wire, address.user, password, at_once="SASL-IR" in offered)
        elif "LOGINDISABLED" not in offered:
            answer = wire.command(*_login(address.user, password))[0]
        else:
            raise InboxRefused(
                f"{address.place} offers no login with user and password. It may want another way in, such as OAuth: "
                "then give another mailbox, or look for the mail yourself.",
                TITLE,
            )
    except (OSError, ImapSyntaxError):
        raise InboxRefused(
            f"{address.place} broke off at the login of {safe(address.user, limit=120)}. That may be its way to "
            "refuse: check user and password. It was tried once and is not tried again by itself.",
            TITLE,
        ) from None
    if answer.kind != "OK":
        raise InboxRefused(_refusal(address, answer, password), TITLE)


def _plain(wire: Wire, user: str, password: Secret, *, at_once: bool) -> Response:
    def token() -> bytes:
        return b64encode(f"\0{user}\0{password.reveal()}".encode("utf-8", "surrogateescape"))

    if at_once:  # RFC 4959
        return wire.command(b"AUTHENTICATE PLAIN " + token())[0]
    return wire.command(b"AUTHENTICATE PLAIN", more=token)[0]


def _login(user: str, password: Secret) -> list[bytes]:
    """Return the parts of a LOGIN command: what has other letters than ASCII goes as a literal."""
    parts = [b"LOGIN"]
    for text in (user, password.reveal()):
        word = quoted(text)
        if word is not None:
            parts[-1] += b" " + word
        else:
            raw = text.encode("utf-8", "surrogateescape")
            parts[-1] += b" {%d}" % len(raw)
            parts.append(raw)
    return parts


def introduce(wire: Wire) -> frozenset[str]:
    """Say who asks, and return what the server can do for one who is logged in.

    RFC 2971 leaves ID to the client; the servers of NetEase (163.com, 126.com) let nobody open a folder without it.
    """
    offered = capabilities(wire)
    if "ID" in offered:
        wire.command(b'ID ("name" "smtpwizard")')
    return offered


def capabilities(wire: Wire) -> frozenset[str]:
    """Return what the server says that it can do, in capitals."""
    _, before = wire.command(b"CAPABILITY")
    words = [value for item in before if item.kind == "CAPABILITY" for value in item.values]
    return frozenset(word.decode("ascii", "replace").upper() for word in words if isinstance(word, bytes))


def _refusal(address: Address, answer: Response, password: Secret) -> str:
    # Cleared before it is cut to length: half a password would not be found.
    cleared = answer._replace(text=redact(answer.text, [password], username=address.user))
    code = answer.code.partition(" ")[0].upper()
    action = "Check both: many providers want an app password here, and IMAP switched on in their settings."
    if code in ("UNAVAILABLE", "INUSE", "SERVERBUG", "LIMIT"):  # RFC 5530
        action = "It says that this is for now only: try again later."
    return (
        f"{address.place} refuses the login of {safe(address.user, limit=120)}: {_said(cleared)}. {action} It was "
        "tried once and is not tried again by itself."
    )


def _clear_text(address: Address) -> InboxRefused:
    return InboxRefused(
        f"{address.place} offers no TLS, so the password would cross the network in clear text. It was not sent. Use "
        "imaps:// in the URL of the inbox.",
        TITLE,
    )


def _said(answer: Response) -> str:
    return safe(answer.text or answer.kind or "no reason given", limit=_SAID).rstrip(".")


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


def listed(values: tuple[Value, ...]) -> Listed | None:
    """Return the folder of a LIST response, or None where it is none that can be opened."""
    if len(values) < 3:
        return None
    attributes, separator, name = values[:3]
    if not isinstance(attributes, list) or not isinstance(name, bytes):
        return None
    words = frozenset(word.decode("ascii", "replace").lower() for word in attributes if isinstance(word, bytes))
    if words & {r"\noselect", r"\nonexistent"}:
        return None
    between = separator.decode("ascii", "replace") if isinstance(separator, bytes) else ""
    return Listed(from_utf7(name), words, between)


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
_DATE: Final = re.compile(rb" ?(\d{1,2})-([A-Za-z]{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)")


class Search:
    """What is known of a mailbox from look to look."""

    def __init__(self, named: str = "") -> None:
        self._named = named
        self._folders: tuple[Folder, ...] = ()
        self._read: dict[tuple[str, int, int], Mail] = {}
        """Messages that were read for their code, by folder, UIDVALIDITY and UID."""

    def find(self, wire: Wire, wanted: Sequence[Wanted], offered: frozenset[str]) -> tuple[Arrival, ...]:
        """Return those of `wanted` that lie in the folders. OSError, ImapSyntaxError, InboxRefused."""
        self._folders = self._folders or self._choose(wire, offered)
        found: dict[str, Arrival] = {}
        for folder in self._folders:
            answer, before = wire.command(b"EXAMINE " + folder_word(folder.name))
            if answer.kind != "OK":
                self._missing(folder, answer)
                continue
            validity = _validity([*before, answer])
            for mail in wanted:
                for uid in _by_id(wire, mail):
                    arrival = _arrival(wire, folder, uid, mail)
                    if arrival is not None:
                        found[mail.message_id] = arrival
                        break
            missing = [mail for mail in wanted if mail.message_id not in found]
            if missing and folder.place is not Place.OTHER:
                found |= self._by_code(wire, folder, validity, missing)
        return tuple(found.values())

    def _choose(self, wire: Wire, offered: frozenset[str]) -> tuple[Folder, ...]:
        special = b" RETURN (SPECIAL-USE)" if offered >= {"SPECIAL-USE", "LIST-EXTENDED"} else b""  # RFC 6154, 5258
        answer, before = wire.command(b'LIST "" "*"' + special)
        if answer.kind != "OK" and special:
            answer, before = wire.command(b'LIST "" "*"')
        folders = [listed(item.values) for item in before if item.kind == "LIST"]
        return choose((item for item in folders if item is not None), self._named)

    def _missing(self, folder: Folder, answer: Response) -> None:
        """Tell where a folder cannot be opened that has to be there; pass over another."""
        said = safe(answer.text, limit=120).rstrip(".") or "no reason given"
        if folder.name == self._named:
            raise InboxRefused(
                f"The folder {safe(folder.name, limit=120)} cannot be opened: {said}. Correct it in the URL of the "
                "inbox; folders below others are written as the server does, such as INBOX.App.",
                TITLE,
            )
        if folder.place is Place.INBOX:
            raise InboxRefused(f"The inbox cannot be opened: {said}. Try again later.", TITLE)

    def _by_code(self, wire: Wire, folder: Folder, validity: int, missing: Sequence[Wanted]) -> dict[str, Arrival]:
        """Return what is found by its code in the newest messages, the newest of each."""
        uids = _numbers(wire.command(b"UID SEARCH " + _recent())[1])[-NEWEST:]
        new = [uid for uid in reversed(uids) if (folder.name, validity, uid) not in self._read]
        for start in range(0, len(new), PORTION):
            for uid, items in _fetch(wire, new[start : start + PORTION], f"BODY.PEEK[]<0.{OCTETS}>").items():
                body = items.get("BODY[]")
                self._read[folder.name, validity, uid] = read_mail(body if isinstance(body, bytes) else b"")
        found: dict[str, Arrival] = {}
        for uid in reversed(uids):
            left = [mail for mail in missing if mail.message_id not in found]
            mail = answered(self._read.get((folder.name, validity, uid), Mail("", frozenset())), left)
            arrival = _arrival(wire, folder, uid, mail, checked=True) if mail is not None else None
            if mail is not None and arrival is not None:
                found[mail.message_id] = arrival
        return found


def _by_id(wire: Wire, mail: Wanted) -> list[int]:
    """Return the messages whose Message-ID holds the wanted one, the newest first: SEARCH looks for a part."""
    word = quoted(mail.message_id)
    if word is None or not plain_id(mail.message_id):
        return []
    return _numbers(wire.command(b"UID SEARCH " + _recent() + b" HEADER Message-ID " + word)[1])[::-1][:PORTION]


def _recent() -> bytes:
    """Return the criterion that spares a server from reading the headers of an archive of years.

    SINCE looks at the date of arrival alone, in no time zone: yesterday in UTC is early enough in all of them.
    """
    day = (datetime.now(UTC) - timedelta(days=1)).date()
    return f"SINCE {day.day}-{_MONTHS[day.month - 1]}-{day.year}".encode("ascii")


def _arrival(wire: Wire, folder: Folder, uid: int, mail: Wanted, *, checked: bool = False) -> Arrival | None:
    """Return the message as an arrival, or None where it is gone or, unless `checked`, has another Message-ID."""
    items = _fetch(wire, [uid], f"BODY.PEEK[HEADER]<0.{OCTETS}>").get(uid, {})
    header = items.get("BODY[HEADER]")
    if not isinstance(header, bytes):
        return None
    fields = read_headers(header)
    own = next((plain_id(value) for name, value in fields if name == "message-id"), "")
    if not checked and own != plain_id(mail.message_id):
        return None
    at = _moment(items.get("INTERNALDATE"))
    return Arrival(mail.message_id, folder.place, safe(folder.name, limit=120), at, authentication_of(fields))


def _fetch(wire: Wire, uids: Sequence[int], what: str) -> dict[int, dict[str, Value]]:
    numbers = ",".join(str(uid) for uid in uids)
    _, before = wire.command(f"UID FETCH {numbers} (UID INTERNALDATE {what})".encode("ascii"))
    found: dict[int, dict[str, Value]] = {}
    for item in before:
        if item.kind == "FETCH" and item.values:
            items = pairs(item.values[0])
            uid = items.get("UID")
            if isinstance(uid, bytes) and uid.isdigit() and int(uid[:10]) in uids:
                found[int(uid[:10])] = items
    return found


def _numbers(before: Sequence[Response]) -> list[int]:
    words = [word for item in before if item.kind == "SEARCH" for word in item.values]
    return sorted(int(word) for word in words if isinstance(word, bytes) and word.isdigit() and len(word) <= 10)


def _validity(responses: Sequence[Response]) -> int:
    for item in responses:
        word, _, number = item.code.partition(" ")
        if word.upper() == "UIDVALIDITY" and number.isascii() and number.isdigit():
            return int(number[:10])
    return 0


def _moment(value: Value) -> datetime | None:
    """Return an INTERNALDATE (RFC 3501 section 9, date-time)."""
    found = _DATE.fullmatch(value) if isinstance(value, bytes) else None
    if found is None:
        return None
    month = found[2].decode("ascii").capitalize()
    offset = timedelta(hours=int(found[8]), minutes=int(found[9])) * (-1 if found[7] == b"-" else 1)
    try:
        zone = timezone(offset)
        return datetime(
            int(found[3]), _MONTHS.index(month) + 1, int(found[1]), int(found[4]), int(found[5]), int(found[6]),
            tzinfo=zone,
        )  # fmt: skip
    except ValueError:
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
