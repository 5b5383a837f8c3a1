"""What is asked about a mailbox, and the address that it makes. Pure; no textual, no network."""

from __future__ import annotations

import re
from enum import Enum
from typing import Final

_HOST: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s:/@\[\]]+)(:\d{1,5})?")


class Mode(Enum):
    """How the connection is encrypted: URL scheme, and the usual port (RFC 8314, RFC 3501)."""

    TLS = ("imaps", 993)
    STARTTLS = ("imap", 143)

    @property
    def scheme(self) -> str:
        """As in `--inbox`."""
        return self.value[0]

    @property
    def port(self) -> int:
        """Where it is offered unless the server says otherwise."""
        return self.value[1]

    @property
    def label(self) -> str:
        """For its button."""
        return f"{self.name}, port {self.port} where none is given"


def guessed_server(recipient: str) -> str:
    """Return the name under which many providers have IMAP; a guess, for the field that asks."""
    domain = recipient.rpartition("@")[2].lower()
    return f"imap.{domain}" if "." in domain else ""


def address_problem(server: str, user: str) -> str:
    """Return what is wrong with server or user, as a sentence, or ''."""
    if not _HOST.fullmatch(server):
        return "The server is a name, or a name and a port: imap.example.com:993."
    return "" if user else "A user is needed: most servers take the whole mail address."


def url_of(mode: Mode, server: str, user: str) -> str:
    """Return the mailbox as a URL, the user's own @ and colons encoded."""
    from urllib.parse import quote

    return f"{mode.scheme}://{quote(user, safe='')}@{server}"
