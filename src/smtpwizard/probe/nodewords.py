"""Errors in Node's words: what stands in the app's log is what an operator searches for. Pure."""

from __future__ import annotations

import errno
import socket
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import ssl

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
