"""TLS as Node makes it: whom it trusts, which versions and ciphers it offers. Never the machine's own store.

Imports ssl only where TLS is spoken.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from smtpwizard.errors import FileError
from smtpwizard.probe import roots
from smtpwizard.probe.resolve import literal

if TYPE_CHECKING:
    import ssl

NODE_CIPHERS: Final = ":".join(
    (
        "ECDHE-RSA-AES128-GCM-SHA256",
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "ECDHE-RSA-AES256-GCM-SHA384",
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        "DHE-RSA-AES128-GCM-SHA256",
        "ECDHE-RSA-AES128-SHA256",
        "DHE-RSA-AES128-SHA256",
        "ECDHE-RSA-AES256-SHA384",
        "DHE-RSA-AES256-SHA384",
        "ECDHE-RSA-AES256-SHA256",
        "DHE-RSA-AES256-SHA256",
        "HIGH",
        "!aNULL",
        "!eNULL",
        "!EXPORT",
        "!DES",
        "!RC4",
        "!MD5",
        "!PSK",
        "!SRP",
        "!CAMELLIA",
    )
)
"""tls.DEFAULT_CIPHERS of Node 20 to 24, below TLS 1.3. Security level 2, as in Node 24, on which the app runs."""

_SUITES: Final = frozenset(
    (
        "TLS_AES_128_GCM_SHA256",
        "TLS_AES_256_GCM_SHA384",
        "TLS_CHACHA20_POLY1305_SHA256",
        "TLS_AES_128_CCM_SHA256",
        "TLS_AES_128_CCM_8_SHA256",
    )
)
"""The cipher suites of TLS 1.3 (RFC 8446 appendix B.4)."""


class CipherListError(ValueError):
    """Node refuses SMTP_CIPHER_SPEC before anything is sent. The message is Node's, `code` its error code."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


def read_authorities(files: tuple[Path, ...]) -> tuple[str, ...]:
    """Return the PEM text of `--ca-file` files. FileError where one cannot be read or holds no certificate."""
    texts = []
    for file in files:
        try:
            text = file.read_text(encoding="ascii", errors="replace")
        except OSError as error:
            raise FileError(
                f"{file}: {error.strerror}. Name a PEM file with --ca-file.", "Certificate authority"
            ) from error
        if "-----BEGIN" not in text:
            raise FileError(
                f"{file} holds no PEM certificate. Name a PEM file with --ca-file.", "Certificate authority"
            )
        texts.append(text)
    return tuple(texts)


def extra_authorities() -> str | None:
    """Return the PEM text that NODE_EXTRA_CA_CERTS names, or None; like Node, pass over what cannot be read."""
    name = os.environ.get(roots.EXTRA_VARIABLE)
    if not name:
        return None
    try:
        return Path(name).read_text(encoding="ascii", errors="replace")
    except OSError:
        return None


def context(ciphers: str, authorities: tuple[str, ...], *, verify: bool = True) -> ssl.SSLContext:
    """Return a client context with Node's trust (Mozilla's roots and `authorities`) and the app's cipher list.

    Names are not checked by it: `identity` does that by Node's rules. `verify` False: take any certificate.
    CipherListError for a list that Node refuses.
    """
    import ssl

    made = roots.take() if verify else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_REQUIRED if verify else ssl.CERT_NONE
    made.verify_flags = ssl.VERIFY_X509_TRUSTED_FIRST  # Python 3.13 may add flags that Node does not set
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    _set_ciphers(made, ciphers)
    for text in authorities if verify else ():
        try:
            made.load_verify_locations(cadata=text)
        except (ssl.SSLError, ValueError):
            continue  # Node, too, goes on without a certificate that it cannot read
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
        made.set_ciphers(":".join(below) or NODE_CIPHERS)
    except (ssl.SSLError, ValueError, UnicodeError) as error:
        raise CipherListError("no cipher match", "ERR_SSL_NO_CIPHER_MATCH") from error
