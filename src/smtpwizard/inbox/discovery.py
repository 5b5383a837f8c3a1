"""Looking for a catcher where the app's mail goes: its preset's page, and the usual ports of the host.

A public host is never asked: its owner has not offered that. Blocking work is bounded and runs side by side.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Final

from smtpwizard.app.hosts import is_private_host
from smtpwizard.errors import InputError, NetworkError
from smtpwizard.inbox.address import Address, parse
from smtpwizard.inbox.catcher_inbox import CatcherInbox
from smtpwizard.inbox.catchers import CATCHERS
from smtpwizard.inbox.http_get import Page
from smtpwizard.inbox.model import Inbox
from smtpwizard.preset_schema import Provider
from smtpwizard.secret import Secret

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
