"""Sender checks against the name server on the loopback, and DKIM keys of any length."""

from __future__ import annotations

import base64

from smtpwizard.dns.check import check_sender
from smtpwizard.dns.sender import SenderCheck, SenderReport
from smtpwizard.presets.catalogue import Presets
from smtpwizard.presets.schema import Provider
from support.name_server import NameServer

_RSA_OID = bytes.fromhex("06092a864886f70d0101010500")


def preset(name: str) -> Provider:
    """Return a shipped preset."""
    return Presets.open().provider(name)


async def check(
    server: NameServer, address: str, provider: str | Provider | None = None, timeout: float = 20.0
) -> SenderReport:
    """Check a sender against `server`, for a provider or the preset of that id."""
    judged = preset(provider) if isinstance(provider, str) else provider
    return await check_sender(address, provider=judged, timeout=timeout, nameservers=[server.host], port=server.port)


async def one(
    server: NameServer, id_: str, address: str = "app@acme.com", provider: str | Provider | None = None
) -> SenderCheck:
    """Return one check of a sender."""
    found = (await check(server, address, provider)).check(id_)
    assert found is not None
    return found


def company(server: NameServer, domain: str = "acme.com", spf: str = "", dmarc: str = "") -> None:
    """Give a domain what a common one has: MX hosts with addresses, and SPF and DMARC records where given."""
    server.soa(domain.rpartition(".")[2])
    server.mx(domain, (10, f"mx.{domain}."))
    server.put(f"mx.{domain}", "A", "93.184.216.34")
    if spf:
        server.txt(domain, spf)
    if dmarc:
        server.txt(f"_dmarc.{domain}", dmarc)


def dkim_record(bits: int = 2048, extra: str = "") -> str:
    """Return a key record with an RSA modulus of so many bits. Nobody has its private key: it is only measured."""
    modulus = (1 << (bits - 1)) | 1
    raw = b"\x00" + modulus.to_bytes((bits + 7) // 8, "big")
    key = _der(0x30, _der(0x02, raw) + _der(0x02, b"\x01\x00\x01"))
    info = _der(0x30, _der(0x30, _RSA_OID) + _der(0x03, b"\x00" + key))
    return f"v=DKIM1; k=rsa; {extra}p={base64.b64encode(info).decode()}"


def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(octets)]) + octets + content
