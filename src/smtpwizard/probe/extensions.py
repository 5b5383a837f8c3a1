"""What a mail needs and a server does not offer: a warning in words, before the refusal comes. Pure.

The app's client says nothing of the sort: it sends, and the server decides. So nothing here changes what is sent.
"""

from __future__ import annotations

from smtpwizard.probe.address import needs_smtputf8
from smtpwizard.probe.keywords import Capabilities


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
