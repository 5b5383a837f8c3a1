"""F9: what the app itself says of its mail: its container's log, trouble only, each kind once and explained."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll

from smtpwizard.errors import SmtpWizardError
from smtpwizard.tui.base import wizard_of
from smtpwizard.tui.screens.dialogs import FramedScreen
from smtpwizard.tui.style import keys_line, plain
from smtpwizard.tui.widgets.text import GAP, Paragraph, Paragraphs
from smtpwizard.wizard.state import Target, TargetKind

if TYPE_CHECKING:
    from smtpwizard.docker.logs import LogReport, Trouble


_CAUSES: Final = 2
"""Explanations shown of one line: the likeliest."""
_MUTED: Final = "$foreground-muted"
_SILENT: Final = (
    "The app has logged nothing in the last ten minutes. Have it send a mail (a sign-up, an invitation); then R."
)


class AppLogScreen(FramedScreen):
    """The log of one compose service. R reads it again, C copies the command, Escape closes and ends the reading."""

    DEFAULT_CSS = "AppLogScreen Paragraphs { margin-right: 1; }"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f9,q", "dismiss", "Close", show=False),
        Binding("r,ctrl+r", "again", "Read again", show=False),
        Binding("c,ctrl+y", "copy", "Copy command", show=False),
    ]

    def __init__(self, service: str, compose_file: Path | None, cwd: Path) -> None:
        super().__init__()
        self._service, self._compose_file, self._cwd = service, compose_file, cwd
        self._command = ""

    @classmethod
    def of(cls, target: Target, service: str) -> AppLogScreen:
        """Make the screen for the target's compose service, or `service` where the target names none."""
        composed = target.kind is TargetKind.COMPOSE
        cwd = target.path.parent if target.path is not None else Path()
        return cls((target.service if composed else None) or service, target.path if composed else None, cwd)

    def compose(self) -> ComposeResult:
        with VerticalScroll() as box:
            box.border_title = plain(f"What the app says: {self._service}", newlines=False, limit=60)
            yield Paragraphs()

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()
        self._read()

    def action_again(self) -> None:
        """Read the log again."""
        self._read()

    def action_copy(self) -> None:
        """Hand the command that reads the log to the terminal's clipboard."""
        if self._command:
            wizard_of(self).copy(self._command, what="Command")

    @work(exclusive=True, group="log", exit_on_error=False, description="reading the app's log")
    async def _read(self) -> None:
        wizard = wizard_of(self)
        services = wizard.services
        self._show([Paragraph("reading the log of the last ten minutes", "›", "$text-primary bold")])
        try:
            report = await services.recent_log(
                self._service,
                compose_file=self._compose_file,
                cwd=self._cwd,
                provider=wizard.state.provider,
                timeout=services.timeout,
            )
        except SmtpWizardError as error:
            self._show([Paragraph(error.message, "✗", "$text-error bold")])
            return
        self._command = report.command
        self._show(list(_told(report)))

    def _show(self, paragraphs: Sequence[Paragraph]) -> None:
        self.query_one(Paragraphs).show(paragraphs)
        self._tell_keys()

    def _tell_keys(self) -> None:
        keys = ["C Copy command"] if self._command else []
        box = self.query_one(VerticalScroll)
        box.border_subtitle = keys_line([*keys, "R Read again", "Esc Close"], box.size.width)

    def on_resize(self) -> None:
        """Fit the keys to the new width."""
        self.call_after_refresh(self._tell_keys)


def _told(report: LogReport) -> Iterator[Paragraph]:
    """Yield what stands in the log, or why it cannot be read; the command either way, for another machine."""
    if report.problem:
        yield Paragraph(report.problem, "✗", "$text-error bold")
        yield GAP
        yield Paragraph("The command, to run where the app's containers are:", style=_MUTED)
        yield Paragraph(report.command, style="bold")
        return
    yield Paragraph(report.command, "$", _MUTED, _MUTED)
    if report.note:
        yield Paragraph(report.note, "!", "$text-warning")
    read = f"{report.lines} {'line' if report.lines == 1 else 'lines'} of the last ten minutes"
    kinds = len(report.troubles)
    if kinds:
        trouble = f"{kinds} {'kind' if kinds == 1 else 'kinds'} of trouble with mail"
        yield Paragraph(f"{read}; {trouble}.", "!", "$text-warning")
    elif report.lines:
        yield Paragraph(f"{read}, none about trouble with mail.", "✓", "$text-success")
    else:
        yield Paragraph(_SILENT, "–", _MUTED)
    for item in report.troubles:
        yield GAP
        yield from _trouble(item)


def _trouble(trouble: Trouble) -> Iterator[Paragraph]:
    """Yield one kind of trouble: the words in the log, how often and when, what they mean and what to do."""
    yield Paragraph(trouble.said, "✗", "$text-error bold", "bold")
    often = "once" if trouble.times == 1 else f"{trouble.times} times"
    when = f", last at {trouble.last}" if trouble.last else ""
    yield Paragraph(f"{often}{when}", indent=2, style=_MUTED)
    for number, diagnosis in enumerate(trouble.diagnoses[:_CAUSES]):
        reference = diagnosis.ref or "general advice"
        yield Paragraph(f"{'Or: ' if number else ''}{diagnosis.title}  ({reference})", indent=2)
        yield Paragraph(diagnosis.cause, indent=2)
        yield Paragraph(diagnosis.remedy, indent=2, style="$text-primary")
