"""What identifies a mail of ours in its bytes: Message-ID and arrival codes. Pure; never raises, whatever the bytes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from email import policy
from email.message import Message
from email.parser import BytesParser, HeaderParser
from typing import Final, NamedTuple

from smtpwizard.inbox.model import Wanted

_LINK_CODE: Final = re.compile(r"[?&]code=(\d{6})(?!\d)")
_BARE_CODE: Final = re.compile(r"(?<![\w#])(\d{6})(?!\w)")  # not the #1a2b3c of a colour, not part of an id
_TAG: Final = re.compile(r"<[^<>]*>")

_MOST_CODES: Final = 8
"""Six-digit numbers that count in one part of a mail: an invoice with a hundred of them must not look like ours."""
_MOST_PARTS: Final = 20
_LONGEST_HEADER: Final = 100_000


class Mail(NamedTuple):
    """What is known of a mail that was read."""

    message_id: str
    """In its plain form, see `plain_id`; empty where there is none."""
    codes: frozenset[str]


def plain_id(text: str) -> str:
    """Return a Message-ID without angle brackets, blanks and folds: APIs differ in what they show of it."""
    return "".join(text.split()).removeprefix("<").removesuffix(">")


def read_mail(data: bytes) -> Mail:
    """Return what identifies a mail; `data` may be cut off anywhere."""
    try:
        message = BytesParser(policy=policy.compat32).parsebytes(data)
        return Mail(plain_id(str(message.get("Message-ID", ""))), frozenset(_codes(message)))
    except Exception:  # the email package fails on hostile bytes in a dozen ways, RecursionError among them
        return Mail("", frozenset())


def read_headers(data: bytes) -> tuple[tuple[str, str], ...]:
    """Return name and unfolded value of each header field, from the top; names in lower case."""
    text = data[:_LONGEST_HEADER].decode("utf-8", "replace")
    try:
        fields = HeaderParser(policy=policy.compat32).parsestr(text, headersonly=True).items()
    except Exception:  # as above
        return ()
    return tuple((name.lower(), " ".join(str(value).split())) for name, value in fields)


def answered(mail: Mail, wanted: Iterable[Wanted]) -> Wanted | None:
    """Return the wanted mail that `mail` is: by its Message-ID, else by its code."""
    wanted = tuple(wanted)
    for item in wanted:
        if mail.message_id and plain_id(item.message_id) == mail.message_id:
            return item
    return next((item for item in wanted if item.code and item.code in mail.codes), None)


def codes_in(text: str) -> tuple[str, ...]:
    """Return the codes of a text: those of links (`code=418205`), and the first six-digit numbers that stand alone."""
    links = _LINK_CODE.findall(text)
    alone = _BARE_CODE.findall(_TAG.sub(" ", text))
    return (*links[:_MOST_CODES], *alone[:_MOST_CODES])


def _codes(message: Message) -> Iterator[str]:
    for number, part in enumerate(message.walk()):
        if number >= _MOST_PARTS:
            return
        if part.get_content_maintype() == "text":
            yield from codes_in(_decoded(part))


def _decoded(part: Message) -> str:
    payload = part.get_payload(decode=True)
    raw = payload if isinstance(payload, bytes) else b""
    try:
        return raw.decode(part.get_content_charset("utf-8"), "replace")
    except (LookupError, ValueError):  # a charset that is none
        return raw.decode("utf-8", "replace")
