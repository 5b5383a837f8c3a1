"""A DKIM key record taken apart (RFC 6376 section 3.6.1, RFC 8301, RFC 8463). Pure; never raises, asks nobody."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final, NamedTuple

WEAKEST_RSA: Final = 1024
"""Bits; keys below are not accepted (RFC 8301 section 3.2)."""
GOOD_RSA: Final = 2048
"""Bits; RFC 8301 section 3.2 recommends it."""
_ED25519_OCTETS: Final = 32
_MOST_TAGS: Final = 40
_RSA_OID: Final = bytes.fromhex("2a864886f70d010101")
"""1.2.840.113549.1.1.1, rsaEncryption."""


class DkimKey(NamedTuple):
    """One key record."""

    kind: str = "rsa"
    """`rsa` or `ed25519`; anything else is a key that receivers do not know."""
    bits: int = 0
    """Of an RSA modulus; 256 for ed25519; 0 where it cannot be read."""
    revoked: bool = False
    """`p=` is empty: the key has been withdrawn."""
    testing: bool = False
    """`t=y`: receivers must not treat signed mail other than unsigned (section 3.6.1)."""
    error: str = ""
    """Why it is no usable key record, as the end of a sentence."""


def is_key_record(text: str) -> bool:
    """Say whether a TXT record looks like a DKIM key: names its version, or has a `p=`."""
    return bool(re.match(r"(?i)\s*v\s*=\s*DKIM1\b", text) or re.search(r"(?:^|;)\s*p\s*=", text))


def parse_dkim(text: str) -> DkimKey:
    """Take one record apart."""
    tags = _tags(text)
    version = tags.get("v", "DKIM1")
    kind = tags.get("k", "rsa").lower()
    testing = "y" in tags.get("t", "").lower().split(":")
    if version != "DKIM1" or ("v" in tags and next(iter(tags)) != "v"):
        return DkimKey(kind, error="has a version other than v=DKIM1 at its beginning")
    if "p" not in tags:
        return DkimKey(kind, testing=testing, error="has no p=, so no key")
    if kind not in ("rsa", "ed25519"):
        return DkimKey(kind, testing=testing, error="has a kind of key that receivers do not know")
    data = re.sub(r"\s+", "", tags["p"])
    if not data:
        return DkimKey(kind, revoked=True, testing=testing)
    services = [item.strip() for item in tags.get("s", "*").split(":")]
    if not {"*", "email"} & set(services):
        return DkimKey(kind, testing=testing, error="is not for mail (s=)")
    try:
        raw = base64.b64decode(data + "=" * (-len(data) % 4), validate=True)
    except (binascii.Error, ValueError):
        return DkimKey(kind, testing=testing, error="has a p= that is not base64")
    bits = _bits(kind, raw)
    return DkimKey(kind, bits, testing=testing, error="" if bits else "has a p= that is no public key")


def _tags(text: str) -> dict[str, str]:
    tags: dict[str, str] = {}
    for part in text.split(";")[:_MOST_TAGS]:
        name, sign, value = part.partition("=")
        if sign:
            tags.setdefault(name.strip().lower(), value.strip())
    return tags


def _bits(kind: str, raw: bytes) -> int:
    if kind == "ed25519":
        return 256 if len(raw) == _ED25519_OCTETS else 0
    modulus = _modulus(raw)
    return int.from_bytes(modulus, "big").bit_length() if modulus else 0


def _modulus(raw: bytes) -> bytes:
    """Return an RSA modulus out of a SubjectPublicKeyInfo, or out of the bare RSAPublicKey that RFC 6376 names."""
    tag, body, _ = _element(raw)
    if tag != 0x30:
        return b""
    first, inner, rest = _element(body)
    if first == 0x02:
        return inner
    tag, oid, _ = _element(inner)
    if first != 0x30 or tag != 0x06 or oid != _RSA_OID:
        return b""
    tag, bit_string, _ = _element(rest)
    if tag != 0x03 or not bit_string:
        return b""
    tag, key, _ = _element(bit_string[1:])  # the first octet counts unused bits
    tag_of_modulus, modulus, _ = _element(key)
    return modulus if tag == 0x30 and tag_of_modulus == 0x02 else b""


def _element(data: bytes) -> tuple[int, bytes, bytes]:
    """Return tag, content and what follows of the first DER element; tag 0 where it is cut short."""
    if len(data) < 2:
        return 0, b"", b""
    length, start = data[1], 2
    if length & 0x80:
        count = length & 0x7F
        if not 0 < count <= 3 or len(data) < 2 + count:
            return 0, b"", b""
        length, start = int.from_bytes(data[2 : 2 + count], "big"), 2 + count
    if len(data) < start + length:
        return 0, b"", b""
    return data[0], data[start : start + length], data[start + length :]
