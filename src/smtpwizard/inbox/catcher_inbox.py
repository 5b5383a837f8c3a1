"""A catcher's page as an inbox: its list of mails, and the sources of those whose list entry does not suffice."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from smtpwizard.errors import NetworkError
from smtpwizard.inbox.address import Address
from smtpwizard.inbox.catchers import CATCHERS, Catcher, Entry, newest, source_page
from smtpwizard.inbox.dialling import TITLE, unreachable
from smtpwizard.inbox.http_get import JSON_LIMIT, SOURCE_LIMIT, Answer, Page, decoded, get, listing, problem
from smtpwizard.inbox.mail_text import Mail, answered, plain_id, read_mail
from smtpwizard.inbox.model import Arrival, InboxRefused, Place, Wanted
from smtpwizard.inbox.threads import Cord, in_thread

T = TypeVar("T")


class CatcherInbox:
    """The mails that a catcher has caught. Which catcher it is, it finds out at the first look where not told."""

    def __init__(self, page: Page, catcher: Catcher | None = None) -> None:
        self._page = page
        self._catcher = catcher
        self._read: dict[str, Mail] = {}
        """Sources that were read, by the catcher's id: each is asked for once."""
        self._cord: Cord | None = None

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
        return await self._ask(lambda talk: self._find(talk, tuple(wanted)), timeout)

    async def recognise(self, *, timeout: float, first: str = "") -> Catcher:
        """Return which catcher it is; the one with the id `first` is tried first. InboxRefused where it is none."""
        return await self._ask(lambda talk: self._known(talk, first), timeout)

    async def close(self) -> None:
        """Cut off what is under way; nothing is kept open between two looks."""
        if self._cord is not None:
            self._cord.cut()

    async def _ask(self, work: Callable[[_Talk], T], timeout: float) -> T:
        import http.client

        self._cord = Cord()
        talk = _Talk(self._page, time.monotonic() + timeout, self._cord)
        try:
            return await in_thread(lambda: work(talk), self._cord, timeout=timeout)
        except (OSError, UnicodeError) as error:
            told = unreachable(error, self.address.place, timeout)
        except http.client.HTTPException:
            told = InboxRefused(
                f"{self.address.place} answers, but not with HTTP. Correct host and port, or http:// to https://.",
                TITLE,
            )
        raise told  # outside of the handlers: without the chain of what a library says

    def _known(self, talk: _Talk, first: str = "") -> Catcher:
        if self._catcher is None:
            self._catcher = _recognise(talk, first)
        return self._catcher

    def _find(self, talk: _Talk, wanted: tuple[Wanted, ...]) -> tuple[Arrival, ...]:
        catcher = self._known(talk)
        found: dict[str, Arrival] = {}
        for page in catcher.pages(wanted):
            entries = newest(catcher, talk.json(page))
            by_id = {plain_id(mail.message_id): mail for mail in wanted}
            for entry in entries:
                mail = by_id.get(plain_id(entry.message_id)) if entry.message_id else None
                if mail is not None:
                    found.setdefault(mail.message_id, _arrival(mail, entry))
            for entry in entries:
                missing = [mail for mail in wanted if mail.message_id not in found]
                if not missing:
                    break
                mail = answered(self._mail(talk, catcher, entry), missing)
                if mail is not None:
                    found[mail.message_id] = _arrival(mail, entry)
        return tuple(found.values())

    def _mail(self, talk: _Talk, catcher: Catcher, entry: Entry) -> Mail:
        if entry.id not in self._read:
            if entry.source is not None:
                self._read[entry.id] = read_mail(entry.source[:SOURCE_LIMIT].encode("utf-8", "surrogatepass"))
            else:
                answer = talk.get(source_page(catcher, entry), SOURCE_LIMIT)
                if answer.status != 200:  # deleted meanwhile, most likely
                    return Mail("", frozenset())
                self._read[entry.id] = read_mail(answer.body)
        return self._read[entry.id]


class _Talk:
    """GETs to one page, with one deadline for all of them."""

    def __init__(self, page: Page, deadline: float, cord: Cord) -> None:
        self.url = page.address.url
        self._page = page
        self._deadline = deadline
        self._cord = cord

    def get(self, path: str, limit: int = JSON_LIMIT) -> Answer:
        return get(self._page, path, limit=limit, deadline=self._deadline, cord=self._cord)

    def json(self, path: str) -> Any:
        return listing(self.get(path), self.url)


def _recognise(talk: _Talk, first: str) -> Catcher:
    last: NetworkError | None = None
    for catcher in sorted(CATCHERS, key=lambda catcher: catcher.id != first):
        answer = talk.get(catcher.mark)
        if catcher.is_it(decoded(answer)):
            return catcher
        if answer.status != 200 and answer.status not in (400, 404, 405, 406):
            last = last or problem(answer, talk.url)
    if last is not None:
        raise last
    names = ", ".join(dict.fromkeys(catcher.name for catcher in CATCHERS))
    raise InboxRefused(
        f"{talk.url} answers, but is no catcher that can be read ({names}). Correct host, port and path; the page of "
        "a mail provider cannot be read: give its mailbox as imaps://USER@HOST.",
        TITLE,
    )


def _arrival(mail: Wanted, entry: Entry) -> Arrival:
    return Arrival(mail.message_id, Place.INBOX, "", entry.at)
