"""Go's net/smtp as apps use it: Alertmanager, listmonk (on knadh/smtppool), Mattermost; gomail, which is on top of it.

After Go 1.19 and newer src/net/smtp and src/net/textproto, prometheus/alertmanager notify/email/email.go at 68fb2d5,
knadh/smtppool pool.go at 0a022c0, mattermost server/platform/shared/mail/mail.go at 0e61935, go-mail/mail smtp.go.
net/smtp leaves to the app whether STARTTLS and AUTH are sent, and sets no time limit. PLAIN is not sent in clear but to
localhost; LOGIN is each app's own. After a failed EHLO comes HELO, and its failure shows at the app's next call.
"""

from __future__ import annotations

import binascii
import errno
import math
import os
import socket
from collections.abc import Mapping
from typing import ClassVar, Final

from smtpwizard.clients.common.conversation import Malformed, Reading, Reply, decode
from smtpwizard.clients.common.dialogue import Event, Fault, StandardDialogue, Unoffered, Words, announced_size, base64
from smtpwizard.clients.common.model import StandardClient, SystemTrust, matches
from smtpwizard.clients.model import Capabilities, ClientFailure, DialogueEnded, TlsPolicy
from smtpwizard.clients.transport import Transport
from smtpwizard.records import NamedTuple
from smtpwizard.secret import MASK
from smtpwizard.smtp.certificate import Certificate
from smtpwizard.smtp.net import literal
from smtpwizard.smtp.results import Step, TlsFacts, Verdict


class Use(NamedTuple):
    """How one app uses net/smtp."""

    mechanisms: tuple[str, ...]
    """Those that it takes, in its order; in the server's order where `in_their_order`."""
    limits: tuple[float, float, float, float]
    """Seconds for connecting, for implicit TLS, for the greeting, for each thing after it."""
    around: Mapping[str, str] = {}
    """What it puts before an error of a call: `connect`, `tls`, `greeting`, `hello`, `starttls`, `AUTH PLAIN`, …"""
    no_starttls: str = ""
    """Its words where STARTTLS is required and not offered; {where} is host and port in quotes."""
    no_auth: str = ""
    """Its words where AUTH is not offered; empty: it goes on without a login."""
    no_mechanism: str = ""
    """Its words before the reasons why no mechanism will do."""
    hello: bool = False
    """Whether it says EHLO by itself, so that a failure shows there, and not at what it does next."""
    in_their_order: bool = False
    untrying: bool = False
    """Whether it sends STARTTLS unasked and does not look at what comes of it."""
    plain_to_localhost: bool = True
    """Whether net/smtp knows the server's name, so that PLAIN may go to localhost in clear."""
    login_wants_tls: bool = False
    folds_prompts: bool = False
    odd_prompt: str = "unexpected server challenge"
    """Its words for a prompt of LOGIN that it does not know; {} is the prompt."""
    parses_sender: bool = True
    compared: bool = True
    overall: bool = False
    """Whether its limits count for all of a stage, and not for each read."""


FOREVER: Final = math.inf
_SMTPPOOL: Final = Use(
    ("PLAIN",),
    (5.0, 5.0, FOREVER, FOREVER),
    no_starttls="SMTP STARTTLS extension not found",
    no_auth="SMTP AUTH extension not found",
    odd_prompt="unkown SMTP fromServer",
)
_GOMAIL: Final = Use(
    ("CRAM-MD5", "LOGIN", "PLAIN"),
    (10.0, FOREVER, FOREVER, 10.0),
    no_starttls="gomail: MandatoryStartTLS required, but SMTP server does not support STARTTLS",
    hello=True,
    odd_prompt="gomail: unexpected server challenge: {}",
    compared=False,
    overall=True,
)
USES: Final[Mapping[str, Use]] = {
    "alertmanager": Use(
        ("PLAIN", "LOGIN"),
        (FOREVER, FOREVER, FOREVER, FOREVER),
        {
            "connect": "establish connection to server: ",
            "tls": "establish TLS connection to server: ",
            "greeting": "create SMTP client: ",
            "starttls": "send STARTTLS command: ",
            "AUTH PLAIN": "*smtp.plainAuth auth: ",
            "AUTH LOGIN": "*email.loginAuth auth: ",
            "MAIL": "send MAIL command: ",
            "RCPT": "send RCPT command: ",
            "DATA": "send DATA command: ",
            "message": "delivery failure: ",
        },
        no_starttls="'require_tls' is true (default) but {where} does not advertise the STARTTLS extension",
        no_mechanism="find auth mechanism: ",
        in_their_order=True,
        folds_prompts=True,
    ),
    "mattermost": Use(
        ("PLAIN", "LOGIN"),
        (10.0, 10.0, 10.0, FOREVER),
        {
            "connect": "unable to connect to the SMTP server: ",
            "tls": "unable to connect to the SMTP server through TLS: ",
            "greeting": "unable to connect to the SMTP server: ",
            "hello": "unable to send hello message: ",
            **dict.fromkeys(("AUTH", "AUTH PLAIN", "AUTH LOGIN"), "authentication failed: "),
            "MAIL": "failed to set the from address: ",
            "RCPT": "failed to set the to address: ",
            "DATA": "failed to add email message data: ",
            "message": "failed to close connection to the SMTP server: ",
        },
        hello=True,
        untrying=True,
        plain_to_localhost=False,
        login_wants_tls=True,
        odd_prompt="Unknown fromServer",
        parses_sender=False,
    ),
    "listmonk": _SMTPPOOL,
    "gomail": _GOMAIL,
    "grafana": _GOMAIL._replace(
        around=dict.fromkeys(
            (
                *("connect", "tls", "greeting", "hello", "starttls", "AUTH", "AUTH PLAIN", "AUTH LOGIN"),
                *("AUTH CRAM-MD5", "MAIL", "RCPT", "DATA", "message"),
            ),
            "failed to send email: ",
        )
    ),
}
"""Option `use` of a profile's client → how it uses net/smtp."""


_MECHANISMS: Final = {"plain": "PLAIN", "login": "LOGIN", "cram": "CRAM-MD5"}
"""listmonk's auth_protocol, which is the option `auth_mechanism`."""
_ROUNDS: Final = 16
"""Prompts after which an endless login is given up; the client would answer them for ever."""


def _parsed(line: bytes) -> tuple[int, bool]:
    """Return code and whether a reply goes on, as textproto reads a line. Malformed."""
    shown = decode(line)
    if len(line) < 4 or line[3:4] not in (b" ", b"-"):
        raise Malformed(f"short response: {shown}", line)
    if not line[:3].isdigit() or line[:3] < b"100":
        raise Malformed(f"invalid response code: {shown}", line)
    return int(line[:3]), line[3:4] == b"-"


def _complete(lines: list[bytes]) -> bool:
    if lines[0][3:4] == b"-" and not lines[0][:3].isdigit():
        return False  # no code, and yet it waits for the last line of it: an SSH server's greeting
    code, goes_on = _parsed(lines[0])
    if len(lines) == 1 or not goes_on:
        return not goes_on
    return lines[-1][:4] == b"%d " % code


def _told(reply: Reply) -> str:
    """Return the text of a reply, as it is in an error."""
    lines = (line[4:] if line[:3] == reply.lines[0][:3] and len(line) > 3 else line for line in reply.lines)
    return "\n".join(map(decode, lines))


class GoTrust(SystemTrust):
    """crypto/tls and crypto/x509: names among the alternative ones alone."""

    def mismatch(self, host: str, certificate: Certificate) -> str | None:
        """Return the words of x509.HostnameError, or None where the certificate is for the host."""
        if literal(host) is not None:
            if super().mismatch(host, certificate) is None:
                return None
            if not certificate.addresses:
                return f"x509: cannot validate certificate for {host} because it doesn't contain any IP SANs"
            return f"x509: certificate is valid for {', '.join(certificate.addresses)}, not {host}"
        if any(matches(host.removesuffix("."), name) for name in certificate.dns_names):
            return None
        if certificate.dns_names:
            return f"x509: certificate is valid for {', '.join(certificate.dns_names)}, not {host}"
        if not certificate.addresses and certificate.common_names:
            return "x509: certificate relies on legacy Common Name field, use SANs instead"
        return f"x509: certificate is not valid for any names, but wanted to match {host}"


class GoDialogue(StandardDialogue):
    """smtp.Client as an app calls it."""

    reading = Reading(lambda lines: _parsed(lines[0])[0], _complete, takes_rest=True)
    model: GoSmtp
    _gone_on = False
    """Whether STARTTLS was refused and the app goes on in clear text."""

    @property
    def wants_starttls(self) -> bool:
        """Whether the app sends STARTTLS: where it requires it, where it is offered and wanted, or in any case."""
        if self.secure or self.transport.ignore_tls or self._gone_on:
            return False
        return self.transport.require_tls or self.model.use.untrying or self.capabilities.starttls

    @property
    def goes_on_in_clear(self) -> bool:
        """Whether STARTTLS was refused, and the app does not care."""
        return self._gone_on

    async def hello(self) -> str:
        """Say EHLO, and HELO after any failure of it but inside STARTTLS."""
        self._step = Step.EHLO
        upgraded = self.secure and not self.transport.secure
        try:
            reply = await self.ask(f"EHLO {self.name}", "EHLO")
            if reply.code == 250:
                self.capabilities, self.refused_ehlo = self.offer(reply), None
                return reply.shown
            if upgraded:
                self.refuse(reply, "EHLO")
        except DialogueEnded as end:
            if end.failure.verdict is Verdict.HANGS or (upgraded and not self.model.use.untrying):
                raise
            if upgraded:  # what was offered before still counts
                return end.failure.reply or ""
            reply = None
        self.refused_ehlo = reply.shown if reply else ""
        self.capabilities = Capabilities()
        try:
            reply = await self.ask(f"HELO {self.name}", "HELO")
            return self.accept(reply, reply.code == 250, "HELO")
        except DialogueEnded as end:
            if self.model.use.hello or end.failure.verdict is Verdict.HANGS:
                raise
            if self.transport.require_tls:
                self.fail(Fault.NO_STARTTLS, "STARTTLS")
            if self.transport.logs_in and self.model.use.no_auth:
                self.fail(Fault.NO_AUTH, "AUTH")
            raise

    def offer(self, reply: Reply) -> Capabilities:
        """Return what net/smtp reads: keywords in capitals, one blank after them; of several alike the last."""
        lines = tuple(_told(reply).split("\n")[1:])
        offered = {name: rest for name, _, rest in (line.partition(" ") for line in lines)}
        listed = offered.get("AUTH", "").split(" ")
        chosen = [name for name in self.model.mechanisms if name in listed]
        if self.model.use.in_their_order:
            chosen.sort(key=listed.index)
        return Capabilities(
            starttls="STARTTLS" in offered,
            smtputf8="SMTPUTF8" in offered,
            eightbit="8BITMIME" in offered,
            login="AUTH" in offered,
            mechanisms=tuple(chosen),
            size=announced_size(offered["SIZE"]) if "SIZE" in offered else None,
            lines=lines,
        )

    async def ask_starttls(self) -> str:
        """Send STARTTLS."""
        self._step = Step.STARTTLS
        use = self.model.use
        if not self.capabilities.starttls and not use.untrying:
            self.fail(Fault.NO_STARTTLS, "STARTTLS")
        try:
            reply = await self.ask("STARTTLS", "STARTTLS")
            return self.accept(reply, reply.code == 220, "STARTTLS")
        except DialogueEnded as end:
            if not use.untrying or end.failure.verdict is Verdict.HANGS:
                raise
            self._gone_on = True
            return end.failure.reply or ""

    @property
    def is_local(self) -> bool:
        """Whether the server is this machine to Go: by the name alone."""
        return self.transport.host in ("localhost", "127.0.0.1", "::1")

    async def login(self) -> str:
        """Log in once, by the app's choice."""
        self._step = Step.AUTH
        use, offered = self.model.use, self.capabilities
        if not offered.login and use.no_auth:
            self.fail(Fault.NO_AUTH, "AUTH")
        if use.untrying:
            name = "PLAIN" if "PLAIN" in offered.mechanisms else "LOGIN"
        elif use.compared and not use.in_their_order:
            name = _MECHANISMS.get(self.transport.options.get("auth_mechanism", ""), self.model.mechanisms[0])
        elif use.in_their_order:
            if not offered.mechanisms:
                self.fail(Fault.NO_MECHANISM, "AUTH", text=self._why())
            name = offered.mechanisms[0]
        else:
            auth = next((line for line in reversed(offered.lines) if line.startswith("AUTH ")), "")
            name = "CRAM-MD5" if "CRAM-MD5" in auth else "PLAIN"
            name = "LOGIN" if name == "PLAIN" and "LOGIN" in auth and "PLAIN" not in auth else name
        in_clear = not self.secure
        local = use.plain_to_localhost and self.is_local
        if in_clear and ((name == "PLAIN" and not local) or (name == "LOGIN" and use.login_wants_tls)):
            self.fail(Fault.UNENCRYPTED, f"AUTH {name}")
        return await self.log_in_by(name)

    async def log_in_by(self, name: str) -> str:
        """Log in by a mechanism; only 235 will do."""
        user, password = self.credentials()
        reply = await self.log_in(name, user, password)
        if reply.code != 235:
            self.refuse(reply, f"AUTH {name}")
        self.logged_in = True
        return reply.shown

    def _why(self) -> str:
        """Return why none of the mechanisms offered will do, a line each."""
        auth = next((line for line in reversed(self.capabilities.lines) if line.startswith("AUTH")), "AUTH")
        secret = "missing secret for CRAM-MD5 auth mechanism"  # noqa: S105  # words of a log
        names = auth.partition(" ")[2].split(" ")
        return "\n".join(secret if name == "CRAM-MD5" else f"unknown auth mechanism: {name}" for name in names)

    async def log_in(self, name: str, user: bytes, password: bytes) -> Reply:
        """Answer each prompt as the mechanism has it."""
        line, shown = f"AUTH {name}", f"AUTH {name}"
        if name == "PLAIN":
            token = base64(b"\0" + user + b"\0" + password)
            line, shown = f"{line} {token}", f"{line} {MASK}"
        reply = await self.ask(line, shown.removesuffix(f" {MASK}"), shown=shown)
        for _ in range(_ROUNDS):
            if reply.code != 334:
                return reply
            answer = self.answer(name, self._prompt(reply, name), user, password)
            reply = await self.ask(base64(answer), f"AUTH {name}", shown=MASK)
        summary = f"the login does not end: {reply.shown}"
        raise DialogueEnded(ClientFailure(summary, reply=reply.shown, verdict=Verdict.HANGS))

    def _prompt(self, reply: Reply, name: str) -> bytes:
        text = _told(reply).replace("\n", "").replace("\r", "")
        try:
            return binascii.a2b_base64(text.encode(), strict_mode=True) if text else b""
        except (binascii.Error, ValueError):
            letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
            wrong = next((at for at, char in enumerate(text) if char not in letters), len(text))
            self.fail(Fault.GARBLED, f"AUTH {name}", text=f"illegal base64 data at input byte {wrong}")

    def answer(self, name: str, prompt: bytes, user: bytes, password: bytes) -> bytes:
        """Return the answer to a prompt."""
        if name == "CRAM-MD5":
            import hmac

            return user + b" " + hmac.new(password, prompt, "md5").hexdigest().encode()
        if name == "PLAIN":
            self.fail(Fault.GARBLED, f"AUTH {name}", text="unexpected server challenge")
        asked = prompt.lower() if self.model.use.folds_prompts else prompt
        wanted = (b"username:", b"password:") if self.model.use.folds_prompts else (b"Username:", b"Password:")
        if asked not in wanted:
            self.fail(Fault.GARBLED, f"AUTH {name}", text=self.model.use.odd_prompt.replace("{}", decode(prompt)))
        return user if asked == wanted[0] else password

    def is_good(self, reply: Reply) -> bool:
        """Take 250 alone, of RCPT what begins with 25."""
        return reply.code // 10 == 25 if self._step is Step.RCPT else reply.code == 250

    def mail_command(self, sender: str, recipient: str) -> str:
        """Add what the server offers."""
        body = " BODY=8BITMIME" if self.capabilities.eightbit else ""
        return f"MAIL FROM:<{sender}>{body}{' SMTPUTF8' if self.capabilities.smtputf8 else ''}"

    async def data(self) -> str:
        """Announce the message. After a refusal Alertmanager says QUIT, to which a server in DATA gives no reply."""
        self._step = Step.DATA
        reply = await self.ask("DATA", "DATA")
        if reply.code != 354 and reply.code < 400 and self.model.use.in_their_order:
            await self.ask("QUIT", "QUIT")
        return self.accept(reply, reply.code == 354, "DATA")


class GoSmtp(StandardClient):
    """net/smtp in one app's way."""

    name = "go-net-smtp"
    version = "1.19"
    dialogue_class = GoDialogue
    tls: TlsPolicy = GoTrust()
    use: Use = USES["alertmanager"]
    uses: ClassVar[Mapping[str, Use]] = USES

    @classmethod
    def of(cls, options: Mapping[str, str]) -> GoSmtp | None:
        """Return the client with an app's `use` and `timeout`; None for a use not known here."""
        use = cls.uses.get(options.get("use", ""))
        if use is None:
            return None
        connect, tls, greeting, rest = use.limits
        if seconds := float(options.get("timeout") or 0):
            connect, tls, greeting, rest = (min(limit, seconds) if limit < FOREVER else limit for limit in use.limits)
        others = (Step.EHLO, Step.STARTTLS, Step.AUTH, Step.MAIL, Step.RCPT, Step.DATA)
        made = cls(
            use=use,
            mechanisms=use.mechanisms,
            unoffered=Unoffered.SEND if use.untrying else Unoffered.FAIL if use.no_auth else Unoffered.SKIP,
            timeouts={
                Step.CONNECT: connect,
                Step.TLS: tls,
                Step.GREETING: greeting,
                **dict.fromkeys(others, rest),
            },
            compared=use.compared,
        )
        return made

    def limit(self, step: Step, transport: Transport) -> float:
        """Return the seconds for which it waits at a stage; the app's option is in `timeouts` where it counts."""
        return self.timeouts.get(step, math.inf)

    def failure(self, event: Event, *, tls: TlsFacts | None = None) -> ClientFailure:
        """Return the failure; what limits a connection and its greeting counts for all of it."""
        overall = self.use.overall or event.step in (Step.CONNECT, Step.TLS, Step.GREETING)
        return super().failure(event._replace(endless=event.endless and not overall), tls=tls)

    def sender_address(self, sender: str) -> str:
        """Return the address; Mattermost has a bare one."""
        inside = sender.partition("<")[2].partition(">")[0] if self.use.parses_sender and "<" in sender else sender
        return inside.strip()

    def words(self, event: Event) -> Words:
        """Return the error with what the app puts before it."""
        return Words(None, self._around(event) + self._text(event))

    def _around(self, event: Event) -> str:
        use, step = self.use, event.step
        if event.fault in (Fault.NO_STARTTLS, Fault.NO_AUTH, Fault.NO_MECHANISM):
            return use.around.get("AUTH", "") if use.around.get("AUTH", "") == use.around.get("MAIL", "-") else ""
        if step in (Step.RESOLVE, Step.CONNECT, Step.TLS) and event.transport.secure:
            key = "tls"
        elif step in (Step.STARTTLS, Step.TLS) or (step is Step.EHLO and event.secure and not event.transport.secure):
            key = "starttls"
        elif step is Step.EHLO:
            key = "hello" if use.hello else "MAIL"
        else:
            key = {Step.RESOLVE: "connect", Step.CONNECT: "connect", Step.GREETING: "greeting"}.get(step, event.command)
        if key == "starttls" and use.untrying:
            key = "AUTH" if event.transport.logs_in else "MAIL"
        return use.around.get(key, "")

    def _text(self, event: Event) -> str:
        transport, use = event.transport, self.use
        where = f"{transport.host}:{transport.port}"
        match event.fault:
            case Fault.REFUSED if event.reply:
                return f"{event.reply.code:03d} {_told(event.reply)}"
            case Fault.NO_STARTTLS:
                return use.no_starttls.replace("{where}", f'"{where}"')
            case Fault.NO_AUTH:
                return use.no_auth
            case Fault.NO_MECHANISM:
                return use.no_mechanism + event.text
            case Fault.UNENCRYPTED:
                return "unencrypted connection"
            case Fault.UNRESOLVED:
                return f"dial tcp: lookup {event.text}: no such host"
            case Fault.BAD_PORT:
                return f"dial tcp: address {event.text}: invalid port"
            case Fault.WRONG_NAME:
                return f"tls: failed to verify certificate: {event.text}"
            case Fault.UNTRUSTED:
                dated = event.word in ("CERT_HAS_EXPIRED", "CERT_NOT_YET_VALID")
                why = (
                    "certificate has expired or is not yet valid"
                    if dated
                    else "certificate signed by unknown authority"
                )
                return f"tls: failed to verify certificate: x509: {why}"
            case Fault.LATE if event.step is Step.CONNECT:
                return f"dial tcp {event.text}: i/o timeout"
            case Fault.LATE if event.step is Step.TLS:
                return "context deadline exceeded"
            case Fault.LATE if event.step is Step.GREETING:
                return "context deadline exceeded"
            case Fault.LATE:
                return f"read tcp {where}: i/o timeout"
            case Fault.UNREACHED:
                return f"dial tcp {event.text}: connect: {_system(event.error)}"
            case Fault.HANDSHAKE:
                return _HANDSHAKE.get(getattr(event.error, "reason", None) or "", "EOF")
            case Fault.BROKEN:
                doing = "write" if event.error is not None and event.error.errno == errno.EPIPE else "read"
                return f"{doing} tcp {where}: {doing}: {_system(event.error)}"
            case Fault.CLOSED:
                return "EOF"
        return event.text


_HANDSHAKE: Final = {
    "WRONG_VERSION_NUMBER": "tls: first record does not look like a TLS handshake",
    "TLSV1_ALERT_PROTOCOL_VERSION": "remote error: tls: protocol version not supported",
    "UNSUPPORTED_PROTOCOL": "remote error: tls: protocol version not supported",
}
"""OpenSSL's reason → crypto/tls's words."""


def _system(error: OSError | None) -> str:
    """Return a system's error as Go words it."""
    if isinstance(error, socket.gaierror) or error is None or error.errno is None:
        return "i/o timeout"
    return os.strerror(error.errno).lower()
