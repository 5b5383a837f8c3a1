"""The walk itself: which step comes after which, and what is known so far. Asks nothing by itself."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from smtpwizard.errors import ExitCode
from smtpwizard.presets.schema import Kind
from smtpwizard.prompts.console import Console
from smtpwizard.report.probe import summary_lines
from smtpwizard.settings import Settings
from smtpwizard.wizard.services import Reach

if TYPE_CHECKING:
    from smtpwizard.presets.catalogue import Presets
    from smtpwizard.presets.schema import ConsumingApp, Provider
    from smtpwizard.sandbox.server import PracticeServer
    from smtpwizard.smtp.results import Report
    from smtpwizard.targets.block import Style
    from smtpwizard.targets.change import Applied


@dataclass
class Walk:
    """What the line front end knows. The steps change it, one after the other."""

    console: Console
    presets: Presets
    app: ConsumingApp
    target: Path | None
    """The `.env` file; None for a block on stdout."""
    style: Style = "env"
    """The block's form where there is no file."""
    timeout: float = 10.0
    """Seconds for each stage of a test."""
    ca_files: tuple[Path, ...] = ()
    start_with: str | None = None
    """The preset named on the command line."""
    data: TextIO = field(default_factory=lambda: sys.stdout)
    """Where a block goes."""
    backup_dir: Path | None = None
    """Where backups go; None for the state folder."""
    provider: Provider | None = None
    settings: Settings = field(default_factory=Settings)
    report: Report | None = None
    original: Settings | None = None
    """What the target held at the start; None where it held nothing of ours."""
    refused: tuple[Settings, ...] = ()
    """Settings whose login a server has refused: not sent again without the operator's word."""
    pauses: tuple[tuple[str, float, str], ...] = ()
    """Host, time.monotonic() until which no login goes to it, the server's words."""
    practice: PracticeServer | None = None
    applied: Applied | None = None
    lines_changed: int = 0
    recipient: str = ""
    """Where the last mails went."""
    arrivals: dict[str, str] = field(default_factory=dict)
    """Titles of the mails that were accepted → how it is known that they arrived; '' where it is not."""
    reach: Reach = field(default_factory=Reach)
    closing: ExitStack = field(default_factory=ExitStack)

    @property
    def confirmed(self) -> bool:
        """Whether a mail is known to have arrived."""
        return any(self.arrivals.values())


def walk(state: Walk) -> ExitCode:
    """Ask everything, step by step. Raises SmtpWizardError; KeyboardInterrupt leaves with nothing half written."""
    from smtpwizard.prompts import send as post
    from smtpwizard.prompts import steps as answers
    from smtpwizard.prompts import steps as pick
    from smtpwizard.prompts import steps as trial

    console = state.console
    with state.closing:
        try:
            console.say(
                f"smtpwizard for {state.app.name}. Ctrl+C leaves at any time; nothing is written before step 4."
            )
            tested = pick.opening(state)
            while True:
                if not tested:
                    console.heading(1, "Provider")
                    pick.provider(state)
                    console.heading(2, "Settings")
                    answers.ask(state)
                console.heading(3, "Test")
                if trial.run(state):
                    break
                tested = False
            console.heading(4, "Save")
            written = _save(state)
            console.heading(5, "Send")
            if written or console.confirm("Nothing was written. Send a mail with these settings all the same?"):
                post.send(state)
        finally:
            console.say()
            for line in _summary(state):
                console.say(line)
    return ExitCode.OK


def _save(state: Walk) -> bool:
    from smtpwizard.prompts.save import save
    from smtpwizard.wizard.save import SaveStep
    from smtpwizard.wizard.services import Services
    from smtpwizard.wizard.session import Session
    from smtpwizard.wizard.state import Target, TargetKind, WizardState

    services = Services(backup_dir=state.backup_dir)
    services.presets, services.app = state.presets, state.app
    kind = TargetKind.PRINT if state.target is None else TargetKind.ENV_FILE
    known = WizardState(
        settings=state.settings,
        provider=state.provider,
        original=state.original,
        target=Target(kind, state.target, style=state.style),
    )
    step = SaveStep(Session(services, known))
    written = save(step, state.console, state.data)
    for change, applied in step.done:
        state.applied, state.lines_changed = applied, change.lines_changed
    return written


def _summary(state: Walk) -> list[str]:
    applied = state.applied
    return list(
        summary_lines(
            saved=str(applied.path) if applied is not None else "",
            changed=state.lines_changed,
            backup=str(applied.backup) if applied is not None and applied.backup else "",
            proved=state.report is not None and state.report.app.verdict.value == "works",
            arrivals=state.arrivals,
            next_command="smtpwizard, with a real provider"
            if state.provider is not None and state.provider.kind is Kind.PRACTICE
            else f"docker compose up -d {state.app.service}",
        )
    )
