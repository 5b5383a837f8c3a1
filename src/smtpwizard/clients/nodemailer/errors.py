"""Errors in Node's words: what stands in the app's log is what an operator searches for. Pure."""

from __future__ import annotations

import errno
import socket
from typing import TYPE_CHECKING, Final, NamedTuple

from smtpwizard.clients.nodemailer.replies import response_code
from smtpwizard.smtp.results import ClientOutcome, TlsFacts, Verdict

if TYPE_CHECKING:
    import ssl


class Ending(NamedTuple):
    """The end of the client's dialogue, with its error as nodemailer makes it."""

    summary: str
    """One sentence for a person, not yet redacted or made safe; empty: the reply says it."""
    code: str | None = None
    """nodemailer's `code`."""
    command: str | None = None
    """nodemailer's `command`."""
    reply: str | None = None
    """The server's words that nodemailer puts into the error."""
    error: str | None = None
    """The system's or TLS library's own word."""
    fate: Verdict = Verdict.FAILS
    tls: TlsFacts | None = None
    notes: tuple[str, ...] = ()
    """What is to be added to the reply, for people."""

    @property
    def outcome(self) -> ClientOutcome:
        """What verify() or sendMail() reports. A crash and a hang report nothing."""
        if self.fate is not Verdict.FAILS:
            return ClientOutcome(False)
        return ClientOutcome(False, self.code, response_code(self.reply or ""), self.command)


class Ended(Exception):
    """The client's dialogue is over, and not well."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(ending.code or ending.fate.value)
        self.ending = ending


def refused(reply: str, code: str, command: str) -> Ended:
    """Return the end that a reply brings about; one without a code is told by nodemailer's word."""
    word = None if response_code(reply) else code
    return Ended(Ending("", code, command, reply or None, word))


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
"""OpenSSL's X509_V_ERR number → Node's code and message."""

ALTNAME: Final = "ERR_TLS_CERT_ALTNAME_INVALID"
DISCONNECTED: Final = "Client network socket disconnected before secure TLS connection was established"

_ERRNO: Final = {
    errno.ECONNREFUSED: "ECONNREFUSED",
    errno.ECONNRESET: "ECONNRESET",
    errno.EPIPE: "EPIPE",
    errno.EHOSTUNREACH: "EHOSTUNREACH",
    errno.ENETUNREACH: "ENETUNREACH",
    errno.ETIMEDOUT: "ETIMEDOUT",
    errno.EACCES: "EACCES",
    errno.EADDRNOTAVAIL: "EADDRNOTAVAIL",
}


def system(error: OSError) -> str:
    """Return the system's name of an error: `ECONNREFUSED`."""
    return _ERRNO.get(error.errno or 0) or errno.errorcode.get(error.errno or 0, "ESOCKET")


def resolver(error: socket.gaierror) -> str:
    """Return the word of Node's dns.lookup: `ENOTFOUND`, or `EAI_AGAIN` where no name server answered."""
    if error.errno == socket.EAI_AGAIN:
        return "EAI_AGAIN"
    nodata = getattr(socket, "EAI_NODATA", socket.EAI_NONAME)
    return "ENOTFOUND" if error.errno in (socket.EAI_NONAME, nodata) else "EAI_FAIL"


def untrusted(code: int, *, chain: int | None, expired: bool) -> tuple[str, str]:
    """Return Node's code and message for a certificate that OpenSSL refused with X509_V_ERR `code`.

    Python stops at OpenSSL's first complaint. Node lets OpenSSL go on and tells the last one, which differs in two
    cases: a leaf without its issuer (`chain` 1 certificate, or unknown) fails again with 21, and the dates are looked
    at last.
    """
    if code in (18, 19, 20, 21) and expired:
        code = 10
    elif code == 20 and chain in (None, 1):
        code = 21
    return CERTIFICATE.get(code, (f"X509_V_ERR_{code}", "certificate not trusted"))


def tls(error: ssl.SSLError) -> tuple[str, str]:
    """Return OpenSSL's reason for a TLS error other than a certificate's, as a name and in words."""
    reason = error.reason or "TLS_ERROR"
    return reason, reason.replace("_", " ").lower()
