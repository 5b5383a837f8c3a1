"""What the practice server received, and the arrival code in it. Pure: no sockets, no files."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Final

_LINK_CODE: Final = re.compile(r"[?&]code=(\d{6})(?!\d)")
_BARE_CODE: Final = re.compile(r"(?<![\w#])(\d{6})(?!\w)")  # not the #1a2b3c of a colour, not part of an id


@dataclass(frozen=True, slots=True)
class ReceivedMessage:
    """One message that the server accepted."""

    at: datetime
    """When the last line of the message came in; with the local time zone."""
    sender: str
    """Envelope sender (MAIL FROM)."""
    recipients: tuple[str, ...]
    """Envelope recipients (RCPT TO)."""
    subject: str
    """The Subject header, decoded. Foreign text: pass it through `safe()` before display."""
    code: str | None
    """The six-digit arrival code found in the message, if there is one."""
    queue_id: str
    """As in the reply: `250 2.0.0 Ok: queued as <queue_id>`."""
    data: bytes = field(repr=False)
    """The message as received, CRLF line ends, dot-stuffing undone."""


def parse(data: bytes) -> tuple[str, str | None]:
    """Return the subject and the arrival code of a message; never raises, whatever the bytes are."""
    try:
        message = BytesParser(policy=policy.default).parsebytes(data)
        subject = str(message.get("Subject", ""))
        text = _text(message)
    except (
        LookupError,
        ValueError,
        AttributeError,
        TypeError,
        IndexError,
    ):  # the header parser's known failures on junk
        return "", None
    return subject, find_code(text)


def find_code(text: str) -> str | None:
    """Return the arrival code in a mail's text: that of a link (`code=418205`), else the first six digits alone."""
    found = _LINK_CODE.search(text) or _BARE_CODE.search(text)
    return found.group(1) if found else None


def _text(message: EmailMessage) -> str:
    part = message.get_body(preferencelist=("plain", "html"))
    if part is None:
        return ""
    content = part.get_content()
    if not isinstance(content, str):
        return ""
    return html.unescape(content) if part.get_content_type() == "text/html" else content  # Handlebars: `code&#x3D;…`
