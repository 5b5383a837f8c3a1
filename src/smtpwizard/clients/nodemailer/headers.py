"""The header fields that people see, From, To and Subject, octet for octet as nodemailer 8.0.5 writes them. Pure.

What the client does, not what RFC 5322 would like best: letters beyond ASCII before an @ stand as they are (RFC 6532),
those of a name or subject become encoded words (RFC 2047), and a line is folded at blanks once it has 76 characters.
"""

from __future__ import annotations

import base64
import re
from typing import Final

_FOLD: Final = 76
_WORD: Final = 40
"""Characters inside an encoded word: 52 with its `=?UTF-8?Q?` and `?=`."""
_PLAIN_NAME: Final = re.compile(r"[A-Za-z0-9_ ]*")
_QUOTABLE: Final = re.compile(r"[\x20-\x7e]*")


def from_field(name: str, address: str) -> str:
    """Return the From field: `From: User feedback <ops@example.com>`. Neither may have a line break in it."""
    return folded(f"From: {_phrase(name)} <{address}>" if name else f"From: {address}")


def to_field(address: str) -> str:
    """Return the To field of one bare address."""
    return folded(f"To: {address}")


def subject_field(subject: str) -> str:
    """Return the Subject field; one with a quotation mark or a letter beyond ASCII is encoded as a whole."""
    plain = subject.isascii() and '"' not in subject
    return folded(f"Subject: {subject if plain else encoded(subject)}")


def folded(field: str) -> str:
    """Return a field in lines with CRLF between them; a word too long for a line stays whole."""
    rest, lines = _units(field), []
    while len(rest) >= _FOLD:
        line = rest[:_FOLD]
        end = re.search(r"\s+\S*\Z", line)
        if end is not None and end.start() > 0:
            line = line[: end.start()]
        else:
            word = re.match(r"\S+", rest[_FOLD:])
            line += word[0] if word else ""
        lines.append(line)
        rest = rest[len(line) :]
    return _characters("\r\n".join([*lines, rest] if rest else lines))


def encoded(text: str) -> str:
    """Return text as encoded words, by letters (Q) where ASCII letters prevail, else in Base64 (B)."""
    units = _units(text)
    odd = sum(char >= "\x80" or char in "\x0b\x0c" or char < "\x09" or "\x0e" <= char < "\x20" for char in units)
    letters = sum(char.isascii() and char.isalpha() for char in units)
    kind, words = ("Q", _quoted(text)) if odd < letters else ("B", _in_base64(text))
    return " ".join(f"=?UTF-8?{kind}?{word}?=" for word in words)


def _phrase(name: str) -> str:
    if _PLAIN_NAME.fullmatch(name):
        return name
    if _QUOTABLE.fullmatch(name):
        return '"' + re.sub(r'([\\"])', r"\\\1", name) + '"'
    return encoded(name)


def _quoted(text: str) -> list[str]:
    """Return the text in pieces of letters and `=C3=BC`, none of which ends within a character."""
    rest = "".join(_quoted_octet(octet) for octet in text.encode())
    rest = rest.removesuffix("_") + "=20" if rest.endswith("_") else rest  # a blank at the end is no `_`
    pieces = []
    while len(rest) > _WORD:
        cut = _WORD - len(re.search(r"(=[0-9A-F]?)?\Z", rest[:_WORD])[0])  # type: ignore[index]  # it always matches
        while re.match(r"=[89AB]", rest[cut:]) and cut > 0:  # the second, third or fourth octet of a character
            cut -= 3
        pieces.append(rest[:cut])
        rest = rest[cut:]
    return [*pieces, rest]


def _quoted_octet(octet: int) -> str:
    char = chr(octet)
    if char.isascii() and (char.isalnum() or char in "!*+-/"):
        return char
    return "_" if char == " " else f"={octet:02X}"


def _in_base64(text: str) -> list[str]:
    """Return the text in pieces of at most 30 octets, whole characters, each in Base64."""
    limit = _WORD // 4 * 3
    whole = base64.b64encode(text.encode()).decode()
    if len(whole) <= limit:
        return [whole]
    pieces = [""]
    for char in text:
        if len((pieces[-1] + char).encode()) > limit:
            pieces.append("")
        pieces[-1] += char
    return [base64.b64encode(piece.encode()).decode() for piece in pieces]


def _units(text: str) -> str:
    """Return text with a character for each UTF-16 unit, which is what the client counts."""
    octets = text.encode("utf-16-le", "surrogatepass")
    return "".join(chr(int.from_bytes(octets[place : place + 2], "little")) for place in range(0, len(octets), 2))


def _characters(units: str) -> str:
    return units.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\x80-\U0010ffff-]+"
_LOCAL: Final = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
"""RFC 5321 section 4.1.2, Dot-string, and RFC 6531 section 3.3: UTF-8 in it. Quoted strings are left out: no app's user
has one."""

_LABEL: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
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
    from smtpwizard.clients.nodemailer.dialogue import to_ascii  # a preview does without the client

    domain = to_ascii(domain.lower())
    if not all(_LABEL.fullmatch(label) for label in domain.split(".")):
        raise AddressError("is no mail address: the part after the @ is wrong")
    result = f"{local}@{domain}"
    if len(result.encode()) > _LONGEST:
        raise AddressError(f"has more than {_LONGEST} octets")
    return result
