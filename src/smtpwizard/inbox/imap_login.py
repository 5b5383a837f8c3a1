"""From a connection to a mailbox that is logged in: TLS before the password, one login, words where it is refused."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from typing import Final

from smtpwizard.inbox.address import Address
from smtpwizard.inbox.dialling import TITLE, dial, secure, trust
from smtpwizard.inbox.imap_syntax import ImapSyntaxError, Response, quoted
from smtpwizard.inbox.imap_wire import Wire
from smtpwizard.inbox.model import InboxRefused
from smtpwizard.inbox.threads import Cord
from smtpwizard.secret import Secret, redact
from smtpwizard.text import safe

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
