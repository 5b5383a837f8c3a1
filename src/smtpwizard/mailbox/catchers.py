"""Mail catchers: which pages of their API list the mails, how they are read, and the inbox that asks for them.

Only pages that mark nothing as read are asked for. Sources, looked up in November 2026:
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

import json
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar
from urllib.parse import quote

from smtpwizard.errors import NetworkError
from smtpwizard.mailbox.connect import (
    TITLE,
    Cancellation,
    dial,
    in_thread,
    seconds_left,
    secure,
    stays_private,
    trust,
    unreachable,
)
from smtpwizard.mailbox.model import (
    IN_CLEAR,
    Address,
    Arrival,
    InboxRefused,
    Mail,
    Place,
    Wanted,
    answered,
    plain_id,
    read_mail,
)
from smtpwizard.records import NamedTuple
from smtpwizard.secret import Secret
from smtpwizard.text import safe

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


JSON_LIMIT: Final = 5_000_000
"""Octets of an answer: 50 mails of the app with all their parts are 1 MB."""

VALUES_LIMIT: Final = 200_000
"""Values in an answer: 50 mails have some thousands, and 5 MB of empty objects take 160 MB of memory."""

SOURCE_LIMIT: Final = 262_144
"""Octets that are read of a mail: the app's own are some 10 kB."""

_CHUNK: Final = 65_536


class Answer(NamedTuple):
    """What came back."""

    status: int
    kind: str
    """The media type, without parameters, in lower case."""
    location: str
    body: bytes
    whole: bool
    """False where more than the limit would have come."""


class Page(NamedTuple):
    """A catcher's page, and what it takes to ask it."""

    address: Address
    password: Secret
    authorities: tuple[str, ...] = ()
    """PEM texts that are trusted besides Mozilla's roots."""


def get(page: Page, path: str, *, limit: int, deadline: float, cancellation: Cancellation) -> Answer:
    """Return the answer to `GET base + path`, at most `limit` octets of its body.

    OSError and http.client.HTTPException where there is none. A redirect is an answer like any other:
    where it leads is not asked.
    """
    import http.client

    address = page.address
    connection = http.client.HTTPConnection(address.host, address.port)
    made = dial(address.host, address.port, deadline=deadline, cancellation=cancellation)
    try:
        if address.scheme == "http" and address.user and not stays_private(made):
            raise InboxRefused(IN_CLEAR, TITLE)
        if address.scheme == "https":
            made = secure(made, address.host, trust(page.authorities), deadline=deadline, cancellation=cancellation)
        made.settimeout(seconds_left(deadline))
        connection.sock = made
        connection.request("GET", address.path + path, headers=_headers(page))
        with connection.getresponse() as response:
            body = bytearray()
            while len(body) <= limit:
                made.settimeout(seconds_left(deadline))
                chunk = response.read1(min(_CHUNK, limit + 1 - len(body)))
                if not chunk:
                    break
                body += chunk
            kind = response.headers.get_content_type()
            location = response.headers.get("Location", "")
            return Answer(response.status, kind, location, bytes(body[:limit]), len(body) <= limit)
    finally:
        connection.close()
        made.close()


def _headers(page: Page) -> dict[str, str]:
    headers = {"Accept": "*/*", "Connection": "close", "User-Agent": "smtpwizard"}
    if page.address.user:
        from base64 import b64encode

        login = f"{page.address.user}:{page.password.reveal()}".encode("utf-8", "surrogateescape")
        headers["Authorization"] = f"Basic {b64encode(login).decode('ascii')}"  # RFC 7617
    return headers


def decoded(answer: Answer) -> Any:
    """Return the JSON of an answer, or None where it is none. Never raises."""
    if answer.status != 200 or not answer.whole:
        return None
    if sum(map(answer.body.count, b"{[,")) > VALUES_LIMIT:
        return None
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError):  # no JSON, no UTF-8, digits without end, brackets without end
        return None


def listing(answer: Answer, url: str) -> Any:
    """Return the JSON of an answer. NetworkError, with cause and action, where it is none."""
    value = decoded(answer)
    if value is None:
        raise problem(answer, url)
    return value


def problem(answer: Answer, url: str) -> NetworkError:
    """Return what to tell of an answer that is not what was asked for."""
    if answer.status in (401, 403):
        return InboxRefused(
            f"{url} refuses to be read ({answer.status}): it wants a user and password, or other ones. Put the user "
            "before the host in the URL, and give the password with --inbox-password-stdin or INBOX_PASSWORD.",
            TITLE,
        )
    if 300 <= answer.status < 400:
        where = f" to {safe(answer.location, limit=120)}" if answer.location and "@" not in answer.location else ""
        return InboxRefused(f"{url} redirects{where}. Give the address that it leads to, with its path.", TITLE)
    if answer.status >= 500:
        return NetworkError(f"{url} answers with an error of its own ({answer.status}). Look into its log.", TITLE)
    if answer.status == 429:
        return NetworkError(f"{url} asks for patience (429): it is asked too often. Try again later.", TITLE)
    if answer.status != 200:
        return InboxRefused(
            f"{url} has no page of a catcher there ({answer.status}). If it is below a path, put that into the URL.",
            TITLE,
        )
    if not answer.whole:
        return NetworkError(
            f"{url} answers with more than {JSON_LIMIT // 1_000_000} MB. Delete old mails on its page, and try again.",
            TITLE,
        )
    kind = "a web page" if answer.kind == "text/html" else "something else"
    return InboxRefused(f"{url} answers with {kind} instead of its list of mails. Correct host, port and path.", TITLE)


T = TypeVar("T")


class CatcherInbox:
    """The mails that a catcher has caught. Which catcher it is, it finds out at the first look where not told."""

    def __init__(self, page: Page, catcher: Catcher | None = None) -> None:
        self._page = page
        self._catcher = catcher
        self._read: dict[str, Mail] = {}
        """Sources that were read, by the catcher's id: each is asked for once."""
        self._cancellation: Cancellation | None = None

    def __repr__(self) -> str:
        return f"CatcherInbox({self.name!r})"

    @property
    def address(self) -> Address:
        """Where it is."""
        return self._page.address

    @property
    def name(self) -> str:
        """`MailDev at http://localhost:1080`."""
        return f"{self._catcher.name if self._catcher else 'the catcher'} at {self.address.url}"

    async def look(self, wanted: Sequence[Wanted], *, timeout: float) -> tuple[Arrival, ...]:
        """Return those of `wanted` that are in its list; see Inbox."""
        return await self._ask(lambda requests: self._find(requests, tuple(wanted)), timeout)

    async def recognise(self, *, timeout: float, first: str = "") -> Catcher:
        """Return which catcher it is; the one with the id `first` is tried first. InboxRefused where it is none."""
        return await self._ask(lambda requests: self._known(requests, first), timeout)

    async def close(self) -> None:
        """Cut off what is under way; nothing is kept open between two looks."""
        if self._cancellation is not None:
            self._cancellation.cancel()

    async def _ask(self, work: Callable[[_Requests], T], timeout: float) -> T:
        import http.client

        self._cancellation = Cancellation()
        requests = _Requests(self._page, time.monotonic() + timeout, self._cancellation)
        try:
            return await in_thread(lambda: work(requests), self._cancellation, timeout=timeout)
        except OSError as error:
            told = unreachable(error, self.address.place, timeout)
        except http.client.HTTPException:
            told = InboxRefused(
                f"{self.address.place} answers, but not with HTTP. Correct host and port, or http:// to https://.",
                TITLE,
            )
        raise told  # outside of the handlers: without the chain of what a library says

    def _known(self, requests: _Requests, first: str = "") -> Catcher:
        if self._catcher is None:
            self._catcher = _recognise(requests, first)
        return self._catcher

    def _find(self, requests: _Requests, wanted: tuple[Wanted, ...]) -> tuple[Arrival, ...]:
        catcher = self._known(requests)
        found: dict[str, Arrival] = {}
        for page in catcher.pages(wanted):
            entries = newest(catcher, requests.json(page))
            by_id = {plain_id(mail.message_id): mail for mail in wanted}
            for entry in entries:
                mail = by_id.get(plain_id(entry.message_id)) if entry.message_id else None
                if mail is not None:
                    found.setdefault(mail.message_id, _arrival(mail, entry))
            for entry in entries:
                missing = [mail for mail in wanted if mail.message_id not in found]
                if not missing:
                    break
                mail = answered(self._mail(requests, catcher, entry), missing)
                if mail is not None:
                    found[mail.message_id] = _arrival(mail, entry)
        return tuple(found.values())

    def _mail(self, requests: _Requests, catcher: Catcher, entry: Entry) -> Mail:
        if entry.id not in self._read:
            if entry.source is not None:
                self._read[entry.id] = read_mail(entry.source[:SOURCE_LIMIT].encode("utf-8", "surrogatepass"))
            else:
                answer = requests.get(source_page(catcher, entry), SOURCE_LIMIT)
                if answer.status != 200:  # deleted meanwhile, most likely
                    return Mail("", frozenset())
                self._read[entry.id] = read_mail(answer.body)
        return self._read[entry.id]


class _Requests:
    """GETs to one page, with one deadline for all of them."""

    def __init__(self, page: Page, deadline: float, cancellation: Cancellation) -> None:
        self.url = page.address.url
        self._page = page
        self._deadline = deadline
        self._cancellation = cancellation

    def get(self, path: str, limit: int = JSON_LIMIT) -> Answer:
        return get(self._page, path, limit=limit, deadline=self._deadline, cancellation=self._cancellation)

    def json(self, path: str) -> Any:
        return listing(self.get(path), self.url)


def _recognise(requests: _Requests, first: str) -> Catcher:
    last: NetworkError | None = None
    for catcher in sorted(CATCHERS, key=lambda catcher: catcher.id != first):
        answer = requests.get(catcher.mark)
        if catcher.is_it(decoded(answer)):
            return catcher
        if answer.status != 200 and answer.status not in (400, 404, 405, 406):
            last = last or problem(answer, requests.url)
    if last is not None:
        raise last
    names = ", ".join(dict.fromkeys(catcher.name for catcher in CATCHERS))
    raise InboxRefused(
        f"{requests.url} answers, but is no catcher that can be read ({names}). Correct host, port and path; the page "
        "of a mail provider cannot be read: give its mailbox as imaps://USER@HOST.",
        TITLE,
    )


def _arrival(mail: Wanted, entry: Entry) -> Arrival:
    return Arrival(mail.message_id, Place.INBOX, "", entry.at)
