"""Reads a certificate's names, issuer and dates from its DER octets (X.690, RFC 5280). Judges nothing.

Python's ssl gives these facts only for a certificate that it trusts, and `cryptography` takes 60 ms to import. Only
what a person asks about a server certificate is read; the rest is skipped.
"""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from smtpwizard.errors import FileError, MachineError, lacking
from smtpwizard.records import NamedTuple
from smtpwizard.smtp.results import TlsFacts
from smtpwizard.text import safe

if TYPE_CHECKING:
    import ssl


_COMMON_NAME: Final = b"\x55\x04\x03"  # 2.5.4.3
_ORGANISATION: Final = b"\x55\x04\x0a"  # 2.5.4.10
_UNIT: Final = b"\x55\x04\x0b"  # 2.5.4.11
_ALTERNATIVE_NAMES: Final = b"\x55\x1d\x11"  # 2.5.29.17

_SEQUENCE: Final = 0x30
_SET: Final = 0x31
_OBJECT: Final = 0x06
_OCTETS: Final = 0x04
_VERSION: Final = 0xA0
_EXTENSIONS: Final = 0xA3
_UTC_TIME: Final = 0x17
_UTF8_STRING: Final = 0x0C
_BMP_STRING: Final = 0x1E
_TEXTS: Final = (_UTF8_STRING, 0x13, 0x16)  # PrintableString, IA5String
_DNS_NAME: Final = 0x82
_IP_ADDRESS: Final = 0x87

_DATE_LENGTH: Final = len("20260102030405Z")


class MalformedCertificate(ValueError):
    """The octets are not a certificate."""


class Certificate(NamedTuple):
    """What a certificate says of itself."""

    common_names: tuple[str, ...]
    """CN of the subject."""
    dns_names: tuple[str, ...]
    """DNS names among the subject alternative names."""
    addresses: tuple[str, ...]
    """IP addresses among them."""
    issuer: str
    """The issuer's CN, or its organisation."""
    not_before: str
    """ISO 8601 in UTC: `2026-01-02T03:04:05+00:00`."""
    not_after: str
    self_issued: bool
    """Whether subject and issuer are the same."""


def read(der: bytes) -> Certificate:
    """Return the facts in a DER certificate. MalformedCertificate."""
    try:
        return _certificate(der)
    except (IndexError, ValueError, OSError) as error:
        raise MalformedCertificate(str(error)) from error


def _certificate(der: bytes) -> Certificate:
    body = _only(_only(der, _SEQUENCE), _SEQUENCE)
    fields = [item for item in _items(body) if item[0] != _VERSION]
    _serial, _signature, (_, issuer), (_, validity), (_, subject), *rest = fields
    begin, end = (_moment(tag, value) for tag, value in _items(validity))
    dns_names, addresses = _alternative_names(rest)
    by_issuer = dict(reversed(list(_attributes(issuer))))
    return Certificate(
        common_names=tuple(value for name, value in _attributes(subject) if name == _COMMON_NAME),
        dns_names=dns_names,
        addresses=addresses,
        issuer=by_issuer.get(_COMMON_NAME) or by_issuer.get(_ORGANISATION) or by_issuer.get(_UNIT) or "",
        not_before=begin,
        not_after=end,
        self_issued=issuer == subject,
    )


def subject(der: bytes) -> bytes | None:
    """Return a certificate's subject in the form by which OpenSSL compares names, and looks for them by its SHA-1.

    None where it is no certificate, or its subject has more than text of printable ASCII characters.
    """
    canonical = b""
    try:
        fields = [item for item in _items(_only(_only(der, _SEQUENCE), _SEQUENCE)) if item[0] != _VERSION]
        for _, group in _items(fields[4][1]):
            attributes = []
            for _, attribute in _items(group):
                (_, identifier), (tag, value) = _items(attribute)
                if tag not in _TEXTS or not all(0x20 <= octet < 0x7F for octet in value):
                    return None
                text = _element(_UTF8_STRING, b" ".join(value.split()).lower())
                attributes.append(_element(_SEQUENCE, _element(_OBJECT, identifier) + text))
            canonical += _element(_SET, b"".join(sorted(attributes)))
    except (IndexError, ValueError):
        return None
    return canonical


def _element(tag: int, value: bytes) -> bytes:
    length = len(value)
    size = b"" if length < 0x80 else length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size) if size else length]) + size + value


def _items(octets: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield tag and value of each element in a row. ValueError where a length reaches beyond the end."""
    at = 0
    while at < len(octets):
        tag, length, at = octets[at], octets[at + 1], at + 2
        if length & 0x80:
            size = length & 0x7F
            if not 1 <= size <= 4:
                raise ValueError("a length of no or more than four octets")
            length, at = int.from_bytes(octets[at : at + size], "big"), at + size
        if at + length > len(octets):
            raise ValueError("an element reaches beyond the end")
        yield tag, octets[at : at + length]
        at += length


def _only(octets: bytes, tag: int) -> bytes:
    found, value = next(_items(octets), (None, b""))
    if found != tag:
        raise ValueError(f"tag {found} where {tag} is due")
    return value


def _attributes(name: bytes) -> Iterator[tuple[bytes, str]]:
    """Yield object identifier and text of each part of a distinguished name."""
    for _, group in _items(name):
        for _, attribute in _items(group):
            (_, identifier), (tag, value), *_ = _items(attribute)
            yield identifier, value.decode("utf-16-be" if tag == _BMP_STRING else "utf-8", "replace")


def _moment(tag: int, value: bytes) -> str:
    text = value.decode("ascii")
    if tag == _UTC_TIME:  # two digits of the year: from 50 on the last century (RFC 5280 section 4.1.2.5.1)
        text = ("19" if int(text[:2]) >= 50 else "20") + text
    if len(text) != _DATE_LENGTH or not text.endswith("Z") or not text[:-1].isdigit():
        raise ValueError("not a date")
    year, (month, day, hour, minute, second) = int(text[:4]), (int(text[at : at + 2]) for at in range(4, 14, 2))
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    longest = 29 if month == 2 and leap else (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[(month - 1) % 12]
    if not (year and 1 <= month <= 12 and 1 <= day <= longest and hour < 24 and minute < 60 and second < 60):
        raise ValueError("not a date")
    return f"{text[:4]}-{text[4:6]}-{text[6:8]}T{text[8:10]}:{text[10:12]}:{text[12:14]}+00:00"


def unix_time(moment: str) -> int:
    """Return the Unix time of a moment as it stands in a Certificate. The module datetime takes 1 ms to import."""
    year, month, day, hour, minute, second = (int(part) for part in re.findall("[0-9]+", moment)[:6])
    year, month = (year, month - 3) if month > 2 else (year - 1, month + 9)  # from March on, a leap day is the last
    days = year * 365 + year // 4 - year // 100 + year // 400 + (153 * month + 2) // 5 + day - 719_469
    return ((days * 24 + hour) * 60 + minute) * 60 + second


def _alternative_names(fields: list[tuple[int, bytes]]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    names: list[str] = []
    addresses: list[str] = []
    for tag, value in fields:
        if tag != _EXTENSIONS:
            continue
        for _, extension in _items(_only(value, _SEQUENCE)):
            parts = list(_items(extension))
            if parts[0] != (_OBJECT, _ALTERNATIVE_NAMES) or parts[-1][0] != _OCTETS:
                continue
            for kind, name in _items(_only(parts[-1][1], _SEQUENCE)):
                if kind == _DNS_NAME:
                    names.append(name.decode("latin-1"))
                elif kind == _IP_ADDRESS and len(name) in (4, 16):
                    addresses.append(socket.inet_ntop(socket.AF_INET if len(name) == 4 else socket.AF_INET6, name))
    return tuple(names), tuple(addresses)


def read_authorities(files: tuple[Path, ...]) -> tuple[str, ...]:
    """Return the PEM text of `--ca-file` files. FileError where one cannot be read or holds no certificate."""
    texts = []
    for file in files:
        try:
            text = file.read_text(encoding="utf-8", errors="replace")
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


def without_roots(file: str, error: OSError) -> MachineError:
    """Return what to tell where the list of public authorities cannot be read; ssl.SSLError is an OSError, too."""
    reason = error.strerror if error.errno and error.strerror else "it holds no certificates"
    return lacking(error) or MachineError(
        f"{file}, the list of public certificate authorities, cannot be read: {reason}. Install certifi again.",
        "This machine",
    )


SOON: Final = 15
"""Days before its end from which a certificate gets a warning."""


def certificate(session: ssl.SSLObject) -> Certificate | None:
    """Return the server's certificate as far as it can be read."""
    der = session.getpeercert(binary_form=True)
    try:
        return read(der) if der else None
    except MalformedCertificate:
        return None


def chain_length(session: ssl.SSLObject) -> int | None:
    """Return how many certificates the server sent; None where Python does not tell."""
    inner = getattr(session, "_sslobj", None)  # public from Python 3.13 on
    chain = getattr(session, "get_unverified_chain", None) or getattr(inner, "get_unverified_chain", None)
    return len(chain() or ()) or None if chain else None


def facts(session: ssl.SSLObject, found: Certificate | None, *, verified: bool) -> TlsFacts:
    """Return the facts of a TLS session and its certificate."""
    cipher = session.cipher()
    return describe(found, protocol=session.version() or "", cipher=cipher[0] if cipher else "", verified=verified)


def describe(found: Certificate | None, *, protocol: str, cipher: str, verified: bool) -> TlsFacts:
    """Return the facts of a certificate, with the session's where there is one."""
    if found is None:
        return TlsFacts(protocol, cipher, verified=verified)
    return TlsFacts(
        protocol,
        cipher,
        names=tuple(safe(name, limit=255) for name in (found.dns_names + found.addresses or found.common_names)[:100]),
        issuer=safe(found.issuer, limit=255),
        not_before=found.not_before,
        not_after=found.not_after,
        days_left=int((unix_time(found.not_after) - time.time()) // 86_400),
        verified=verified,
    )


def sentence(tls: TlsFacts, host: str) -> str:
    """Return `TLSv1.3, certificate smtp.gmail.com, 61 days left`."""
    name = host if host in tls.names else (tls.names[0] if tls.names else "without a name")
    parts = [tls.protocol, f"certificate {name}"]
    if tls.days_left is not None:
        days = tls.days_left
        parts.append(f"{days} day{'' if days == 1 else 's'} left" if days >= 0 else f"expired {-days} days ago")
    return ", ".join(part for part in parts if part)


def lines(tls: TlsFacts) -> tuple[str, ...]:
    """Return all facts, a line each."""
    found = (
        ("cipher", tls.cipher),
        ("names", ", ".join(tls.names)),
        ("issuer", tls.issuer),
        ("valid", f"{tls.not_before[:10]} to {tls.not_after[:10]}" if tls.not_after else ""),
    )
    return tuple(f"{label}: {value}" for label, value in found if value)
