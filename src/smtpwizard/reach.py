"""What both front ends ask of the world once a mail was sent: inboxes, name servers, the app's log.

Everything is imported when it is first used: dnspython, an IMAP and an HTTP client, a child process. A walk that ends
before pays for none of it. Knows no front end, keeps nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from smtpwizard.container import LogReport
    from smtpwizard.inbox.model import Inbox
    from smtpwizard.preset_schema import Provider
    from smtpwizard.sandbox import PracticeServer
    from smtpwizard.secret import Secret
    from smtpwizard.sender.results import SenderReport


NEARBY: Final = 2.0
"""Seconds to find out whether a mail server of this machine or network is one that catches mail."""
AT_ONCE: Final = 10.0
"""Seconds after which such a server, and the practice server, would long have had the mail."""


def may_catch(provider: Provider | None, host: str) -> bool:
    """Say whether a mail server may be one that catches mail: it is on this machine or network. No other is asked."""
    from smtpwizard.app import is_private_host
    from smtpwizard.preset_schema import Kind

    return (provider is not None and provider.kind is Kind.LOCAL) or is_private_host(host)


async def find_catcher(host: str, *, provider: Provider | None, timeout: float) -> Inbox | None:
    """Return the inbox of a mail server of this machine or network, if it is one that catches mail; as `discover`."""
    from smtpwizard.inbox.discovery import discover

    return await discover(host, provider, timeout=timeout)


def practice_inbox(server: PracticeServer) -> Inbox:
    """Return the inbox of the running practice server."""
    from smtpwizard.inbox.practice import PracticeInbox

    return PracticeInbox(lambda: server.messages, "the practice server's inbox")


def open_mailbox(url: str, password: Secret | None, *, ca_files: Sequence[Path]) -> Inbox:
    """Return a mailbox, not yet connected. InputError for a URL that is none, FileError for a CA file."""
    from smtpwizard.inbox.opening import open_inbox
    from smtpwizard.probe.trust import read_authorities

    return open_inbox(url, password, authorities=read_authorities(tuple(ca_files)))


async def check_sender(address: str, *, provider: Provider | None, timeout: float) -> SenderReport:
    """Return what DNS says of a sender's domain, within `timeout` seconds. InputError for what is no address."""
    from smtpwizard.sender.check import check_sender as check

    return await check(address, provider=provider, timeout=timeout)


async def recent_log(
    service: str, *, cwd: Path, provider: Provider | None, timeout: float, compose_file: Path | None = None
) -> LogReport:
    """Return what a compose service has logged in the last ten minutes; `timeout` is in seconds."""
    from smtpwizard.container.recent import recent

    return await recent(service, compose_file=compose_file, cwd=cwd, provider=provider, timeout=timeout)
