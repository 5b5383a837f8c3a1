"""Jakarta Mail (JavaMail, Angus Mail): the client of Keycloak, Metabase and most of what runs on a Java machine.

STARTTLS only where it is switched on; EHLO inside TLS may fail without consequence: what was offered in clear text
still counts. The first mechanism that both sides know decides the login. Without limits of the app it waits for ever.

Not played: a login by DIGEST-MD5 or NTLM, and STARTTLS after a login that got 530, which the client then repeats.

Compared with Jakarta Mail 2.0, whose default is not to check a certificate's name. Angus Mail checks it, and names its
classes otherwise; both are taken from its source (SocketFetcher.java of 2.0.3).
"""

from __future__ import annotations

import math
import os
from typing import Final

from smtpwizard.clients import transport as options
from smtpwizard.clients.common.conversation import Interrupted, Reading, Reply, usual_end
from smtpwizard.clients.common.dialogue import Event, Fault, StandardDialogue, Words, base64, stuffed
from smtpwizard.clients.common.model import StandardClient, SystemTrust, patience, seconds
from smtpwizard.clients.model import Capabilities, ClientFailure, DialogueEnded, TlsPolicy
from smtpwizard.clients.transport import Transport
from smtpwizard.secret import MASK
from smtpwizard.settings import Settings
from smtpwizard.smtp.certificate import Certificate
from smtpwizard.smtp.results import Step, response_code

_TCP: Final = 130.0
"""Seconds after which Linux gives up a connection that is not answered, where the client has no limit of its own."""
_SYSTEM_USER: Final = "root"
"""Java's `user.name`, as in most images."""
_SENDER_REFUSED: Final = frozenset({501, 503, 550, 551, 553})
_NEVER_PLAYED: Final = frozenset({"DIGEST-MD5", "NTLM"})
"""Mechanisms of the client that the model has not; the client takes them where neither LOGIN nor PLAIN is offered."""


def _code(lines: list[bytes]) -> int:
    """Return the first three characters as a number; -1 where they are none."""
    return int(lines[0][:3]) if len(lines[0]) >= 3 and lines[0][:3].isdigit() else -1


class JakartaDialogue(StandardDialogue):
    """The client's side of one connection."""

    reading = Reading(_code, usual_end)
    model: JakartaMail

    _ended = False
    """Whether the end of the connection has been read: every reply is `[EOF]` from then on."""
    _listed: tuple[str, ...] = ()
    """The mechanisms of the line that begins with AUTH and a blank."""

    @property
    def can_log_in(self) -> bool:
        """Whether the client knows a mechanism for the login that is offered."""
        return self.login_allowed and bool(self.capabilities.mechanisms)

    async def hello(self) -> str:
        """Say EHLO, and HELO where the first EHLO fails; a later one may fail, and changes nothing then."""
        self._step = Step.EHLO
        reply = await self.ask(f"EHLO {self.name}", "EHLO")
        if reply.code == 250:
            self.refused_ehlo, self.capabilities = None, self.offer(reply)
        elif not (self.secure and not self.transport.secure):
            self.refused_ehlo = reply.shown or "no reply"
            reply = await self.ask(f"HELO {self.name}", "HELO")
            self.accept(reply, reply.code == 250, "HELO")
        return reply.shown

    def offer(self, reply: Reply) -> Capabilities:
        """Return what is offered."""
        lines = [line[4:].decode("latin-1") for line in reply.lines[1:] if len(line) >= 5]
        found = {keyword.upper(): rest for keyword, _, rest in (line.partition(" ") for line in lines)}
        self._listed = tuple(found.get("AUTH", "").upper().split())
        if "AUTH" in found and "AUTH=LOGIN" in found:
            self._listed += ("LOGIN",)
        chosen = self.transport.options.get("auth_mechanism", "").upper().split() or self.model.mechanisms
        return (
            super()
            .offer(reply)
            ._replace(
                starttls="STARTTLS" in found,
                login="AUTH" in found or "AUTH=LOGIN" in found,
                mechanisms=tuple(name for name in chosen if name in self._listed),
            )
        )

    async def login(self) -> str:
        """Log in by the first mechanism that both sides know."""
        self._step = Step.AUTH
        user, password = self.credentials()
        name = (*self.capabilities.mechanisms, "")[0]
        if not name:
            self.fail(Fault.NO_MECHANISM, "AUTH")
        if name in _NEVER_PLAYED:
            what = (
                f"the app's mail client would log in by {name}, which is not tried here: whether it works is not known"
            )
            raise DialogueEnded(ClientFailure(what, error="EAUTH"))
        command = f"AUTH {name}"
        try:
            reply = await self._log_in(name, command, user, password)
        except DialogueEnded as end:
            raise DialogueEnded(
                end.failure._replace(code=_AUTH, log=f"{self.model.mail}{_AUTH}: {_NESTED}{end.failure.log}")
            ) from end
        if reply.code != 235:
            self.fail(
                Fault.REFUSED, command, reply=reply, text="asked" if name == "PLAIN" and reply.code == 334 else ""
            )
        self.logged_in = True
        return reply.shown

    async def _log_in(self, name: str, command: str, user: bytes, password: bytes) -> Reply:
        if name == "LOGIN":
            return await self.auth_login(user, password)
        token = user + b"\0" + user + b"\0" + password
        if name == "XOAUTH2":
            token = b"user=" + user + b"\1auth=Bearer " + password + b"\1\1"
        return await self.ask(f"{command} {base64(token)}", command, shown=f"{command} {MASK}")

    async def mail(self, sender: str, recipient: str) -> str:
        """Name the envelope sender."""
        self._step = Step.MAIL
        return await self._sent(await self.ask(f"MAIL FROM:<{_octets(sender)}>", "MAIL"), "MAIL", 250)

    async def rcpt(self, recipient: str) -> str:
        """Name the recipient."""
        self._step = Step.RCPT
        return await self._sent(await self.ask(f"RCPT TO:<{_octets(recipient)}>", "RCPT"), "RCPT", 250, 251)

    async def data(self) -> str:
        """Announce the message."""
        self._step = Step.DATA
        return await self._sent(await self.ask("DATA", "DATA"), "DATA", 354)

    async def message(self, data: bytes) -> str:
        """Send the message and return the reply to it."""
        deadline = self.talk.deadline()
        try:
            await self.talk.send(stuffed(data), deadline)
        except Interrupted as end:
            self.fail(Fault.BROKEN, "message", error=end.error)
        return await self._sent(await self.read("message", deadline), "message", 250)

    async def _sent(self, reply: Reply, command: str, *codes: int) -> str:
        """Return a reply with one of `codes`; after another one the client says RSET before it reports the failure."""
        if reply.code in codes:
            return reply.shown
        if reply.code >= 0:
            try:
                await self.ask("RSET", "RSET")
            except DialogueEnded:
                if command != "RCPT":
                    raise
        self.refuse(reply, command)

    async def read(self, command: str, deadline: float) -> Reply:
        """Return the next reply; at the end of the connection, what has come of it."""
        if self._ended:
            return Reply(-1, ())
        try:
            return await self.talk.reply(deadline)
        except Interrupted as end:
            if end.late:
                self.fail(Fault.LATE, command, error=end.error, endless=end.endless)
            if end.error is not None:
                self.fail(Fault.BROKEN, command, error=end.error, text="reading")
            self._ended = True
            lines = end.heard.removesuffix(b"\n").split(b"\n") if end.heard else []
            whole = bool(lines) and not end.heard.endswith(b"\n") and usual_end(lines)
            return Reply(_code(lines) if whole else -1, tuple(lines))


def _octets(address: str) -> str:
    """Return an address as it is sent: the low eight bits of each character."""
    return bytes(ord(char) & 0xFF for char in address).decode("utf-8", "surrogateescape")


class JavaTrust(SystemTrust):
    """A Java machine's trust, and the client's own way to match names."""

    def mismatch(self, host: str, certificate: Certificate) -> str | None:
        """Return the client's words for a certificate that is for another name; an address never matches."""
        names = certificate.dns_names or certificate.common_names
        found = any(_matches(host, name) for name in names)
        return None if found else f"Can't verify identity of server: {host}"


def _matches(host: str, pattern: str) -> bool:
    """Say whether a certificate's name is for `host`: `*.` stands for one label or more."""
    host, pattern = host.lower(), pattern.lower()
    tail = pattern.removeprefix("*")
    return host == pattern or (tail != pattern and tail[:1] == "." and len(tail) > 1 and host.endswith(tail))


_AUTH: Final = "AuthenticationFailedException"
_ALERTS: Final = {
    "TLSV1_ALERT_PROTOCOL_VERSION": "protocol_version",
    "SSLV3_ALERT_HANDSHAKE_FAILURE": "handshake_failure",
}
_DATES: Final = frozenset({9, 10})
"""X509_V_ERR of a certificate that is not valid yet, or no longer."""


class JakartaMail(StandardClient):
    """Jakarta Mail 2.0 as an app uses it, and JavaMail 1.6 before it."""

    name = "jakarta-mail"
    mechanisms: tuple[str, ...] = ("LOGIN", "PLAIN", "DIGEST-MD5", "NTLM")
    timeouts = patience(math.inf, connect=_TCP)
    tls: TlsPolicy = JavaTrust()
    dialogue_class = JakartaDialogue

    version = "2.0"
    compared = True
    package: str = "com.sun.mail."
    names: bool = False
    """Whether the name in the certificate is looked at, where the app does not say."""

    @property
    def mail(self) -> str:
        """The package of the interface: JavaMail's up to 1.6."""
        return "javax.mail." if self.version.startswith("1.") else "jakarta.mail."

    def transport(self, settings: Settings, *, origin: options.Origin) -> Transport | None:
        """Return what the app hands to the client: without a user name the one of its process."""
        made = options.transport(settings, origin=origin)
        if made is None:
            return None
        names = made.options.get("checkserveridentity", str(self.names)).lower() == "true"
        made = made._replace(verify_name=made.verify_name and names)
        if not made.logs_in:
            return made
        return made._replace(username=settings.username or _SYSTEM_USER, password=settings.password or None)

    def objection(self, transport: Transport) -> ClientFailure | None:
        """Return why the client does not even connect: it has no password for the login."""
        if transport.username is None or transport.password is not None:
            return None
        text = "failed to connect, no password specified?"
        return self.failure(Event(Fault.UNUSABLE, Step.LINT, transport=transport, text=text))

    def sender_address(self, sender: str) -> str:
        """Return the envelope sender: what stands between < and >, else all of it, as it is."""
        return (sender.partition("<")[2].partition(">")[0] if "<" in sender else sender).strip()

    def words(self, event: Event) -> Words:
        """Return the exception's class, and the whole of it as a log prints it."""
        if event.fault is Fault.REFUSED:
            return self._refused(event)
        transport, mail = event.transport, "MessagingException"
        opening = "Could not convert socket to TLS"
        if transport.secure:
            opening = f"Could not connect to SMTP host: {transport.host}, port: {transport.port}"
        match event.fault:
            case Fault.UNUSABLE:
                return Words(_AUTH, f"{self.mail}{_AUTH}: {event.text}")
            case Fault.BAD_PORT:
                return Words(
                    "IllegalArgumentException", f"java.lang.IllegalArgumentException: port out of range:{event.text}"
                )
            case Fault.UNRESOLVED | Fault.UNREACHED:
                return self._unconnected(event)
            case Fault.LATE if event.step is Step.CONNECT:
                return self._unconnected(event)
            case Fault.NO_MECHANISM:
                return Words(
                    _AUTH, f"{self.mail}{_AUTH}: No authentication mechanisms supported by both server and client"
                )
            case Fault.NO_STARTTLS:
                text = "STARTTLS is required but host does not support STARTTLS"
                return Words(mail, f"{self.mail}{mail}: {text}")
            case Fault.LATE | Fault.HANDSHAKE | Fault.UNTRUSTED | Fault.WRONG_NAME if event.command == "handshake":
                return Words(mail, f"{self.mail}{mail}: {opening}{_NESTED}{_handshake(event)}")
            case Fault.LATE:
                cause = "java.net.SocketTimeoutException: Read timed out"
                return Words(mail, f"{self.mail}{mail}: Exception reading response{_NESTED}{cause}")
            case Fault.BROKEN if event.text == "reading":
                cause = "java.net.SocketException: Connection reset"
                return Words(mail, f"{self.mail}{mail}: Exception reading response{_NESTED}{cause}")
            case Fault.BROKEN:
                cause = f"java.net.SocketException: {os.strerror(event.error.errno or 0) if event.error else ''}"
                return Words(mail, f"{self.mail}{mail}: Can't send command to SMTP host{_NESTED}{cause}")
        return Words(mail, f"{self.mail}{mail}: {event.text}")

    def _unconnected(self, event: Event) -> Words:
        transport, name = event.transport, "MailConnectException"
        limit = seconds(transport, math.inf)
        milliseconds = -1 if math.isinf(limit) else round(limit * 1000)
        cause = f"java.net.UnknownHostException: {transport.host}"
        if event.fault is Fault.LATE:
            cause = "java.net.SocketTimeoutException: Connect timed out"
        elif event.fault is Fault.UNREACHED and event.error is not None:
            cause = f"java.net.ConnectException: {os.strerror(event.error.errno or 0)}"
        what = f"Couldn't connect to host, port: {transport.host}, {transport.port}; timeout {milliseconds}"
        return Words(name, f"{self.package}util.{name}: {what}{_NESTED}{cause}")

    def _refused(self, event: Event) -> Words:
        """Return the exception for a reply, by the command that it refused."""
        assert event.reply is not None
        lines = [line.decode("latin-1") for line in event.reply.lines]
        said = "".join(f"{line}\n" for line in lines) or "[EOF]"
        smtp, mail = f"{self.package}smtp.", "MessagingException"
        if not event.command:
            where = f"{event.transport.host}, port: {event.transport.port}"
            text = f"{self.mail}{mail}: Got bad greeting from SMTP host: {where}, response: {said}"
            return Words(mail, text, response_code(said))
        if event.command.startswith("AUTH"):
            more = f"{_NESTED}{self.mail}{_AUTH}: PLAIN asked for more" if event.text else ""
            return Words(_AUTH, f"{self.mail}{_AUTH}: {said}{more}")
        if event.command == "RCPT":
            address = f"{smtp}SMTPAddressFailedException: {said}"
            if not 400 <= event.reply.code <= 599:
                return Words("SMTPAddressFailedException", address)
            return Words("SendFailedException", f"{self.mail}SendFailedException: Invalid Addresses{_NESTED}{address}")
        if event.command in ("MAIL", "DATA", "message"):
            text = f"{smtp}SMTPSendFailedException: {said}"
            if event.command == "MAIL" and event.reply.code in _SENDER_REFUSED:
                text += f"{_NESTED}{smtp}SMTPSenderFailedException: {said}"
            return Words("SMTPSendFailedException", text)
        return Words(mail, f"{self.mail}{mail}: {said}")


_NESTED: Final = ";\n  nested exception is:\n\t"


def _handshake(event: Event) -> str:
    """Return the exception with which a handshake failed."""
    reason, alert = getattr(event.error, "reason", None) or "", "javax.net.ssl.SSLHandshakeException"
    if event.fault is Fault.LATE:
        return "java.net.SocketTimeoutException: Read timed out"
    if event.fault is Fault.WRONG_NAME and not event.text.startswith("Can't verify"):
        return f"{alert}: No subject alternative DNS name matching {event.transport.host} found."
    if event.fault is Fault.WRONG_NAME:
        return f"java.io.IOException: {event.text}"
    if event.fault is Fault.UNTRUSTED and event.code in _DATES:
        path = "java.security.cert.CertPathValidatorException: validity check failed"
        return f"{alert}: PKIX path validation failed: {path}"
    if event.fault is Fault.UNTRUSTED:
        path = "sun.security.provider.certpath.SunCertPathBuilderException"
        found = "unable to find valid certification path to requested target"
        return f"{alert}: PKIX path building failed: {path}: {found}"
    if reason in _ALERTS:
        return f"{alert}: Received fatal alert: {_ALERTS[reason]}"
    if reason:
        return "javax.net.ssl.SSLException: Unsupported or unrecognized SSL message"
    if event.error is not None and event.error.errno:
        return f"java.net.SocketException: {os.strerror(event.error.errno)}"
    return f"{alert}: Remote host terminated the handshake"


class AngusMail(JakartaMail):
    """Angus Mail, which is Jakarta Mail from 2.1 on: the Java machine itself checks the certificate's name."""

    name = "angus-mail"
    version = "2.0"
    compared = False
    compared_as = "Jakarta Mail 2.0"
    package = "org.eclipse.angus.mail."
    names = True
    tls: TlsPolicy = SystemTrust(common_name=True)
