"""A server that plays any behaviour at any stage, on a real socket: for tests, and for rehearsing failures.

Each connection has a thread with blocking calls, because a script decides octet by octet what is sent in one segment
and what before or after a handshake. Listens on the loopback unless told otherwise. Keeps what clients said, secrets
included, in memory only.
"""

from __future__ import annotations

import base64
import contextlib
import hmac
import socket
import ssl
import struct
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import TracebackType
from typing import Final, Self

from smtpwizard.apps.loading import shipped
from smtpwizard.apps.profile import AppProfile
from smtpwizard.secret import Secret
from smtpwizard.settings import Settings


class Stage(StrEnum):
    """The points of a session at which the server speaks."""

    GREETING = "greeting"
    EHLO = "ehlo"
    """EHLO in clear text, and inside implicit TLS unless SECURE_EHLO is given."""
    SECURE_EHLO = "secure-ehlo"
    """EHLO inside TLS."""
    HELO = "helo"
    STARTTLS = "starttls"
    """The reply, and the handshake after it: an UPGRADE must be among the acts for the session to go on."""
    AUTH = "auth"
    """The reply to the AUTH command itself."""
    USERNAME = "username"
    """The reply to the user name of AUTH LOGIN."""
    PASSWORD = "password"  # noqa: S105  # the name of a stage
    """The reply once the credentials are complete, by whichever mechanism."""
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    DOT = "dot"
    """The reply to the message."""
    RSET = "rset"
    NOOP = "noop"
    QUIT = "quit"
    OTHER = "other"
    """Any other command."""


@dataclass(frozen=True, slots=True)
class Send:
    """Octets as they are; in pieces of `piece` octets with `pause` seconds between them where `piece` is not 0."""

    data: bytes
    piece: int = 0
    pause: float = 0.0


@dataclass(frozen=True, slots=True)
class Repeat:
    """The same octets again and again until the client leaves."""

    data: bytes
    pause: float = 0.0


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing for a while."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Silence:
    """Nothing until the client leaves; what it sends is read and dropped."""


@dataclass(frozen=True, slots=True)
class Close:
    """The end of the connection: FIN, or RST with `reset`."""

    reset: bool = False
    deaf: bool = False
    """Whether what the client still sends is answered by RST, and not read and dropped."""


@dataclass(frozen=True, slots=True)
class Upgrade:
    """The server's side of a TLS handshake, with its own context or the server's."""

    context: ssl.SSLContext | None = None


Act = Send | Repeat | Wait | Silence | Close | Upgrade
Play = tuple[Act, ...]

CLOSE: Final[Play] = (Close(),)
RESET: Final[Play] = (Close(reset=True),)
GONE: Final[Play] = (Close(deaf=True),)
SILENCE: Final[Play] = (Silence(),)
UPGRADE: Final[Play] = (Upgrade(),)


def reply(*lines: str) -> Play:
    """Return a reply: one line as it is; of several, those that are text only get the last line's code and a hyphen."""
    code = lines[-1][:3]
    first = [line if line[:3].isdigit() and line[3:4] == "-" else f"{code}-{line}" for line in lines[:-1]]
    return raw("".join(f"{line}\r\n" for line in (*first, lines[-1])))


def raw(data: str | bytes) -> Play:
    """Return octets as they are, text as UTF-8, without a line end of our own."""
    return (Send(data.encode() if isinstance(data, str) else data),)


def drip(data: str | bytes, *, piece: int = 1, pause: float = 0.0) -> Play:
    """Return octets in pieces, each in a segment of its own."""
    return (Send(data.encode() if isinstance(data, str) else data, piece, pause),)


def endless(data: str | bytes, *, pause: float = 0.0) -> Play:
    """Return octets that repeat until the client leaves."""
    return (Repeat(data.encode() if isinstance(data, str) else data, pause),)


def wait(seconds: float) -> Play:
    """Return a pause, to be added to what comes after it."""
    return (Wait(seconds),)


@dataclass(frozen=True, slots=True)
class Script:
    """One server. Without changes: plain SMTP that offers PLAIN and LOGIN and accepts everything."""

    plays: Mapping[Stage, Play] = field(default_factory=dict)
    """What is played instead of the usual reply."""
    turns: Mapping[Stage, tuple[Play | None, ...]] = field(default_factory=dict)
    """What is played the first, second, … time that a stage comes, over all connections; None: the usual."""
    keywords: tuple[str, ...] = ("PIPELINING", "SIZE 35882577", "8BITMIME", "ENHANCEDSTATUSCODES")
    mechanisms: tuple[str, ...] = ("PLAIN", "LOGIN")
    """Offered with AUTH; empty: AUTH is not offered."""
    clear_login: bool = True
    """Whether AUTH is offered before TLS, too."""
    starttls: bool = False
    implicit: bool = False
    username: str | None = None
    """The user that may log in; None lets everyone in."""
    password: Secret | None = None
    login_required: bool = False
    """Whether MAIL before a login gets 530 5.7.0."""

    def but(self, stage: Stage, *plays: Play) -> Script:
        """Return the script with another play at one stage; several plays are played one after the other."""
        return replace(self, plays={**self.plays, stage: tuple(act for play in plays for act in play)})

    def turn(self, stage: Stage, *plays: Play | None) -> Script:
        """Return the script with plays for the first times that a stage comes, one each; afterwards the usual."""
        return replace(self, turns={**self.turns, stage: plays})

    def ehlo(self, *, secure: bool) -> Play:
        """Return the reply to EHLO: STARTTLS only before TLS."""
        words = list(self.keywords)
        if self.starttls and not secure:
            words.append("STARTTLS")
        if self.mechanisms and (secure or self.clear_login):
            words.append("AUTH " + " ".join(self.mechanisms))
        return reply("scripted.example", *words[:-1], f"250 {words[-1]}") if words else reply("250 scripted.example")


USUAL: Final[Mapping[Stage, Play]] = {
    Stage.GREETING: reply("220 scripted.example ESMTP ready"),
    Stage.HELO: reply("250 scripted.example"),
    Stage.STARTTLS: reply("220 2.0.0 Ready to start TLS") + UPGRADE,
    Stage.USERNAME: reply("334 UGFzc3dvcmQ6"),
    Stage.MAIL: reply("250 2.1.0 Ok"),
    Stage.RCPT: reply("250 2.1.5 Ok"),
    Stage.DATA: reply("354 End data with <CR><LF>.<CR><LF>"),
    Stage.DOT: reply("250 2.0.0 Ok: queued as 4ZQK1T"),
    Stage.RSET: reply("250 2.0.0 Ok"),
    Stage.NOOP: reply("250 2.0.0 Ok"),
    Stage.QUIT: reply("221 2.0.0 Bye") + CLOSE,
    Stage.OTHER: reply("502 5.5.2 Error: command not recognized"),
}


_CHALLENGE: Final = base64.b64encode(b"<1896.697170952@scripted.example>")
_LINE_LIMIT: Final = 1 << 20
"""Octets of a line that are kept: a client that sends more is dropped."""
_LINGER_SECONDS: Final = 2.0
"""How long a closed connection is still read: closing with unread octets would send RST instead of FIN."""
_PROMPT: Final = {"LOGIN": reply("334 VXNlcm5hbWU6"), "PLAIN": reply("334 ")}


class _Left(Exception):
    """The client has left, or the server is being stopped."""


class ScriptedServer:
    """Serves `script` until it is stopped. A context manager, sync and async."""

    def __init__(
        self, script: Script, *, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
    ) -> None:
        self.script = script
        self.host = host
        self.port = port
        """The port; with 0, the system's choice once started."""
        self.received: list[str] = []
        """What clients said, line by line, over all connections."""
        self.messages: list[bytes] = []
        self.connections = 0
        self._tls = tls
        self._stopped = threading.Event()
        self._live: set[_Connection] = set()
        self._lock = threading.Lock()
        self._times: dict[Stage, int] = {}
        """How often each stage has come."""

    def start(self) -> Self:
        """Listen. OSError where the address cannot be had."""
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        self._listener = socket.create_server((self.host, self.port), family=family)
        self.port = self._listener.getsockname()[1]
        self._acceptor = threading.Thread(target=self._accept, name="scripted-smtp", daemon=True)
        self._acceptor.start()
        return self

    def stop(self) -> None:
        """Drop all connections and stop listening; returns when every thread has ended."""
        self._stopped.set()
        with contextlib.suppress(OSError):  # the one portable way to wake a thread out of accept()
            socket.create_connection((self.host, self.port), timeout=_LINGER_SECONDS).close()
        self._acceptor.join()
        self._listener.close()
        with self._lock:
            live = tuple(self._live)
        for connection in live:
            connection.abort()
        for connection in live:
            connection.thread.join()

    def settings(self, app: AppProfile | None = None, /, **fields: str) -> Settings:
        """Return settings that reach this server; `fields` are fields of Settings, the password as text."""
        values = {"host": self.host, "port": str(self.port), "sender": "app@example.com"}
        values |= {"security": "true"} if self.script.implicit else {}
        values |= fields
        password = values.pop("password", None)
        secret = None if password is None else Secret(password)
        return Settings(app or shipped(), **values, password=secret)  # type: ignore[arg-type]  # each field of its own type

    def turn(self, stage: Stage) -> Play | None:
        """Count a stage, and return what the script has for this time alone."""
        plays = self.script.turns.get(stage, ())
        with self._lock:
            time = self._times.get(stage, 0)
            self._times[stage] = time + 1
        return plays[time] if time < len(plays) else None

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            if self._stopped.is_set():
                sock.close()
                return
            connection = _Connection(self, sock)
            with self._lock:
                self.connections += 1
                self._live.add(connection)
            connection.thread.start()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        return self.start()

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.stop()


class _Connection:
    """One session, in a thread of its own."""

    def __init__(self, server: ScriptedServer, sock: socket.socket) -> None:
        self._server = server
        self._script = server.script
        self._socket = sock
        self._buffer = b""
        self._secure = False
        self._logged_in = False
        self.thread = threading.Thread(target=self._run, name="scripted-smtp-session", daemon=True)

    def abort(self) -> None:
        """Wake the thread out of whatever call it is in."""
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)  # not SSLSocket's: that one is not thread-safe

    def _run(self) -> None:
        try:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._script.implicit:
                self._upgrade(None)
            self._play(Stage.GREETING)
            while True:
                self._command(self._line())
        except (_Left, OSError):
            pass
        finally:
            self._socket.close()
            with self._server._lock:
                self._server._live.discard(self)

    def _command(self, line: str) -> None:
        verb = line.split(" ")[0].upper()
        if verb == "EHLO":
            secure = self._secure and Stage.SECURE_EHLO in self._script.plays
            self._play(Stage.SECURE_EHLO if secure else Stage.EHLO)
        elif verb == "AUTH":
            self._auth(line)
        elif verb == "MAIL" and self._script.login_required and not self._logged_in:
            self._act(reply("530 5.7.0 Authentication required"))
        elif verb == "DATA":
            if self._play(Stage.DATA)[:1] in (b"2", b"3"):
                self._message()
                self._play(Stage.DOT)
        else:
            known = verb in {"HELO", "STARTTLS", "MAIL", "RCPT", "RSET", "NOOP", "QUIT"}
            self._play(Stage(verb.lower()) if known else Stage.OTHER)

    def _auth(self, line: str) -> None:
        _, mechanism, *initial = [*line.split(" "), ""][:4]
        mechanism, said = mechanism.upper(), [item for item in initial if item]
        if Stage.AUTH in self._script.plays:
            prompt = self._play(Stage.AUTH)
        elif said:
            prompt = self._continue(mechanism, said)
        else:
            prompt = self._act(_PROMPT.get(mechanism, reply(f"334 {_CHALLENGE.decode()}")))
        while prompt.startswith(b"334"):
            said.append(self._line())
            prompt = self._continue(mechanism, said)

    def _continue(self, mechanism: str, said: list[str]) -> bytes:
        if mechanism == "LOGIN" and len(said) == 1:
            return self._play(Stage.USERNAME)
        if Stage.PASSWORD in self._script.plays:
            sent = self._play(Stage.PASSWORD)
        elif self._accepts(mechanism, said):
            sent = self._act(reply("235 2.7.0 Authentication successful"))
        else:
            sent = self._act(reply("535 5.7.8 Error: authentication failed"))
        self._logged_in = self._logged_in or sent.startswith(b"2")
        return sent

    def _accepts(self, mechanism: str, said: list[str]) -> bool:
        if self._script.username is None or self._script.password is None:
            return True
        user, secret = self._script.username.encode(), self._script.password.reveal().encode()
        try:
            tokens = [base64.b64decode(item, validate=True) for item in said]
        except ValueError:
            return False
        if mechanism == "CRAM-MD5":
            digest = hmac.new(secret, base64.b64decode(_CHALLENGE), "md5").hexdigest().encode()
            return tokens == [user + b" " + digest]
        return tokens == [user, secret] if mechanism == "LOGIN" else tokens == [b"\0" + user + b"\0" + secret]

    def _message(self) -> None:
        lines: list[bytes] = []
        while (line := self._octets()) != b".":
            lines.append(line[1:] if line.startswith(b".") else line)
        self._server.messages.append(b"".join(line + b"\r\n" for line in lines))

    def _play(self, stage: Stage) -> bytes:
        play = self._server.turn(stage) or self._script.plays.get(stage)
        if play is None:
            play = self._script.ehlo(secure=self._secure) if stage is Stage.EHLO else USUAL[stage]
        return self._act(play)

    def _act(self, play: tuple[Act, ...]) -> bytes:
        """Carry out the acts; return the first octets sent, from which the reply code can be read."""
        sent = b""
        for act in play:
            match act:
                case Send(data, piece, pause):
                    sent = sent or data
                    self._send(data, piece, pause)
                case Repeat(data, pause):
                    while True:
                        self._socket.sendall(data)
                        self._pause(pause)
                case Wait(seconds):
                    self._pause(seconds)
                case Silence():
                    while self._socket.recv(65536):
                        pass
                    raise _Left
                case Close(reset, deaf):
                    if not deaf:
                        self._close(reset)
                    raise _Left
                case Upgrade(context):
                    self._upgrade(context)
        return sent

    def _send(self, data: bytes, piece: int, pause: float) -> None:
        if not piece:
            self._socket.sendall(data)
            return
        for start in range(0, len(data), piece):
            self._socket.sendall(data[start : start + piece])
            self._pause(pause)

    def _pause(self, seconds: float) -> None:
        if self._server._stopped.wait(seconds):
            raise _Left

    def _close(self, reset: bool) -> None:
        if reset:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return
        socket.socket.shutdown(self._socket, socket.SHUT_WR)
        self._socket.settimeout(_LINGER_SECONDS)
        while socket.socket.recv(self._socket, 65536):
            pass

    def _upgrade(self, context: ssl.SSLContext | None) -> None:
        context = context or self._server._tls
        if context is None:
            raise _Left
        self._buffer = b""
        self._socket = secured = context.wrap_socket(self._socket, server_side=True, do_handshake_on_connect=False)
        secured.do_handshake()
        self._secure = True

    def _line(self) -> str:
        line = self._octets().decode("utf-8", "surrogateescape")
        self._server.received.append(line)
        return line

    def _octets(self) -> bytes:
        while b"\n" not in self._buffer:
            chunk = self._socket.recv(65536)
            if not chunk or len(self._buffer) > _LINE_LIMIT:
                raise _Left
            self._buffer += chunk
        line, self._buffer = self._buffer.split(b"\n", 1)
        return line.removesuffix(b"\r")
