"""Symfony Mailer: the client of Symfony, Laravel, Nextcloud and what is built on them.

It reads with PHP's stream functions: a reply goes on until a line has a blank as its fourth octet, what came before
the end of the connection counts as a reply, and clear text that came with the reply to STARTTLS is read inside TLS.
STARTTLS is taken wherever it is offered. It tries every mechanism that it knows and the server offers.

Compared with 5.4. What 6 and 7 do otherwise is taken from their source (EsmtpTransport.php of 7.0 and 7.4): a
connection that breaks during a login ends it at once, EHLO inside TLS has no HELO behind it, STARTTLS can be required
(7.3), and a refused command has an exception of its own.
"""

from __future__ import annotations

import os
import re
from typing import Final, NoReturn

from smtpwizard.clients import transport as options
from smtpwizard.clients.common.conversation import Interrupted, Reading, Reply
from smtpwizard.clients.common.dialogue import Event, Fault, StandardDialogue, Words, base64
from smtpwizard.clients.common.model import StandardClient, SystemTrust, patience
from smtpwizard.clients.model import Capabilities, DialogueEnded, TlsPolicy
from smtpwizard.clients.transport import Transport
from smtpwizard.secret import MASK
from smtpwizard.settings import Settings
from smtpwizard.smtp.certificate import Certificate
from smtpwizard.smtp.results import Step, Verdict, response_code

_COMPARED: Final = 5
"""The generation that the conformance suite runs."""
_SECONDS: Final = 60.0
"""PHP's default_socket_timeout, for the connection and for each read."""
_NUMBER: Final = re.compile(rb"\s*([+-]?[0-9]+)")
_KEYWORD: Final = re.compile(rb"[0-9]{3}[ -]([A-Za-z0-9-]+)((?:[ =].*)?)", re.DOTALL)


def _code(lines: list[bytes]) -> int:
    """Return the number that sscanf reads with %3d; 0 where there is none."""
    found = _NUMBER.match(b"\r\n".join(lines)[:8])
    return int(found[1][:3]) if found and found[1][:3] not in (b"+", b"-") else 0


def _complete(lines: list[bytes]) -> bool:
    """Say that a reply ends with a line of less than four octets, its end included, or with a blank as the fourth."""
    line = lines[-1] + b"\r\n"
    return len(line) < 4 or line[3:4] == b" "


class SymfonyDialogue(StandardDialogue):
    """The client's side of one connection."""

    reading = Reading(_code, _complete)
    model: SymfonyMailer
    drops_clear_text = False

    _ended = False
    """Whether the end of the connection has been read: from then on every reply is empty."""
    _modes: tuple[str, ...] = ()
    """The mechanisms offered, in lower case, for the message that none of them is known."""

    @property
    def login_allowed(self) -> bool:
        """Whether AUTH is offered: otherwise user and password are left unused without a word."""
        return self.capabilities.login

    @property
    def wants_starttls(self) -> bool:
        """Whether it is offered, or required and the connection not encrypted; never after HELO."""
        return self.refused_ehlo is None and super().wants_starttls

    async def hello(self) -> str:
        """Say EHLO, and HELO after any failure; of two, the one with a code in it counts.

        Where the server does not answer EHLO with a single octet, HELO is not waited for as well.
        """
        self._step = Step.EHLO
        self.refused_ehlo = None
        try:
            reply = await self._expect(f"EHLO {self.name}", "EHLO", 250)
        except DialogueEnded as first:
            upgraded = self.secure and not self.transport.secure
            mute = first.failure.error == "ETIMEDOUT" and self.talk.silent
            if mute or first.failure.verdict is Verdict.HANGS or (upgraded and self.model.generation > _COMPARED):
                raise
            self.talk.abandon()
            return await self._helo(first)
        self.capabilities = self.offer(reply)
        return reply.shown

    async def _helo(self, first: DialogueEnded) -> str:
        try:
            reply = await self._expect(f"HELO {self.name}", "HELO", 250)
        except DialogueEnded as second:
            raise (second if response_code(second.failure.reply or "") else first) from None
        self.refused_ehlo = first.failure.reply or first.failure.summary
        self.capabilities = Capabilities()
        return reply.shown

    def offer(self, reply: Reply) -> Capabilities:
        """Return what is offered: of two lines with the same keyword the last one counts."""
        found = {}
        for line in reply.lines[1:]:
            if keyword := _KEYWORD.fullmatch(line):
                found[keyword[1].upper()] = keyword[2].lstrip(b" =").upper().decode("latin-1")
        self._modes = tuple(mode.lower() for mode in (found.get(b"AUTH") or "").split(" ") if mode)
        made = super().offer(reply)
        known = tuple(name for name in self.model.mechanisms if name.lower() in self._modes)
        return made._replace(
            starttls=b"STARTTLS" in found, smtputf8=b"SMTPUTF8" in found, login=b"AUTH" in found, mechanisms=known
        )

    async def ask_starttls(self) -> str:
        """Send STARTTLS; where it is required and not offered, the failure comes instead."""
        self._step = Step.STARTTLS
        if not self.capabilities.starttls:
            self.fail(Fault.NO_STARTTLS, "STARTTLS")
        return (await self._expect("STARTTLS", "STARTTLS", 220)).shown

    async def greeting(self, deadline: float | None = None) -> str:
        """Wait for the greeting."""
        self._step = Step.GREETING
        reply = await self.read("", self.talk.deadline() if deadline is None else deadline)
        return self._checked(reply, "", 220).shown

    async def login(self) -> str:
        """Log in by each mechanism in turn until one works."""
        self._step = Step.AUTH
        user, password = self.credentials()
        errors: dict[str, DialogueEnded] = {}
        for name in self.capabilities.mechanisms:
            try:
                reply = await self.log_in(name, user, password)
            except DialogueEnded as end:
                if self.model.generation > _COMPARED and not end.failure.refused:
                    raise
                errors[name] = end
                await self._reset_quietly()
            else:
                self.logged_in = True
                return reply.shown
        self._refused_by_all(errors)

    def _refused_by_all(self, errors: dict[str, DialogueEnded]) -> NoReturn:
        if not errors:
            listed = '", "'.join(self._modes)
            text = (
                f'Failed to find an authenticator supported by the SMTP server, which currently supports: "{listed}".'
            )
            self.fail(Fault.NO_MECHANISM, "AUTH", text=text)
        names = '", "'.join(errors)
        text = (
            f'Failed to authenticate on SMTP server with username "{self.transport.username}" '
            f'using the following authenticators: "{names}".'
        )
        text += "".join(f' Authenticator "{name}" returned "{end.failure.log}".' for name, end in errors.items())
        last = list(errors.values())[-1].failure
        raise DialogueEnded(last._replace(code="TransportException", command=None, log=text))

    async def _reset_quietly(self) -> None:
        try:
            await self.ask("RSET", "RSET")
        except DialogueEnded:
            return

    async def log_in(self, name: str, user: bytes, password: bytes) -> Reply:
        """Log in by one mechanism."""
        command = f"AUTH {name}"
        if name == "CRAM-MD5":
            challenge = await self._expect(command, command, 334)
            return await self._expect(self._crammed(challenge, user, password), command, 235, shown=MASK)
        if name == "LOGIN":
            await self._expect(command, command, 334)
            await self._expect(base64(user), command, 334, shown=MASK)
            return await self._expect(base64(password), command, 235, shown=MASK)
        token = user + b"\0" + user + b"\0" + password
        if name == "XOAUTH2":
            token = b"user=" + user + b"\1auth=Bearer " + password + b"\1\1"
        return await self._expect(f"{command} {base64(token)}", command, 235, shown=f"{command} {MASK}")

    def _crammed(self, reply: Reply, user: bytes, password: bytes) -> str:
        import hmac
        from binascii import a2b_base64

        text = b"\r\n".join((*reply.lines, b""))[4:]
        letters = bytes(octet for octet in text.partition(b"=")[0] if chr(octet).isalnum() or octet in b"+/")
        letters = letters[:-1] if len(letters) % 4 == 1 else letters
        challenge = a2b_base64(letters + b"=" * (-len(letters) % 4))
        return base64(user + b" " + hmac.new(password, challenge, "md5").hexdigest().encode())

    async def mail(self, sender: str, recipient: str) -> str:
        """Name the envelope sender."""
        self._step = Step.MAIL
        return (await self._expect(self.mail_command(sender, recipient), "MAIL", 250)).shown

    def mail_command(self, sender: str, recipient: str) -> str:
        """Return the command; from 7 on with SMTPUTF8 where an address needs it."""
        line = f"MAIL FROM:<{sender}>"
        if self.model.generation < 7 or (sender.isascii() and recipient.isascii()):
            return line
        if not self.capabilities.smtputf8:
            self.fail(Fault.ADDRESS, "MAIL")
        return f"{line} SMTPUTF8"

    async def rcpt(self, recipient: str) -> str:
        """Name the recipient."""
        self._step = Step.RCPT
        return (await self._expect(f"RCPT TO:<{recipient}>", "RCPT", 250, 251, 252)).shown

    async def data(self) -> str:
        """Announce the message."""
        self._step = Step.DATA
        return (await self._expect("DATA", "DATA", 354)).shown

    def accept(self, reply: Reply, good: bool, command: str) -> str:
        """Return the reply to the message where its code is 250."""
        return self._checked(reply, command, 250).shown

    async def read(self, command: str, deadline: float) -> Reply:
        """Return the next reply: at the end of the connection what has come of it, afterwards nothing."""
        if self._ended:
            return Reply(0, ())
        try:
            return await self.talk.reply(deadline)
        except Interrupted as end:
            if end.late:
                self.fail(Fault.LATE, command, error=end.error, endless=end.endless)
            self._ended = True
            if not end.heard:
                self.fail(Fault.CLOSED, command)
            lines = end.heard.removesuffix(b"\n").split(b"\n")
            return Reply(_code(lines), tuple(lines))

    async def _expect(self, line: str, command: str, *codes: int, shown: str | None = None) -> Reply:
        return self._checked(await self.ask(line, command, shown=shown), command, *codes)

    def _checked(self, reply: Reply, command: str, *codes: int) -> Reply:
        if reply.code not in codes:
            self.fail(Fault.REFUSED, command, reply=reply, text="/".join(map(str, codes)))
        return reply


class PhpTrust(SystemTrust):
    """PHP's streams: `*` stands for a part of the first label; a common name counts where no DNS name is given."""

    def mismatch(self, host: str, certificate: Certificate) -> str | None:
        """Return PHP's words for a certificate that is for another name."""
        if host in certificate.addresses or any(_matches(host, name) for name in certificate.dns_names):
            return None
        if certificate.dns_names or not certificate.common_names or _is_address(host):
            return f"Peer certificate subjectAltName did not match expected name `{host}'"
        if _matches(host, certificate.common_names[0]):
            return None
        return f"Peer certificate CN=`{certificate.common_names[0]}' did not match expected CN=`{host}'"


def _is_address(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdigit()


def _matches(host: str, pattern: str) -> bool:
    host, pattern = host.lower(), pattern.lower()
    prefix, star, suffix = pattern.partition("*")
    if not star or "." in prefix:
        return host == pattern
    between = host[len(prefix) : len(host) - len(suffix)]
    return (
        len(prefix) + len(suffix) <= len(host)
        and host.startswith(prefix)
        and host.endswith(suffix)
        and "." not in between
    )


_OPENSSL: Final = {
    "CERTIFICATE_VERIFY_FAILED": 0x086,
    "DH_KEY_TOO_SMALL": 0x18A,
    "LEGACY_SIGALG_DISALLOWED_OR_UNSUPPORTED": 0x14D,
    "NO_PROTOCOLS_AVAILABLE": 0x0BF,
    "SSLV3_ALERT_HANDSHAKE_FAILURE": 0x410,
    "TLSV1_ALERT_PROTOCOL_VERSION": 0x42E,
    "UNEXPECTED_EOF_WHILE_READING": 0x126,
    "UNSUPPORTED_PROTOCOL": 0x102,
    "WRONG_VERSION_NUMBER": 0x10B,
}
"""OpenSSL's reason → its number (sslerr.h)."""


def _openssl(reason: str) -> str:
    words = reason.replace("_", " ").lower()
    number = f"error:0A000{_OPENSSL[reason]:03X}" if reason in _OPENSSL else "error"
    return f"SSL operation failed with code 1. OpenSSL Error messages:\n{number}:SSL routines::{words}"


class SymfonyMailer(StandardClient):
    """The client of every app that sends with Symfony Mailer."""

    name = "symfony-mailer"
    mechanisms: tuple[str, ...] = ("CRAM-MD5", "LOGIN", "PLAIN", "XOAUTH2")
    tries_all = True
    ehlo_name = "[127.0.0.1]"
    timeouts = patience(_SECONDS)
    tls: TlsPolicy = PhpTrust()
    dialogue_class = SymfonyDialogue

    version = "7.4"

    @classmethod
    def of(cls, version: str) -> SymfonyMailer:
        """Return the client in an app's version; empty: one that was not compared."""
        made = cls(version=version or cls.version)
        made.compared = made.generation == _COMPARED
        made.compared_as = "" if made.compared else "5.4"
        return made

    @property
    def generation(self) -> int:
        """The first number of the version."""
        found = re.match(r"[0-9]+", self.version)
        return int(found[0]) if found else _COMPARED + 1

    def transport(self, settings: Settings, *, origin: options.Origin) -> Transport | None:
        """Return what the app hands to the client: without a user name there is no login."""
        made = options.transport(settings, origin=origin)
        if made is None or made.username not in (None, "", "0"):
            return made
        return made._replace(username=None, password=None)

    def words(self, event: Event) -> Words:
        """Return the exception's class and message."""
        if event.fault is Fault.REFUSED and self.generation > _COMPARED:
            return Words("UnexpectedResponseException", _refused(event))
        return Words("TransportException", _text(event))


def _text(event: Event) -> str:
    """Return the message of an exception."""
    transport = event.transport
    where = f"{transport.host}:{transport.port}"
    url = f"ssl://{where}" if transport.secure else where
    opening = event.step in (Step.RESOLVE, Step.CONNECT)
    before = "Unable to connect with STARTTLS: stream_socket_enable_crypto(): "
    if transport.secure or opening:
        before = f'Connection could not be established with host "{url}": stream_socket_client(): '
    match event.fault:
        case Fault.REFUSED:
            return _refused(event)
        case Fault.UNRESOLVED:
            reason = getattr(event.error, "strerror", None) or "Name or service not known"
            return f"{before}php_network_getaddresses: getaddrinfo for {transport.host} failed: {reason}"
        case Fault.UNREACHED | Fault.BAD_PORT:
            reason = os.strerror(event.error.errno or 0) if event.error else "Connection refused"
            return f"{before}Unable to connect to {url} ({reason})"
        case Fault.LATE if event.step is Step.CONNECT:
            return f"{before}Unable to connect to {url} (Connection timed out)"
        case Fault.LATE if event.command == "handshake":
            return f"{before}SSL: Handshake timed out"
        case Fault.LATE:
            return f'Connection to "{url}" timed out.'
        case Fault.CLOSED:
            return f'Connection to "{url}" has been closed unexpectedly.'
        case Fault.BROKEN:
            return "Unable to write bytes on the wire."
        case Fault.UNTRUSTED:
            return before + _openssl("CERTIFICATE_VERIFY_FAILED")
        case Fault.WRONG_NAME:
            return before + event.text
        case Fault.HANDSHAKE if reason := getattr(event.error, "reason", None):
            return before + _openssl(reason)
        case Fault.HANDSHAKE if transport.secure:
            broken = event.error is not None and event.error.errno
            why = f"Unable to connect to {url} ({os.strerror(broken)})" if broken else "Failed to enable crypto"
            return before + why
        case Fault.HANDSHAKE:
            return "Unable to connect with STARTTLS."
        case Fault.NO_STARTTLS:
            return "TLS required but neither TLS or STARTTLS are in use."
        case Fault.ADDRESS:
            return "Invalid addresses: non-ASCII characters not supported in local-part of email."
    return event.text


def _refused(event: Event) -> str:
    """Return the message for a reply with another code than expected."""
    assert event.reply is not None
    response = "\r\n".join(map(_decoded, event.reply.lines)).strip()
    code = f'code "{event.reply.code}"' if event.reply.code else "empty code"
    said = f', with message "{response}"' if event.reply.lines else ""
    return f'Expected response code "{event.text}" but got {code}{said}.'


def _decoded(line: bytes) -> str:
    return line.decode("utf-8", "replace")
