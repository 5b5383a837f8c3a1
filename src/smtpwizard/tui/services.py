"""What the wizard uses of the world, handed in so that a test can hand in something else. Starts nothing by itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from smtpwizard import reach
from smtpwizard.browsing import open_page

if TYPE_CHECKING:
    from smtpwizard.container import LogReport
    from smtpwizard.inbox.model import Inbox
    from smtpwizard.preset_schema import ConsumingApp, Provider
    from smtpwizard.presets import Presets
    from smtpwizard.probe import Options
    from smtpwizard.sandbox import PracticeServer
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
    find_catcher: Callable[..., Awaitable[Inbox | None]] = reach.find_catcher
    """(host, *, provider, timeout): the local server's inbox, if it is one that catches mail."""
    practice_inbox: Callable[[PracticeServer], Inbox] = reach.practice_inbox
    open_mailbox: Callable[..., Inbox] = reach.open_mailbox
    """(url, password, *, ca_files): a mailbox, not yet connected."""
    check_sender: Callable[..., Awaitable[SenderReport]] = reach.check_sender
    """(address, *, provider, timeout)"""
    recent_log: Callable[..., Awaitable[LogReport]] = reach.recent_log
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
