"""Errors in nodemailer's and Node's words: what stands in the app's log is what an operator searches for. Pure."""

from __future__ import annotations

import errno
import socket
from collections.abc import Mapping
from time import gmtime, strftime
from typing import TYPE_CHECKING, Final

from smtpwizard.clients.model import NAME_MISMATCH, CipherListError, ClientFailure, DialogueEnded
from smtpwizard.smtp.net import is_deadline
from smtpwizard.smtp.results import Step, TlsFacts, response_code

if TYPE_CHECKING:
    import ssl


TIMEOUTS: Final[Mapping[Step, float]] = {
    Step.CONNECT: 120.0,
    Step.GREETING: 30.0,
    **dict.fromkeys((Step.TLS, Step.EHLO, Step.STARTTLS, Step.AUTH, Step.MAIL, Step.RCPT, Step.DATA), 600.0),
}
"""nodemailer's connectionTimeout, greetingTimeout and socketTimeout, in seconds."""


def patience(step: Step) -> str:
    """Return how long the client waits at a stage: `the app waits 2 min`."""
    seconds = TIMEOUTS[step]
    return f"the app waits {seconds:g} s" if seconds < 60 else f"the app waits {seconds / 60:g} min"


def refused(reply: str, code: str, command: str) -> DialogueEnded:
    """Return the end that a reply brings about. Where the reply has no code, nodemailer's own word stands for it."""
    own = None if response_code(reply) else code
    return DialogueEnded(ClientFailure("", code, command, reply or None, own, refused=True))


def late(summary: str) -> ClientFailure:
    """Return the failure of something that did not happen in time."""
    return ClientFailure(summary, "ETIMEDOUT", "CONN", error="ETIMEDOUT")


def unresolved(host: str, error: OSError, seconds: float) -> ClientFailure:
    """Return the failure of a host name without an address, or without an answer in time."""
    name, summary = "EAI_AGAIN", f"no answer from the name servers within {seconds:g} s: {host}"
    if isinstance(error, socket.gaierror):
        name = word(error)
        summary = f"getaddrinfo {name} {host}"
    return ClientFailure(summary, "EDNS", "CONN", error=name)


def no_such_port(port: int) -> ClientFailure:
    """Return the failure of a port number that cannot exist."""
    summary = f"port {port} does not exist: ports go from 1 to 65535"
    return ClientFailure(summary, "ECONNECTION", "CONN", error="ERR_SOCKET_BAD_PORT")


def unreached(where: str, error: OSError, seconds: float) -> ClientFailure:
    """Return the failure of a connection that did not come about."""
    if is_deadline(error):
        return late(f"Connection timeout: {where} did not answer in {seconds:g} s ({patience(Step.CONNECT)})")
    return ClientFailure(f"connect {word(error)} {where}", "ESOCKET", "CONN", error=word(error))


def refused_ciphers(error: CipherListError, ciphers: str, *, implicit: bool) -> ClientFailure:
    """Return the failure of a cipher list that Node refuses."""
    code, command = ("ECONNECTION", "CONN") if implicit else ("ETLS", "STARTTLS")
    return ClientFailure(f"{error}: Node refuses the cipher list {ciphers}", code, command, error=error.code)


def wrong_name(reason: str, facts: TlsFacts) -> ClientFailure:
    """Return the failure of a certificate that is not for the host."""
    summary = f"Hostname/IP does not match certificate's altnames: {reason}"
    return ClientFailure(summary, "ESOCKET", "CONN", error=NAME_MISMATCH, tls=facts)


def speaks_tls(facts: TlsFacts) -> ClientFailure:
    """Return the failure of a greeting that does not come because the port waits for TLS."""
    summary = "Greeting never received: the port answers a TLS hello, so it speaks TLS from the first byte"
    return late(f"{summary} ({patience(Step.GREETING)})")._replace(tls=facts)


CERTIFICATE: Final[dict[int, tuple[str, str]]] = {
    2: ("UNABLE_TO_GET_ISSUER_CERT", "unable to get issuer certificate"),
    7: ("CERT_SIGNATURE_FAILURE", "certificate signature failure"),
    9: ("CERT_NOT_YET_VALID", "certificate is not yet valid"),
    10: ("CERT_HAS_EXPIRED", "certificate has expired"),
    18: ("DEPTH_ZERO_SELF_SIGNED_CERT", "self-signed certificate"),
    19: ("SELF_SIGNED_CERT_IN_CHAIN", "self-signed certificate in certificate chain"),
    20: ("UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "unable to get local issuer certificate"),
    21: ("UNABLE_TO_VERIFY_LEAF_SIGNATURE", "unable to verify the first certificate"),
    22: ("CERT_CHAIN_TOO_LONG", "certificate chain too long"),
    23: ("CERT_REVOKED", "certificate revoked"),
    24: ("INVALID_CA", "invalid CA certificate"),
    25: ("PATH_LENGTH_EXCEEDED", "path length constraint exceeded"),
    26: ("INVALID_PURPOSE", "unsuitable certificate purpose"),
    27: ("CERT_UNTRUSTED", "certificate not trusted"),
    28: ("CERT_REJECTED", "certificate rejected"),
}
"""OpenSSL's X509_V_ERR number → Node's code and message. Node has no code for others, and OpenSSL's message."""

_AFTER_DATES: Final = frozenset(range(42, 54))
"""What OpenSSL checks behind the dates: policies and name constraints (verify_chain in x509_vfy.c)."""

DISCONNECTED: Final = "Client network socket disconnected before secure TLS connection was established"


def word(error: OSError) -> str:
    """Return the name of an error: `ECONNREFUSED`; that of a look-up is the one of Node's dns.lookup."""
    if isinstance(error, socket.gaierror):
        if error.errno == socket.EAI_AGAIN:
            return "EAI_AGAIN"
        nodata = getattr(socket, "EAI_NODATA", socket.EAI_NONAME)
        return "ENOTFOUND" if error.errno in (socket.EAI_NONAME, nodata) else "EAI_FAIL"
    if is_deadline(error):
        return "ETIMEDOUT"
    return errno.errorcode.get(error.errno or 0, "ESOCKET")


def untrusted(code: int, *, chain: int | None, facts: TlsFacts | None, words: str = "") -> ClientFailure:
    """Return Node's error for a certificate that OpenSSL refused with X509_V_ERR `code`, in OpenSSL's `words`.

    Python stops at OpenSSL's first complaint. Node lets OpenSSL go on and reports the last one, which differs in three
    cases: an authority that is none fails again for its purpose, a leaf without its issuer (`chain` 1 certificate, or
    unknown) fails again with 21, and the dates of the leaf are checked after everything but name constraints and
    policies.
    """
    if code not in _AFTER_DATES and facts is not None and facts.days_left is not None and facts.days_left < 0:
        code, words = 10, ""
    elif code not in _AFTER_DATES and facts is not None and facts.not_before > strftime("%Y-%m-%dT%H:%M:%S", gmtime()):
        code, words = 9, ""
    elif code == 20 and chain in (None, 1):
        code, words = 21, ""
    elif code in (24, 79):  # INVALID_CA, before and from OpenSSL 3 on
        code, words = 26, ""
    name, text = CERTIFICATE.get(code, ("UNSPECIFIED", "certificate not trusted"))
    text = words or text
    if facts is not None:
        subject = facts.names[0] if facts.names else "no name"
        text += f" ({subject}, issued by {facts.issuer or 'nobody'}, valid until {facts.not_after[:10]})"
    return ClientFailure(text, "ESOCKET", "CONN", error=name, tls=facts)


def tls(error: ssl.SSLError) -> tuple[str, str]:
    """Return OpenSSL's reason for a TLS error other than a certificate's, as a name and in words."""
    reason = error.reason or "TLS_ERROR"
    return reason, reason.replace("_", " ").lower()
