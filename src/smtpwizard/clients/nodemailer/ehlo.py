"""Reads the reply to EHLO and writes the envelope's addresses as nodemailer does. Pure.

The client searches the whole reply for patterns instead of reading keywords line by line, so `250-X-AUTH PLAIN` and
`250-AUTH=LOGIN` offer a login, too. Its patterns for login mechanisms take quadratic time on a hostile reply; this
takes linear time and finds the same (a property test compares them). No regular expressions: compiling these took 3
ms of a `check`.
"""

from __future__ import annotations

from typing import Final

from smtpwizard.apps.parse import JS_SPACE, trim
from smtpwizard.clients.model import Capabilities

MECHANISMS: Final = ("PLAIN", "LOGIN", "CRAM-MD5", "XOAUTH2")
"""The mechanisms that the client knows, in its order of preference."""

_UPPER: Final = str.maketrans({chr(code): chr(code - 32) for code in range(ord("a"), ord("z") + 1)})
"""Upper case for ASCII alone: str.upper() would also turn `\u00df` into two letters."""
_WORD: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
_DIGITS: Final = "0123456789"


_READ: Final = 1 << 18
"""Characters of a reply that are read: a hundred times what real servers send. The client reads without limit."""


def read(reply: str) -> Capabilities:
    """Return what the client reads out of a positive reply to EHLO."""
    reply = reply[:_READ]
    text = reply.translate(_UPPER)
    return Capabilities(
        starttls=_has(text, "STARTTLS"),
        smtputf8=_has(text, "SMTPUTF8"),
        eightbit=_has(text, "8BITMIME"),
        login=_has(text, "AUTH"),
        mechanisms=tuple(name for name in MECHANISMS if offers(reply, name)),
        size=_size(text),
        lines=tuple(line for line in map(_keyword, reply.split("\n")) if line)[1:],
    )


def offers(reply: str, name: str) -> bool:
    """Say whether the client finds login mechanism `name` in the reply.

    Its pattern: AUTH after a blank or hyphen, blanks or `=`, then the name, at once or after blanks further on, where
    the blanks may hold line ends. The first AUTH of a line decides for all of it, but for `AUTH=` with the name, and
    for an AUTH at its end, which reaches into the next line. So each line is looked at once or twice.
    """
    text = reply.translate(_UPPER)
    if f" AUTH={name}" in text or f"-AUTH={name}" in text:
        return True
    position = 0
    while (begin := _behind(text, "AUTH", position)) is not None:
        start = begin + 1 if text[begin : begin + 1] == "=" else _skip(text, begin)
        if start == begin:
            position = begin
            continue
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        if text.startswith(name, start) or _listed(text, name, start, end):
            return True
        below = _skip(text, end)
        if below > end and text.startswith(name, below):
            return True
        last = text[start:end].rstrip(JS_SPACE).removesuffix("=")
        position = start + len(last) - len("AUTH") if last.endswith("AUTH") else end
    return False


def _behind(text: str, word: str, position: int) -> int | None:
    """Return where the first `word` after a blank or hyphen ends, from `position` on."""
    at = text.find(word, position)
    while at >= 0:
        if at and text[at - 1] in " -":
            return at + len(word)
        at = text.find(word, at + 1)
    return None


def _has(text: str, word: str) -> bool:
    """Say whether `word` stands after a blank or hyphen, and ends there."""
    position = 0
    while (end := _behind(text, word, position)) is not None:
        if text[end : end + 1] not in _WORD:
            return True
        position = end
    return False


def _size(text: str) -> int | None:
    end = _behind(text, "SIZE", 0)
    if end is None:
        return None
    rest = text[end : end + 100]
    number = rest.lstrip(" \t")
    if number == rest:
        return 0
    return int("0" + number[: len(number) - len(number.lstrip(_DIGITS))][:15])


def _keyword(line: str) -> str:
    bare = line.lstrip(_DIGITS)
    return (bare[1:] if bare != line and bare[:1] in ("-", " ") else line).strip(JS_SPACE)


def _skip(text: str, position: int) -> int:
    """Return the first position from `position` on that is no blank."""
    while position < len(text) and text[position] in JS_SPACE:
        position += 1
    return position


def _listed(text: str, name: str, start: int, end: int) -> bool:
    at = text.find(name, start, end)
    while at >= 0 and text[at - 1] not in JS_SPACE:
        at = text.find(name, at + 1, end)
    return at >= 0


_CONTROL: Final = {code: None for code in range(0x20) if chr(code) not in "\t\n"}
_NOT_IN_ADDRESS: Final = frozenset((*map(chr, range(0x20)), "<", ">"))
_DOTS: Final = {ord(dot): "." for dot in "\u3002\uff0e\uff61"}


def from_header(sender: str) -> str:
    """Return the envelope sender for the app's sender; empty where the client finds no address in it."""
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
    if domain.isascii():
        return domain
    labels = domain.translate(_DOTS).split(".")
    return ".".join(x if x.isascii() else "xn--" + x.encode("punycode").decode("ascii") for x in labels)


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


def doubts(offered: Capabilities, sender: str, recipient: str, message: bytes | None) -> list[str]:
    """Return what the server will probably refuse of a mail, a clause each; `message` is None where none is sent."""
    found = []
    if needs_smtputf8(sender, recipient) and not offered.smtputf8:
        found.append(
            f"the server does not offer SMTPUTF8, and {_named(sender, recipient)} letters beyond ASCII before the @: "
            "the app sends them all the same, and most servers refuse that; use an address without them"
        )
    if message is None:
        return found
    if not (offered.smtputf8 or offered.eightbit or _header(message).isascii()):
        found.append(
            "the header of this mail has 8-bit octets, and the server offers neither SMTPUTF8 nor 8BITMIME: "
            "it may refuse or garble them"
        )
    size = octets(message)
    if offered.size and offered.size < size:
        found.append(f"the server takes {offered.size:,} octets, this mail has {size:,}: it will refuse it")
    return found


def octets(message: bytes) -> int:
    """Return the size of a message as SIZE counts it: line ends as CRLF, no doubled dots (RFC 1870 section 5)."""
    missing = message.count(b"\n") - message.count(b"\r\n")
    return len(message) + missing + (0 if message.endswith(b"\n") else 2)


def _named(sender: str, recipient: str) -> str:
    names = [name for name, address in (("sender", sender), ("recipient", recipient)) if not address.isascii()]
    return f"the {' and the '.join(names)} {'have' if len(names) > 1 else 'has'}"


def _header(message: bytes) -> bytes:
    return message.replace(b"\r\n", b"\n").partition(b"\n\n")[0]
