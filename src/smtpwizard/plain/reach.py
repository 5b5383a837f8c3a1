"""What the line front end asks of the world after a mail was sent, handed in so that a test can hand in other things.

Everything here is imported when it is first used: a walk that ends before step 5 pays for none of it.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from smtpwizard.container import LogReport
    from smtpwizard.inbox.model import Inbox
    from smtpwizard.preset_schema import Provider
    from smtpwizard.secret import Secret
    from smtpwizard.sender.results import SenderReport


async def _find_catcher(host: str, *, provider: Provider | None, timeout: float) -> Inbox | None:
    from smtpwizard.inbox.discovery import discover

    return await discover(host, provider, timeout=timeout)


def _open_mailbox(url: str, password: Secret | None, *, ca_files: Sequence[Path]) -> Inbox:
    from smtpwizard.inbox.opening import open_inbox
    from smtpwizard.probe.trust import read_authorities

    return open_inbox(url, password, authorities=read_authorities(tuple(ca_files)))


async def _check_sender(address: str, *, provider: Provider | None, timeout: float) -> SenderReport:
    from smtpwizard.sender.check import check_sender

    return await check_sender(address, provider=provider, timeout=timeout)


async def _recent_log(service: str, *, cwd: Path, provider: Provider | None, timeout: float) -> LogReport:
    from smtpwizard.container.recent import recent

    return await recent(service, cwd=cwd, provider=provider, timeout=timeout)


@dataclass
class Reach:
    """Inboxes, name servers, the app's log."""

    find_catcher: Callable[..., Coroutine[Any, Any, Inbox | None]] = _find_catcher
    """(host, *, provider, timeout)"""
    open_mailbox: Callable[..., Inbox] = _open_mailbox
    """(url, password, *, ca_files)"""
    check_sender: Callable[..., Coroutine[Any, Any, SenderReport]] = _check_sender
    """(address, *, provider, timeout)"""
    recent_log: Callable[..., Coroutine[Any, Any, LogReport]] = _recent_log
    """(service, *, cwd, provider, timeout)"""
    wait: float = 60.0
    """Seconds for which a mailbox is watched."""
    pause: float = 1.0
    """Seconds between two looks."""
