"""What the wizard knows, as one frozen value. No renderer holds truth, and nothing here draws or does I/O.

`Session.update()` is the one way to make the next one.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smtpwizard.apps.loading import shipped
from smtpwizard.apps.profile import Role
from smtpwizard.secret import Secret
from smtpwizard.settings import Settings

if TYPE_CHECKING:
    from smtpwizard.clients.transport import Origin
    from smtpwizard.presets.schema import Provider
    from smtpwizard.probe.survey.facts import SurveyResult
    from smtpwizard.report.arrival import Arrived
    from smtpwizard.sandbox.rehearsal import Rehearsed
    from smtpwizard.sandbox.server import PracticeServer
    from smtpwizard.smtp.results import Report, SentMessage
    from smtpwizard.targets.change import Applied
    from smtpwizard.targets.env.file import EnvFile


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
    survey: SurveyResult | None = None
    """What was seen at the server's other ports after `report`; None where nothing was asked."""
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
        return report is not None and report.app.verdict.value == "works"

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
