"""TlsFacts out of a session: protocol, cipher, and what the certificate says. Judges nothing but the days left."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from smtpwizard.probe.results import TlsFacts
from smtpwizard.probe.x509 import Certificate, MalformedCertificate, read
from smtpwizard.text import safe

if TYPE_CHECKING:
    import ssl

SOON: Final = 15
"""Days before its end from which a certificate gets a warning."""


def certificate(session: ssl.SSLObject) -> Certificate | None:
    """Return the server's certificate as far as it can be read."""
    der = session.getpeercert(binary_form=True)
    try:
        return read(der) if der else None
    except MalformedCertificate:
        return None


def facts(session: ssl.SSLObject, found: Certificate | None, *, verified: bool) -> TlsFacts:
    """Return the facts of a session that came about."""
    cipher = session.cipher()
    return describe(found, protocol=session.version() or "", cipher=cipher[0] if cipher else "", verified=verified)


def describe(found: Certificate | None, *, protocol: str, cipher: str, verified: bool) -> TlsFacts:
    """Return the facts of a certificate, with the session's where there is one."""
    if found is None:
        return TlsFacts(protocol, cipher, verified=verified)
    left = found.not_after - datetime.now(UTC)
    return TlsFacts(
        protocol,
        cipher,
        names=tuple(safe(name, limit=255) for name in (found.dns_names + found.addresses or found.common_names)[:100]),
        issuer=safe(found.issuer, limit=255),
        not_before=found.not_before.isoformat(),
        not_after=found.not_after.isoformat(),
        days_left=left.days,
        verified=verified,
    )


def sentence(told: TlsFacts, host: str) -> str:
    """Return `TLSv1.3, certificate smtp.gmail.com, 61 days left`."""
    name = host if host in told.names else (told.names[0] if told.names else "without a name")
    parts = [told.protocol, f"certificate {name}"]
    if told.days_left is not None:
        days = told.days_left
        parts.append(f"{days} day{'' if days == 1 else 's'} left" if days >= 0 else f"expired {-days} days ago")
    return ", ".join(part for part in parts if part)


def lines(told: TlsFacts) -> tuple[str, ...]:
    """Return the facts line by line, for who wants to see all."""
    found = (
        ("cipher", told.cipher),
        ("names", ", ".join(told.names)),
        ("issuer", told.issuer),
        ("valid", f"{told.not_before[:10]} to {told.not_after[:10]}" if told.not_after else ""),
    )
    return tuple(f"{label}: {value}" for label, value in found if value)
