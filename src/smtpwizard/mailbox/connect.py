"""A connection to an inbox's server, with TLS where it is wanted; and what to say where none comes about.

These calls block until a deadline, so `in_thread` runs them in a thread that can be cancelled.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from smtpwizard.background import in_daemon_thread
from smtpwizard.errors import NetworkError
from smtpwizard.hosts import is_private_address
from smtpwizard.mailbox.model import InboxRefused
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
            f"{place}: TLS does not come about ({reason}). The port may speak without TLS at first: imap:// in place "
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
