"""F9: what the app itself says of its mail: its container's log, trouble only, each kind once and explained."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll

from smtpwizard.errors import SmtpWizardError
from smtpwizard.report.container import log_lines
from smtpwizard.report.lines import Line, Mark
from smtpwizard.tui.base import wizard_of
from smtpwizard.tui.screens.dialogs import FramedScreen
from smtpwizard.tui.style import keys_line, plain
from smtpwizard.tui.widgets.text import Paragraphs
from smtpwizard.wizard.send import app_log, log_service
from smtpwizard.wizard.session import Session


class AppLogScreen(FramedScreen):
    """The log of one compose service. R reads it again, C copies the command, Escape closes and ends the reading."""

    DEFAULT_CSS = "AppLogScreen Paragraphs { margin-right: 1; }"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f9,q", "dismiss", "Close", show=False),
        Binding("r,ctrl+r", "again", "Read again", show=False),
        Binding("c,ctrl+y", "copy", "Copy command", show=False),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._command = ""

    def compose(self) -> ComposeResult:
        with VerticalScroll() as box:
            box.border_title = plain(f"What the app says: {log_service(self._session)}", newlines=False, limit=60)
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
        self._show([Line("reading the log of the last ten minutes", Mark.RUNNING)])
        try:
            report = await app_log(self._session)
        except SmtpWizardError as error:
            self._show([Line(error.message, Mark.FAILED)])
            return
        self._command = report.command
        self._show(list(log_lines(report)))

    def _show(self, lines: Sequence[Line]) -> None:
        self.query_one(Paragraphs).show(lines)
        self._tell_keys()

    def _tell_keys(self) -> None:
        keys = ["C Copy command"] if self._command else []
        box = self.query_one(VerticalScroll)
        box.border_subtitle = keys_line([*keys, "R Read again", "Esc Close"], box.size.width)

    def on_resize(self) -> None:
        """Fit the keys to the new width."""
        self.call_after_refresh(self._tell_keys)
