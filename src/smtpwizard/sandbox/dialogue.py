"""The practice server's side of the SMTP dialogue, over aiosmtpd. Knows nothing of threads and certificates.

Imported only when a server starts. aiosmtpd keeps the RFC 5321 state; this adds login, queue id and refusals.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import html
import logging
import re
import secrets
import socket
import ssl
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from functools import partial
from typing import Any, Final, Self

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from smtpwizard.secret import Secret

_LINK_CODE: Final = re.compile(r"[?&]code=(\d{6})(?!\d)")
_BARE_CODE: Final = re.compile(r"(?<![\w#])(\d{6})(?!\w)")  # not the #1a2b3c of a colour, not part of an id


@dataclass(frozen=True, slots=True)
class ReceivedMessage:
    """One message that the server accepted."""

    at: datetime
    """When the last line of the message came in; with the local time zone."""
    sender: str
    """Envelope sender (MAIL FROM)."""
    recipients: tuple[str, ...]
    """Envelope recipients (RCPT TO)."""
    subject: str
    """The Subject header, decoded. Foreign text: pass it through `safe()` before display."""
    code: str | None
    """The six-digit arrival code found in the message, if there is one."""
    queue_id: str
    """As in the reply: `250 2.0.0 Ok: queued as <queue_id>`."""
    data: bytes = field(repr=False)
    """The message as received, CRLF line ends, dot-stuffing undone."""


_JUNK: Final = (LookupError, ValueError, AttributeError, TypeError, IndexError)
"""What Python's header parser is known to raise on malformed messages."""


def parse(data: bytes) -> tuple[str, str | None]:
    """Return the subject and the arrival code of a message; never raises, whatever the bytes are."""
    try:
        message = BytesParser(policy=policy.default).parsebytes(data)
        subject = str(message.get("Subject", ""))
        text = _text(message)
    except _JUNK:
        return "", None
    return subject, find_code(text)


def find_code(text: str) -> str | None:
    """Return the arrival code in a mail's text: that of a link (`code=418205`), else the first six digits alone."""
    found = _LINK_CODE.search(text) or _BARE_CODE.search(text)
    return found.group(1) if found else None


def _text(message: EmailMessage) -> str:
    part = message.get_body(preferencelist=("plain", "html"))
    if part is None:
        return ""
    content = part.get_content()
    if not isinstance(content, str):
        return ""
    return html.unescape(content) if part.get_content_type() == "text/html" else content  # Handlebars: `code&#x3D;…`


_MAILBOX: Final = re.compile(r'(?:"(?:[^"\\\r\n]|\\.)+"|[^\s@<>"(),:;\\\[\]]+)@(?:\[[^\s\]]+\]|[^\s@<>()\[\]\\,;:"]+)')

_UNASKED: Final = "An address beyond ASCII needs SMTPUTF8 in the MAIL command"
"""RFC 6531 section 3.5: 550 or 553, with the enhanced code X.6.7."""

HANDSHAKE_SECONDS: Final = 30.0
"""Within this time a client of the implicit-TLS port must have shaken hands."""

# aiosmtpd logs every line of the dialogue, and warns on stderr where no handler is set: it would draw over the wizard.
_LOG = logging.getLogger("mail.log")
_LOG.addHandler(logging.NullHandler())
_LOG.propagate = False


@dataclass
class Handler:
    """aiosmtpd's handler, shared by all connections of one server: account, limits, TLS, and where messages go.

    Without slots: aiosmtpd looks at every member, and up to Python 3.11.2 the `__weakref__` of such a dataclass raises.
    """

    username: str
    password: Secret
    size_limit: int
    """Octets of a message that are accepted at most; offered as SIZE (RFC 1870)."""
    tls: ssl.SSLContext
    keep: Callable[[ReceivedMessage], None]
    live: set[Connection | PendingTls] = field(default_factory=set)
    """Open connections, so that a stop need not wait for them."""

    def authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: LoginPassword
    ) -> AuthResult:
        """Compare in constant time; aiosmtpd answers 235 2.7.0 or 535 5.7.8."""
        password = self.password.reveal().encode()
        user_ok = hmac.compare_digest(data.login, self.username.encode())
        password_ok = hmac.compare_digest(data.password, password)
        return AuthResult(success=user_ok and password_ok, handled=False)

    async def handle_MAIL(  # aiosmtpd's name for the hook
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Refuse an envelope sender before login, without a domain, or beyond ASCII without SMTPUTF8."""
        if not session.authenticated:
            return "530 5.7.0 Authentication required"
        if not _is_mailbox(address):
            return "501 5.1.7 Bad sender address syntax"
        if not (address.isascii() or envelope.smtp_utf8):
            return f"550 5.6.7 {_UNASKED}"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 Ok"

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Refuse a recipient without a domain, or beyond ASCII where MAIL did not say SMTPUTF8."""
        if not _is_mailbox(address):
            return "501 5.1.3 Bad recipient address syntax"
        if not (address.isascii() or envelope.smtp_utf8):
            return f"553 5.6.7 {_UNASKED}"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        """Keep the message and give it a queue id."""
        data = bytes(envelope.original_content or b"")
        subject, code = parse(data)
        queue_id = secrets.token_hex(5).upper()
        self.keep(
            ReceivedMessage(
                at=datetime.now().astimezone(),
                sender=envelope.mail_from or "",
                recipients=tuple(envelope.rcpt_tos),
                subject=subject,
                code=code,
                queue_id=queue_id,
                data=data,
            )
        )
        return f"250 2.0.0 Ok: queued as {queue_id}"

    async def handle_exception(self, _error: Exception) -> str:
        """Answer on a connection that failed, mostly because the client did not trust the certificate."""
        return "451 4.3.0 Local error in processing"


def _is_mailbox(address: str) -> bool:
    """Say whether an address has its parts, and is UTF-8: aiosmtpd keeps other octets as surrogates."""
    return _MAILBOX.fullmatch(address) is not None and not any("\ud800" <= char <= "\udfff" for char in address)


class Connection(SMTP):
    """One connection; registers itself while it lives."""

    def __init__(self, handler: Handler, *, implicit: bool = False) -> None:
        super().__init__(
            handler,
            hostname="localhost",  # a given name, since getfqdn() may ask a name server and hang
            ident="smtpwizard practice server",
            data_size_limit=handler.size_limit,
            enable_SMTPUTF8=True,
            tls_context=None if implicit else handler.tls,
            require_starttls=not implicit,
            auth_require_tls=not implicit,  # aiosmtpd knows only STARTTLS as TLS; here the port itself is TLS
            authenticator=handler.authenticate,
            loop=asyncio.get_running_loop(),
        )
        self._live = handler.live
        # aiosmtpd keeps these limits on the class, shared by all connections, and adds to them at every EHLO.
        self.command_size_limits = defaultdict(lambda: self.command_size_limit)

    def connection_made(self, transport: Any) -> None:
        """Join the live connections."""
        self._live.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """Leave the live connections."""
        self._live.discard(self)
        if self.session is not None:  # None where the handshake of the implicit-TLS port failed
            super().connection_lost(error)

    def abort(self) -> asyncio.Task[None] | None:
        """Drop the connection at once; return the task that still has to end."""
        for transport in (self.transport, self._original_transport):
            if isinstance(transport, asyncio.Transport | asyncio.WriteTransport):
                # To abort TLS that is closed already raises up to Python 3.11.2.
                with contextlib.suppress(AttributeError):
                    transport.abort()
        task: asyncio.Task[None] | None = self._handler_coroutine
        if task is not None:
            task.cancel()
        return task


class PendingTls(asyncio.Protocol):
    """A connection to the implicit-TLS port until its handshake is done; then a `Connection` takes over.

    Not `create_server(ssl=…)`: that shows a connection only after the handshake, so a silent one could not be dropped.
    """

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._transport: asyncio.Transport | None = None
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin the handshake; nothing is read before."""
        assert isinstance(transport, asyncio.Transport)
        transport.pause_reading()
        self._transport = transport
        self._handler.live.add(self)
        self._task = asyncio.get_running_loop().create_task(self._enter(transport))

    async def _enter(self, transport: asyncio.Transport) -> None:
        connection = Connection(self._handler, implicit=True)
        loop = asyncio.get_running_loop()
        try:
            inside = await loop.start_tls(
                transport, connection, self._handler.tls, server_side=True, ssl_handshake_timeout=HANDSHAKE_SECONDS
            )
        except OSError:  # ssl.SSLError is one: the client does not trust the certificate, speaks no TLS, or left
            transport.abort()
            return
        finally:
            self._handler.live.discard(self)
        assert inside is not None
        connection.connection_made(inside)

    def abort(self) -> asyncio.Task[None] | None:
        """Drop the connection; return the task that still has to end."""
        if self._transport is not None:
            self._transport.abort()
        if self._task is not None:
            self._task.cancel()
        return self._task


_ROUNDS: Final = 3
"""Turns of the loop in which connections are dropped: one accepted at the last moment appears a turn or two later."""

_UNWIND_SECONDS: Final = 0.05


@dataclass(frozen=True, slots=True)
class Service:
    """Both ports, listening."""

    handler: Handler
    sockets: tuple[socket.socket, ...]
    servers: Sequence[asyncio.AbstractServer]
    ports: tuple[int, int]
    """STARTTLS, implicit TLS."""

    @classmethod
    async def open(cls, handler: Handler, starttls: list[socket.socket], implicit: list[socket.socket]) -> Self:
        """Serve on bound sockets."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(_quiet)
        servers = [
            await loop.create_server(factory, sock=sock)
            for sockets, factory in ((starttls, partial(Connection, handler)), (implicit, partial(PendingTls, handler)))
            for sock in sockets
        ]
        return cls(handler, (*starttls, *implicit), servers, (_port(starttls), _port(implicit)))

    async def close(self) -> None:
        """Accept no more, drop every connection, free the ports."""
        loop = asyncio.get_running_loop()
        for sock in self.sockets:
            loop.remove_reader(sock)  # it is closed below; asyncio raises for a connection accepted in between
        for _ in range(_ROUNDS):
            tasks = [task for item in tuple(self.handler.live) if (task := item.abort()) is not None]
            if tasks:
                await asyncio.wait(tasks, timeout=_UNWIND_SECONDS)
            await asyncio.sleep(0)
        for server in self.servers:
            server.close()


def _port(sockets: list[socket.socket]) -> int:
    port: int = sockets[0].getsockname()[1]
    return port


def _quiet(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    # Clients that leave in the middle of a handshake are normal here; asyncio would print them over the wizard.
    if not isinstance(context.get("exception"), (OSError, ssl.SSLError)):
        loop.default_exception_handler(context)
