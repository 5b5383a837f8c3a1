"""Whether a certificate is good for a host, by the rules of Node's tls.checkServerIdentity. Pure.

They differ from Python's: a wildcard may stand for a part of a label (`mail*.example.com`), the common name counts
where no DNS name is among the alternative names, and never does `*.example`.
"""

from __future__ import annotations

import socket
from typing import Final

from smtpwizard.probe.resolve import literal
from smtpwizard.probe.x509 import Certificate

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
