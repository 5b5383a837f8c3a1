"""StandardDialogue: the client's side of a connection by RFC 5321, 3207 and 4954, a method a stage.

Each method returns the reply that decided, or raises DialogueEnded with the error that the app's log would have. A
client's own dialogue overrides what it does otherwise; `model` states the differences that a table can say.
"""

from __future__ import annotations

import binascii
import math
import re
import time
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, Final, NoReturn, Protocol

from smtpwizard.clients.common.conversation import USUAL, Conversation, Interrupted, Malformed, Reading, Reply, octets
from smtpwizard.clients.model import Capabilities, ClientFailure, DialogueEnded
from smtpwizard.clients.transport import Transport
from smtpwizard.records import NamedTuple
from smtpwizard.secret import MASK
from smtpwizard.smtp.net import HandshakeClosed, TlsStream, is_deadline
from smtpwizard.smtp.results import Step, Transcript

if TYPE_CHECKING:
    import ssl


class Fault(StrEnum):
    """Why a client gives up."""

    UNUSABLE = "unusable"
    """It refuses its options before it connects."""
    UNRESOLVED = "unresolved"
    BAD_PORT = "bad-port"
    UNREACHED = "unreached"
    LATE = "late"
    """Nothing came in time."""
    CLOSED = "closed"
    """The server ended the connection."""
    BROKEN = "broken"
    """The system broke the connection: a reset."""
    GARBLED = "garbled"
    """What came is no reply to this client."""
    REFUSED = "refused"
    """A whole reply refused what it had said."""
    NO_STARTTLS = "no-starttls"
    """STARTTLS is required, and not offered."""
    HANDSHAKE = "handshake"
    """TLS failed for another reason than the certificate."""
    UNTRUSTED = "untrusted"
    WRONG_NAME = "wrong-name"
    NO_AUTH = "no-auth"
    """It has credentials, and AUTH is not offered."""
    NO_MECHANISM = "no-mechanism"
    """AUTH is offered, with no mechanism that it knows."""
    UNENCRYPTED = "unencrypted"
    """It does not send this login in clear text."""
    CREDENTIALS = "credentials"
    """User or password cannot be sent as they are."""
    ADDRESS = "address"
    """An address needs SMTPUTF8, which is not offered, or is none to it."""


NOWHERE: Final = Transport("", 0, False)


class Event(NamedTuple):
    """One thing that went wrong."""

    fault: Fault
    step: Step
    command: str = ""
    """What the client had sent: `EHLO`, `AUTH PLAIN`, `MAIL`, `RCPT`, `DATA`, `message`; empty for the greeting."""
    reply: Reply | None = None
    error: OSError | None = None
    text: str = ""
    """What belongs to it: the host looked up, address and port, OpenSSL's words, what is wrong with the options."""
    code: int = 0
    """X509_V_ERR of an untrusted certificate."""
    word: str = ""
    """What is wrong with it, in Node's word: `CERT_HAS_EXPIRED`."""
    heard: bytes = b""
    """Octets that came instead of a reply."""
    endless: bool = False
    """Whether octets still come, and no end of the reply."""
    truncated: bool = False
    """Whether TLS ended without a word of its own."""
    transport: Transport = NOWHERE
    """What the app handed to its client."""
    secure: bool = False
    """Whether the connection was encrypted."""


class Words(NamedTuple):
    """What the app's log has of it."""

    error: str | None = None
    """The exception's class, or what else names the error: `SMTPAuthenticationError`."""
    text: str = ""
    """The error's own text."""
    code: int | None = None
    """The reply code in it where it is not the event's reply's; 0: none."""


class Unoffered(StrEnum):
    """What a client with credentials does where AUTH is not offered."""

    SKIP = "skip"
    """It sends without a login, and says nothing."""
    FAIL = "fail"
    SEND = "send"
    """It logs in all the same."""


_FAREWELL: Final = 1.0
"""Seconds that a reply to RSET or QUIT is waited for."""


class Differences(Protocol):
    """What a dialogue asks of its model: see `model`."""

    mechanisms: tuple[str, ...]
    unoffered: Unoffered
    tries_all: bool
    opportunistic: bool
    falls_back_to_helo: bool
    ehlo_name: str

    def failure(self, event: Event) -> ClientFailure:
        """Return an event as the client's failure."""


class StandardDialogue:
    """The client's side of one connection: a `Dialogue`."""

    reading: ClassVar[Reading] = USUAL
    drops_clear_text: ClassVar[bool] = True
    """Whether what came in clear text with the reply to STARTTLS is forgotten before the handshake."""

    def __init__(
        self,
        model: Differences,
        stream: TlsStream,
        transport: Transport,
        transcript: Transcript,
        *,
        timeout: float,
        until: float = math.inf,
        ehlo_name: str | None = None,
    ) -> None:
        self.model, self.transport = model, transport
        self.talk = Conversation(stream, transcript, self.reading, timeout=timeout, until=until)
        self.name = transport.name or ehlo_name or model.ehlo_name
        self.capabilities = Capabilities()
        self.secure = transport.secure
        self.logged_in = False
        self.refused_ehlo: str | None = None
        self._step = Step.GREETING

    # What the probe asks

    def deadline(self) -> float:
        """Return the moment at which a stage that begins now has to be over."""
        return self.talk.deadline()

    @property
    def silent(self) -> bool:
        """Whether not one octet has come since the last reply."""
        return self.talk.silent

    @property
    def wants_starttls(self) -> bool:
        """Whether the client now sends STARTTLS; `ask_starttls` fails where it is required and not offered."""
        if self.secure or self.transport.ignore_tls:
            return False
        return self.transport.require_tls or (self.model.opportunistic and self.capabilities.starttls)

    @property
    def goes_on_in_clear(self) -> bool:
        """Whether STARTTLS was refused, and the client does not care."""
        return False

    @property
    def injected(self) -> bool:
        """Whether clear text from before the handshake is read as a reply: most clients drop it."""
        return not (self.drops_clear_text or self.talk.silent)

    @property
    def login_allowed(self) -> bool:
        """Whether the client, given credentials, does anything with them now, be it to fail."""
        return self.capabilities.login or self.model.unoffered is not Unoffered.SKIP

    @property
    def can_log_in(self) -> bool:
        """Whether the client knows a mechanism for the login that is offered."""
        return bool(self.capabilities.login and self.capabilities.mechanisms)

    # The stages

    async def greeting(self, deadline: float | None = None) -> str:
        """Wait for the greeting. May be called again after a deadline that came too early."""
        self._step = Step.GREETING
        reply = await self.read("", self.talk.deadline() if deadline is None else deadline)
        return self.accept(reply, reply.code == 220, "")

    async def hello(self) -> str:
        """Say EHLO, or HELO where that is refused and the client falls back."""
        self._step = Step.EHLO
        reply = await self.ask(f"EHLO {self.name}", "EHLO")
        if self.is_good(reply):
            self.refused_ehlo = None
            self.capabilities = self.offer(reply)
            return reply.shown
        if not self.model.falls_back_to_helo:
            self.refuse(reply, "EHLO")
        self.refused_ehlo, self.capabilities = reply.shown, Capabilities()
        reply = await self.ask(f"HELO {self.name}", "HELO")
        return self.accept(reply, self.is_good(reply), "HELO")

    async def ask_starttls(self) -> str:
        """Send STARTTLS; the handshake follows."""
        self._step = Step.STARTTLS
        if not self.capabilities.starttls:
            self.fail(Fault.NO_STARTTLS, "STARTTLS")
        reply = await self.ask("STARTTLS", "STARTTLS")
        return self.accept(reply, reply.code == 220, "STARTTLS")

    async def handshake(self, context: ssl.SSLContext, server_name: str | None) -> None:
        """Make the TLS handshake. ssl.SSLCertVerificationError for a certificate that is not trusted."""
        import ssl

        self._step = Step.TLS if self.transport.secure else Step.STARTTLS
        if self.drops_clear_text:
            self.talk.forget()
        try:
            await self.talk.secure(context, server_name, self.talk.deadline())
        except ssl.SSLCertVerificationError:
            raise
        except (HandshakeClosed, OSError) as error:
            self.fail(Fault.LATE if is_deadline(error) else Fault.HANDSHAKE, "handshake", error=error)
        self.secure = True

    async def login(self) -> str:
        """Log in: by the first mechanism offered that the client knows, or by one after the other."""
        self._step = Step.AUTH
        if not self.capabilities.login and self.model.unoffered is Unoffered.FAIL:
            self.fail(Fault.NO_AUTH, "AUTH")
        chosen = self.capabilities.mechanisms
        if not self.capabilities.login and self.model.unoffered is Unoffered.SEND:
            chosen = self.model.mechanisms[:1]
        if not chosen:
            self.fail(Fault.NO_MECHANISM, "AUTH")
        user, password = self.credentials()
        for name in chosen if self.model.tries_all else chosen[:1]:
            reply = await self.log_in(name, user, password)
            if self.took_login(reply):
                self.logged_in = True
                return reply.shown
        self.refuse(reply, f"AUTH {name}")

    async def mail(self, sender: str, recipient: str) -> str:
        """Name the envelope sender."""
        self._step = Step.MAIL
        reply = await self.ask(self.mail_command(sender, recipient), "MAIL")
        return self.accept(reply, self.is_good(reply), "MAIL")

    async def rcpt(self, recipient: str) -> str:
        """Name the recipient."""
        self._step = Step.RCPT
        reply = await self.ask(f"RCPT TO:<{recipient}>", "RCPT")
        return self.accept(reply, self.is_good(reply), "RCPT")

    async def data(self) -> str:
        """Announce the message."""
        self._step = Step.DATA
        reply = await self.ask("DATA", "DATA")
        return self.accept(reply, reply.code == 354, "DATA")

    async def message(self, data: bytes) -> str:
        """Send the message and return the reply to it."""
        reply = await self.transmit(data)
        return self.accept(reply, self.is_good(reply), "message")

    async def reset(self) -> str:
        """Drop the transaction; the reply may be a refusal."""
        return (await self.ask("RSET", "RSET")).shown

    async def say(self, line: str) -> str:
        """Send RSET or QUIT, whose replies decide nothing."""
        deadline = min(self.talk.deadline(), time.monotonic() + _FAREWELL)
        await self.send(line, line, deadline)
        return (await self.read(line, deadline)).shown

    async def leave(self) -> str:
        """Say QUIT where the client waits for a good reply to it."""
        reply = await self.ask("QUIT", "QUIT")
        return self.accept(reply, self.is_good(reply), "QUIT")

    # What a client may do otherwise

    def is_good(self, reply: Reply) -> bool:
        """Say whether a reply is the success that EHLO, MAIL, RCPT and the message want."""
        return 200 <= reply.code < 300

    def took_login(self, reply: Reply) -> bool:
        """Say whether a reply means that the login is done."""
        return reply.code == 235

    def offer(self, reply: Reply) -> Capabilities:
        """Return what the client reads out of a positive reply to EHLO."""
        return capabilities(reply, self.model.mechanisms)

    def credentials(self) -> tuple[bytes, bytes]:
        """Return user and password as they are sent."""
        user, password = self.transport.username, self.transport.password
        return octets(user or ""), octets(password.reveal() if password else "")

    async def log_in(self, name: str, user: bytes, password: bytes) -> Reply:
        """Log in by one mechanism and return the reply that decides."""
        if name == "CRAM-MD5":
            return await self.cram_md5(user, password)
        if name == "LOGIN":
            return await self.auth_login(user, password)
        return await self.auth_plain(user, password)

    async def auth_plain(self, user: bytes, password: bytes) -> Reply:
        """Log in by PLAIN (RFC 4616), all in one line."""
        token = base64(b"\0" + user + b"\0" + password)
        return await self.ask(f"AUTH PLAIN {token}", "AUTH PLAIN", shown=f"AUTH PLAIN {MASK}")

    async def auth_login(self, user: bytes, password: bytes) -> Reply:
        """Log in by LOGIN, the user name at the first prompt."""
        reply = await self.ask("AUTH LOGIN", "AUTH LOGIN")
        for token in (user, password):
            if reply.code != 334:
                break
            reply = await self.ask(base64(token), "AUTH LOGIN", shown=MASK)
        return reply

    async def cram_md5(self, user: bytes, password: bytes) -> Reply:
        """Log in by CRAM-MD5 (RFC 2195)."""
        import hmac

        reply = await self.ask("AUTH CRAM-MD5", "AUTH CRAM-MD5")
        if reply.code != 334:
            return reply
        try:
            challenge = binascii.a2b_base64(reply.texts[-1])
        except binascii.Error:
            self.fail(Fault.GARBLED, "AUTH CRAM-MD5", reply=reply)
        digest = hmac.new(password, challenge, "md5").hexdigest()
        return await self.ask(base64(user + b" " + digest.encode()), "AUTH CRAM-MD5", shown=MASK)

    def mail_command(self, sender: str, recipient: str) -> str:
        """Return the MAIL command, with the parameters that the client adds."""
        return f"MAIL FROM:<{sender}>"

    # The machinery

    async def transmit(self, data: bytes) -> Reply:
        """Send the message and return the reply."""
        self._step = Step.DATA
        deadline = self.talk.deadline()
        try:
            await self.talk.send(stuffed(data), deadline)
        except Interrupted as end:
            self._interrupted(end, "message")
        return await self.read("message", deadline)

    async def ask(self, line: str, command: str, *, shown: str | None = None) -> Reply:
        """Send a line and return the reply; `command` names it in errors."""
        deadline = self.talk.deadline()
        await self.send(line, command, deadline, shown=shown)
        return await self.read(command, deadline)

    async def send(self, line: str, command: str, deadline: float, *, shown: str | None = None) -> None:
        """Send a line."""
        try:
            await self.talk.say(line, deadline, shown=shown)
        except Interrupted as end:
            self._interrupted(end, command)

    async def read(self, command: str, deadline: float) -> Reply:
        """Return the next reply."""
        try:
            return await self.talk.reply(deadline)
        except Interrupted as end:
            self._interrupted(end, command)
        except Malformed as end:
            self.fail(Fault.GARBLED, command, text=str(end), heard=end.line)

    def accept(self, reply: Reply, good: bool, command: str) -> str:
        """Return the reply as text where it is `good`, else fail with it."""
        if not good:
            self.refuse(reply, command)
        return reply.shown

    def refuse(self, reply: Reply, command: str) -> NoReturn:
        """End with a reply that refused `command`."""
        self.fail(Fault.REFUSED, command, reply=reply)

    def fail(self, fault: Fault, command: str, **facts: Any) -> NoReturn:
        """End the dialogue as the client does; `facts` are fields of Event."""
        event = Event(fault, self._step, command, secure=self.secure, transport=self.transport, **facts)
        raise DialogueEnded(self.model.failure(event))

    def _interrupted(self, end: Interrupted, command: str) -> NoReturn:
        fault = Fault.CLOSED if end.error is None else Fault.LATE if end.late else Fault.BROKEN
        self.fail(fault, command, error=end.error, heard=end.heard, endless=end.endless, truncated=end.truncated)


def capabilities(reply: Reply, known: tuple[str, ...]) -> Capabilities:
    """Return what a reply to EHLO offers (RFC 5321 section 4.1.1.1), mechanisms in the order of `known`."""
    lines = tuple(text.decode("latin-1").strip() for text in reply.texts[1:])
    words = [line.upper().split() for line in lines if line.strip()]
    found = {word[0]: word[1:] for word in words}
    listed = [name for word in words if word[0] == "AUTH" for name in word[1:]]
    return Capabilities(
        starttls="STARTTLS" in found,
        smtputf8="SMTPUTF8" in found,
        eightbit="8BITMIME" in found,
        login="AUTH" in found,
        mechanisms=tuple(name for name in known if name in listed),
        size=announced_size("".join(found["SIZE"][:1])) if "SIZE" in found else None,
        lines=lines,
    )


def announced_size(text: str) -> int:
    """Return the number behind SIZE (RFC 1870); 0 for what is none, or too long for one."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0


def stuffed(data: bytes) -> bytes:
    """Return a message as it crosses the wire: CRLF line ends, leading dots doubled, the final dot (RFC 5321 4.5.2)."""
    lines = re.sub(rb"\r\n|\r|\n", b"\r\n", data)
    lines = re.sub(rb"(?m)^\.", b"..", lines)
    return lines + (b".\r\n" if lines.endswith(b"\r\n") else b"\r\n.\r\n")


def base64(data: bytes) -> str:
    """Return octets in Base64, on one line."""
    return binascii.b2a_base64(data, newline=False).decode("ascii")
