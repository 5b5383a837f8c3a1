"""StandardClient: a mail client that keeps to the standards, and the base of every model but nodemailer's.

A model is a subclass of `StandardClient` with a subclass of `StandardDialogue`. It states only its differences:

- TLS: `opportunistic` (STARTTLS where it is offered, without being told to), `tls` (whom it trusts, how it matches);
- login: `mechanisms` in its order, `unoffered` (what it does where AUTH is not offered), `tries_all`;
- EHLO: `ehlo_name`, `falls_back_to_helo`; time: `timeouts`, math.inf for a stage at which it waits for ever, and
  `limit` where an option of the app's changes them;
- options that it refuses before it connects: `objection`; addresses: `sender_address`, `recipient_address`;
- its errors: `words(event)` returns the exception's class and text as the app's log has them.

What a table cannot say is a method of the dialogue that the subclass overrides: a login, a way of reading replies, what
counts as success. One instance is one way of use, with attributes of its own. tests/conformance/clients has the suite
that holds a model against the real client: a driver, a `Usage`, and a test. STANDARD itself tells the server's half for
an app whose client is not modelled.
"""

from __future__ import annotations

import math
import os
from _thread import allocate_lock
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

from smtpwizard.addresses import to_ascii
from smtpwizard.clients import transport as options
from smtpwizard.clients.common.dialogue import NOWHERE, Event, Fault, StandardDialogue, Unoffered, Words
from smtpwizard.clients.model import (
    NAME_MISMATCH,
    CipherListError,
    ClientErrors,
    ClientFailure,
    ClientModel,
    Dialogue,
    TlsPolicy,
)
from smtpwizard.clients.nodemailer import errors as vocabulary
from smtpwizard.clients.nodemailer import tls as node
from smtpwizard.clients.transport import Transport
from smtpwizard.settings import Settings
from smtpwizard.smtp import roots
from smtpwizard.smtp.certificate import Certificate
from smtpwizard.smtp.net import TlsStream, is_deadline, literal
from smtpwizard.smtp.results import Step, TlsFacts, Transcript, Verdict

if TYPE_CHECKING:
    import ssl


_contexts: dict[tuple[tuple[str, ...], bool], ssl.SSLContext] = {}
_lock = allocate_lock()


class SystemTrust:
    """A `TlsPolicy`: the system's roots, TLS 1.2 or newer, names matched as RFC 6125 has it.

    The roots are Mozilla's (certifi), not those of the machine that the wizard runs on: the app's container has
    ca-certificates, which is Mozilla's list too. Imports ssl only where TLS is spoken.
    """

    EXTRA_VARIABLE = "SSL_CERT_FILE"

    def __init__(self, *, common_name: bool = False) -> None:
        """`common_name`: whether a certificate without alternative names is taken by its common name."""
        self._common_name = common_name

    def begin(self, host: str, *, implicit: bool) -> None:
        """Begin to read the roots in the background where TLS is likely."""
        node.begin(host, implicit=implicit)

    def is_ready(self) -> bool:
        """Say whether a context is made at once."""
        return node.is_ready()

    def context(self, ciphers: str, authorities: tuple[str, ...], *, verify: bool = True) -> ssl.SSLContext:
        """Return a context with the roots and `authorities`. Names are checked by `mismatch`, not by it."""
        key = (authorities, verify)
        with _lock:
            if key not in _contexts:
                _contexts[key] = self._made(authorities, verify=verify)
            return _contexts[key]

    def _made(self, authorities: tuple[str, ...], *, verify: bool) -> ssl.SSLContext:
        import ssl

        made = roots.context(authorities) if verify else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        made.check_hostname = False
        made.verify_mode = ssl.CERT_REQUIRED if verify else ssl.CERT_NONE
        made.verify_flags = ssl.VERIFY_X509_TRUSTED_FIRST
        made.minimum_version = ssl.TLSVersion.TLSv1_2
        return made

    def check_ciphers(self, ciphers: str) -> None:
        """No app hands a cipher list to one of these clients."""

    def server_name(self, host: str) -> str | None:
        """Return the name for SNI: the host, none for an address."""
        return node.server_name(host)

    def mismatch(self, host: str, certificate: Certificate) -> str | None:
        """Return that the certificate is not for `host`, or None where it is."""
        name = host.removesuffix(".")
        if literal(name) is not None:
            found = node.mismatch(name, certificate) is None
        elif certificate.dns_names:
            found = any(matches(name, pattern) for pattern in certificate.dns_names)
        else:
            found = self._common_name and any(matches(name, pattern) for pattern in certificate.common_names)
        return None if found else f"certificate is not valid for '{host}'"

    def extra_authorities(self) -> str | None:
        """Return the PEM text that EXTRA_VARIABLE names, or None where there is none that can be read."""
        name = os.environ.get(self.EXTRA_VARIABLE)
        try:
            return Path(name).read_text(encoding="utf-8", errors="replace") if name else None
        except OSError:
            return None


def matches(host: str, pattern: str) -> bool:
    """Say whether a certificate's name is for `host` (RFC 6125 section 6.4.3): `*` stands for the whole first label."""
    wanted, given = host.lower().split("."), pattern.lower().removesuffix(".").split(".")
    if len(wanted) != len(given) or "" in wanted or wanted[1:] != given[1:]:
        return False
    return wanted[0] == given[0] or (given[0] == "*" and len(given) > 2)


_STEPS: Final = (
    Step.CONNECT, Step.TLS, Step.GREETING, Step.EHLO, Step.STARTTLS, Step.AUTH, Step.MAIL, Step.RCPT, Step.DATA,
)  # fmt: skip


def patience(seconds: float, *, connect: float | None = None) -> Mapping[Step, float]:
    """Return the same limit in seconds for every stage, another one for the connection."""
    return {**dict.fromkeys(_STEPS, seconds), Step.CONNECT: seconds if connect is None else connect}


def seconds(transport: Transport, usual: float) -> float:
    """Return the option `timeout` of an app, in seconds, or the client's `usual` limit."""
    try:
        return float(transport.options.get("timeout") or usual)
    except ValueError:
        return usual


class StandardClient:
    """A `ClientModel`."""

    name: str = "standard"
    version: str = ""
    compared: bool = False
    compared_as: str = ""
    mechanisms: tuple[str, ...] = ("PLAIN", "LOGIN", "CRAM-MD5")
    unoffered: Unoffered = Unoffered.SKIP
    tries_all: bool = False
    opportunistic: bool = True
    falls_back_to_helo: bool = True
    ehlo_name: str = "localhost"
    reports_quit: bool = False
    timeouts: Mapping[Step, float] = patience(300.0)
    tls: TlsPolicy = SystemTrust()
    crash: str = "its mail client stops"
    dialogue_class: ClassVar[type[StandardDialogue]] = StandardDialogue

    without_auth: str = "the app goes on without its user and password"
    hang: str = "its mail client has no time limit for this, and neither sends nor reports an error"

    def __init__(self, **differences: Any) -> None:
        """`differences` are attributes of one way of use: `timeouts`, `ehlo_name`, `unoffered`."""
        for name, value in differences.items():
            if not hasattr(type(self), name):
                raise TypeError(f"no client differs in {name}")
            setattr(self, name, value)

    def errors(self, transport: Transport = NOWHERE) -> ClientErrors:
        """Return the client's words for what goes wrong beside the dialogue: `words` through StandardErrors."""
        return StandardErrors(self, transport)

    # What a model says otherwise

    def limit(self, step: Step, transport: Transport) -> float:
        """Return the seconds for which it waits at a stage: the app's option `timeout`, else the client's own."""
        return seconds(transport, self.timeouts.get(step, math.inf))

    def words(self, event: Event) -> Words:
        """Return what the app's log has of an event."""
        return Words()

    def objection(self, transport: Transport) -> ClientFailure | None:
        """Return why the client refuses its options before it connects, or None."""
        return None

    def security(self, transport: Transport) -> str:
        """Return how the client uses TLS, in words."""
        if transport.secure:
            how = "TLS from the first byte"
        elif transport.require_tls:
            how = "STARTTLS required"
        elif transport.ignore_tls or not self.opportunistic:
            return "no TLS"
        else:
            how = "STARTTLS if offered"
        return how if transport.verify else f"{how}, whatever the certificate"

    def transport(self, settings: Settings, *, origin: options.Origin) -> Transport | None:
        """Return what the app hands to the client, or None where the app would refuse to start."""
        return options.transport(settings, origin=origin)

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
        """Return the client's side of a connection."""
        made = self.dialogue_class
        return made(self, stream, transport, transcript, timeout=timeout, until=until, ehlo_name=ehlo_name)

    def sender_address(self, sender: str) -> str:
        """Return the envelope sender: what stands between < and >, else all of it; the domain in ASCII."""
        inside = sender.partition("<")[2].partition(">")[0] if "<" in sender else sender
        user, at, domain = inside.strip().rpartition("@")
        return f"{user}@{to_ascii(domain)}" if at else domain

    def recipient_address(self, recipient: str) -> str:
        """Return a recipient as the client names it in the envelope."""
        return self.sender_address(recipient)

    # Errors

    def failure(self, event: Event, *, tls: TlsFacts | None = None) -> ClientFailure:
        """Return an event as a failure: a sentence for a person, the app's log, the word that the catalogue knows."""
        words = self.words(event)
        limit = self.limit(event.step, event.transport)  # for each read: a reply that does not end never meets it
        waits = event.fault is Fault.LATE and (event.endless or math.isinf(limit))
        return ClientFailure(
            _summary(event, limit) if event.fault is not Fault.REFUSED else "",
            words.error,
            reply=event.reply.shown if event.reply else None,
            error=_word(event),
            verdict=Verdict.HANGS if waits else Verdict.FAILS,
            refused=event.fault is Fault.REFUSED,
            reply_code=words.code if words.code is not None or event.reply is None else event.reply.code,
            tls=tls,
            log=words.text,
        )


class StandardErrors:
    """What `ClientErrors` asks, told in the words of one model, for one transport."""

    def __init__(self, model: StandardClient, transport: Transport) -> None:
        self._model, self._transport = model, transport

    def word(self, error: OSError) -> str:
        """Return the name of a look-up's or connection's error."""
        return vocabulary.word(error)

    def unresolved(self, host: str, error: OSError, seconds: float) -> ClientFailure:
        """Return the failure of a host name without an address, or without an answer in time."""
        known = vocabulary.unresolved(host, error, seconds)
        failure = self._failure(Fault.UNRESOLVED, Step.RESOLVE, error=error, text=host)
        return failure._replace(summary=known.summary, error=known.error)

    def no_such_port(self, port: int) -> ClientFailure:
        """Return the failure of a port number that cannot exist."""
        return self._failure(Fault.BAD_PORT, Step.CONNECT, text=str(port))

    def unreached(self, where: str, error: OSError, seconds: float) -> ClientFailure:
        """Return the failure of a connection that did not come about."""
        fault = Fault.LATE if is_deadline(error) else Fault.UNREACHED
        return self._failure(fault, Step.CONNECT, error=error, text=where)

    def refused_ciphers(self, error: CipherListError, ciphers: str, *, implicit: bool) -> ClientFailure:
        """Return the failure of a cipher list; none of these clients is handed one."""
        return ClientFailure(f"{error}: {ciphers}", error=error.code)

    def late(self, summary: str) -> ClientFailure:
        """Return the failure of something that did not happen in time."""
        return self._failure(Fault.LATE, Step.TLS, text=summary)._replace(summary=summary)

    def untrusted(self, code: int, *, chain: int | None, facts: TlsFacts | None, words: str = "") -> ClientFailure:
        """Return the failure of a certificate that OpenSSL refused with X509_V_ERR `code`, in its own `words`."""
        known = vocabulary.untrusted(code, chain=chain, facts=facts, words=words)
        made = self._failure(Fault.UNTRUSTED, Step.TLS, "handshake", text=words, code=code, word=known.error, tls=facts)
        return made._replace(summary=known.summary, error=known.error)

    def wrong_name(self, reason: str, facts: TlsFacts) -> ClientFailure:
        """Return the failure of a certificate that is not for the host."""
        made = self._failure(Fault.WRONG_NAME, Step.TLS, "handshake", text=reason, tls=facts)
        names = f"; it is for {', '.join(facts.names)}" if facts.names else ""
        return made._replace(summary=reason + names)

    def speaks_tls(self, facts: TlsFacts) -> ClientFailure:
        """Return the failure of a greeting that does not come because the port waits for TLS."""
        made = self._failure(Fault.LATE, Step.GREETING, tls=facts)
        summary = "the port answers a TLS hello, so it speaks TLS from the first byte"
        return made._replace(
            summary=f"no greeting: {summary} ({_waits(self._model.limit(Step.GREETING, self._transport))})"
        )

    def _failure(
        self, fault: Fault, step: Step, command: str = "", *, tls: TlsFacts | None = None, **facts: Any
    ) -> ClientFailure:
        event = Event(fault, step, command, transport=self._transport, **facts)
        return self._model.failure(event, tls=tls)


def _waits(seconds: float) -> str:
    """Return how long the client waits: `the app waits 2 min`."""
    if math.isinf(seconds):
        return "the app waits for ever"
    return f"the app waits {seconds:g} s" if seconds < 60 else f"the app waits {seconds / 60:g} min"


def _summary(event: Event, limit: float) -> str:
    """Return what happened, for a person; `limit` is how long the client waits at this stage, in seconds."""
    after = f" after {event.command}" if event.command else " before a greeting"
    heard = event.heard.decode("utf-8", "replace").strip()
    match event.fault:
        case Fault.UNREACHED:
            assert event.error is not None
            return f"connect {vocabulary.word(event.error)} {event.text}"
        case Fault.BAD_PORT:
            return f"port {event.text} does not exist: ports go from 1 to 65535"
        case Fault.LATE if event.step is Step.CONNECT:
            return f"no answer from {event.text} ({_waits(limit)})"
        case Fault.LATE:
            return f"no reply in time{after} ({_waits(limit)})"
        case Fault.CLOSED:
            return f"the server closed the connection{after}" + (f": {heard}" if heard else "")
        case Fault.BROKEN:
            return f"the connection broke{after}: {_word(event)}"
        case Fault.GARBLED:
            return "what the server said is no reply that the app's mail client can read: " + (heard or event.text)
        case Fault.HANDSHAKE:
            return f"the TLS handshake failed: {(_word(event) or '').replace('_', ' ').lower()}"
        case Fault.NO_STARTTLS:
            return "the server does not offer STARTTLS, and the app insists on it"
        case Fault.NO_AUTH:
            return "the server offers no login, and the app insists on one"
        case Fault.NO_MECHANISM:
            return "the server offers no way to log in that the app's mail client knows"
        case Fault.UNENCRYPTED:
            return "the app's mail client does not send its password over a connection without TLS"
    return event.text


_WORDS: Final = {
    Fault.UNUSABLE: "EINVAL",
    Fault.BAD_PORT: "ERR_SOCKET_BAD_PORT",
    Fault.LATE: "ETIMEDOUT",
    Fault.GARBLED: "EPROTOCOL",
    Fault.NO_STARTTLS: "ETLS",
    Fault.WRONG_NAME: NAME_MISMATCH,
    Fault.NO_AUTH: "EAUTH",
    Fault.NO_MECHANISM: "EAUTH",
    Fault.UNENCRYPTED: "EAUTH",
    Fault.CREDENTIALS: "EAUTH",
    Fault.ADDRESS: "EENVELOPE",
}


def _word(event: Event) -> str | None:
    """Return the word of the program's own vocabulary (that of Node and nodemailer) for an event."""
    if event.fault is Fault.CLOSED:
        return "EOF" if event.step is Step.GREETING else "ECONNECTION"
    if event.fault is Fault.HANDSHAKE:
        return getattr(event.error, "reason", None) or "ECONNRESET"
    if event.error is not None and event.fault in (Fault.UNREACHED, Fault.BROKEN):
        return getattr(event.error, "reason", None) or vocabulary.word(event.error)
    return _WORDS.get(event.fault)


STANDARD: Final[ClientModel] = StandardClient()
