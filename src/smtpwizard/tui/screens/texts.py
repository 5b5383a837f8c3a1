"""Screens of text: the mails as their reader sees them (F7), the transcript (F4), what the app says in its log (F9)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content

from smtpwizard.background import in_daemon_thread
from smtpwizard.desktop import private_page
from smtpwizard.errors import SmtpWizardError
from smtpwizard.report.container import log_lines
from smtpwizard.report.lines import Line, Mark
from smtpwizard.smtp.results import Report
from smtpwizard.tui.base import wizard_of
from smtpwizard.tui.screens.dialogs import FramedScreen
from smtpwizard.tui.style import keys_line, plain
from smtpwizard.tui.widgets.inputs import PlainText
from smtpwizard.tui.widgets.text import Paragraphs
from smtpwizard.wizard.send import app_log, log_service, render
from smtpwizard.wizard.session import Session

if TYPE_CHECKING:
    from smtpwizard.apps.profile import AppMail
    from smtpwizard.mail.messages import BuiltMail
    from smtpwizard.settings import Settings
    from smtpwizard.wizard.services import Services


SAMPLE_CODE: Final = "123456"
"""In previews: the real code is drawn when the mail is sent, so that reading it here proves nothing."""

_BROWSER_SECONDS: Final = 10.0


class MailPreviewScreen(FramedScreen):
    """One mail at a time. ← and → turn, O opens the browser, Escape closes."""

    DEFAULT_CSS = "MailPreviewScreen > VerticalScroll { height: 90%; }"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f7,q", "dismiss", "Close", show=False),
        Binding("right", "turn(1)", "Next mail", show=False),
        Binding("left", "turn(-1)", "Previous mail", show=False),
        Binding("o,ctrl+o", "browser", "Open in the browser", show=False),
    ]

    def __init__(
        self, services: Services, settings: Settings, mails: Sequence[AppMail], to: str, notes: Sequence[str] = ()
    ) -> None:
        super().__init__()
        self._notes = tuple(notes)
        """What is to know of the recipient and of the links: for mails that have one."""
        self._services, self._settings, self._mails, self._to = services, settings, tuple(mails), to
        self._place = 0
        self._built: BuiltMail | None = None

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            yield PlainText("")

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()
        self._load()

    def action_turn(self, by: int) -> None:
        """Show the next or the previous mail."""
        self._place = (self._place + by) % len(self._mails)
        self._load()

    @work(exclusive=True, group="preview", exit_on_error=False, description="rendering a mail")
    async def _load(self) -> None:
        mail = self._mails[self._place]
        box, text = self.query_one(VerticalScroll), self.query_one(PlainText)
        box.border_title = plain(mail.title)
        turn = f"{self._place + 1} of {len(self._mails)}, ← → Turn   " if len(self._mails) > 1 else ""
        box.border_subtitle = f"{turn}O Browser   Esc Close"
        self._built = None
        text.update("Rendering…")
        try:
            self._built = await render(mail, self._services.app, self._settings, self._to, code=SAMPLE_CODE)
        except SmtpWizardError as error:
            text.update(plain(f"✗ {error.message}"))
            return
        except TimeoutError:
            text.update("✗ The mail was not rendered within its deadline.")
            return
        text.update(_shown(self._built, self._notes if self._built.link else ()))
        box.scroll_home(animate=False)

    @work(exclusive=True, group="browser", exit_on_error=False, description="opening the browser")
    async def action_browser(self) -> None:
        """Write the HTML into a private temporary file and hand it to the browser."""
        built = self._built
        if built is None:
            return
        try:
            path = private_page(built.html)
            opened = await in_daemon_thread(lambda: self._services.open_url(path.as_uri()), timeout=_BROWSER_SECONDS)
        except (OSError, TimeoutError):
            opened, path = False, None
        if opened:
            self.notify(f"{path} handed to the browser.", markup=False)
        else:
            where = f" Open it yourself: {path}" if path else ""
            self.notify(f"No browser took it.{where}", severity="warning", markup=False)


def _shown(mail: BuiltMail, notes: Sequence[str]) -> Content:
    head = plain(f"To: {mail.to}\nSubject: {mail.subject}").stylize("$foreground-muted")
    note = Content.styled(
        f"The code here is a sample ({SAMPLE_CODE}); each mail sent has its own.", "$foreground-muted"
    )
    warnings = [plain(f"! {line}").stylize("$text-warning") for line in notes]
    return Content("\n\n").join([head, *warnings, plain(mail.text, limit=20_000), note])


FILE_NAME = "smtpwizard-transcript.txt"


class TranscriptScreen(FramedScreen):
    """The transcript of one report. C copies it, W writes it into a file, Escape closes."""

    DEFAULT_CSS = "TranscriptScreen > VerticalScroll { max-width: 120; height: 90%; }"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f4,q", "dismiss", "Close", show=False),
        Binding("c,ctrl+y", "copy", "Copy", show=False),
        Binding("w", "write", "Write a file", show=False),
    ]

    def __init__(self, report: Report) -> None:
        super().__init__()
        self._report = report

    def compose(self) -> ComposeResult:
        with VerticalScroll() as box:
            box.border_title = "Transcript, secrets masked"
            box.border_subtitle = "C Copy   W Write to a file   Esc Close"
            yield PlainText(self._shown())

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()

    def action_copy(self) -> None:
        """Hand the transcript to the terminal's clipboard."""
        wizard_of(self).copy(self._report.transcript_text(), what="Transcript")

    def action_write(self) -> None:
        """Write it into the current folder, readable by its owner alone; an older one of that name is replaced."""
        path = Path.cwd() / FILE_NAME
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(self._report.transcript_text() + "\n")
        except OSError as error:
            self.notify(f"{path} cannot be written: {error.strerror}.", severity="error", markup=False)
            return
        self.notify(f"{path} written.", markup=False)

    def _shown(self) -> Content:
        if not self._report.transcript:
            return Content.styled("There was no dialogue: no connection came about.", "$foreground-muted")
        rows = []
        for item in self._report.transcript:
            ours = item.sender == "client"
            line = plain(item.line, newlines=False)
            rows.append(
                Content.styled("C  " if ours else "S  ", "$text-primary bold" if ours else "$foreground-muted") + line
            )
        return Content("\n").join(rows)


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
