"""Whom a mail client trusts that takes its system's roots, and how it matches a certificate with a host name.

The roots are Mozilla's (certifi), not those of the machine that the wizard runs on: the app's container has
ca-certificates, which is Mozilla's list too. Imports ssl only where TLS is spoken.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from smtpwizard.clients.nodemailer import tls as roots
from smtpwizard.smtp.certificate import Certificate
from smtpwizard.smtp.net import literal

if TYPE_CHECKING:
    import ssl

_contexts: dict[tuple[tuple[str, ...], bool], ssl.SSLContext] = {}
_lock = threading.Lock()


class SystemTrust:
    """A `TlsPolicy`: the system's roots, TLS 1.2 or newer, names matched as RFC 6125 has it."""

    EXTRA_VARIABLE = "SSL_CERT_FILE"

    def __init__(self, *, common_name: bool = False) -> None:
        """`common_name`: whether a certificate without alternative names is taken by its common name."""
        self._common_name = common_name

    def begin(self, host: str, *, implicit: bool, authorities: bool) -> None:
        """Begin to read the roots in the background where TLS is likely."""
        roots.begin(host, implicit=implicit, authorities=authorities)

    def context(self, ciphers: str, authorities: tuple[str, ...], *, verify: bool = True) -> ssl.SSLContext:
        """Return a context with the roots and `authorities`. Names are checked by `mismatch`, not by it."""
        key = (authorities, verify)
        with _lock:
            if key not in _contexts:
                _contexts[key] = self._made(authorities, verify=verify)
            return _contexts[key]

    def _made(self, authorities: tuple[str, ...], *, verify: bool) -> ssl.SSLContext:
        import ssl

        made = roots.take() if verify else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        made.check_hostname = False
        made.verify_mode = ssl.CERT_REQUIRED if verify else ssl.CERT_NONE
        made.verify_flags = ssl.VERIFY_X509_TRUSTED_FIRST
        made.minimum_version = ssl.TLSVersion.TLSv1_2
        for text in authorities if verify else ():
            try:
                made.load_verify_locations(cadata=text)
            except (ssl.SSLError, ValueError):
                continue
        return made

    def check_ciphers(self, ciphers: str) -> None:
        """No app hands a cipher list to one of these clients."""

    def server_name(self, host: str) -> str | None:
        """Return the name for SNI: the host, none for an address."""
        return roots.server_name(host)

    def mismatch(self, host: str, certificate: Certificate) -> str | None:
        """Return that the certificate is not for `host`, or None where it is."""
        name = host.removesuffix(".")
        if literal(name) is not None:
            found = roots.mismatch(name, certificate) is None
        elif certificate.dns_names:
            found = any(matches(name, pattern) for pattern in certificate.dns_names)
        else:
            found = self._common_name and any(matches(name, pattern) for pattern in certificate.common_names)
        return None if found else f"certificate is not valid for '{host}'"

    def extra_authorities(self) -> str | None:
        """Return the PEM text that EXTRA_VARIABLE names, or None where there is none that can be read."""
        name = os.environ.get(self.EXTRA_VARIABLE)
        try:
            return Path(name).read_text(encoding="ascii", errors="replace") if name else None
        except OSError:
            return None


def matches(host: str, pattern: str) -> bool:
    """Say whether a certificate's name is for `host` (RFC 6125 section 6.4.3): `*` stands for the whole first label."""
    wanted, given = host.lower().split("."), pattern.lower().removesuffix(".").split(".")
    if len(wanted) != len(given) or "" in wanted or wanted[1:] != given[1:]:
        return False
    return wanted[0] == given[0] or (given[0] == "*" and len(given) > 2)
