"""The throw-away CA of a practice server, and the flawed certificates of a rehearsal. Keys never leave the process.

Imported only when a server starts: trustme brings cryptography.
"""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

import trustme

NAMES: Final = ("localhost", "127.0.0.1", "::1")
"""What the server's certificate is good for: every way to write the loopback."""


class Flaw(StrEnum):
    """What may be wrong with a server's TLS; the words of the failure catalogue's events."""

    NONE = ""
    SELF_SIGNED = "self-signed"
    UNKNOWN_CA = "unknown-ca"
    WRONG_NAME = "wrong-name"
    EXPIRED = "expired"
    NOT_YET_VALID = "not-yet-valid"
    OLD_PROTOCOL = "old-protocol"


def make(flaw: Flaw = Flaw.NONE) -> tuple[str, ssl.SSLContext]:
    """Return the CA's certificate as PEM and the server's TLS context (TLS 1.2 and later, as RFC 8996 asks).

    With UNKNOWN_CA the PEM is that of another CA: trusting it helps nothing.
    """
    ca = trustme.CA(organization_name="smtpwizard practice server")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if flaw is Flaw.SELF_SIGNED:
        with ca.private_key_pem.tempfile() as key, ca.cert_pem.tempfile() as certificate:
            context.load_cert_chain(certificate, key)
        return "", context
    _issue(ca, flaw).configure_cert(context)
    if flaw is Flaw.OLD_PROTOCOL:
        context.set_ciphers("ALL:@SECLEVEL=0")  # OpenSSL 3 speaks TLS 1.1 at level 0 only
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    shown = trustme.CA() if flaw is Flaw.UNKNOWN_CA else ca
    return shown.cert_pem.bytes().decode("ascii"), context


def _issue(ca: trustme.CA, flaw: Flaw) -> trustme.LeafCert:
    now = datetime.now(UTC)
    if flaw is Flaw.EXPIRED:
        return ca.issue_cert(*NAMES, not_before=now - timedelta(days=90), not_after=now - timedelta(days=1))
    if flaw is Flaw.NOT_YET_VALID:
        return ca.issue_cert(*NAMES, not_before=now + timedelta(days=1), not_after=now + timedelta(days=90))
    names = ("mail.example.org",) if flaw is Flaw.WRONG_NAME else NAMES
    return ca.issue_cert(*names, not_before=now - timedelta(days=1), not_after=now + timedelta(days=90))
