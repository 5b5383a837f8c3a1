"""nodemailer 8.0.5 as the app sets it up: what it says at each stage, what it accepts, and how it fails.

A method a stage, called in order. Each returns the reply that decided, or raises DialogueEnded with the very error that
the app would log. Nothing here knows of steps, reports or words for people beyond a failure's summary.
"""

from __future__ import annotations

import binascii
import math
import re
import time
from collections.abc import Mapping
from functools import cache, partial
from typing import TYPE_CHECKING, Final

from smtpwizard.apps.parse import JS_SPACE, trim
from smtpwizard.clients import transport as options
from smtpwizard.clients.model import Capabilities, ClientErrors, ClientFailure, ClientModel, DialogueEnded, TlsPolicy
from smtpwizard.clients.nodemailer import errors as node_errors
from smtpwizard.clients.nodemailer import tls as node_tls
from smtpwizard.clients.nodemailer.channel import MECHANISMS, Channel, Traits, read, traits, utf8
from smtpwizard.clients.nodemailer.errors import DISCONNECTED, late, refused, tls, word
from smtpwizard.clients.transport import Transport
from smtpwizard.secret import MASK
from smtpwizard.smtp.net import HandshakeClosed, TlsStream, is_deadline
from smtpwizard.smtp.results import Step, Transcript, Verdict

if TYPE_CHECKING:
    import ssl


CONTAINER_NAME: Final = "[127.0.0.1]"
"""What the client says in EHLO where the host name has no dot, as in every container without a `hostname:`."""

_BASE64: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
_ROUNDS: Final = 32
"""Prompts after which an endless login is given up; the client would answer them for ever."""


class NodemailerDialogue:
    """The client's side of one connection: a `Dialogue`."""

    def __init__(
        self,
        stream: TlsStream,
        transport: Transport,
        transcript: Transcript,
        *,
        timeout: float,
        until: float = math.inf,
        ehlo_name: str | None = None,
        version: Traits = Traits(),  # noqa: B008  # a tuple
    ) -> None:
        pooled = transport.pool
        self._channel = Channel(stream, transcript, timeout=timeout, until=until, pooled=pooled, version=version)
        self._transport = transport
        self._name = "".join(filter(str.isprintable, ehlo_name or "")) or CONTAINER_NAME
        if transport.name:
            self._name = transport.name.replace("\r", "").replace("\n", "")
        self.capabilities = Capabilities()
        """As of the last EHLO."""
        self.secure = transport.secure
        self.login_allowed = False
        self.logged_in = False
        self.refused_ehlo: str | None = None
        """The reply that refused EHLO, where HELO was used instead."""

    def deadline(self) -> float:
        """Return the moment at which a stage that begins now has to be over."""
        return self._channel.deadline()

    @property
    def silent(self) -> bool:
        """Whether not one octet has come since the last reply."""
        return self._channel.silent

    async def greeting(self, deadline: float | None = None) -> str:
        """Wait for the greeting: it must begin with 220. May be called again after a deadline that came too early."""
        reply = await self._channel.reply(self._channel.deadline() if deadline is None else deadline, greeting=True)
        if reply[:3] != "220":
            raise refused(reply, "EPROTOCOL", "CONN")
        return reply

    async def hello(self) -> str:
        """Say EHLO, and HELO where that is refused; afterwards `wants_starttls` tells how to go on."""
        deadline = self._channel.deadline()
        reply = await self._ask(f"EHLO {self._name}", deadline)
        if reply[:3] == "421":
            raise refused(reply, "ECONNECTION", "EHLO")
        if reply[:1] == "2":
            self.capabilities = read(reply)
            if not self.wants_starttls:
                self.login_allowed = self.capabilities.login
            return reply
        if self._transport.require_tls:  # HELO knows no STARTTLS
            raise refused(reply, "ECONNECTION", "EHLO")
        self.refused_ehlo = reply
        self.capabilities = Capabilities()
        reply = await self._ask(f"HELO {self._name}", deadline)
        if reply[:1] != "2":
            raise refused(reply, "EPROTOCOL", "HELO")
        self.login_allowed = True
        return reply

    @property
    def wants_starttls(self) -> bool:
        """Whether the client now sends STARTTLS: if it is offered, and if it is required although it is not."""
        if self.secure or self.refused_ehlo is not None or self._transport.ignore_tls:
            return False
        return self.capabilities.starttls or self._transport.require_tls

    async def ask_starttls(self) -> str:
        """Send STARTTLS; any reply 2xx begins the handshake."""
        deadline = self._channel.deadline()
        await self._channel.command("STARTTLS", deadline)
        reply = await self._channel.reply(deadline, alone=True)
        if reply[:1] != "2":
            raise refused(reply, "ETLS", "STARTTLS")
        self._channel.refuse_unexpected()
        return reply

    async def handshake(self, context: ssl.SSLContext, server_name: str | None) -> None:
        """Make the TLS handshake. ssl.SSLCertVerificationError for a certificate that is not trusted."""
        import ssl

        try:
            await self._channel.secure(context, server_name, self._channel.deadline())
        except ssl.SSLCertVerificationError:
            raise
        except HandshakeClosed as error:
            raise DialogueEnded(ClientFailure(DISCONNECTED, "ESOCKET", "CONN", error="ECONNRESET")) from error
        except ssl.SSLError as error:
            reason, text = tls(error)
            summary = f"TLS handshake failed: {text}"
            raise DialogueEnded(ClientFailure(summary, "ESOCKET", "CONN", error=reason)) from error
        except OSError as error:
            if is_deadline(error):
                raise DialogueEnded(late("the TLS handshake did not end in time")) from error
            raise DialogueEnded(ClientFailure(f"read {word(error)}", "ESOCKET", "CONN", error=word(error))) from error
        self.secure = True

    @property
    def goes_on_in_clear(self) -> bool:
        """Whether STARTTLS was refused, and the client does not care: never."""
        return False

    @property
    def injected(self) -> bool:
        """Whether octets from before the handshake are still in the queue: the client reads them as part of a reply."""
        return self._channel.waiting

    @property
    def mechanism(self) -> str:
        """The login mechanism that the client uses: the first offered one that it knows, else PLAIN."""
        return (*self.capabilities.mechanisms, "PLAIN")[0]

    @property
    def can_log_in(self) -> bool:
        """Whether the client would come through a login here: it crashes where only XOAUTH2 is offered."""
        return self.login_allowed and self.mechanism != "XOAUTH2"

    async def login(self) -> str:
        """Log in once. If only XOAUTH2 is offered, the client's process dies before it sends anything."""
        if self.mechanism == "XOAUTH2":
            summary = "only XOAUTH2 is offered: the app's mail client stops with a TypeError, and the app with it"
            raise DialogueEnded(ClientFailure(summary, error="TypeError", verdict=Verdict.CRASHES))
        assert self._transport.username is not None
        assert self._transport.password is not None
        user, password = utf8(self._transport.username), utf8(self._transport.password.reveal())
        if not user or not password:
            summary = f'Missing credentials for "{self.mechanism}"'
            raise DialogueEnded(ClientFailure(summary, "EAUTH", "API"))
        if self.mechanism == "LOGIN":
            reply = await self._login(user, password)
        elif self.mechanism == "CRAM-MD5":
            reply = await self._cram_md5(user, password)
        else:
            deadline = self._channel.deadline()
            token = _base64(b"\0" + user + b"\0" + password)
            reply = await self._ask(f"AUTH PLAIN {token}", deadline, shown=f"AUTH PLAIN {MASK}")
            reply = await self._complete(reply, deadline)
        self.logged_in = True
        return reply

    async def mail(self, sender: str, recipient: str) -> str:
        """Name the envelope sender.

        nodemailer adds SMTPUTF8 (RFC 6531) where an address needs it and the server offers it, and says nothing where
        it is not offered. It knows SIZE= and BODY=8BITMIME too, but only for an envelope that has `size` and
        `use8BitMime`, which no caller sets (lib/smtp-connection `_setEnvelope`, lib/mime-node `getEnvelope`).
        """
        utf8_wanted = not (sender.isascii() and recipient.isascii()) and self.capabilities.smtputf8
        line = f"MAIL FROM:<{sender}>" + (" SMTPUTF8" if utf8_wanted else "")
        return await self._expect(line, "EENVELOPE", "MAIL FROM")

    async def rcpt(self, recipient: str) -> str:
        """Name the recipient."""
        return await self._expect(f"RCPT TO:<{recipient}>", "EENVELOPE", "RCPT TO")

    async def data(self) -> str:
        """Announce the message. The client takes 2xx for 354, too."""
        return await self._expect("DATA", "EENVELOPE", "DATA", good="23")

    async def message(self, data: bytes) -> str:
        """Send the message and return the reply to it.

        In three writes, as the client's stream makes them: where the server has gone, the first write is answered by
        a reset, and the second fails.
        """
        deadline = self._channel.deadline()
        octets = stuffed(data)
        body, end = octets.find(b"\r\n\r\n") + 4, len(octets) - len(b".\r\n")
        for part in (octets[:body], octets[body:end], octets[end:]):
            if part:
                await self._channel.send(part, deadline)
        reply = await self._channel.reply(deadline)
        if reply[:1] != "2":
            raise refused(reply, "EMESSAGE", "DATA")
        return reply

    async def reset(self) -> str:
        """Drop the transaction, so that the next may begin; the reply may be a refusal."""
        return await self._ask("RSET", self._channel.deadline())

    async def say(self, line: str) -> str:
        """Send RSET or QUIT, whose replies decide nothing and are not waited for longer than a second."""
        return await self._ask(line, min(self._channel.deadline(), time.monotonic() + 1.0))

    async def leave(self) -> str:
        """Say QUIT; what comes of it is not looked at."""
        return await self.say("QUIT")

    async def _login(self, user: bytes, password: bytes) -> str:
        deadline = self._channel.deadline()
        reply = await self._ask("AUTH LOGIN", deadline)
        for token in (user, password):
            if reply[:4] not in ("334-", "334 "):
                raise refused(reply, "EAUTH", "AUTH LOGIN")
            reply = await self._ask(_base64(token), deadline, shown=MASK)
        return await self._complete(reply, deadline)

    async def _cram_md5(self, user: bytes, password: bytes) -> str:
        import hmac

        deadline = self._channel.deadline()
        reply = await self._ask("AUTH CRAM-MD5", deadline)
        challenge = _challenge(reply)
        if challenge is None:
            raise refused(reply, "EAUTH", "AUTH CRAM-MD5")
        digest = hmac.new(password, challenge, "md5").hexdigest()  # RFC 2195
        reply = await self._ask(_base64(user + b" " + digest.encode()), deadline, shown=MASK)
        if reply[:3] != "235" or reply[3:4] not in tuple(JS_SPACE):
            raise refused(reply, "EAUTH", "AUTH CRAM-MD5")
        return reply

    async def _complete(self, reply: str, deadline: float) -> str:
        """Answer further prompts with empty lines, as the client does, and return the reply that decides."""
        for _ in range(_ROUNDS):
            if reply[:3] != "334":
                break
            reply = await self._ask("", deadline)
        else:
            raise DialogueEnded(ClientFailure(f"the login does not end: {reply}", reply=reply, verdict=Verdict.HANGS))
        if reply[:1] != "2":
            raise refused(reply, "EAUTH", f"AUTH {self.mechanism}")
        return reply

    async def _expect(self, line: str, code: str, command: str, *, good: str = "2") -> str:
        reply = await self._ask(line, self._channel.deadline())
        if not reply or reply[0] not in good:
            raise refused(reply, code, command)
        return reply

    async def _ask(self, line: str, deadline: float, *, shown: str | None = None) -> str:
        await self._channel.command(line, deadline, shown=shown)
        return await self._channel.reply(deadline)


def security(transport: Transport) -> str:
    """Return how the client uses TLS, in words."""
    if transport.secure:
        how = "TLS from the first byte"
    elif transport.ignore_tls:
        return "no TLS: STARTTLS is left alone"
    else:
        how = "STARTTLS required" if transport.require_tls else "STARTTLS if offered"
    return how if transport.verify else f"{how}, whatever the certificate"


def stuffed(data: bytes) -> bytes:
    """Return a message as it crosses the wire: CRLF line ends, leading dots doubled, the final dot (RFC 5321 4.5.2)."""
    octets = re.sub(rb"(?<!\r)\n", b"\r\n", data)
    octets = re.sub(rb"(\A|\n)\.", rb"\1..", octets)
    if octets.endswith(b"\n"):
        return octets + b".\r\n"
    return octets + (b"\n.\r\n" if octets.endswith(b"\r") else b"\r\n.\r\n")


def _base64(octets: bytes) -> str:
    return binascii.b2a_base64(octets, newline=False).decode("ascii")


def _challenge(reply: str) -> bytes | None:
    """Return the decoded challenge of `334 …`, or None where the client finds none.

    As lenient as Node's base64: foreign characters are passed over, the high bit of each octet is dropped.
    """
    text = reply[3:].lstrip(JS_SPACE)
    if reply[:3] != "334" or text == reply[3:] or not text or any(char in "\n\r\u2028\u2029" for char in text):
        return None
    letters = "".join(filter(_BASE64.__contains__, text.partition("=")[0].replace("-", "+").replace("_", "/")))
    letters = letters[:-1] if len(letters) % 4 == 1 else letters
    return bytes(octet & 0x7F for octet in binascii.a2b_base64(letters + "=" * (-len(letters) % 4)))


_CONTROL: Final = {code: None for code in range(0x20) if chr(code) not in "\t\n"}
_NOT_IN_ADDRESS: Final = frozenset((*map(chr, range(0x20)), "<", ">"))
_DOTS: Final = {ord(dot): "." for dot in "\u3002\uff0e\uff61"}


def from_header(sender: str) -> str:
    """Return the envelope sender for the app's sender; empty where the client finds no address in it."""
    inside = trim(sender.partition(">")[0].translate(_CONTROL).replace("\n", " "))
    return normalise(inside.partition("<")[2] if "<" in inside else inside)


def normalise(address: str) -> str:
    """Return an address as the client sends it: no control characters, domain in lower case and ASCII."""
    address = trim(_squeezed(address))
    user, at, domain = address.rpartition("@")
    if not at:
        return address
    if " " in user:
        user = ('"' if user[:1] != '"' else "") + user
        user += '"' if user[-1:] != '"' else ""
    return f"{user}@{to_ascii(domain.lower())}"


def to_ascii(domain: str) -> str:
    """Return a domain with labels beyond ASCII in punycode (RFC 3492)."""
    if domain.isascii():
        return domain
    labels = domain.translate(_DOTS).split(".")
    return ".".join(x if x.isascii() else "xn--" + x.encode("punycode").decode("ascii") for x in labels)


def _squeezed(address: str) -> str:
    """Replace each run of control characters and brackets by one blank."""
    kept: list[str] = []
    for char in address:
        if char not in _NOT_IN_ADDRESS:
            kept.append(char)
        elif kept[-1:] != [""]:
            kept.append("")
    return "".join(char or " " for char in kept)


class Nodemailer:
    """The client of every app that sends with nodemailer, in one version."""

    name = "nodemailer"
    compared_as = ""
    mechanisms: tuple[str, ...] = MECHANISMS
    timeouts: Mapping[Step, float] = node_errors.TIMEOUTS
    reports_quit = False
    without_auth = "the app goes on without its user and password"
    crash = "its mail client stops with a TypeError where only XOAUTH2 is offered"
    hang = "its mail client neither sends nor reports an error"

    tls: TlsPolicy = node_tls

    @staticmethod
    def errors(transport: options.Transport | None = None) -> ClientErrors:
        """Return its words, which are the same for every transport."""
        return node_errors

    @staticmethod
    def objection(transport: options.Transport) -> ClientFailure | None:
        """Return None: it takes any options, and fails later."""

    transport = staticmethod(options.transport)
    security = staticmethod(security)
    sender_address = staticmethod(from_header)
    recipient_address = staticmethod(normalise)

    def __init__(self, version: str) -> None:
        self.version = version
        self.compared = not version[:2].isdigit()
        """Whether the suite compares it: up to version 9. No app uses 10, which does several things otherwise."""
        self.dialogue = partial(NodemailerDialogue, version=traits(version))


NODEMAILER: Final[ClientModel] = Nodemailer("8.0.5")


@cache
def nodemailer(version: str) -> ClientModel:
    """Return the model of a version; of an empty text, that of 8.0.5."""
    return Nodemailer(version) if version else NODEMAILER
