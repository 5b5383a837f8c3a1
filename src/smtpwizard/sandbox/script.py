"""What a scripted server plays at each stage, as data: for tests, the conformance suite and `sandbox --play`.

Knows no sockets; `scripted` carries it out. A Script says only where a server differs from one that accepts everything.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from smtpwizard.secret import Secret


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


@dataclass(frozen=True, slots=True)
class Upgrade:
    """The server's side of a TLS handshake, with its own context or the server's."""

    context: ssl.SSLContext | None = None


Act = Send | Repeat | Wait | Silence | Close | Upgrade
Play = tuple[Act, ...]

CLOSE: Final[Play] = (Close(),)
RESET: Final[Play] = (Close(reset=True),)
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
