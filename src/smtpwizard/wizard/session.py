"""The walk: what is known so far, what it uses of the world, and its steps.

A `WizardState` is one frozen value, and `Session.update()` makes the next one; no renderer holds truth. `Services` is
handed in, so that a test can hand in something else. A renderer shows a session: `tui`, `prompts`, or `cli`.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from smtpwizard.addresses import is_address, is_private_host
from smtpwizard.apps.loading import DEFAULT, AppFiles, profile, shipped
from smtpwizard.apps.profile import AppProfile, Role
from smtpwizard.background import in_daemon_thread
from smtpwizard.desktop import open_page
from smtpwizard.errors import NetworkError
from smtpwizard.records import NamedTuple
from smtpwizard.secret import Secret
from smtpwizard.settings import Settings

if TYPE_CHECKING:
    from smtpwizard.clients.transport import Origin
    from smtpwizard.dns.sender import SenderReport
    from smtpwizard.docker.logs import LogReport
    from smtpwizard.mailbox.model import Inbox
    from smtpwizard.presets.catalogue import Presets
    from smtpwizard.presets.schema import Provider
    from smtpwizard.probe.survey.facts import SurveyResult
    from smtpwizard.probe.verdict import Options
    from smtpwizard.report.arrival import Arrived
    from smtpwizard.sandbox.rehearsal import Playable, Rehearsed
    from smtpwizard.sandbox.server import PracticeServer
    from smtpwizard.smtp.results import Report, SentMessage
    from smtpwizard.targets.change import Applied
    from smtpwizard.targets.env.file import EnvFile
    from smtpwizard.wizard.unlisted import Unlisted


class TargetKind(StrEnum):
    """Where the settings will go."""

    ENV_FILE = "env-file"
    COMPOSE = "compose"
    PRINT = "print"
    """A block on screen, and on stdout after leaving."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where the settings will go: a file, or a block to copy."""

    kind: TargetKind = TargetKind.ENV_FILE
    path: Path | None = Path(".env")
    service: str | None = None
    """The compose service, where the target is a compose file."""
    style: str = "env"
    """`env`, `compose-list` or `compose-map`, where the target is a block."""
    secret: str = ""
    """Where the password goes when the target is a compose file: `inline`, or `reference`, to the `.env` beside it.
    Empty while nothing is chosen: then it depends on whether git tracks the file."""
    override: bool = False
    """Whether the override file beside the compose file is written, and the compose file stays as it is."""

    @property
    def refers(self) -> bool:
        """Whether a compose file gets a reference to the password, which goes into the `.env` beside it."""
        return self.kind is TargetKind.COMPOSE and self.secret == "reference"  # noqa: S105  # the name of a mode

    @property
    def label(self) -> str:
        """A few words for headers: the file's name, or the kind of block."""
        if self.style == "fragment":
            return "the values to enter"
        if self.kind is TargetKind.PRINT or self.path is None:
            return f"{self.style} block"
        return self.path.name or str(self.path)


@dataclass(frozen=True, slots=True)
class SentMail:
    """One of the app's mails that was handed to a server."""

    name: str
    """AppMail.name: verification, reset-password, invitation."""
    title: str
    to: str
    message: SentMessage
    code: str | None = None
    """The six digits in the mail, where it carries some."""


@dataclass(frozen=True, slots=True)
class WizardState:
    """Everything the steps share. Equal states cause no redraw."""

    settings: Settings = field(default_factory=lambda: Settings(shipped()))
    provider: Provider | None = None
    region: str | None = None
    target: Target = field(default_factory=Target)
    original: Settings | None = None
    """What the target held when the wizard opened; None where it held no variable of ours."""
    env_file: EnvFile | None = field(default=None, repr=False)
    """The target as read on opening: raw bytes and all, so never in a repr."""
    report: Report | None = None
    """The last test, kept until the next one."""
    tested: Settings | None = None
    """The settings that `report` is about."""
    tested_at: str = ""
    """When that was, on this machine's clock: `12:04`."""
    ca_file: Path | None = None
    """A certificate authority that was named in the walk, for the tests made here."""
    survey: SurveyResult | None = None
    """What was seen at the server's other ports after `report`; None where nothing was asked."""
    control: bool | None = None
    """Where the host of `report` was not found: whether the name server knows a name that exists for sure."""
    refused: tuple[Settings, ...] = ()
    """Settings whose login a server has refused: not sent again without the operator's word."""
    pauses: tuple[tuple[str, float, str], ...] = ()
    """Hosts that asked for a pause: (host, time.monotonic() until then no login, the server's words)."""
    saved: Settings | None = None
    """The settings as last written or handed over."""
    applied: tuple[Applied, ...] = ()
    readers: tuple[str, ...] = ()
    """Programs that read the env file, by the names of `--readers`; empty for the usual ones."""
    next_command: str = ""
    """What makes the app see what was written, found by looking; empty where nothing was written, or none is known."""
    block: Secret | None = None
    """A block for stdout after leaving, where the target is PRINT: it holds the password."""
    sent: tuple[SentMail, ...] = ()
    arrived: tuple[Arrived, ...] = ()
    """Mails that are known to have arrived, each once, in the order in which that became known."""
    recipient: str = ""
    practice: PracticeServer | None = field(default=None, repr=False)
    """The running practice server, once it was chosen."""
    rehearsal: Rehearsed | None = field(default=None, repr=False)
    """The failure that was last chosen to be played; `rehearsed` says whether the settings lead to it."""
    visited: tuple[str, ...] = ()
    """Step ids that were shown, in order of the first visit."""
    step: str = ""
    """The step that is shown."""

    def changed(self, **changes: Any) -> WizardState:
        """Return the state with `changes` applied. TypeError for a field that it does not have."""
        return replace(self, **changes)

    @property
    def origin(self) -> Origin:
        """The way by which the settings as they are now reach the app: the target's, until one of them is changed."""
        from smtpwizard.clients.transport import Origin

        if self.settings != self.original:
            return Origin.ANSWERS
        return Origin.ENV_FILE if self.target.kind is TargetKind.ENV_FILE else Origin.COMPOSE

    @property
    def rehearsed(self) -> Rehearsed | None:
        """The failure that is played at the server to which the settings lead, if one is."""
        played = self.rehearsal
        if played is None or self.provider is None or self.provider.kind.value != "practice":
            return None
        return played if (self.settings.host, self.settings.port) == played.address else None

    @property
    def fresh_report(self) -> Report | None:
        """The last test, if it was made with the settings as they are now."""
        return self.report if self.report is not None and self.tested == self.settings else None

    @property
    def proved(self) -> bool:
        """Whether the settings as they are now were tested and the app will work."""
        report = self.fresh_report
        return report is not None and report.works

    @property
    def confirmed(self) -> tuple[str, ...]:
        """Names of the mails that are known to have arrived."""
        return tuple(dict.fromkeys(item.name for item in self.arrived))

    @property
    def is_saved(self) -> bool:
        """Whether the settings as they are now were written or handed over."""
        return self.saved is not None and self.saved == self.settings

    @property
    def unsaved(self) -> bool:
        """Whether leaving now would lose something that was entered."""
        if self.settings in (self.saved, self.original) or self.settings == Settings(self.settings.app):
            return False
        app = self.settings.app
        typed = [
            item.role
            for item in app.variables
            if item.role not in (Role.HOST, Role.PORT) and item.name not in app.mode_variables
        ]
        before = self.original or Settings(app)
        return any(self.settings.of(role) and self.settings.of(role) != before.of(role) for role in typed)


NEARBY: Final = 2.0
"""Seconds to find out whether a mail server of this machine or network is one that catches mail."""
AT_ONCE: Final = 10.0
"""Seconds after which such a server, and the practice server, would long have had the mail."""


def may_catch(provider: Provider | None, host: str) -> bool:
    """Say whether a mail server may be one that catches mail: it is on this machine or network. No other is asked."""
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


class AppChoice(NamedTuple):
    """An app that can be chosen."""

    id: str
    name: str
    why: str = ""
    """Why it is offered first: `found in compose.yaml`."""


@dataclass(eq=False, repr=False)
class Services:
    """Presets, browser, resolver, inboxes, practice server. Not frozen: the catalogue is opened on first use."""

    preset_dirs: tuple[Path, ...] = ()
    app_id: str = DEFAULT
    app_why: str = ""
    """Why it is that app: `found in compose.yaml`; empty where it was named, or is the default."""
    app_others: tuple[str, ...] = ()
    """Ids of further apps that the folder may be of: one of them has to be chosen."""
    app_unlisted: Unlisted | None = None
    """What an app that no profile knows has in the folder: to be confirmed before the first step."""
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

    def app_choices(self) -> tuple[AppChoice, ...]:
        """Return the apps to choose from: those found in the folder first, then all by name."""
        files = AppFiles(self.presets.roots())
        first = (self.app_id, *self.app_others)
        found = [AppChoice(id_, files.profile(id_).name, self.app_why) for id_ in first]
        return (*found, *(AppChoice(app.id, app.name) for app in files.all() if app.id not in first))

    def options(self, state: WizardState, *, recipient: str | None = None) -> Options:
        """Return the probe's options: the practice server's throw-away CA is trusted only while it is the provider."""
        from smtpwizard.probe.verdict import Options

        practising = state.provider is not None and state.provider.id == "practice"
        server = (state.rehearsed or state.practice) if practising else None
        return Options(
            timeout=self.timeout,
            ca_files=(*self.ca_files, *((state.ca_file,) if state.ca_file else ())),
            extra_ca_pem=(server.ca_pem or None) if server is not None else None,
            recipient=recipient,
            origin=state.origin,
            app_name=self.app.name,
        )


_START_SECONDS: Final = 12.0
"""For a server on this machine: its certificate takes 0.1 s, a slow disk and a busy processor much longer."""

_STOP_SECONDS: Final = 1.0
"""How long leaving waits for a server to stop. Its threads are daemons: they end with the process."""

T = TypeVar("T")


class Session:
    """One walk. Holds the state; draws nothing, prints nothing, asks nothing."""

    def __init__(
        self,
        services: Services,
        state: WizardState | None = None,
        *,
        on_change: Callable[[WizardState], None] | None = None,
    ) -> None:
        self.services = services
        self._state = state or WizardState(Settings(services.app))
        self._on_change = on_change
        self._steps: dict[Callable[[Session], Any], Any] = {}
        self._owners: dict[str, Provider | None] = {}
        """Hosts, and the providers to which they belong."""

    @property
    def state(self) -> WizardState:
        """What is known now. Frozen: `update()` makes the next one."""
        return self._state

    @property
    def provider(self) -> Provider | None:
        """The chosen provider; where it is a custom one or none, the one to which the host belongs, as for `check`."""
        chosen, host = self._state.provider, self._state.settings.host
        if not host or (chosen is not None and chosen.kind.value != "custom"):
            return chosen
        return self._owner(host) or chosen

    def secrets(self) -> tuple[Secret, ...]:
        """Return every secret of the settings and of what the target held, a token in the user name's place too.

        No screen shows one.
        """
        settings, before = self._state.settings, self._state.original
        found = self._secrets_of(settings, self.provider)
        if before is None or before == settings:
            return found
        return tuple(dict.fromkeys((*found, *self._secrets_of(before, self._owner(before.host or "")))))

    def _secrets_of(self, settings: Settings, provider: Provider | None) -> tuple[Secret, ...]:
        if not settings.username:
            return settings.secrets()
        # All the rules on settings: not before there is one to mask.
        from smtpwizard.lint.check import secrets

        return secrets(settings, provider)

    def _owner(self, host: str) -> Provider | None:
        if host and host not in self._owners:
            self._owners[host] = self.services.presets.for_host(host)
        return self._owners.get(host)

    def update(self, **changes: Any) -> None:
        """Take `changes` of the state's fields, and tell the renderer if any differs. TypeError: no such field."""
        changed = self._state.changed(**changes)
        if changed != self._state:
            self._state = changed
            if self._on_change is not None:
                self._on_change(changed)

    def step(self, kind: Callable[[Session], T]) -> T:
        """Return the walk's one object of a step: `session.step(SettingsStep)`. It is made when it is first asked for.

        So a step knows the session and not the other way round, and none is loaded before a renderer comes to it.
        """
        if kind not in self._steps:
            self._steps[kind] = kind(self)
        made: T = self._steps[kind]
        return made

    # The practice server

    async def practise(self) -> None:
        """Start the practice server unless it runs, and take its settings. NetworkError where it does not start.

        Chosen again, it fills in anew what has been changed since, but for the URL and a sender that is an address.
        """
        from smtpwizard.wizard.questions import begin

        state, server = self._state, self._state.practice
        if server is None:
            server = self.services.make_practice_server()
            await _started(server.start)
        provider = self.services.presets.provider("practice")
        again = state.provider is not None and state.provider.id == provider.id
        before = state.settings if again else begin(provider, state.settings, previous=state.provider)
        settings = server.settings(state.settings.app).with_changes({Role.URL: before.url})
        if again and is_address(before.sender or ""):
            settings = settings.with_changes({Role.SENDER: before.sender})
        self.update(practice=server, provider=provider, region=None, settings=settings)

    async def rehearse(self, failure: Playable) -> None:
        """Lead the settings to a server that shows `failure`. NetworkError where it does not start."""
        from smtpwizard.sandbox.rehearsal import start

        played = await _started(lambda: start(failure, self._state.settings.app))
        await self._lead_to(played.settings, played)

    async def accept_again(self) -> None:
        """Lead the settings back to the server that accepts mail. NetworkError where it does not start."""
        if self._state.practice is None:
            await self.practise()
        assert self._state.practice is not None
        await self._lead_to(self._state.practice.settings(self._state.settings.app), None)

    async def stop(self) -> None:
        """Stop the practice server, if it runs, and the one that plays a failure."""
        await _stopped(self._state.rehearsal.server.stop if self._state.rehearsal else None)
        await _stopped(self._state.practice.stop if self._state.practice else None)

    async def _lead_to(self, settings: Settings, played: Rehearsed | None) -> None:
        """Take settings that lead to another practice server; what the one before refused says nothing of this one."""
        state, before = self._state, self._state.rehearsal
        settings = settings.with_changes({Role.URL: state.settings.url})
        host = (settings.host or "").lower()
        self.update(
            settings=settings,
            rehearsal=played,
            refused=tuple(item for item in state.refused if (item.host or "").lower() != host),
            pauses=tuple(item for item in state.pauses if item[0] != host),
        )
        await _stopped(before.server.stop if before else None)


async def _started(start: Callable[[], T]) -> T:
    try:
        return await in_daemon_thread(start, timeout=_START_SECONDS, name="practice server start")
    except TimeoutError:
        raise NetworkError(
            f"The practice server did not start within {_START_SECONDS:.0f} s.", "Practice server"
        ) from None


async def _stopped(stop: Callable[[], object] | None) -> None:
    if stop is not None:
        try:
            await in_daemon_thread(stop, timeout=_STOP_SECONDS, name="practice server stop")
        except (TimeoutError, OSError):
            return
