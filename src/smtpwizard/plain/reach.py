"""What the line front end asks of the world after a mail was sent, handed in so that a test can hand in others."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from smtpwizard import reach

if TYPE_CHECKING:
    from smtpwizard.container import LogReport
    from smtpwizard.inbox.model import Inbox
    from smtpwizard.sender.results import SenderReport


@dataclass
class Reach:
    """Inboxes, name servers, the app's log."""

    find_catcher: Callable[..., Coroutine[Any, Any, Inbox | None]] = reach.find_catcher
    """(host, *, provider, timeout)"""
    open_mailbox: Callable[..., Inbox] = reach.open_mailbox
    """(url, password, *, ca_files)"""
    check_sender: Callable[..., Coroutine[Any, Any, SenderReport]] = reach.check_sender
    """(address, *, provider, timeout)"""
    recent_log: Callable[..., Coroutine[Any, Any, LogReport]] = reach.recent_log
    """(service, *, cwd, provider, timeout)"""
    wait: float = 60.0
    """Seconds for which a mailbox is watched."""
    pause: float = 1.0
    """Seconds between two looks."""
