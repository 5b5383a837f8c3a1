"""What the wizard uses of the world, handed in so that a test can hand in something else. Starts nothing by itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from smtpwizard.browsing import open_page

if TYPE_CHECKING:
    from smtpwizard.container import LogReport
    from smtpwizard.inbox.model import Inbox
    from smtpwizard.preset_schema import ConsumingApp, Provider
    from smtpwizard.presets import Presets
    from smtpwizard.probe import Options
    from smtpwizard.sandbox import PracticeServer
    from smtpwizard.secret import Secret
    from smtpwizard.sender.results import SenderReport
    from smtpwizard.tui.state import WizardState


def _now() -> datetime:
    return datetime.now().astimezone()


async def _mx_hosts(domain: str) -> tuple[str, ...]:
    # dnspython costs tens of milliseconds to import: only once an address was typed.
    from smtpwizard.sender.mx import mx_hosts

    return await mx_hosts(domain)


def _practice_server() -> PracticeServer:
    # aiosmtpd, trustme and cryptography: only for those who practise.
    from smtpwizard.sandbox import PracticeServer

    return PracticeServer()


async def _find_catcher(host: str, *, provider: Provider | None, timeout: float) -> Inbox | None:
    # An HTTP client, and only once a mail went to a server of this machine or network.
    from smtpwizard.inbox import discover

    return await discover(host, provider, timeout=timeout)


def _practice_inbox(server: PracticeServer) -> Inbox:
    from smtpwizard.inbox import PracticeInbox

    return PracticeInbox(lambda: server.messages)


def _open_mailbox(url: str, password: Secret | None, *, ca_files: Sequence[Path]) -> Inbox:
    # ssl and an IMAP client: only for those who offer a mailbox.
    from smtpwizard.inbox import open_inbox
    from smtpwizard.probe.trust import read_authorities

    return open_inbox(url, password, authorities=read_authorities(tuple(ca_files)))


async def _check_sender(address: str, *, provider: Provider | None, timeout: float) -> SenderReport:
    # dnspython: only once somebody asks where a mail is.
    from smtpwizard.sender import check_sender

    return await check_sender(address, provider=provider, timeout=timeout)


async def _recent_log(
    service: str, *, compose_file: Path | None, cwd: Path, provider: Provider | None, timeout: float
) -> LogReport:
    # A child process and the failure catalogue: only once somebody asks what the app says.
    from smtpwizard.container.recent import recent

    return await recent(service, compose_file=compose_file, cwd=cwd, provider=provider, timeout=timeout)


@dataclass
class Services:
    """Presets, clock, browser, resolver, inboxes, practice server. Not frozen: the catalogue is opened on first use."""

    preset_dirs: tuple[Path, ...] = ()
    app_id: str = "abc-user-feedback"
    ca_files: tuple[Path, ...] = ()
    timeout: float = 10.0
    """Seconds for each stage of a test."""
    now: Callable[[], datetime] = _now
    mx_hosts: Callable[[str], Awaitable[tuple[str, ...]]] = _mx_hosts
    open_url: Callable[[str], bool] = open_page
    """Blocking: called in a daemon thread."""
    make_practice_server: Callable[[], PracticeServer] = _practice_server
    find_catcher: Callable[..., Awaitable[Inbox | None]] = _find_catcher
    """(host, *, provider, timeout): the local server's inbox, if it is one that catches mail."""
    practice_inbox: Callable[[PracticeServer], Inbox] = _practice_inbox
    open_mailbox: Callable[..., Inbox] = _open_mailbox
    """(url, password, *, ca_files): a mailbox, not yet connected."""
    check_sender: Callable[..., Awaitable[SenderReport]] = _check_sender
    """(address, *, provider, timeout)"""
    recent_log: Callable[..., Awaitable[LogReport]] = _recent_log
    """(service, *, compose_file, cwd, provider, timeout)"""
    arrival_seconds: float = 60.0
    """How long an inbox is watched for a mail that was accepted."""
    arrival_pause: float = 1.0
    """Seconds between two looks."""
    mx_delay: float = 0.4
    """Seconds without a key before a typed domain is looked up."""

    @cached_property
    def presets(self) -> Presets:
        """The catalogue of providers and apps."""
        # Behind the first frame: opening it parses one file a provider.
        from smtpwizard.presets import Presets

        return Presets.open(*self.preset_dirs)

    @property
    def custom(self) -> Provider:
        """The provider for a server that no preset knows."""
        from smtpwizard.presets import CUSTOM

        return CUSTOM

    @cached_property
    def app(self) -> ConsumingApp:
        """The app that the settings are for."""
        return self.presets.app(self.app_id)

    @property
    def app_name(self) -> str:
        """The app's name once its preset was read; '' before: the first frame does not wait for it (16 ms)."""
        return self.__dict__["app"].name if "app" in self.__dict__ else ""

    def options(self, state: WizardState, *, recipient: str | None = None) -> Options:
        """Return the probe's options: the practice server's throw-away CA is trusted only while it is the provider."""
        from smtpwizard.probe import Options

        practising = state.provider is not None and state.provider.id == "practice"
        server = (state.rehearsed or state.practice) if practising else None
        return Options(
            timeout=self.timeout,
            ca_files=self.ca_files,
            extra_ca_pem=(server.ca_pem or None) if server is not None else None,
            recipient=recipient,
        )
