"""What the wizard uses of the world, handed in so that a test can hand in something else. Starts nothing by itself."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from smtpwizard.apps.loading import DEFAULT, profile
from smtpwizard.desktop import open_page

if TYPE_CHECKING:
    from smtpwizard.apps.profile import AppProfile
    from smtpwizard.dns.sender import SenderReport
    from smtpwizard.docker.logs import LogReport
    from smtpwizard.mailbox.model import Inbox
    from smtpwizard.presets.catalogue import Presets
    from smtpwizard.presets.schema import Provider
    from smtpwizard.probe.verdict import Options
    from smtpwizard.sandbox.server import PracticeServer
    from smtpwizard.secret import Secret
    from smtpwizard.wizard.state import WizardState


NEARBY: Final = 2.0
"""Seconds to find out whether a mail server of this machine or network is one that catches mail."""
AT_ONCE: Final = 10.0
"""Seconds after which such a server, and the practice server, would long have had the mail."""


def may_catch(provider: Provider | None, host: str) -> bool:
    """Say whether a mail server may be one that catches mail: it is on this machine or network. No other is asked."""
    from smtpwizard.hosts import is_private_host
    from smtpwizard.presets.schema import Kind

    return (provider is not None and provider.kind is Kind.LOCAL) or is_private_host(host)


async def find_catcher(host: str, *, provider: Provider | None, timeout: float) -> Inbox | None:
    """Return the inbox of a mail server of this machine or network, if it is one that catches mail; as `discover`."""
    from smtpwizard.mailbox.watch import discover

    return await discover(host, provider, timeout=timeout)


def practice_inbox(server: PracticeServer) -> Inbox:
    """Return the inbox of the running practice server."""
    from smtpwizard.mailbox.watch import PracticeInbox

    return PracticeInbox(lambda: server.messages, "the practice server's inbox")


def open_mailbox(url: str, password: Secret | None, *, ca_files: Sequence[Path]) -> Inbox:
    """Return a mailbox, not yet connected. InputError for a URL that is none, FileError for a CA file."""
    from smtpwizard.mailbox.watch import open_inbox
    from smtpwizard.smtp.certificate import read_authorities

    return open_inbox(url, password, authorities=read_authorities(tuple(ca_files)))


async def check_sender(address: str, *, provider: Provider | None, timeout: float) -> SenderReport:
    """Return what DNS says of a sender's domain, within `timeout` seconds. InputError for what is no address."""
    from smtpwizard.dns.check import check_sender as check

    return await check(address, provider=provider, timeout=timeout)


async def recent_log(
    service: str,
    *,
    cwd: Path,
    provider: Provider | None,
    app: AppProfile,
    timeout: float,
    compose_file: Path | None = None,
) -> LogReport:
    """Return what a compose service has logged in the last ten minutes; `timeout` is in seconds."""
    from smtpwizard.docker.logs import recent

    return await recent(service, compose_file=compose_file, cwd=cwd, provider=provider, app=app, timeout=timeout)


async def _mx_hosts(domain: str) -> tuple[str, ...]:
    # dnspython costs tens of milliseconds to import: only once an address was typed.
    from smtpwizard.dns.domain import mx_hosts

    return await mx_hosts(domain)


def _practice_server() -> PracticeServer:
    # aiosmtpd, trustme and cryptography: only for those who practise.
    from smtpwizard.sandbox.server import PracticeServer

    return PracticeServer()


@dataclass(eq=False, repr=False)
class Services:
    """Presets, browser, resolver, inboxes, practice server. Not frozen: the catalogue is opened on first use."""

    preset_dirs: tuple[Path, ...] = ()
    app_id: str = DEFAULT
    ca_files: tuple[Path, ...] = ()
    timeout: float = 10.0
    """Seconds for each stage of a test."""
    backup_dir: Path | None = None
    """Where backups go; None for the state folder."""
    mx_hosts: Callable[[str], Coroutine[Any, Any, tuple[str, ...]]] = _mx_hosts
    open_url: Callable[[str], bool] = open_page
    """Blocking: called in a daemon thread."""
    make_practice_server: Callable[[], PracticeServer] = _practice_server
    find_catcher: Callable[..., Coroutine[Any, Any, Inbox | None]] = find_catcher
    """(host, *, provider, timeout): the local server's inbox, if it is one that catches mail."""
    practice_inbox: Callable[[PracticeServer], Inbox] = practice_inbox
    open_mailbox: Callable[..., Inbox] = open_mailbox
    """(url, password, *, ca_files): a mailbox, not yet connected."""
    check_sender: Callable[..., Coroutine[Any, Any, SenderReport]] = check_sender
    """(address, *, provider, timeout)"""
    recent_log: Callable[..., Coroutine[Any, Any, LogReport]] = recent_log
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
        from smtpwizard.presets.catalogue import Presets

        return Presets.open(*self.preset_dirs)

    @property
    def custom(self) -> Provider:
        """The provider for a server that no preset knows."""
        from smtpwizard.presets.schema import CUSTOM

        return CUSTOM

    @cached_property
    def app(self) -> AppProfile:
        """The app that the settings are for."""
        return profile(self.presets, self.app_id)

    def options(self, state: WizardState, *, recipient: str | None = None) -> Options:
        """Return the probe's options: the practice server's throw-away CA is trusted only while it is the provider."""
        from smtpwizard.probe.verdict import Options

        practising = state.provider is not None and state.provider.id == "practice"
        server = (state.rehearsed or state.practice) if practising else None
        return Options(
            timeout=self.timeout,
            ca_files=self.ca_files,
            extra_ca_pem=(server.ca_pem or None) if server is not None else None,
            recipient=recipient,
            origin=state.origin,
            app_name=self.app.name,
        )
