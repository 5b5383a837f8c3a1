"""PracticeServer: the embedded SMTP server, in a daemon thread with its own event loop. Listens on the loopback only.

It has a thread of its own because it serves a probe that runs on the caller's loop, and must not stall when the front
end is busy. aiosmtpd and trustme are imported in that thread: they take 0.14 s.
"""

from __future__ import annotations

import asyncio
import errno
import secrets
import socket
import tempfile
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from smtpwizard.apps.loading import shipped
from smtpwizard.apps.profile import AppProfile
from smtpwizard.errors import BugError, FileError, InputError, NetworkError
from smtpwizard.presets.schema import TlsMode
from smtpwizard.secret import Secret
from smtpwizard.settings import Settings

if TYPE_CHECKING:
    from smtpwizard.sandbox.dialogue import ReceivedMessage

USERNAME: Final = "practice@example.com"
"""The one account; example.com is nobody's (RFC 2606)."""

KEEP: Final = 100
"""Messages that are kept; the oldest go first."""

SIZE_LIMIT: Final = 1_048_576
"""Octets of one message: with KEEP it bounds the memory; the app's own mails are some 10 kB."""

_START_SECONDS: Final = 10.0
_STOP_SECONDS: Final = 2.0


class PracticeServer:
    """An SMTP server that accepts mail and keeps it: STARTTLS on one port, implicit TLS on the next, login on both.

    A context manager, plain or async. `port` is the STARTTLS port and the implicit-TLS port is `port + 1`; 0 takes two
    free ones. InputError for a port that cannot be; starting raises NetworkError where a port is taken.
    """

    host: Final = "127.0.0.1"
    """An address, so that no resolver is needed; `localhost` and `::1` are answered and certified too."""

    def __init__(
        self,
        *,
        port: int = 0,
        on_message: Callable[[ReceivedMessage], None] | None = None,
        keep: int = KEEP,
        size_limit: int = SIZE_LIMIT,
    ) -> None:
        if not (port == 0 or 1 <= port <= 65534):
            raise InputError(f"{port} cannot be the port. Give 1 to 65534: the next one is for TLS.", "Practice server")
        self.username: Final = USERNAME
        self.password: Final = Secret(secrets.token_urlsafe(12))
        self.ca_pem = ""
        """The CA's certificate (PEM); empty until started."""
        self.starttls_port = port
        self.implicit_port = port + 1 if port else 0
        self.on_message = on_message
        """Called in the server's thread, before the client gets its 250."""
        self._size_limit = size_limit
        self._received: deque[ReceivedMessage] = deque(maxlen=keep)
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None

    @property
    def messages(self) -> list[ReceivedMessage]:
        """The messages received, oldest first: a copy."""
        return list(self._received)

    @property
    def running(self) -> bool:
        """Whether it is listening."""
        return self._thread is not None

    @property
    def ca_file(self) -> Path:
        """The CA's certificate in a file of mode 0600, for NODE_EXTRA_CA_CERTS; gone after stop().

        Written when first asked for, after the start. FileError where the temporary folder cannot be written.
        """
        if self._folder is None:
            try:
                self._folder = tempfile.TemporaryDirectory(prefix="smtpwizard-")
                _write_private(Path(self._folder.name) / "practice-ca.pem", self.ca_pem)
            except OSError as error:
                raise FileError(f"The CA file cannot be written: {error.strerror}.", "Practice server") from error
        return Path(self._folder.name) / "practice-ca.pem"

    def settings(self, app: AppProfile | None = None, *, implicit: bool = False) -> Settings:
        """Return the settings of an app (none: the default one) for the STARTTLS port, or the `implicit` TLS one.

        BugError when it was never started, since the ports are not known before.
        """
        if not self.starttls_port:
            raise BugError("The practice server has no port before it is started.", "Practice server")
        made = Settings(
            app or shipped(),
            host=self.host,
            port=str(self.implicit_port if implicit else self.starttls_port),
            sender=self.username,
            username=self.username,
            password=self.password,
        )
        return made.in_mode(TlsMode.IMPLICIT if implicit else TlsMode.STARTTLS)

    def start(self) -> Self:
        """Start, and return when both ports listen (about 0.25 s). NetworkError where a port is taken."""
        try:
            self._launch().result(timeout=_START_SECONDS)
        except TimeoutError as error:
            raise _too_slow() from error
        return self

    def stop(self) -> None:
        """Stop: drop open connections, free the ports. Returns within 0.2 s; does nothing when not running."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        if self._loop is not None and self._stopping is not None:
            self._loop.call_soon_threadsafe(self._stopping.set)
        thread.join(_STOP_SECONDS)
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        try:
            await asyncio.wait_for(asyncio.wrap_future(self._launch()), _START_SECONDS)
        except TimeoutError as error:
            raise _too_slow() from error
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _launch(self) -> Future[None]:
        if self._thread is not None:
            raise BugError("The practice server is running already.", "Practice server")
        ready: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, args=(ready,), name="practice-server", daemon=True)
        self._thread.start()
        return ready

    def _run(self, ready: Future[None]) -> None:
        try:
            asyncio.run(self._serve(ready))
        except Exception as error:  # handed to the caller as long as it waits for the start
            if ready.done():
                raise
            self._thread = None
            ready.set_exception(error)

    async def _serve(self, ready: Future[None]) -> None:
        from smtpwizard.sandbox.certificates import make
        from smtpwizard.sandbox.dialogue import Handler, Service

        self.ca_pem, tls = make()
        handler = Handler(self.username, self.password, self._size_limit, tls, self._keep)
        service = await Service.open(handler, *listeners(self.starttls_port))
        self.starttls_port, self.implicit_port = service.ports
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        ready.set_result(None)
        await self._stopping.wait()
        await service.close()

    def _keep(self, message: ReceivedMessage) -> None:
        self._received.append(message)
        if self.on_message is None:
            return
        try:
            self.on_message(message)
        except Exception as error:  # a fault of the listener must not refuse a mail that was kept
            asyncio.get_running_loop().call_exception_handler({"message": "on_message failed", "exception": error})


def _too_slow() -> NetworkError:
    return NetworkError(f"It did not start within {_START_SECONDS:.0f} s. Try again.", "Practice server")


def _write_private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text, "ascii")


_TRIES: Final = 20
"""A free IPv4 port may be taken on IPv6; that this happens twice in a row is already rare."""


def listeners(port: int) -> tuple[list[socket.socket], list[socket.socket]]:
    """Return bound sockets for `port` and for `port + 1`, or for two free ports when `port` is 0.

    NetworkError, and nothing left open, where a port is taken or not allowed.
    """
    with ExitStack() as stack:
        first = _pair(port, stack)
        second = _pair(port + 1 if port else 0, stack)
        stack.pop_all()
        return first, second


def _pair(port: int, stack: ExitStack) -> list[socket.socket]:
    for _ in range(_TRIES):
        sockets = [_bind(socket.AF_INET, "127.0.0.1", port)]
        try:
            if socket.has_ipv6:
                sockets += _bind_ipv6(sockets[0].getsockname()[1])
        except NetworkError:
            sockets[0].close()
            if port:
                raise
            continue
        for sock in sockets:
            stack.callback(sock.close)
        return sockets
    raise NetworkError("No free port was found on the loopback, 20 tries.", "Practice server")


def _bind_ipv6(port: int) -> list[socket.socket]:
    with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as trial:
        try:
            trial.bind(("::1", 0))
        except OSError:  # no IPv6 loopback here, as in many containers: IPv4 alone will do
            return []
    return [_bind(socket.AF_INET6, "::1", port)]


def _bind(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
    # IPPROTO_TCP by name: asyncio sets TCP_NODELAY on such sockets alone; without it a multi-line reply waits 40 ms.
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port in TIME_WAIT is free to use again
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind((host, port))
        sock.listen(16)
        sock.setblocking(False)
    except OSError as error:
        sock.close()
        raise NetworkError(_sentence(error, host, port), "Practice server") from error
    return sock


def _sentence(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is taken by another program. Give another with --port, or 0 for any free one."
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"Port {port} needs rights that this user does not have. Give one above 1023 with --port."
    return f"Port {port} on {host} cannot be opened: {error.strerror}. Give another one with --port."
