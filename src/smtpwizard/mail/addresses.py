"""Mail addresses as they go into an envelope and a header. Pure; whether an address exists is not asked.

Domains beyond ASCII are written as nodemailer 8.0.5 writes them: each label in Punycode, without the mappings of IDNA.
"""

from __future__ import annotations

import re
from typing import Final

_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\x80-\U0010ffff-]+"
_LOCAL: Final = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
"""RFC 5321 section 4.1.2, Dot-string, and RFC 6531 section 3.3: UTF-8 in it. Quoted strings are left out: no app's user
has one."""

_LABEL: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_STOPS: Final = re.compile("[\u3002\uff0e\uff61]")
_LONGEST_LOCAL: Final = 64
_LONGEST: Final = 254
"""Octets: RFC 5321 section 4.5.3.1, and its errata 1690."""


class AddressError(ValueError):
    """Not an address; the message says why, as the end of a sentence: `has no @`."""


def envelope(address: str) -> str:
    """Return the address as the app's client writes it into envelope and header: its domain in ASCII, in lower case.

    What stands before the @ stays as it is, letters beyond ASCII too: those go with SMTPUTF8 (RFC 6531), where a server
    offers it. AddressError with the reason where it is no bare address.
    """
    if any(char.isspace() or not char.isprintable() for char in address):
        raise AddressError("has a blank or a control character in it")
    if any(char in address for char in '<>"'):
        raise AddressError("is more than a bare address: leave out the name, the quotes and the < >")
    if any(char in address for char in ",;"):
        raise AddressError("is more than one address")
    local, at, domain = address.rpartition("@")
    if not at:
        raise AddressError("has no @")
    if len(local.encode()) > _LONGEST_LOCAL or not _LOCAL.fullmatch(local):
        raise AddressError("is no mail address: the part before the @ is wrong")
    labels = [_label(label) for label in _STOPS.sub(".", domain.lower()).split(".")]
    if not all(_LABEL.fullmatch(label) for label in labels):
        raise AddressError("is no mail address: the part after the @ is wrong")
    result = f"{local}@{'.'.join(labels)}"
    if len(result.encode()) > _LONGEST:
        raise AddressError(f"has more than {_LONGEST} octets")
    return result


def _label(label: str) -> str:
    return label if label.isascii() else "xn--" + label.encode("punycode").decode("ascii")
