"""From SMTP_SENDER to the address in MAIL FROM, as the app's client makes it. Pure.

The app builds the header `"User feedback" <SMTP_SENDER>` as text; nodemailer parses that again and takes the first
address. So a display name in the variable, or a bracket, is cut in its own way.
"""

from __future__ import annotations

from typing import Final

from smtpwizard.app.joi import trim

_CONTROL: Final = {code: None for code in range(0x20) if chr(code) not in "\t\n"}
_NOT_IN_ADDRESS: Final = frozenset((*map(chr, range(0x20)), "<", ">"))
_DOTS: Final = {ord(dot): "." for dot in "\u3002\uff0e\uff61"}


def from_header(sender: str) -> str:
    """Return the envelope sender for SMTP_SENDER; empty where the client finds no address in it."""
    inside = trim(sender.partition(">")[0].translate(_CONTROL).replace("\n", " "))
    return normalise(inside.partition("<")[2] if "<" in inside else inside)


def normalise(address: str) -> str:
    """Return an address as the client sends it: no control characters, domain in lower case and ASCII."""
    address = trim(_squeezed(address))
    user, at, domain = address.rpartition("@")
    if not at:
        return address
    if " " in user:
        user = ('"' if user[:1] != '"' else "") + user
        user += '"' if user[-1:] != '"' else ""
    return f"{user}@{to_ascii(domain.lower())}"


def to_ascii(domain: str) -> str:
    """Return a domain with labels beyond ASCII in punycode (RFC 3492)."""
    return domain if domain.isascii() else ".".join(map(_label, domain.translate(_DOTS).split(".")))


def needs_smtputf8(*addresses: str) -> bool:
    """Say whether an address has characters for which the client asks for SMTPUTF8 (RFC 6531)."""
    return any(not address.isascii() for address in addresses)


def _squeezed(address: str) -> str:
    """Replace each run of control characters and brackets by one blank."""
    kept: list[str] = []
    for char in address:
        if char not in _NOT_IN_ADDRESS:
            kept.append(char)
        elif kept[-1:] != [""]:
            kept.append("")
    return "".join(char or " " for char in kept)


def _label(label: str) -> str:
    return label if label.isascii() else "xn--" + label.encode("punycode").decode("ascii")
