"""A connection to an inbox's server, with TLS where it is wanted; IMAPClient over it, bounded in time and octets;
and what to say where none comes about.

These calls block until a deadline, so `in_thread` runs them in a thread that can be cancelled.
"""

from __future__ import annotations

import contextlib
import imaplib
import logging
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

from imapclient import IMAPClient

from smtpwizard.addresses import is_private_address
from smtpwizard.background import in_daemon_thread
from smtpwizard.errors import NetworkError
from smtpwizard.mailbox.model import Address, InboxRefused
from smtpwizard.records import NamedTuple
from smtpwizard.secret import Secret, redact
from smtpwizard.smtp.certificate import without_roots
from smtpwizard.smtp.net import on_this_machine
from smtpwizard.text import safe

if TYPE_CHECKING:
    import ssl


T = TypeVar("T")


class Cancellation:
    """Ends blocking work on a socket from another thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._cancelled = False

    def attach(self, attached: socket.socket) -> None:
        """Take the socket on which the work goes on. OSError where it has been cancelled meanwhile."""
        with self._lock:
            if self._cancelled:
                attached.close()
                raise ConnectionAbortedError("cancelled")
            self._socket = attached

    def cancel(self) -> None:
        """End the work: whatever it waits for fails now, and so does what it tries afterwards. Never waits."""
        with self._lock:
            self._cancelled = True
            if self._socket is not None:
                # The plain socket's method: that of ssl would take TLS off under the thread that is reading.
                with contextlib.suppress(OSError):
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


async def in_thread(work: Callable[[], T], cancellation: Cancellation, *, timeout: float) -> T:
    """Return work() as run in a daemon thread. TimeoutError after `timeout` seconds.

    The work is cancelled then, and when the one who awaits it is.
    """
    try:
        return await in_daemon_thread(work, timeout=timeout, name="inbox")
    except BaseException:
        cancellation.cancel()  # where the work itself has failed there is nothing left to end
        raise


def seconds_left(deadline: float) -> float:
    """Return the seconds until `deadline`, a time of time.monotonic(). TimeoutError where it is over."""
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise TimeoutError("deadline")
    return seconds


TITLE = "Inbox"


def dial(host: str, port: int, *, deadline: float, cancellation: Cancellation) -> socket.socket:
    """Return a connection to the first address of `host` that takes one. OSError; TimeoutError at `deadline`.

    Each address gets its share of the time, so that a dead IPv6 route does not use up that of IPv4.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        with on_this_machine():
            socket.socket().close()  # without a descriptor left, a look-up fails as if no name server answered
        raise
    except UnicodeError:  # a label that is too long, or empty
        raise socket.gaierror(socket.EAI_NONAME, "no name") from None
    error: OSError = OSError("no address")
    for index, (family, kind, protocol, _, address) in enumerate(found):
        share = seconds_left(deadline) / (len(found) - index)
        with on_this_machine():
            made = socket.socket(family, kind, protocol)
        try:
            cancellation.attach(made)
            made.settimeout(share)
            made.connect(address)
        except OSError as failed:
            made.close()
            error = failed
            continue
        return made
    raise error


def stays_private(connection: socket.socket) -> bool:
    """Say whether what is sent over a connection stays on this machine or a private network, by its other end."""
    try:
        return is_private_address(connection.getpeername()[0])
    except OSError:  # gone already
        return False


def secure(
    connection: socket.socket, host: str, context: ssl.SSLContext, *, deadline: float, cancellation: Cancellation
) -> ssl.SSLSocket:
    """Return the connection under TLS, its certificate checked for `host`. OSError, of which ssl.SSLError is one."""
    connection.settimeout(seconds_left(deadline))
    wrapped = context.wrap_socket(connection, server_hostname=host, do_handshake_on_connect=False)
    try:
        cancellation.attach(wrapped)
        wrapped.do_handshake()
    except BaseException:
        wrapped.close()
        raise
    return wrapped


def trust(authorities: Sequence[str]) -> ssl.SSLContext:
    """Return a client context with Mozilla's roots and `authorities` (PEM texts): the trust that `check` has, too."""
    import ssl

    import certifi

    try:
        context = ssl.create_default_context(cafile=certifi.where())
    except OSError as error:
        raise without_roots(certifi.where(), error) from error
    context.hostname_checks_common_name = False  # a name counts among the alternative ones alone (RFC 9525 section 6.1)
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # CPython's default, which distributions take off
    for text in authorities:
        try:
            context.load_verify_locations(cadata=text)
        except (ssl.SSLError, ValueError):
            continue  # what cannot be read is trusted by nobody: then the certificate is refused, and that is told
    return context


def unreachable(error: Exception, place: str, seconds: float) -> NetworkError:
    """Return what to tell where `place` (`host:port`) could not be talked to. The error's own text is foreign."""
    import ssl

    if isinstance(error, ssl.SSLCertVerificationError):
        reason = safe(error.verify_message or "not trusted", limit=120)
        return InboxRefused(
            f"{place}: its certificate is not accepted ({reason}). Use the name that is in the certificate; if an "
            "authority of your own has signed it, name that with --ca-file.",
            TITLE,
        )
    if isinstance(error, ssl.SSLError):
        reason = safe(error.reason or "no TLS", limit=80)
        return InboxRefused(
            f"{place}: TLS cannot be established ({reason}). The port may speak without TLS at first: imap:// in place "
            "of imaps://, or http:// in place of https://.",
            TITLE,
        )
    if isinstance(error, TimeoutError):
        return NetworkError(f"{place} gave no answer within {seconds:g} s. See that it runs and is reachable.", TITLE)
    if isinstance(error, socket.gaierror):
        return NetworkError(
            f"{place}: the name is not known here. A service name of compose is known inside its network only: give "
            "the published port, such as localhost.",
            TITLE,
        )
    if isinstance(error, ConnectionRefusedError):
        return NetworkError(f"{place}: nothing listens there. Start it, or correct host and port.", TITLE)
    said = safe(getattr(error, "strerror", None) or "the connection broke", limit=120)
    return NetworkError(f"{place}: {said}. See that it runs, and try again.", TITLE)


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
        context = trust(self._authorities) if self._address.scheme == "imaps" else None
        self.sock = dial(host, port, deadline=self.deadline, cancellation=self._cancellation)
        if context is not None:
            self._secure(context)

    def _secure(self, context: ssl.SSLContext) -> None:
        self.sock = secure(self.sock, self.host, context, deadline=self.deadline, cancellation=self._cancellation)

    def starttls(self, ssl_context: object = None) -> Any:
        """Go over to TLS, with our trust; nothing that was sent before it is read as if it came under it."""
        kind, data = self._simple_command("STARTTLS")
        if kind == "OK":
            if self._buffer:
                raise NotImapError("data before TLS")
            self._secure(trust(self._authorities))
            self._get_capabilities()
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
        seconds_left(self.deadline)  # what is buffered may be 64 KiB of empty literals
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
        self._arguments = address, authorities, deadline, cancellation
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
        self.connection = Connection(*self._arguments)
        return self.connection

    def _want_tls(self) -> None:
        """Go over to TLS where it is offered; without it only a private network is safe enough for a password."""
        place = self.address.place
        if self.connection.state == "NONAUTH" and b"STARTTLS" in self.capabilities():
            if self.connection.starttls()[0] != "OK":
                said = self.connection.answer.shown()
                raise InboxRefused(f"{place} refuses STARTTLS: {said}. Use imaps://.", TITLE)
            self._cached_capabilities = None  # what was offered before TLS counts no more (RFC 9051 section 6.2.1)
        elif not stays_private(self.connection.sock):  # after PREAUTH there is no STARTTLS (RFC 9051 section 7.1.4)
            raise InboxRefused(
                f"{place} offers no TLS, so the password would cross the network in clear text. It was not sent. Use "
                "imaps:// in the URL of the inbox.",
                TITLE,
            )

    def log_in(self, password: Secret) -> None:
        """Log in, once and in one way: PLAIN (RFC 4616) where it is offered, else LOGIN.

        InboxRefused where it is refused, and where the connection ends meanwhile: the server may have counted it.
        """
        user, offered = self.address.user, self.capabilities()
        plain = b"AUTH=PLAIN" in offered
        if not plain and b"LOGINDISABLED" in offered:
            raise InboxRefused(
                f"{self.address.place} offers no login with user and password. It may want another way in, such as "
                "OAuth: then give another mailbox, or look for the mail yourself.",
                TITLE,
            )
        try:
            if plain:
                tokens = [f"\0{user}\0{password.reveal()}".encode("utf-8", "surrogateescape")]
                self.sasl_login("PLAIN", lambda _: tokens.pop())
            else:
                self.connection.login(user, password.reveal())  # IMAPClient.login would log the user name
        except Exception:  # the library fails on hostile octets in a dozen ways
            status = self.connection.answer
            raise InboxRefused(
                _refusal(self.address, status, password)
                if status.is_refusal
                else f"{self.address.place} broke off at the login of {safe(user, limit=120)}. That may be its way to "
                "refuse: check user and password. It was tried once and is not tried again by itself.",
                TITLE,
            ) from None


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
