"""The URL of an inbox, taken apart: a catcher's page (http, https) or a mailbox (imap, imaps). Pure.

No message repeats the URL: it may hold a password, although none is taken from it.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit

from smtpwizard.errors import InputError
from smtpwizard.hosts import is_address, is_private_address

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
    path = parts.path.rstrip("/") if web else _decoded(parts.path.strip("/"))
    address = Address(parts.scheme, host, port or _PORTS[parts.scheme], user, path)
    if not web and not user:
        raise _wrong("The URL of the mailbox names no user")
    if parts.scheme == "http" and user and is_address(host) and not is_private_address(host):
        raise InputError(IN_CLEAR, "Inbox")  # a name is judged by the address that it leads to, before anything is sent
    return address


def _user(parts: SplitResult) -> str:
    user = _decoded(parts.username or "")
    if any(not char.isprintable() for char in user):
        raise _wrong("The user name in the URL of the inbox holds control characters")
    return user


def _decoded(text: str) -> str:
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise _wrong("The URL of the inbox has percent signs that are not UTF-8") from None


def _wrong(fact: str) -> InputError:
    return InputError(f"{fact}. Give {FORMS}.", "Inbox")
