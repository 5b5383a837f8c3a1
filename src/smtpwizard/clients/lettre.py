"""lettre 0.11 (Rust) on tokio and rustls: Vaultwarden's client. Made after its source, not compared with a running one.

After lettre/lettre src/transport/smtp at fa402db (0.11.21). The asynchronous transport limits the TCP connection alone;
greeting, handshake and replies have no limit. EHLO is not followed by HELO. Any 2xx or 3xx reply is a success. With
credentials a login is wanted in any case, in clear text too, by the first of PLAIN and LOGIN that is offered; one try.
"""

from __future__ import annotations

import binascii
import math
import os
import socket
from typing import Final

from smtpwizard.clients.common.conversation import Malformed, Reading, Reply, decode
from smtpwizard.clients.common.dialogue import Event, Fault, StandardDialogue, Unoffered, Words, base64
from smtpwizard.clients.common.model import StandardClient, seconds
from smtpwizard.clients.model import Capabilities, ClientModel
from smtpwizard.clients.transport import Transport
from smtpwizard.secret import MASK
from smtpwizard.smtp.results import Step

_CHALLENGES: Final = 10
_USER: Final = ("user name", "username:", "username", "user name\0")
_PASSWORD: Final = ("password", "password:", "password\0")
_UNEXPECTED: Final = "This mechanism does not expect a challenge"
_CONNECT_SECONDS: Final = 60.0
"""lettre's own limit; Vaultwarden's SMTP_TIMEOUT takes its place."""


def _code(lines: list[bytes]) -> int:
    """Return the code, which all lines have to share. Malformed."""
    if any(line[:3] != lines[-1][:3] for line in lines):
        raise Malformed("", lines[-1])
    return int(lines[-1][:3])


def _complete(lines: list[bytes]) -> bool:
    digits, mark = lines[-1][:3], lines[-1][3:4]
    if not (len(digits) == 3 and digits[0] in b"2345" and digits[1] in b"012345" and digits[2] in b"0123456789"):
        raise Malformed("", lines[-1])
    if mark not in (b" ", b"-"):
        raise Malformed("", lines[-1])
    return mark == b" "


class LettreDialogue(StandardDialogue):
    """AsyncSmtpConnection with AsyncSmtpTransport over it."""

    reading = Reading(_code, _complete)
    drops_clear_text = False

    async def greeting(self, deadline: float | None = None) -> str:
        """Wait for the greeting: any 2xx or 3xx."""
        self._step = Step.GREETING
        reply = await self.read("", self.talk.deadline() if deadline is None else deadline)
        return self.accept(reply, self.is_good(reply), "")

    def is_good(self, reply: Reply) -> bool:
        """Take 2xx and 3xx at every stage."""
        return 200 <= reply.code < 400

    async def ask_starttls(self) -> str:
        """Send STARTTLS."""
        self._step = Step.STARTTLS
        if not self.capabilities.starttls:
            self.fail(Fault.NO_STARTTLS, "STARTTLS")
        reply = await self.ask("STARTTLS", "STARTTLS")
        return self.accept(reply, self.is_good(reply), "STARTTLS")

    def offer(self, reply: Reply) -> Capabilities:
        """Return what lettre reads: keywords in capitals, on every line, the first one with the server's name too."""
        lines = tuple(decode(text) for text in reply.texts)
        words = [line.split() for line in lines if line.strip()]
        keywords = {word[0] for word in words}
        listed = {name for word in words if word[0] == "AUTH" for name in word[1:]}
        return Capabilities(
            starttls="STARTTLS" in keywords,
            smtputf8="SMTPUTF8" in keywords,
            eightbit="8BITMIME" in keywords,
            login="AUTH" in keywords,
            mechanisms=tuple(name for name in self.model.mechanisms if name in listed),
            lines=lines[1:],
        )

    async def login(self) -> str:
        """Log in by the first mechanism that is offered; the lack of AUTH is the lack of a mechanism.

        The option `auth_mechanism` (Vaultwarden's SMTP_AUTH_MECHANISM) names those that are wanted, in their order.
        """
        self._step = Step.AUTH
        wanted = [name.strip("\"' ").upper() for name in self.transport.options.get("auth_mechanism", "").split(",")]
        named = [name for name in wanted if name in self.model.mechanisms]
        name = next((name for name in named or self.model.mechanisms if name in self.capabilities.mechanisms), None)
        if name is None:
            self.fail(Fault.NO_MECHANISM, "AUTH")
        user, password = self.credentials()
        line, shown = f"AUTH {name}", f"AUTH {name}"
        if name == "PLAIN":
            line, shown = f"{line} {base64(b'%c%b%c%b' % (0, user, 0, password))}", f"{line} {MASK}"
        reply = await self.ask(line, f"AUTH {name}", shown=shown)
        for _ in range(_CHALLENGES):
            if reply.code != 334:
                break
            reply = await self.ask(base64(self._answer(name, reply, user, password)), f"AUTH {name}", shown=MASK)
        else:
            self.fail(Fault.GARBLED, f"AUTH {name}", text="response error: Unexpected number of challenges")
        self.accept(reply, self.is_good(reply), f"AUTH {name}")
        self.logged_in = True
        return reply.shown

    def _answer(self, name: str, reply: Reply, user: bytes, password: bytes) -> bytes:
        words = decode(reply.texts[0]).split()
        if not words:
            self.fail(Fault.GARBLED, "AUTH", text="response error: Could not read auth challenge")
        try:
            prompt = binascii.a2b_base64(words[0].encode(), strict_mode=True).decode().lower()
        except ValueError:
            self.fail(Fault.GARBLED, "AUTH", text="response error", heard=reply.lines[0])
        if name == "PLAIN":
            self.fail(Fault.GARBLED, "AUTH", text=f"internal client error: {_UNEXPECTED}")
        if prompt not in (*_USER, *_PASSWORD):
            self.fail(Fault.GARBLED, "AUTH", text="internal client error: Unrecognized challenge")
        return user if prompt in _USER else password

    async def mail(self, sender: str, recipient: str) -> str:
        """Name the sender. An address beyond ASCII is not sent without SMTPUTF8."""
        self._step = Step.MAIL
        beyond = not (sender + recipient).isascii()
        if beyond and not self.capabilities.smtputf8:
            self.fail(Fault.ADDRESS, "MAIL")
        reply = await self.ask(f"MAIL FROM:<{sender}>{' SMTPUTF8' if beyond else ''}", "MAIL")
        return self.accept(reply, self.is_good(reply), "MAIL")

    async def data(self) -> str:
        """Announce the message: any 2xx or 3xx."""
        self._step = Step.DATA
        reply = await self.ask("DATA", "DATA")
        return self.accept(reply, self.is_good(reply), "DATA")


class Lettre(StandardClient):
    """AsyncSmtpTransport; its errors as their Display."""

    name = "lettre"
    version = "0.11"
    mechanisms: tuple[str, ...] = ("PLAIN", "LOGIN")
    unoffered = Unoffered.FAIL
    falls_back_to_helo = False
    ehlo_name = "[127.0.0.1]"
    dialogue_class = LettreDialogue

    def limit(self, step: Step, transport: Transport) -> float:
        """Return the limit of the TCP connection; nothing else has one."""
        return seconds(transport, _CONNECT_SECONDS) if step is Step.CONNECT else math.inf

    def words(self, event: Event) -> Words:
        """Return lettre's Display of the error, as far as it is lettre's own: what rustls and nom add is left out."""
        match event.fault:
            case Fault.REFUSED if event.reply:
                kind = "transient" if event.reply.code < 500 else "permanent"
                text = "".join(map(decode, event.reply.texts))
                return Words(None, f"{kind} error ({event.reply.code}): {text}")
            case Fault.NO_STARTTLS:
                return Words(None, "internal client error: STARTTLS is not supported on this server")
            case Fault.NO_MECHANISM | Fault.NO_AUTH:
                return Words(None, "internal client error: No compatible authentication mechanism was found")
            case Fault.ADDRESS:
                lacks = "Envelope contains non-ascii chars but server does not support SMTPUTF8"
                return Words(None, f"internal client error: {lacks}")
            case Fault.GARBLED:
                return Words(None, event.text or "response error")
            case Fault.CLOSED:
                return Words(None, "response error: incomplete response")
            case Fault.BROKEN:
                return Words(None, f"network error: {_system(event.error)}")
            case Fault.LATE if event.step is Step.CONNECT:
                return Words(None, "Connection error: connection timed out")
            case Fault.UNTRUSTED | Fault.WRONG_NAME:
                return Words(None, "Connection error: Connection error: invalid peer certificate")
            case Fault.HANDSHAKE:
                return Words(None, "Connection error: Connection error")
            case Fault.UNREACHED:
                return Words(None, f"Connection error: {_system(event.error)}")
            case Fault.UNRESOLVED:
                return Words(None, "Connection error: failed to lookup address information")
        return Words()


def _system(error: OSError | None) -> str:
    """Return a system's error as Rust's io::Error displays it."""
    if error is None or isinstance(error, socket.gaierror) or error.errno is None:
        return ""
    return f"{os.strerror(error.errno)} (os error {error.errno})"


LETTRE: Final[ClientModel] = Lettre()
