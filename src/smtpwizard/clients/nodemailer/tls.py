"""TLS as Node does it: whom it trusts, which versions and ciphers it offers. Never the machine's own store.

Imports ssl, and what reads roots and certificates, only where TLS is spoken or likely.
"""

from __future__ import annotations

import os
import socket
from _thread import allocate_lock
from pathlib import Path
from typing import TYPE_CHECKING, Final

from smtpwizard.addresses import is_loopback
from smtpwizard.clients.model import CipherListError
from smtpwizard.smtp.net import literal

if TYPE_CHECKING:
    import ssl

    from smtpwizard.smtp.certificate import Certificate


EXTRA_VARIABLE = "NODE_EXTRA_CA_CERTS"

_shared: dict[tuple[str, tuple[str, ...], str], ssl.SSLContext] = {}
"""Contexts by cipher list, authorities and file of roots: to read the roots takes 17 ms; connections change none."""
_sharing = allocate_lock()


def begin(host: str, *, implicit: bool) -> None:
    """Begin what takes long where TLS is likely, and the network is waited for meanwhile or the roots are decoded."""
    local = is_loopback(host)
    if local and not implicit:
        return
    from smtpwizard.smtp import roots

    if not (local and roots.are_kept()):
        roots.begin()


def is_ready() -> bool:
    """Say whether a context is made at once."""
    from smtpwizard.smtp import roots

    return roots.are_kept()


NODE_CIPHERS: Final = (
    "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:DHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-SHA256:DHE-RSA-AES128-SHA256:"
    "ECDHE-RSA-AES256-SHA384:DHE-RSA-AES256-SHA384:ECDHE-RSA-AES256-SHA256:DHE-RSA-AES256-SHA256:"
    "HIGH:!aNULL:!eNULL:!EXPORT:!DES:!RC4:!MD5:!PSK:!SRP:!CAMELLIA"
)
"""tls.DEFAULT_CIPHERS of Node 20 to 24, below TLS 1.3. Security level 2, as in Node 24, on which the app runs."""

_SUITES: Final = {
    *("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"),
    *("TLS_AES_128_CCM_SHA256", "TLS_AES_128_CCM_8_SHA256"),
}
"""The cipher suites of TLS 1.3 (RFC 8446 appendix B.4)."""


def extra_authorities() -> str | None:
    """Return the PEM text that NODE_EXTRA_CA_CERTS names, or None; like Node, pass over what cannot be read."""
    name = os.environ.get(EXTRA_VARIABLE)
    if not name:
        return None
    try:
        return Path(name).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None


def context(ciphers: str, authorities: tuple[str, ...], *, verify: bool = True) -> ssl.SSLContext:
    """Return a client context with Node's trust (Mozilla's roots and `authorities`) and the app's cipher list.

    Names are not checked by it: `identity` does that by Node's rules. `verify` False: take any certificate.
    CipherListError for a list that Node refuses. One that verifies is made once, and shared by all connections.
    """
    if not verify:
        return _made(ciphers, (), verify=False)
    from smtpwizard.smtp import roots

    key = (ciphers, authorities, roots.path())
    with _sharing:
        if key not in _shared:
            _shared[key] = _made(ciphers, authorities, verify=True)
        return _shared[key]


def _made(ciphers: str, authorities: tuple[str, ...], *, verify: bool) -> ssl.SSLContext:
    import ssl

    from smtpwizard.smtp import roots

    made = roots.context(authorities) if verify else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_REQUIRED if verify else ssl.CERT_NONE
    made.verify_flags = ssl.VERIFY_X509_TRUSTED_FIRST  # Python 3.13 may add flags that Node does not set
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    _set_ciphers(made, ciphers)
    return made


def server_name(host: str) -> str | None:
    """Return the name for SNI: the host, none for an address."""
    if literal(host) is not None or host.startswith("."):
        return None
    try:
        host.encode("idna")
    except UnicodeError:
        return None
    return host


def check_ciphers(ciphers: str) -> None:
    """Raise CipherListError where Node refuses the list."""
    import ssl

    _set_ciphers(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), ciphers)


def _set_ciphers(made: ssl.SSLContext, ciphers: str) -> None:
    """Apply a cipher list as Node's configSecureContext does: suites of TLS 1.3 apart, the rest for TLS 1.2.

    Only suites of TLS 1.3: the connection is limited to TLS 1.3. Only others: TLS 1.3 stays on with its own defaults.
    Python cannot choose suites of TLS 1.3; which of them is taken is left to both libraries' defaults.
    """
    import ssl

    parts = [part for part in ciphers.split(":") if part]
    suites = [part for part in parts if part.startswith("TLS_")]
    below = [part for part in parts if not part.startswith("TLS_")]
    if ciphers and not parts:
        raise CipherListError("The property 'options.ciphers' is invalid. Received [ '', '' ]", "ERR_INVALID_ARG_VALUE")
    if suites and not _SUITES.intersection(suites):
        raise CipherListError("no cipher match", "ERR_SSL_NO_CIPHER_MATCH")
    if suites and not below:
        made.minimum_version = ssl.TLSVersion.TLSv1_3
        return
    try:
        made.set_ciphers(":".join(below) or f"{NODE_CIPHERS}:@SECLEVEL=2")  # a build of Python may have another level
    except (ssl.SSLError, ValueError, UnicodeError) as error:
        raise CipherListError("no cipher match", "ERR_SSL_NO_CIPHER_MATCH") from error


_LOWER: Final = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
"""Lower case for ASCII alone, as Node has it."""


def mismatch(host: str, certificate: Certificate) -> str | None:
    """Return why Node refuses the certificate for `host`, in its words, or None where it accepts it."""
    name = host.removesuffix(".")
    if literal(name) is not None:
        if _canonical(name) in {_canonical(address) for address in certificate.addresses}:
            return None
        return f"IP: {name} is not in the cert's list: {', '.join(certificate.addresses)}"
    if certificate.dns_names:
        if any(_matches(name, pattern) for pattern in certificate.dns_names):
            return None
        return f"Host: {name}. is not in the cert's altnames: {_listed(certificate)}"
    if certificate.common_names:
        if any(_matches(name, pattern) for pattern in certificate.common_names):
            return None
        return f"Host: {name}. is not cert's CN: {', '.join(certificate.common_names)}"
    return "Cert does not contain a DNS name"


def _listed(certificate: Certificate) -> str:
    names = [f"DNS:{name}" for name in certificate.dns_names]
    return ", ".join(names + [f"IP Address:{address}" for address in certificate.addresses])


def _canonical(address: str) -> bytes:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        return socket.inet_pton(family, address.partition("%")[0])
    except OSError:
        return address.encode()


def _labels(name: str) -> list[str]:
    return name.removesuffix(".").translate(_LOWER).split(".")


def _matches(host: str, pattern: str) -> bool:
    wanted, given = _labels(host), _labels(pattern)
    if not pattern or len(wanted) != len(given) or "" in given or not all("!" <= char <= "\x7f" for char in pattern):
        return False
    if wanted[1:] != given[1:]:
        return False
    first = given[0]
    if "*" not in first or "xn--" in first:
        return wanted[0] == first
    if first.count("*") > 1 or len(given) <= 2:
        return False
    prefix, _, suffix = first.partition("*")
    return len(prefix) + len(suffix) <= len(wanted[0]) and wanted[0].startswith(prefix) and wanted[0].endswith(suffix)
