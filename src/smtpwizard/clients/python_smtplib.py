"""Python's smtplib, alone and under Django's mail backend: the client of apps written in Python.

After CPython 3.11 Lib/smtplib.py and Django 5.2 core/mail/backends/smtp.py. Both are blocking code with one time limit
for each wait, and none unless the app sets it. STARTTLS is either asked for, and then required, or never sent. All
mechanisms that both sides know are tried; of several refusals the last one is reported.
"""

from __future__ import annotations

import binascii
import errno
import math
import os
import re
import socket
from typing import TYPE_CHECKING, Final

from smtpwizard.addresses import to_ascii
from smtpwizard.clients.common.conversation import Reading, Reply, usual_end
from smtpwizard.clients.common.dialogue import Event, Fault, StandardDialogue, Unoffered, Words, announced_size, base64
from smtpwizard.clients.common.model import StandardClient, SystemTrust, patience
from smtpwizard.clients.model import Capabilities, ClientModel, TlsPolicy
from smtpwizard.secret import MASK
from smtpwizard.smtp.results import Step

if TYPE_CHECKING:
    import ssl

_LONGEST: Final = 8192
"""smtplib._MAXLINE."""
_CHALLENGES: Final = 5
"""smtplib._MAXCHALLENGE."""
_FEATURE: Final = re.compile(r"([A-Za-z0-9][A-Za-z0-9\-]*) ?")
_OLD_AUTH: Final = re.compile(r"auth=(.*)", re.IGNORECASE)


def _code(lines: list[bytes]) -> int:
    try:
        return int(lines[-1][:3])
    except ValueError:
        return -1


def _complete(lines: list[bytes]) -> bool:
    return _code(lines) == -1 or usual_end(lines)


class SmtplibDialogue(StandardDialogue):
    """smtplib.SMTP as `sendmail()` uses it."""

    reading = Reading(_code, _complete, _LONGEST, "(500, 'Line too long.')", takes_rest=True)

    async def hello(self) -> str:
        """Say EHLO, then HELO where that is not 2xx."""
        self._step = Step.EHLO
        reply = await self.ask(f"ehlo {self.name}", "ehlo")
        if reply.code == -1 and not _text(reply):
            self.fail(Fault.CLOSED, "ehlo", text="Server not connected", heard=b"")
        self.capabilities, self.refused_ehlo = self.offer(reply), None
        if self.is_good(reply):
            return reply.shown
        self.refused_ehlo = reply.shown
        reply = await self.ask(f"helo {self.name}", "helo")
        return self.accept(reply, self.is_good(reply), "helo")

    def offer(self, reply: Reply) -> Capabilities:
        """Return what smtplib reads: only out of 250, keywords in any case, mechanisms in capitals alone."""
        lines = tuple(_text(reply).decode("latin-1").split("\n")[1:])
        features: dict[str, str] = {}
        for line in lines if reply.code == 250 else ():
            if old := _OLD_AUTH.match(line):
                features["auth"] = features.get("auth", "") + " " + old[1]
            elif found := _FEATURE.match(line):
                name, rest = found[1].lower(), line[found.end() :].strip()
                features[name] = features.get(name, "") + " " + rest if name == "auth" else rest
        listed = features.get("auth", "").split()
        return Capabilities(
            starttls="starttls" in features,
            smtputf8="smtputf8" in features,
            eightbit="8bitmime" in features,
            login="auth" in features,
            mechanisms=tuple(name for name in self.model.mechanisms if name in listed),
            size=announced_size(features["size"]) if "size" in features else None,
            lines=lines,
        )

    def took_login(self, reply: Reply) -> bool:
        """Take 503, already logged in, too."""
        return reply.code in (235, 503)

    async def log_in(self, name: str, user: bytes, password: bytes) -> Reply:
        """Send the first answer with the command where the mechanism has one, then answer each challenge."""
        if not (user + password).isascii():
            self.fail(Fault.CREDENTIALS, f"AUTH {name}")
        first = {"PLAIN": b"\0" + user + b"\0" + password, "LOGIN": user}.get(name)
        line, shown = (f"AUTH {name}", f"AUTH {name}")
        if first is not None:
            line, shown = f"{line} {base64(first)}", f"{line} {MASK}"
        reply = await self.ask(line, line.partition(" ")[0], shown=shown)
        answered = 0
        while reply.code == 334:
            answered += 1
            try:
                challenge = binascii.a2b_base64(_text(reply))
            except binascii.Error as error:
                self.fail(Fault.GARBLED, "AUTH", reply=reply, text=str(error))
            if name == "CRAM-MD5":
                import hmac

                answer = user + b" " + hmac.new(password, challenge, "md5").hexdigest().encode()
            else:
                answer = password if name == "LOGIN" else first or b""
            reply = await self.ask(base64(answer), "AUTH", shown=MASK)
            if answered + (first is not None) > _CHALLENGES:
                self.fail(Fault.GARBLED, "AUTH", reply=reply, text="loop")
        return reply

    async def mail(self, sender: str, recipient: str) -> str:
        """Name the sender: 250 alone will do. What is not ASCII cannot be sent."""
        self._step = Step.MAIL
        line = f"mail FROM:<{sender}>"
        self._sendable(line)
        reply = await self.ask(line, "mail")
        return self.accept(reply, reply.code == 250, f"mail {sender}")

    async def rcpt(self, recipient: str) -> str:
        """Name the recipient: 250 or 251."""
        self._step = Step.RCPT
        line = f"rcpt TO:<{recipient}>"
        self._sendable(line)
        reply = await self.ask(line, "rcpt")
        return self.accept(reply, reply.code in (250, 251), f"rcpt {recipient}")

    async def message(self, data: bytes) -> str:
        """Send the message: 250 alone will do."""
        reply = await self.transmit(data)
        return self.accept(reply, reply.code == 250, "data")

    def _sendable(self, line: str) -> None:
        try:
            line.encode("ascii")
        except UnicodeEncodeError as error:
            self.fail(Fault.ADDRESS, self._step.value, text=str(error))


def _text(reply: Reply) -> bytes:
    return b"\n".join(line[4:].strip(b" \t\r\n") for line in reply.lines)


class DjangoDialogue(SmtplibDialogue):
    """smtplib as Django's backend uses it."""

    async def mail(self, sender: str, recipient: str) -> str:
        """Name the sender, unless more stands there than one mailbox."""
        self._step = Step.MAIL
        if found := re.fullmatch(r"([^\s,>]+@[^\s,>]+)([,>].*)", sender):
            self.fail(
                Fault.ADDRESS, "mail", text=f'Invalid address; only {found[1]} could be parsed from "{sender}"', code=1
            )
        return await super().mail(sender, recipient)

    async def data(self) -> str:
        """Announce the message. After a refusal the backend says QUIT, to which a server in DATA gives no reply."""
        self._step = Step.DATA
        reply = await self.ask("data", "data")
        if reply.code != 354 and reply.code < 400:
            await self.ask("quit", "quit")
        return self.accept(reply, reply.code == 354, "data")


class Smtplib(StandardClient):
    """smtplib without a context: Superset, Mealie. No certificate is checked unless the app gives a context."""

    name = "smtplib"
    version = "3.11"
    compared = True
    mechanisms: tuple[str, ...] = ("CRAM-MD5", "PLAIN", "LOGIN")
    unoffered = Unoffered.FAIL
    tries_all = True
    opportunistic = False
    ehlo_name = "[127.0.0.1]"
    timeouts = patience(math.inf)
    tls: TlsPolicy = SystemTrust(common_name=True)
    dialogue_class = SmtplibDialogue

    def words(self, event: Event) -> Words:
        """Return the exception as the last line of a traceback has it."""
        name, text = _exception(event)
        code = 500 if name == "SMTPResponseException" and event.reply is None else None
        code = 0 if name in ("SMTPException", "Error") else code
        return Words(name, f"{_MODULES.get(name, '')}{name}: {text}", code)

    def sender_address(self, sender: str) -> str:
        """Return the address as smtplib's quoteaddr() does."""
        return (sender.partition("<")[2].partition(">")[0] if "<" in sender else sender).strip()


class Django(Smtplib):
    """Django's backend: certificates are always checked; the login is left out unless user and password are set."""

    name = "django-smtp"
    version = "5.2"
    ehlo_name = "localhost"
    dialogue_class = DjangoDialogue

    def sender_address(self, sender: str) -> str:
        """Return the address as sanitize_address() does: a local part beyond ASCII becomes an encoded word."""
        inside = sender.partition("<")[2].partition(">")[0] if "<" in sender else sender.strip()
        user, at, domain = inside.rpartition("@")
        if not user.isascii():
            from email.header import Header

            user = Header(user, "utf-8").encode()
        return f"{user}@{to_ascii(domain)}" if at else domain


_MODULES: Final = {
    **dict.fromkeys(
        (
            *("SMTPConnectError", "SMTPHeloError", "SMTPNotSupportedError", "SMTPAuthenticationError"),
            *("SMTPSenderRefused", "SMTPRecipientsRefused", "SMTPDataError", "SMTPServerDisconnected"),
            *("SMTPResponseException", "SMTPException"),
        ),
        "smtplib.",
    ),
    **dict.fromkeys(("SSLError", "SSLCertVerificationError", "SSLEOFError"), "ssl."),
    "gaierror": "socket.",
    "Error": "binascii.",
}
_REFUSALS: Final = {
    Step.GREETING: "SMTPConnectError",
    Step.EHLO: "SMTPHeloError",
    Step.STARTTLS: "SMTPResponseException",
    Step.AUTH: "SMTPAuthenticationError",
    Step.DATA: "SMTPDataError",
}
_FAILED: Final = "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: "


def _exception(event: Event) -> tuple[str, str]:
    """Return class and text of the exception."""
    reply = (event.reply.code, _text(event.reply)) if event.reply else (-1, b"")
    address = event.command.partition(" ")[2]
    match event.fault:
        case Fault.REFUSED if event.step is Step.MAIL:
            return "SMTPSenderRefused", str((*reply, address))
        case Fault.REFUSED if event.step is Step.RCPT:
            return "SMTPRecipientsRefused", str({address: reply})
        case Fault.REFUSED:
            return _REFUSALS[event.step], str(reply)
        case Fault.NO_STARTTLS:
            return "SMTPNotSupportedError", "STARTTLS extension not supported by server."
        case Fault.NO_AUTH:
            return "SMTPNotSupportedError", "SMTP AUTH extension not supported by server."
        case Fault.NO_MECHANISM:
            return "SMTPException", "No suitable authentication method found."
        case Fault.GARBLED if event.text == "loop":
            return "SMTPException", f"Server AUTH mechanism infinite loop. Last response: {reply!r}"
        case Fault.GARBLED if event.reply:
            return "Error", event.text
        case Fault.GARBLED:
            return "SMTPResponseException", event.text
        case Fault.UNTRUSTED:
            return "SSLCertVerificationError", _FAILED + event.text
        case Fault.WRONG_NAME:
            kind = "Hostname" if re.search(r"'[^']*[^0-9.:']", event.text) else "IP address"
            return "SSLCertVerificationError", f"{_FAILED}{kind} mismatch, {event.text}."
        case Fault.CREDENTIALS:
            return "UnicodeEncodeError", "'ascii' codec can't encode character"
        case Fault.ADDRESS:
            return "ValueError" if event.code else "UnicodeEncodeError", event.text
        case Fault.BAD_PORT:  # the resolver takes it modulo 65536
            return _system(ConnectionRefusedError(errno.ECONNREFUSED, ""))
        case Fault.UNRESOLVED if not _is_idna(event.text):
            return "UnicodeError", "encoding with 'idna' codec failed (UnicodeError: label empty or too long)"
        case Fault.LATE if event.secure and event.command != "handshake" and event.step is not Step.CONNECT:
            return "SMTPServerDisconnected", "Connection unexpectedly closed: The read operation timed out"
        case Fault.CLOSED if event.text:
            return "SMTPServerDisconnected", event.text
        case Fault.LATE | Fault.CLOSED | Fault.BROKEN if (
            event.step is not Step.CONNECT and event.command != "handshake"
        ):
            why = f": {_system(event.error)[1]}" if event.error is not None else ""
            return "SMTPServerDisconnected", f"Connection unexpectedly closed{why}"
        case Fault.HANDSHAKE | Fault.LATE if event.command == "handshake":
            return _handshake(event.error)
    return _system(event.error)


def _is_idna(host: str) -> bool:
    try:
        host.encode("idna")
    except UnicodeError:
        return False
    return True


def _handshake(error: OSError | None) -> tuple[str, str]:
    reason = getattr(error, "reason", None)
    if reason:
        return type(error).__name__, re.sub(r" \(_ssl\.c:\d+\)$", "", str(error.args[-1] if error else ""))
    if isinstance(error, TimeoutError):
        return "TimeoutError", "The handshake operation timed out"
    if error is None or error.errno is None:
        text = "[SSL: UNEXPECTED_EOF_WHILE_READING] EOF occurred in violation of protocol"
        return "SSLEOFError", text
    return _system(error)


def _system(error: OSError | ssl.SSLError | None) -> tuple[str, str]:
    """Return an error of the system as Python words it."""
    if isinstance(error, socket.gaierror):
        return "gaierror", f"[Errno {error.errno}] {error.strerror}"
    if error is None or error.errno is None:
        return "TimeoutError", "timed out"
    number = error.errno
    made = OSError(number, os.strerror(number)) if number in errno.errorcode else error
    return type(made).__name__, str(made)


SMTPLIB: Final[ClientModel] = Smtplib()
DJANGO: Final[ClientModel] = Django()
