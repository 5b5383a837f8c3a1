"""Inboxes: opened by URL, watched until the mails are there, and catchers found where the app's mail goes.

A catcher is looked for at its preset's page and at the usual ports of a private host. A public host is never asked: its
owner has not offered that.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from datetime import datetime
from typing import Final, Protocol

from smtpwizard.addresses import is_private_host
from smtpwizard.errors import InputError, NetworkError
from smtpwizard.mailbox.catchers import CATCHERS, CatcherInbox, Page
from smtpwizard.mailbox.model import (
    Address,
    Arrival,
    Inbox,
    InboxRefused,
    Mail,
    Place,
    Wanted,
    answered,
    parse,
    read_mail,
)
from smtpwizard.presets.schema import Provider
from smtpwizard.secret import Secret

LOOK_SECONDS: Final = 15.0
"""What one look may take: a server that is silent for so long is asked anew."""
_LONGEST_PAUSE: Final = 8.0
"""Seconds between two looks where the last ones failed."""


async def watch(
    inbox: Inbox, wanted: Sequence[Wanted], *, within: float, pause: float = 1.0
) -> AsyncGenerator[Arrival, None]:
    """Yield each of `wanted` as it is found, until all are or `within` seconds are over; one look at least.

    `pause` seconds lie between two looks, more after failures. InboxRefused at once; NetworkError at the end where no
    look has succeeded: then it is not known what is in there. A cancel ends it at once. The inbox stays open.
    """
    deadline = time.monotonic() + within
    missing = {mail.message_id: mail for mail in wanted}
    trouble: NetworkError | None = None
    seen = False
    wait = pause
    while missing:
        seconds = min(max(deadline - time.monotonic(), 0.5), LOOK_SECONDS)
        try:
            found = await inbox.look(tuple(missing.values()), timeout=seconds)
        except InboxRefused:
            raise
        except NetworkError as error:
            trouble, wait = error, min(wait * 2, _LONGEST_PAUSE)
        else:
            seen, wait = True, pause
            for arrival in found:
                if missing.pop(arrival.message_id, None) is not None:
                    yield arrival
        remaining = deadline - time.monotonic()
        if not missing or remaining <= 0:
            break
        await asyncio.sleep(min(wait, remaining))
    if trouble is not None and not seen:
        raise trouble


def open_inbox(url: str | Address, password: Secret | None = None, *, authorities: Sequence[str] = ()) -> Inbox:
    """Return the inbox of a URL: `imaps://USER@HOST[:PORT][/FOLDER]`, imap (with STARTTLS), or a catcher's http(s).

    `authorities` are PEM texts to trust besides Mozilla's roots. InputError where the URL cannot be used, or where a
    user is named and no password is given.
    """
    address = parse(url) if isinstance(url, str) else url
    if address.user and not password:
        raise InputError("The inbox wants a password, and none is given.", "Inbox")
    if address.is_web:
        return CatcherInbox(Page(address, password or Secret(""), tuple(authorities)))
    from smtpwizard.mailbox.imap import ImapInbox

    return ImapInbox(address, password or Secret(""), authorities)


class Received(Protocol):
    """A message that a server in this process has received."""

    @property
    def code(self) -> str | None:
        """The arrival code in it."""

    @property
    def data(self) -> bytes:
        """The message."""

    @property
    def at(self) -> datetime:
        """When it came in, with its time zone."""


class PracticeInbox:
    """Mails that a server in this process keeps; `messages` returns them, the oldest first."""

    def __init__(self, messages: Callable[[], Sequence[Received]], name: str = "the practice server") -> None:
        self._messages = messages
        self._name = name

    @property
    def name(self) -> str:
        """What it is called."""
        return self._name

    async def look(self, wanted: Sequence[Wanted], *, timeout: float) -> tuple[Arrival, ...]:
        """Return those of `wanted` that have come in. Needs no time."""
        found: dict[str, Arrival] = {}
        for message in reversed(self._messages()):
            missing = [mail for mail in wanted if mail.message_id not in found]
            if not missing:
                break
            read = read_mail(message.data)
            mail = answered(Mail(read.message_id, read.codes | ({message.code} if message.code else set())), missing)
            if mail is not None:
                found[mail.message_id] = Arrival(mail.message_id, Place.INBOX, "", message.at)
        return tuple(found.values())

    async def close(self) -> None:
        """Do nothing: there is no connection."""


PORTS: Final = (1080, 8025, 5080, 5000)
"""MailDev (its README), Mailpit and MailHog (their README and docs/CONFIG.md), smtp4dev in the app's own compose
stack, smtp4dev by itself (its wiki, Getting Started)."""


def candidates(host: str, provider: Provider | None, ports: Sequence[int] = PORTS) -> tuple[Address, ...]:
    """Return the pages that are asked, the likeliest first; none of a public host."""
    found: dict[str, Address] = {}
    known = provider is not None and provider.id in {catcher.id for catcher in CATCHERS}
    page = _page(provider.web_ui) if provider is not None and known else None
    hosts = [host] if host else []
    if page is not None:
        found[page.place] = page
        # The name of a compose service is known inside its network only; its page is published on this machine.
        ports = tuple(dict.fromkeys((page.port, *ports)))
        hosts.append(page.host)
    for name in hosts:
        for port in ports:
            address = _page(f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}")
            if address is not None:
                found.setdefault(address.place, address)
    return tuple(address for address in found.values() if is_private_host(address.host))


async def discover(
    host: str, provider: Provider | None, *, timeout: float = 1.5, ports: Sequence[int] = PORTS
) -> Inbox | None:
    """Return the catcher that the mail to `host` ends up in, as far as can be told, or None. Never raises.

    `timeout` is in seconds, for all of it.
    """
    pages = candidates(host, provider, ports)
    if not pages:
        return None
    first = provider.id if provider is not None else ""
    inboxes = [CatcherInbox(Page(address, Secret(""))) for address in pages]
    tasks = [asyncio.create_task(_is_catcher(inbox, first, timeout)) for inbox in inboxes]
    try:
        for inbox, task in zip(inboxes, tasks, strict=True):  # in this order: the preset's page goes first
            if await task:
                return inbox
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return None


async def _is_catcher(inbox: CatcherInbox, first: str, timeout: float) -> bool:
    with contextlib.suppress(NetworkError):
        await inbox.recognise(timeout=timeout, first=first)
        return True
    return False


def _page(url: str) -> Address | None:
    try:
        address = parse(url)
    except InputError:
        return None
    return address if address.is_web else None
