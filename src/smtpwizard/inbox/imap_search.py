"""One look through the folders of a mailbox, read-only: EXAMINE, SEARCH, BODY.PEEK. Blocking, see threads.py."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from smtpwizard.inbox.authentication import authentication_of
from smtpwizard.inbox.dialling import TITLE
from smtpwizard.inbox.imap_folders import Folder, choose, listed
from smtpwizard.inbox.imap_syntax import Response, Value, folder_word, pairs, quoted
from smtpwizard.inbox.imap_wire import Wire
from smtpwizard.inbox.mail_text import Mail, answered, plain_id, read_headers, read_mail
from smtpwizard.inbox.model import Arrival, InboxRefused, Place, Wanted
from smtpwizard.text import safe

NEWEST: Final = 50
"""Messages of a folder that are read for their code, each once."""
PORTION: Final = 10
"""Messages that are asked for at a time."""
OCTETS: Final = 65_536
"""Of a message, from its beginning: the app's own are some 10 kB."""

_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DATE: Final = re.compile(rb" ?(\d{1,2})-([A-Za-z]{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)")


class Search:
    """What is known of a mailbox from look to look."""

    def __init__(self, named: str = "") -> None:
        self._named = named
        self._folders: tuple[Folder, ...] = ()
        self._read: dict[tuple[str, int, int], Mail] = {}
        """Messages that were read for their code, by folder, UIDVALIDITY and UID."""

    def find(self, wire: Wire, wanted: Sequence[Wanted], offered: frozenset[str]) -> tuple[Arrival, ...]:
        """Return those of `wanted` that lie in the folders. OSError, ImapSyntaxError, InboxRefused."""
        self._folders = self._folders or self._choose(wire, offered)
        found: dict[str, Arrival] = {}
        for folder in self._folders:
            answer, before = wire.command(b"EXAMINE " + folder_word(folder.name))
            if answer.kind != "OK":
                self._missing(folder, answer)
                continue
            validity = _validity([*before, answer])
            for mail in wanted:
                for uid in _by_id(wire, mail):
                    arrival = _arrival(wire, folder, uid, mail)
                    if arrival is not None:
                        found[mail.message_id] = arrival
                        break
            missing = [mail for mail in wanted if mail.message_id not in found]
            if missing and folder.place is not Place.OTHER:
                found |= self._by_code(wire, folder, validity, missing)
        return tuple(found.values())

    def _choose(self, wire: Wire, offered: frozenset[str]) -> tuple[Folder, ...]:
        special = b" RETURN (SPECIAL-USE)" if offered >= {"SPECIAL-USE", "LIST-EXTENDED"} else b""  # RFC 6154, 5258
        answer, before = wire.command(b'LIST "" "*"' + special)
        if answer.kind != "OK" and special:
            answer, before = wire.command(b'LIST "" "*"')
        folders = [listed(item.values) for item in before if item.kind == "LIST"]
        return choose((item for item in folders if item is not None), self._named)

    def _missing(self, folder: Folder, answer: Response) -> None:
        """Tell where a folder cannot be opened that has to be there; pass over another."""
        said = safe(answer.text, limit=120).rstrip(".") or "no reason given"
        if folder.name == self._named:
            raise InboxRefused(
                f"The folder {safe(folder.name, limit=120)} cannot be opened: {said}. Correct it in the URL of the "
                "inbox; folders below others are written as the server does, such as INBOX.App.",
                TITLE,
            )
        if folder.place is Place.INBOX:
            raise InboxRefused(f"The inbox cannot be opened: {said}. Try again later.", TITLE)

    def _by_code(self, wire: Wire, folder: Folder, validity: int, missing: Sequence[Wanted]) -> dict[str, Arrival]:
        """Return what is found by its code in the newest messages, the newest of each."""
        uids = _numbers(wire.command(b"UID SEARCH " + _recent())[1])[-NEWEST:]
        new = [uid for uid in reversed(uids) if (folder.name, validity, uid) not in self._read]
        for start in range(0, len(new), PORTION):
            for uid, items in _fetch(wire, new[start : start + PORTION], f"BODY.PEEK[]<0.{OCTETS}>").items():
                body = items.get("BODY[]")
                self._read[folder.name, validity, uid] = read_mail(body if isinstance(body, bytes) else b"")
        found: dict[str, Arrival] = {}
        for uid in reversed(uids):
            left = [mail for mail in missing if mail.message_id not in found]
            mail = answered(self._read.get((folder.name, validity, uid), Mail("", frozenset())), left)
            arrival = _arrival(wire, folder, uid, mail, checked=True) if mail is not None else None
            if mail is not None and arrival is not None:
                found[mail.message_id] = arrival
        return found


def _by_id(wire: Wire, mail: Wanted) -> list[int]:
    """Return the messages whose Message-ID holds the wanted one, the newest first: SEARCH looks for a part."""
    word = quoted(mail.message_id)
    if word is None or not plain_id(mail.message_id):
        return []
    return _numbers(wire.command(b"UID SEARCH " + _recent() + b" HEADER Message-ID " + word)[1])[::-1][:PORTION]


def _recent() -> bytes:
    """Return the criterion that spares a server from reading the headers of an archive of years.

    SINCE looks at the date of arrival alone, in no time zone: yesterday in UTC is early enough in all of them.
    """
    day = (datetime.now(UTC) - timedelta(days=1)).date()
    return f"SINCE {day.day}-{_MONTHS[day.month - 1]}-{day.year}".encode("ascii")


def _arrival(wire: Wire, folder: Folder, uid: int, mail: Wanted, *, checked: bool = False) -> Arrival | None:
    """Return the message as an arrival, or None where it is gone or, unless `checked`, has another Message-ID."""
    items = _fetch(wire, [uid], f"BODY.PEEK[HEADER]<0.{OCTETS}>").get(uid, {})
    header = items.get("BODY[HEADER]")
    if not isinstance(header, bytes):
        return None
    fields = read_headers(header)
    own = next((plain_id(value) for name, value in fields if name == "message-id"), "")
    if not checked and own != plain_id(mail.message_id):
        return None
    at = _moment(items.get("INTERNALDATE"))
    return Arrival(mail.message_id, folder.place, safe(folder.name, limit=120), at, authentication_of(fields))


def _fetch(wire: Wire, uids: Sequence[int], what: str) -> dict[int, dict[str, Value]]:
    numbers = ",".join(str(uid) for uid in uids)
    _, before = wire.command(f"UID FETCH {numbers} (UID INTERNALDATE {what})".encode("ascii"))
    found: dict[int, dict[str, Value]] = {}
    for item in before:
        if item.kind == "FETCH" and item.values:
            items = pairs(item.values[0])
            uid = items.get("UID")
            if isinstance(uid, bytes) and uid.isdigit() and int(uid[:10]) in uids:
                found[int(uid[:10])] = items
    return found


def _numbers(before: Sequence[Response]) -> list[int]:
    words = [word for item in before if item.kind == "SEARCH" for word in item.values]
    return sorted(int(word) for word in words if isinstance(word, bytes) and word.isdigit() and len(word) <= 10)


def _validity(responses: Sequence[Response]) -> int:
    for item in responses:
        word, _, number = item.code.partition(" ")
        if word.upper() == "UIDVALIDITY" and number.isascii() and number.isdigit():
            return int(number[:10])
    return 0


def _moment(value: Value) -> datetime | None:
    """Return an INTERNALDATE (RFC 3501 section 9, date-time)."""
    found = _DATE.fullmatch(value) if isinstance(value, bytes) else None
    if found is None:
        return None
    month = found[2].decode("ascii").capitalize()
    offset = timedelta(hours=int(found[8]), minutes=int(found[9])) * (-1 if found[7] == b"-" else 1)
    try:
        zone = timezone(offset)
        return datetime(
            int(found[3]), _MONTHS.index(month) + 1, int(found[1]), int(found[4]), int(found[5]), int(found[6]),
            tzinfo=zone,
        )  # fmt: skip
    except ValueError:
        return None
