"""The queue id in the reply to a message, where one can be read. Pure."""

from __future__ import annotations

import re
from typing import Final

_NAMED: Final = (
    r"queued as <?([^\s<>,;()]+)",  # Postfix, Brevo, SendGrid
    r"\bid=<?([^\s<>,;()\]]+)",  # Exim
    r"\bInternalId=([^\s,\]]+)",  # Exchange
    r"queued \(([^\s)]+)\)",  # Haraka
    r"\A([A-Za-z0-9]{8,}) message accepted",  # Sendmail, OpenSMTPD
)
_BARE: Final = r"\A(?:ok|accepted|queued)[:,.]?\s+<?([A-Za-z0-9][A-Za-z0-9._/@=-]{5,})"
"""Gmail: `OK  1732254 …`; Amazon SES: `Ok 0100018c…`."""


def queue_id(text: str) -> str | None:
    """Return the id out of the text of a 250 reply, codes taken off; None where there is none."""
    for pattern in _NAMED:
        found = re.search(pattern, text, re.IGNORECASE)
        if found:
            return found[1].rstrip(".")
    found = re.search(_BARE, text, re.IGNORECASE)
    return found[1].rstrip(".") if found and any(char.isdigit() for char in found[1]) else None
