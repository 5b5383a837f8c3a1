"""What the probe asks of an app's mail client. Each client is one model: its dialogue, its TLS, its words for an error.

The probe holds the clock, the sockets and the order of the stages. Everything in which two mail libraries differ is
asked of the model, so that the verdict is the one that the app itself would come to.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Protocol

from smtpwizard.clients.transport import Origin, Transport
from smtpwizard.records import NamedTuple
from smtpwizard.settings import Settings
from smtpwizard.smtp.net import TlsStream
from smtpwizard.smtp.results import ClientOutcome, Step, TlsFacts, Transcript, Verdict, response_code

if TYPE_CHECKING:
    import ssl

    from smtpwizard.smtp.certificate import Certificate


NAME_MISMATCH: Final = "ERR_TLS_CERT_ALTNAME_INVALID"
"""The word in `ClientFailure.error` for a certificate that is for another name. That field's words are Node's,
whatever the client: `ECONNREFUSED`, `CERT_HAS_EXPIRED`; the catalogue of failures knows them."""
REFUSED_CIPHERS: Final = frozenset({"ERR_SSL_NO_CIPHER_MATCH", "ERR_INVALID_ARG_VALUE"})
"""The words for a cipher list that the client refuses."""
UNKNOWN_AUTHORITY: Final = frozenset(
    {
        *("UNABLE_TO_GET_ISSUER_CERT", "UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "UNABLE_TO_VERIFY_LEAF_SIGNATURE"),
        *("DEPTH_ZERO_SELF_SIGNED_CERT", "SELF_SIGNED_CERT_IN_CHAIN", "CERT_UNTRUSTED"),
    }
)
"""The words for a certificate that leads to no authority the client knows."""


class ClientFailure(NamedTuple):
    """How a dialogue failed, with the error that the client reports."""

    summary: str
    """One sentence for a person, not yet redacted or made safe; empty: the reply says it."""
    code: str | None = None
    """The client's name for the error: nodemailer's `code`, a Python or Java exception's class."""
    command: str | None = None
    """The command that the client's error names."""
    reply: str | None = None
    """The server's words in the client's error."""
    error: str | None = None
    """The system's or TLS library's own word, as Node writes it."""
    verdict: Verdict = Verdict.FAILS
    refused: bool = False
    """Whether a complete reply refused what the client had said."""
    tls: TlsFacts | None = None
    notes: tuple[str, ...] = ()
    """What is to be added to the reply, for people."""
    reply_code: int | None = None
    """The number that the client takes for the reply's, where it is not that of its first line."""
    log: str = ""
    """The error's text as the app's log has it, not yet redacted; empty where `code` and reply say it."""

    @property
    def outcome(self) -> ClientOutcome:
        """What the client reports. A crash and a hang report nothing."""
        if self.verdict is not Verdict.FAILS:
            return ClientOutcome(False)
        number = response_code(self.reply or "") if self.reply_code is None else self.reply_code
        return ClientOutcome(False, self.code, number if (number or 0) > 0 else None, self.command, self.log or None)


class DialogueEnded(Exception):
    """The client has given up; `failure` says why."""

    def __init__(self, failure: ClientFailure) -> None:
        super().__init__(failure.code or failure.verdict.value)
        self.failure = failure


class CipherListError(ValueError):
    """The client's TLS library refuses the cipher list before anything is sent; `code` is its error code."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


class Capabilities(NamedTuple):
    """What the server offers in its reply to EHLO, as the client understands it."""

    starttls: bool = False
    smtputf8: bool = False
    eightbit: bool = False
    """8BITMIME (RFC 6152)."""
    login: bool = False
    """Whether AUTH is offered at all."""
    mechanisms: tuple[str, ...] = ()
    """The login mechanisms offered that the client knows, in its order of preference."""
    size: int | None = None
    """The value of SIZE; 0 where there is none; None where SIZE is not offered."""
    lines: tuple[str, ...] = ()
    """The keyword lines without their codes."""

    @property
    def announced(self) -> tuple[str, ...]:
        """All login mechanisms by name, for display: also those that the client does not know."""
        words: list[str] = []
        for line in self.lines:
            head, _, rest = line.replace("=", " ").partition(" ")
            if head.upper() == "AUTH":
                words += rest.upper().split()
        return tuple(dict.fromkeys(words)) or self.mechanisms


class Dialogue(Protocol):
    """The client's side of one connection, a method a stage, called in order.

    Each method returns the reply that decided, or raises DialogueEnded with the error that the app would log.
    """

    capabilities: Capabilities
    """As of the last EHLO."""
    secure: bool
    """Whether the connection is encrypted now."""
    logged_in: bool
    refused_ehlo: str | None
    """The reply that refused EHLO, where HELO was used instead."""

    @property
    def silent(self) -> bool:
        """Whether not one octet has come since the last reply."""

    @property
    def login_allowed(self) -> bool:
        """Whether the client, given credentials, does anything with them now: sends them, or fails."""

    @property
    def wants_starttls(self) -> bool:
        """Whether the client now sends STARTTLS."""

    @property
    def goes_on_in_clear(self) -> bool:
        """Whether STARTTLS was refused, and the client does not care."""

    @property
    def injected(self) -> bool:
        """Whether clear text that came before the handshake is still waiting to be read as a reply."""

    @property
    def can_log_in(self) -> bool:
        """Whether the client knows a mechanism for the login that is offered."""

    def deadline(self) -> float:
        """Return the moment at which a stage that begins now has to be over."""

    async def greeting(self, deadline: float | None = None) -> str:
        """Wait for the greeting. May be called again after a deadline that came too early."""

    async def hello(self) -> str:
        """Say EHLO, or HELO where that is refused."""

    async def ask_starttls(self) -> str:
        """Send STARTTLS."""

    async def handshake(self, context: ssl.SSLContext, server_name: str | None) -> None:
        """Make the TLS handshake. ssl.SSLCertVerificationError for a certificate that is not trusted."""

    async def login(self) -> str:
        """Log in once."""

    async def mail(self, sender: str, recipient: str) -> str:
        """Name the envelope sender."""

    async def rcpt(self, recipient: str) -> str:
        """Name the recipient."""

    async def data(self) -> str:
        """Announce the message."""

    async def message(self, data: bytes) -> str:
        """Send the message and return the reply to it."""

    async def reset(self) -> str:
        """Drop the transaction, so that the next may begin; the reply may be a refusal."""

    async def say(self, line: str) -> str:
        """Send RSET or QUIT, whose replies decide nothing."""

    async def leave(self) -> str:
        """Send QUIT as a part of the mail: for a client that `reports_quit`."""


class TlsPolicy(Protocol):
    """Whom the client trusts, which versions and ciphers it offers, and how it matches a host name."""

    EXTRA_VARIABLE: str
    """The environment variable that names further certificate authorities."""

    def begin(self, host: str, *, implicit: bool) -> None:
        """Begin to read the trust store in the background where TLS is likely."""

    def is_ready(self) -> bool:
        """Say whether a context is made at once."""

    def context(self, ciphers: str, authorities: tuple[str, ...], *, verify: bool = True) -> ssl.SSLContext:
        """Return a context with the client's trust and a cipher list. CipherListError."""

    def check_ciphers(self, ciphers: str) -> None:
        """Raise CipherListError where the client refuses the list."""

    def server_name(self, host: str) -> str | None:
        """Return the name for SNI (RFC 6066 section 3); None where none is sent."""

    def mismatch(self, host: str, certificate: Certificate) -> str | None:
        """Return why the client refuses the certificate for `host`, or None where it accepts it."""

    def extra_authorities(self) -> str | None:
        """Return the PEM text that EXTRA_VARIABLE names, or None."""


class ClientErrors(Protocol):
    """The client's words for what goes wrong before and beside the dialogue: those of the app's own log."""

    def word(self, error: OSError) -> str:
        """Return the name of a look-up's or connection's error: `ENOTFOUND`, `ECONNREFUSED`, `ETIMEDOUT`."""

    def unresolved(self, host: str, error: OSError, seconds: float) -> ClientFailure:
        """Return the failure of a host name without an address, or without an answer in time."""

    def no_such_port(self, port: int) -> ClientFailure:
        """Return the failure of a port number that cannot exist."""

    def unreached(self, where: str, error: OSError, seconds: float) -> ClientFailure:
        """Return the failure of a connection that did not come about."""

    def refused_ciphers(self, error: CipherListError, ciphers: str, *, implicit: bool) -> ClientFailure:
        """Return the failure of a cipher list that the client refuses."""

    def late(self, summary: str) -> ClientFailure:
        """Return the failure of something that did not happen in time."""

    def untrusted(self, code: int, *, chain: int | None, facts: TlsFacts | None, words: str = "") -> ClientFailure:
        """Return the failure of a certificate that OpenSSL refused with X509_V_ERR `code`, in its own `words`."""

    def wrong_name(self, reason: str, facts: TlsFacts) -> ClientFailure:
        """Return the failure of a certificate that is not for the host."""

    def speaks_tls(self, facts: TlsFacts) -> ClientFailure:
        """Return the failure of a greeting that does not come because the port waits for TLS."""


class ClientModel(Protocol):
    """One mail client as an app uses it."""

    name: str
    version: str
    """The version that the conformance suite compares with."""
    compared_as: str
    """What the suite compares where that is not `version`: another version, or the client's forebear; else empty."""
    compared: bool
    """Whether the suite compares it with the real client; otherwise it was made after the client's source."""
    mechanisms: tuple[str, ...]
    """The login mechanisms that it knows, in its order of preference."""
    timeouts: Mapping[Step, float]
    """Seconds for which it waits at a stage."""
    without_auth: str
    """What it does with credentials where no login is offered, in words."""
    reports_quit: bool
    """Whether a QUIT that fails is an error to the app, though its mail was taken."""
    crash: str
    """How it takes the app down with it, in words."""
    hang: str
    """How it waits for ever, in words."""
    tls: TlsPolicy

    def errors(self, transport: Transport = ...) -> ClientErrors:
        """Return its words for what goes wrong beside the dialogue with what `transport` holds."""

    def objection(self, transport: Transport) -> ClientFailure | None:
        """Return why the client refuses its options before it connects, or None."""

    def security(self, transport: Transport) -> str:
        """Return how it uses TLS, in words."""

    def transport(self, settings: Settings, *, origin: Origin) -> Transport | None:
        """Return what the app hands to the client, or None where the app would refuse to start."""

    def dialogue(
        self,
        stream: TlsStream,
        transport: Transport,
        transcript: Transcript,
        *,
        timeout: float,
        until: float = math.inf,
        ehlo_name: str | None = None,
    ) -> Dialogue:
        """Return the client's side of a connection.

        `timeout` is in seconds for each stage; `until`, a moment of time.monotonic(), ends all of them.
        """

    def sender_address(self, sender: str) -> str:
        """Return the envelope sender for the app's sender setting; empty where the client finds no address in it."""

    def recipient_address(self, recipient: str) -> str:
        """Return a recipient as the client names it in the envelope."""


def doubts(offered: Capabilities, sender: str, recipient: str, message: bytes | None) -> list[str]:
    """Return what the server will probably refuse of a mail, a clause each; `message` is None where none is sent."""
    found = []
    if not (sender.isascii() and recipient.isascii()) and not offered.smtputf8:
        found.append(
            f"the server does not offer SMTPUTF8, and {_named(sender, recipient)} letters beyond ASCII before the @: "
            "the app sends them all the same, and most servers refuse that; use an address without them"
        )
    if message is None:
        return found
    if not (offered.smtputf8 or offered.eightbit or _header(message).isascii()):
        found.append(
            "the header of this mail has 8-bit octets, and the server offers neither SMTPUTF8 nor 8BITMIME: "
            "it may refuse or garble them"
        )
    size = octets(message)
    if offered.size and offered.size < size:
        found.append(f"the server takes {offered.size:,} octets, this mail has {size:,}: it will refuse it")
    return found


def octets(message: bytes) -> int:
    """Return the size of a message as SIZE counts it: line ends as CRLF, no doubled dots (RFC 1870 section 5)."""
    missing = message.count(b"\n") - message.count(b"\r\n")
    return len(message) + missing + (0 if message.endswith(b"\n") else 2)


def _named(sender: str, recipient: str) -> str:
    names = [name for name, address in (("sender", sender), ("recipient", recipient)) if not address.isascii()]
    return f"the {' and the '.join(names)} {'have' if len(names) > 1 else 'has'}"


def _header(message: bytes) -> bytes:
    return message.replace(b"\r\n", b"\n").partition(b"\n\n")[0]
