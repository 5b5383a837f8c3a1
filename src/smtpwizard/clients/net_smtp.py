"""Ruby's net-smtp under the mail gem: the client of Rails' ActionMailer, and so of Mastodon, GitLab and Discourse.

A login is sent whenever there is a user name, by the one mechanism that is set, whatever the server offers. The first
digit of a reply decides, and its first line. Names of extensions count only in capitals. QUIT is part of sending: where
the server closes without a reply to it, the app reports an error, though the mail was taken.

Compared with net-smtp 0.3 under mail 2.7. What 0.4 and 0.5, and mail 2.8 and 2.9 do otherwise is taken from their
source: the words of some errors, SMTPUTF8, and a refused recipient with code 53x.
"""

from __future__ import annotations

import errno
import os
import re
from typing import Final, NoReturn

from smtpwizard.clients import transport as options
from smtpwizard.clients.common.conversation import Reading, Reply, usual_end
from smtpwizard.clients.common.dialogue import Event, Fault, StandardDialogue, Unoffered, Words, base64
from smtpwizard.clients.common.model import StandardClient, patience
from smtpwizard.clients.model import Capabilities, ClientFailure, DialogueEnded
from smtpwizard.clients.transport import Transport
from smtpwizard.secret import MASK
from smtpwizard.settings import Settings
from smtpwizard.smtp.results import Step, response_code

_SECONDS: Final = 5.0
"""The mail gem's open_timeout and read_timeout from 2.8 on; net-smtp's own, before that, are 30 and 60."""
_CLOSING: Final = 421


def _code(lines: list[bytes]) -> int:
    """Return the three digits of the first line; -1 where there are none."""
    return int(lines[0][:3]) if len(lines[0]) >= 3 and lines[0][:3].isdigit() else -1


class NetSmtpDialogue(StandardDialogue):
    """The client's side of one connection."""

    reading = Reading(_code, usual_end)
    model: NetSmtp

    @property
    def login_allowed(self) -> bool:
        """Always: what the server offers is not looked at."""
        return True

    @property
    def can_log_in(self) -> bool:
        """Always."""
        return True

    def is_good(self, reply: Reply) -> bool:
        """Say whether a reply begins with 2."""
        return reply.lines[0][:1] == b"2"

    async def greeting(self, deadline: float | None = None) -> str:
        """Wait for the greeting: anything that begins with 2."""
        self._step = Step.GREETING
        reply = await self.read("", self.talk.deadline() if deadline is None else deadline)
        return self.accept(reply, self.is_good(reply), "")

    async def hello(self) -> str:
        """Say EHLO, or HELO where that was refused once."""
        self._step = Step.EHLO
        if self.refused_ehlo is None:
            reply = await self.ask(f"EHLO {self.name}", "EHLO")
            if self.is_good(reply):
                self.capabilities = self.offer(reply)
                return reply.shown
            self.refused_ehlo = reply.shown
        reply = await self.ask(f"HELO {self.name}", "HELO")
        self.capabilities = self.offer(reply)
        return self.accept(reply, self.is_good(reply), "HELO")

    def offer(self, reply: Reply) -> Capabilities:
        """Return what a reply of several lines offers, in capitals alone."""
        several = reply.lines[0][3:4] == b"-"
        words = [line[4:].split() for line in reply.lines[1:]] if several else []
        found = {item[0]: item[1:] for item in words if item}
        return (
            super()
            .offer(reply)
            ._replace(starttls=b"STARTTLS" in found, smtputf8=b"SMTPUTF8" in found, login=b"AUTH" in found)
        )

    async def ask_starttls(self) -> str:
        """Send STARTTLS: any reply that begins with 2 is followed by the handshake."""
        self._step = Step.STARTTLS
        if not self.capabilities.starttls:
            self.fail(Fault.NO_STARTTLS, "STARTTLS")
        reply = await self.ask("STARTTLS", "STARTTLS")
        return self.accept(reply, self.is_good(reply), "STARTTLS")

    async def login(self) -> str:
        """Log in by the mechanism that is set."""
        self._step = Step.AUTH
        user, password = self.credentials()
        name = mechanism(self.transport)
        command = f"AUTH {name}"
        if name == "PLAIN":
            token = b"\0" + user + b"\0" + password
            line = f"{command} {base64(token)}"
        else:
            prompt = await self._continue(command, command)
            line = base64(password)
            if name == "LOGIN":
                await self._continue(base64(user), command, shown=MASK)
            else:
                line = self._crammed(prompt, user, password)
        reply = await self.ask(line, command, shown=f"{command} {MASK}" if name == "PLAIN" else MASK)
        if not self.is_good(reply):
            self.fail(Fault.REFUSED, command, reply=reply, text="Net::SMTPAuthenticationError")
        self.logged_in = True
        return reply.shown

    async def _continue(self, line: str, command: str, *, shown: str | None = None) -> Reply:
        reply = await self.ask(line, command, shown=shown)
        if reply.lines[0][:1] != b"3":
            self.refuse(reply, command)
        return reply

    def _crammed(self, reply: Reply, user: bytes, password: bytes) -> str:
        import hmac
        from binascii import a2b_base64

        _, blank, rest = b"\n".join(reply.lines).partition(b" ")
        if not blank:
            self.fail(Fault.GARBLED, "AUTH CRAM-MD5", heard=b"\n".join(reply.lines))
        letters = bytes(octet for octet in rest.partition(b" ")[0].partition(b"=")[0] if octet in _LETTERS)
        letters = letters[:-1] if len(letters) % 4 == 1 else letters
        challenge = a2b_base64(letters + b"=" * (-len(letters) % 4))
        return base64(user + b" " + hmac.new(password, challenge, "md5").hexdigest().encode())

    def mail_command(self, sender: str, recipient: str) -> str:
        """Return the command; from net-smtp 0.4 on with SMTPUTF8 where an address needs it and it is offered."""
        wanted = not (sender.isascii() and recipient.isascii())
        asked = wanted and self.capabilities.smtputf8 and self.model.later
        return f"MAIL FROM:<{sender}>" + (" SMTPUTF8" if asked else "")

    async def data(self) -> str:
        """Announce the message: any reply that begins with 3."""
        self._step = Step.DATA
        reply = await self.ask("DATA", "DATA")
        if reply.lines[0][:1] != b"3":
            self.fail(Fault.REFUSED, "DATA", reply=reply, text="Net::SMTPUnknownError")
        return reply.shown

    def accept(self, reply: Reply, good: bool, command: str) -> str:
        """Return the reply where it is good, else fail with it: 53x to RCPT is an error of its own before 0.4."""
        if not good and command == "RCPT" and reply.lines[0][:2] == b"53" and not self.model.later:
            self.fail(Fault.REFUSED, command, reply=reply, text="ArgumentError")
        return super().accept(reply, good, command)

    async def mail(self, sender: str, recipient: str) -> str:
        """Name the envelope sender."""
        try:
            return await super().mail(sender, recipient)
        except DialogueEnded as end:
            await self._quit(end)

    async def rcpt(self, recipient: str) -> str:
        """Name the recipient."""
        try:
            return await super().rcpt(recipient)
        except DialogueEnded as end:
            await self._quit(end)

    async def message(self, data: bytes) -> str:
        """Send the message and return the reply to it."""
        try:
            return await super().message(data)
        except DialogueEnded as end:
            await self._quit(end)

    async def _quit(self, end: DialogueEnded) -> NoReturn:
        """Say QUIT after a refusal, and report what becomes of that where it fails as well.

        Only after 421, where the server is about to close: otherwise QUIT is answered, and changes nothing.
        """
        if end.failure.refused and response_code(end.failure.reply or "") == _CLOSING:
            try:
                await self.ask("QUIT", "QUIT")
            except DialogueEnded as second:
                raise DialogueEnded(second.failure._replace(reply=end.failure.reply, reply_code=0)) from end
        raise end


_LETTERS: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")


def mechanism(transport: Transport) -> str:
    """Return the login mechanism that is set: PLAIN where none is, or the app's word for none."""
    return (_wanted(transport) or "plain").upper().replace("_", "-")


def _wanted(transport: Transport) -> str:
    said = transport.options.get("auth_mechanism", "")
    return "" if said == "none" else said


class NetSmtp(StandardClient):
    """The client of every app that sends with the mail gem."""

    name = "net-smtp"
    mechanisms: tuple[str, ...] = ("PLAIN", "LOGIN", "CRAM-MD5")
    unoffered = Unoffered.SEND
    reports_quit = True
    ehlo_name = "localhost.localdomain"
    timeouts = patience(_SECONDS)
    dialogue_class = NetSmtpDialogue

    version = "0.5"

    @classmethod
    def of(cls, version: str) -> NetSmtp:
        """Return the client in an app's version; empty: one that was not compared."""
        made = cls(version=version or cls.version)
        made.compared = not made.later
        made.compared_as = "" if made.compared else "0.3"
        return made

    @property
    def later(self) -> bool:
        """Whether it is newer than 0.3, which the conformance suite runs."""
        return re.match(r"0\.[0-3]\b", self.version) is None

    def transport(self, settings: Settings, *, origin: options.Origin) -> Transport | None:
        """Return what the app hands to the client: user and password each as they are set, an empty one too."""
        made = options.transport(settings, origin=origin)
        if made is None or not made.logs_in:
            return made
        return made._replace(username=settings.username, password=settings.password)

    def objection(self, transport: Transport) -> ClientFailure | None:
        """Return why net-smtp raises an ArgumentError before it connects.

        The option `authentication` is `always` where an app names a mechanism without a user name, too: 0.4 refuses it.
        """
        user, password, name = transport.username, transport.password, mechanism(transport)
        always = (
            transport.options.get("authentication") == "always" and transport.options.get("auth_mechanism") != "none"
        )
        if user is None and password is None and not (always and self.later):
            return None
        text = f"wrong authentication type {name.lower()}" if name not in self.mechanisms else ""
        text = text or ("" if user is not None else "SMTP-AUTH requested but missing user name")
        text = text or ("" if password is not None else "SMTP-AUTH requested but missing secret phrase")
        return self.failure(Event(Fault.UNUSABLE, Step.LINT, transport=transport, text=text)) if text else None

    def sender_address(self, sender: str) -> str:
        """Return the envelope sender: what stands between < and >, else all of it, as it is."""
        return (sender.partition("<")[2].partition(">")[0] if "<" in sender else sender).strip()

    def words(self, event: Event) -> Words:
        """Return the exception's class and message."""
        broken = event.error.errno if event.error is not None else None
        match event.fault:
            case Fault.REFUSED:
                return _refused(event)
            case Fault.UNUSABLE:
                return Words("ArgumentError", event.text)
            case Fault.UNRESOLVED:
                reason = getattr(event.error, "strerror", None) or "Name or service not known"
                return Words("SocketError", f"getaddrinfo: {reason}")
            case Fault.BAD_PORT:
                return self._unreached(event._replace(text=""), errno.ECONNREFUSED)
            case Fault.UNREACHED:
                return self._unreached(event, broken or errno.ECONNREFUSED)
            case Fault.LATE if event.step is Step.CONNECT:
                return Words("Net::OpenTimeout", "execution expired")
            case Fault.LATE if event.command == "handshake":
                return Words("Net::OpenTimeout", "Net::OpenTimeout")
            case Fault.LATE:
                socket = "TCPSocket" if self.later else "Socket"
                return Words("Net::ReadTimeout", f"Net::ReadTimeout with #<{socket}:(closed)>")
            case Fault.CLOSED if event.truncated:
                return Words("OpenSSL::SSL::SSLError", "SSL_read: unexpected eof while reading")
            case Fault.CLOSED:
                return Words("EOFError", "end of file reached")
            case Fault.BROKEN:
                return Words(_errno(broken), os.strerror(broken or 0))
            case Fault.HANDSHAKE if broken and not hasattr(event.error, "reason"):
                return Words(_errno(broken), f"{os.strerror(broken)} - SSL_connect")
            case Fault.HANDSHAKE:
                reason = getattr(event.error, "reason", None) or "UNEXPECTED_EOF_WHILE_READING"
                return _tls_error(reason.replace("_", " ").lower())
            case Fault.UNTRUSTED:
                return _tls_error(f"certificate verify failed ({event.text})")
            case Fault.WRONG_NAME:
                return _tls_error("certificate verify failed (hostname mismatch)")
            case Fault.NO_STARTTLS:
                return Words("Net::SMTPUnsupportedCommand", "STARTTLS is not supported on this server")
            case Fault.GARBLED:
                return Words("NoMethodError", "undefined method `unpack1' for nil:NilClass")
        return Words()

    def _unreached(self, event: Event, number: int) -> Words:
        where, port = event.transport, event.transport.port % 0x10000
        to = f'"{where.host}" port {port}' if self.later else event.text or f"{where.host}:{port}"
        return Words(_errno(number), f"{os.strerror(number)} - connect(2) for {to}")


def _errno(number: int | None) -> str:
    return f"Errno::{errno.errorcode.get(number or 0, 'EIO')}"


def _tls_error(reason: str) -> Words:
    return Words("OpenSSL::SSL::SSLError", f"SSL_connect returned=1 errno=0 state=error: {reason}")


def _refused(event: Event) -> Words:
    """Return the exception for a reply: by the command where `text` names it, else by the reply's code."""
    assert event.reply is not None
    lines = [line.decode("utf-8", "replace") for line in event.reply.lines]
    if event.text == "ArgumentError":
        return Words(event.text, "mail destination not given", code=0)
    if event.command == "DATA":
        whole = "".join(f"{line}\n" for line in lines)
        return Words(event.text, f"could not get 3xx ({whole[:3]}: {whole})")
    return Words(event.text or _error_class(lines[0]), lines[0])


def _error_class(line: str) -> str:
    if line[:1] == "4":
        return "Net::SMTPServerBusy"
    if line[:1] != "5":
        return "Net::SMTPUnknownError"
    return {"50": "Net::SMTPSyntaxError", "53": "Net::SMTPAuthenticationError"}.get(line[:2], "Net::SMTPFatalError")
