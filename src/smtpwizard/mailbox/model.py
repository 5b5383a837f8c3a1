"""What an inbox is, by its URL; what is looked for in it and found; how a mail of ours is known (Message-ID, code)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from email import policy
from email.message import Message
from email.parser import BytesParser, HeaderParser
from enum import StrEnum
from typing import Final, Protocol
from urllib.parse import SplitResult, unquote, urlsplit

from smtpwizard.addresses import is_ip_address, is_private_address
from smtpwizard.errors import InputError, NetworkError
from smtpwizard.records import NamedTuple

FORMS: Final = "imaps://USER@HOST, imap://USER@HOST, http://HOST:PORT or https://HOST"
IN_CLEAR: Final = (
    "The password of that page would cross the network in clear text. Use https:// in the URL of the inbox."
)
_PORTS: Final = {"imaps": 993, "imap": 143, "http": 80, "https": 443}
"""Well-known ports: RFC 8314 section 3.2, RFC 9051 section 2.1, RFC 9110 section 4.2."""
_HOST: Final = re.compile(r"[\w.-]{1,253}|[0-9A-Fa-f:.]{2,45}")
_LONGEST: Final = 2000


class Address(NamedTuple):
    """Where an inbox is. Holds no secret."""

    scheme: str
    host: str
    port: int
    user: str = ""
    path: str = ""
    """http: what stands before the API's own paths, `/mail`. imap: the folder to look in besides the inbox."""

    @property
    def place(self) -> str:
        """`host:port`, an IPv6 address in brackets."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The URL without the user."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.path if self.is_web else ''}"

    @property
    def is_web(self) -> bool:
        """Whether it is a catcher's page rather than a mailbox."""
        return self.scheme in ("http", "https")


def parse(text: str) -> Address:
    """Return the parts of an inbox's URL. InputError, which never repeats it, with the forms that are taken."""
    if len(text) > _LONGEST or any(char.isspace() or not char.isprintable() for char in text.strip()):
        raise _wrong("The URL of the inbox holds blanks or control characters, or is too long")
    try:
        parts = urlsplit(text.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:  # its text repeats a part of the URL
        raise _wrong("The URL of the inbox has no usable host or port") from None
    if parts.scheme not in _PORTS:
        raise _wrong("The inbox is not given as a URL that is known")
    if parts.password is not None:
        raise InputError(
            "The URL of the inbox holds a password. Other users of this machine can read arguments: leave it out, and "
            "give it with --inbox-password-stdin, in the variable INBOX_PASSWORD, or at the prompt.",
            "Secret as an argument",
        )
    if "@" in parts.path + parts.query + parts.fragment:
        raise _wrong("The URL of the inbox has an @ behind the host. Write / in a user name as %2F and @ as %40")
    if not _HOST.fullmatch(host):
        raise _wrong("The URL of the inbox has no usable host")
    user = _user(parts)
    web = parts.scheme.startswith("http")
    path = parts.path.rstrip("/") if web else _unescaped(parts.path.strip("/"))
    address = Address(parts.scheme, host, port or _PORTS[parts.scheme], user, path)
    if not web and not user:
        raise _wrong("The URL of the mailbox names no user")
    if parts.scheme == "http" and user and is_ip_address(host) and not is_private_address(host):
        raise InputError(IN_CLEAR, "Inbox")  # a name is judged by the address that it leads to, before anything is sent
    return address


def _user(parts: SplitResult) -> str:
    user = _unescaped(parts.username or "")
    if any(not char.isprintable() for char in user):
        raise _wrong("The user name in the URL of the inbox holds control characters")
    return user


def _unescaped(text: str) -> str:
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise _wrong("The URL of the inbox has percent signs that are not UTF-8") from None


def _wrong(fact: str) -> InputError:
    return InputError(f"{fact}. Give {FORMS}.", "Inbox")


class InboxRefused(NetworkError):
    """An inbox that will not be readable by asking again: a refused login, a certificate, a page that is no catcher.

    Never tried again without the operator's word: repeated wrong logins lock an account.
    """


class Wanted(NamedTuple):
    """A mail that was sent and accepted."""

    message_id: str
    """With its angle brackets. A relay may have replaced it (Amazon SES does): then the code tells."""
    code: str
    """The six digits in the mail."""


class Place(StrEnum):
    """Where in a mailbox a mail lies."""

    INBOX = "inbox"
    JUNK = "junk"
    OTHER = "other"


class Authentication(NamedTuple):
    """What the receiving server says of a mail in `Authentication-Results` (RFC 8601); a word as it stands there."""

    server: str = ""
    """The authserv-id: who says so."""
    spf: str = ""
    """`pass`, `fail`, `softfail`, `none`, …; empty where it says nothing."""
    dkim: str = ""
    """The best of the signatures: `pass` where one of them passes."""
    dmarc: str = ""
    signer: str = ""
    """The domain (`d=`) of that signature, where the server names it."""
    signatures: int = 0
    """How many DKIM signatures it has judged."""


class Arrival(NamedTuple):
    """A wanted mail that was found."""

    message_id: str
    """The `Wanted.message_id` that it answers."""
    place: Place
    folder: str
    """The folder's name, safe to show; empty where the inbox has none."""
    at: datetime | None
    """When the inbox received it, with its time zone, where it says so."""
    authentication: Authentication | None = None
    """None where no server on the way has left a word."""


class Inbox(Protocol):
    """Something in which mails can be found."""

    @property
    def name(self) -> str:
        """In a few words, safe to show: `MailDev at http://localhost:1080`."""

    async def look(self, wanted: Sequence[Wanted], *, timeout: float) -> tuple[Arrival, ...]:
        """Return those of `wanted` that are there now, each once; with none wanted, see that the inbox can be read.

        `timeout` is in seconds. NetworkError, with what to do, where the inbox cannot be read; InboxRefused where
        asking again cannot help.
        """

    async def close(self) -> None:
        """Let go of connections. Returns at once; a later look opens them anew."""


_LINK_CODE: Final = re.compile(r"[?&]code=(\d{6})(?!\d)")
_BARE_CODE: Final = re.compile(r"(?<![\w#])(\d{6})(?!\w)")  # not the #1a2b3c of a colour, not part of an id
_TAG: Final = re.compile(r"<[^<>]*>")

_MOST_CODES: Final = 8
"""Six-digit numbers that count in one part of a mail: an invoice with a hundred of them must not look like ours."""
_MOST_PARTS: Final = 20
_LONGEST_HEADER: Final = 100_000


class Mail(NamedTuple):
    """What is known of a mail that was read."""

    message_id: str
    """In its plain form, see `plain_id`; empty where there is none."""
    codes: frozenset[str]


def plain_id(text: str) -> str:
    """Return a Message-ID without angle brackets, blanks and folds: APIs differ in what they show of it."""
    return "".join(text.split()).removeprefix("<").removesuffix(">")


def read_mail(data: bytes) -> Mail:
    """Return what identifies a mail; `data` may be cut off anywhere."""
    try:
        message = BytesParser(policy=policy.compat32).parsebytes(data)
        return Mail(plain_id(str(message.get("Message-ID", ""))), frozenset(_codes(message)))
    except Exception:  # the email package fails on hostile bytes in a dozen ways, RecursionError among them
        return Mail("", frozenset())


def read_headers(data: bytes) -> tuple[tuple[str, str], ...]:
    """Return name and unfolded value of each header field, from the top; names in lower case."""
    text = data[:_LONGEST_HEADER].decode("utf-8", "replace")
    try:
        fields = HeaderParser(policy=policy.compat32).parsestr(text, headersonly=True).items()
    except Exception:  # as above
        return ()
    return tuple((name.lower(), " ".join(str(value).split())) for name, value in fields)


def answered(mail: Mail, wanted: Iterable[Wanted]) -> Wanted | None:
    """Return the wanted mail that `mail` is: by its Message-ID, else by its code."""
    wanted = tuple(wanted)
    for item in wanted:
        if mail.message_id and plain_id(item.message_id) == mail.message_id:
            return item
    return next((item for item in wanted if item.code and item.code in mail.codes), None)


def codes_in(text: str) -> tuple[str, ...]:
    """Return the codes of a text: those of links (`code=418205`), and the first six-digit numbers that stand alone."""
    links = _LINK_CODE.findall(text)
    alone = _BARE_CODE.findall(_TAG.sub(" ", text))
    return (*links[:_MOST_CODES], *alone[:_MOST_CODES])


def _codes(message: Message) -> Iterator[str]:
    for number, part in enumerate(message.walk()):
        if number >= _MOST_PARTS:
            return
        if part.get_content_maintype() == "text":
            yield from codes_in(_decoded(part))


def _decoded(part: Message) -> str:
    payload = part.get_payload(decode=True)
    raw = payload if isinstance(payload, bytes) else b""
    try:
        return raw.decode(part.get_content_charset("utf-8"), "replace")
    except (LookupError, ValueError):  # a charset that is none
        return raw.decode("utf-8", "replace")
