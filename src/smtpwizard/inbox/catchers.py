"""The catchers that are known: which pages of their API list the mails, and how to read them. Pure.

Only pages that mark nothing as read. Sources, looked up in November 2026:
- MailDev 3: `@maildev/api` 3.0.0 of npm, dist/server.js (`/api/config`, `/api/email/summary`, `/api/email/:id/source`;
  `/api/email/:id` marks as read). MailDev 1 and 2: maildev/maildev docs/rest.md and lib/routes.js (the same without
  `/api`; the list can be filtered by any field since 2).
- Mailpit: axllent/mailpit server/apiv1/messages.go, message.go, internal/storage/structs.go (`/api/v1/messages`,
  newest first; `/api/v1/message/{ID}` marks as read, `/raw` does not; `MessageID` is without angle brackets).
- smtp4dev 3: rnwood/smtp4dev Rnwood.Smtp4dev/Controllers/MessagesController.cs, ApiModel/PagedResult.cs,
  MessageSummary.cs (no Message-ID in the list; `/download` is the source; only a POST marks as read).
- MailHog: mailhog/MailHog-Server api/v2.go and mailhog/data message.go (`items`, each with `Raw.Data`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from smtpwizard.inbox.model import Wanted

MOST: Final = 50
"""Mails of a list that are looked at: the newest."""
_LONGEST_ID: Final = 200


class Entry(NamedTuple):
    """A mail in a catcher's list."""

    id: str
    """The catcher's own."""
    message_id: str = ""
    """Empty where the list does not tell."""
    at: datetime | None = None
    source: str | None = None
    """The whole mail, where the list has it."""


class Catcher(NamedTuple):
    """A kind of catcher."""

    id: str
    """As its preset's."""
    name: str
    mark: str
    """The page by which it is recognised."""
    is_it: Callable[[Any], bool]
    """Whether the JSON of that page is this catcher's."""
    pages: Callable[[Sequence[Wanted]], tuple[str, ...]]
    """The pages that list the mails."""
    entries: Callable[[Any], Iterator[Entry]]
    """The mails in the JSON of such a page, as they stand there."""
    source: str
    """The page of a mail's source; `{}` is its id."""


def source_page(catcher: Catcher, entry: Entry) -> str:
    """Return the page of a mail's source."""
    return catcher.source.format(quote(entry.id, safe=""))


def newest(catcher: Catcher, value: Any) -> tuple[Entry, ...]:
    """Return the mails in a list, the newest first, MOST at most. Never raises, whatever the JSON is."""
    found = [entry for entry in catcher.entries(value) if 0 < len(entry.id) <= _LONGEST_ID]
    dated = [entry for entry in found if entry.at is not None]
    if len(dated) == len(found):
        found.sort(key=lambda entry: entry.at.timestamp() if entry.at else 0.0, reverse=True)
    return tuple(found[:MOST])


def moment(value: object) -> datetime | None:
    """Return a point in time as the APIs write it (RFC 3339); None for anything else, and without a time zone."""
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        at = datetime.fromisoformat(value)
        at.timestamp()
    except (ValueError, OverflowError):
        return None
    return at if at.tzinfo is not None else None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _rows(value: Any, *keys: str) -> Iterator[dict[str, Any]]:
    """Yield the objects of a list, which may stand below a key."""
    if isinstance(value, dict):
        value = next((value[key] for key in keys if key in value), None)
    yield from (row for row in value if isinstance(row, dict)) if isinstance(value, list) else ()


def _within(value: Any, *path: str) -> Any:
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _maildev(value: Any) -> Iterator[Entry]:
    for row in _rows(value, "items"):
        message_id = _text(_within(row, "headers", "message-id")) or _text(row.get("messageId"))
        yield Entry(_text(row.get("id")), message_id, moment(row.get("time")))


def _mailpit(value: Any) -> Iterator[Entry]:
    for row in _rows(value, "messages"):
        yield Entry(_text(row.get("ID")), _text(row.get("MessageID")), moment(row.get("Created")))


def _smtp4dev(value: Any) -> Iterator[Entry]:
    for row in _rows(value, "results"):
        yield Entry(_text(row.get("id")), "", moment(row.get("receivedDate")))


def _mailhog(value: Any) -> Iterator[Entry]:
    for row in _rows(value, "items"):
        source = _text(_within(row, "Raw", "Data"))
        yield Entry(_text(row.get("ID")), "", moment(row.get("Created")), source)


def _has(value: Any, *keys: str) -> bool:
    return isinstance(value, dict) and all(key in value for key in keys)


def _filtered(wanted: Sequence[Wanted]) -> tuple[str, ...]:
    """The whole list of MailDev 1 and 2 holds every mail with all its parts: ask for those with the Message-ID."""
    pages = tuple(f"/email?headers.message-id={quote(mail.message_id, safe='')}" for mail in wanted)
    return pages or ("/email?headers.message-id=none",)


CATCHERS: Final = (
    Catcher(
        "mailpit",
        "Mailpit",
        "/api/v1/messages?limit=1",  # not /api/v1/info: for that Mailpit may ask GitHub for its newest version first
        lambda value: _has(value, "messages", "total", "unread"),
        lambda _: (f"/api/v1/messages?limit={MOST}",),
        _mailpit,
        "/api/v1/message/{}/raw",
    ),
    Catcher(
        "maildev",
        "MailDev",
        "/api/config",
        lambda value: _has(value, "version", "smtpPort"),
        lambda _: (f"/api/email/summary?limit={MOST}",),
        _maildev,
        "/api/email/{}/source",
    ),
    Catcher(
        "maildev",
        "MailDev",
        "/config",
        lambda value: _has(value, "version", "smtpPort"),
        _filtered,
        _maildev,
        "/email/{}/source",
    ),
    Catcher(
        "smtp4dev",
        "smtp4dev",
        "/api/messages?pageSize=1",
        lambda value: _has(value, "results", "rowCount"),
        lambda _: (f"/api/messages?sortColumn=receivedDate&sortIsDescending=true&pageSize={MOST}",),
        _smtp4dev,
        "/api/messages/{}/download",
    ),
    Catcher(
        "mailhog",
        "MailHog",
        "/api/v2/messages?limit=1",
        lambda value: _has(value, "total", "items"),
        lambda _: (f"/api/v2/messages?limit={MOST}",),
        _mailhog,
        "/api/v1/messages/{}/download",
    ),
)
