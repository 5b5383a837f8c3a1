"""Screens over a step: a list to type into, a question, readers of an env file, help, mails, transcript, log."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final, TypeVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Button, Input, OptionList

from smtpwizard.background import in_daemon_thread
from smtpwizard.desktop import private_page
from smtpwizard.errors import SmtpWizardError
from smtpwizard.report.container import log_lines
from smtpwizard.report.lines import Line, Mark
from smtpwizard.sandbox.rehearsal import Playable, matching, playable
from smtpwizard.smtp.results import Report
from smtpwizard.targets.env.readers import Reader
from smtpwizard.tui.base import StepPane, keys_line, plain, wizard_of
from smtpwizard.tui.widgets.inputs import BarInput, PlainList, PlainText, ShapeCheckbox
from smtpwizard.tui.widgets.text import Paragraphs
from smtpwizard.wizard.send import app_log, log_service, render
from smtpwizard.wizard.session import Services, Session

if TYPE_CHECKING:
    from smtpwizard.apps.profile import AppMail
    from smtpwizard.mail.messages import BuiltMail
    from smtpwizard.settings import Settings


T = TypeVar("T")


class FilterScreen(ModalScreen[T | None]):
    """A list to type into: the focus stays in the input, the arrows move the highlight. Dismisses with what was chosen.

    A subclass says what is found for a text, and what a row stands for.
    """

    DEFAULT_CSS = """
    FilterScreen { align: center middle; background: $background 60%; }
    FilterScreen > Vertical {
        width: 96%; height: 90%;
        border: round $accent; border-title-style: bold; border-subtitle-color: $text-muted;
        padding: 0 1; background: $surface;
    }
    FilterScreen PlainList { height: 1fr; margin-top: 1; }
    FilterScreen #foot { height: 1; color: $text-muted; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "Close", show=False),
        Binding("up", "move('cursor_up')", show=False),
        Binding("down", "move('cursor_down')", show=False),
        Binding("pageup", "move('page_up')", show=False),
        Binding("pagedown", "move('page_down')", show=False),
    ]

    heading: ClassVar[str]
    keys: ClassVar[str]
    placeholder: ClassVar[str]

    def find(self, text: str) -> None:
        """List what is found for `text`, with `show`."""
        raise NotImplementedError

    def chosen(self, index: int) -> T | None:
        """Return what the row at `index` stands for; None where there is no such row."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title, box.border_subtitle = self.heading, self.keys
            yield BarInput(placeholder=self.placeholder)
            found = PlainList(id="found")
            found.can_focus = False
            yield found
            yield PlainText("", id="foot")

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    def show(self, rows: Sequence[Content]) -> None:
        """Show `rows`, the first one highlighted."""
        self.query_one(PlainList).fill(rows, start=0 if rows else None)

    def tell(self, text: str) -> None:
        """Show a sentence below the list."""
        self.query_one("#foot", PlainText).update(plain(text, newlines=False))

    @property
    def highlighted(self) -> T | None:
        """What the highlighted row stands for."""
        index = self.query_one(PlainList).highlighted
        return None if index is None else self.chosen(index)

    def action_move(self, action: str) -> None:
        """Move the list's highlight while the focus stays in the input."""
        getattr(self.query_one(PlainList), f"action_{action}")()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self.find(event.value)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if self.highlighted is not None:
            self.dismiss(self.highlighted)

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(self.chosen(event.option_index))


class ConfirmScreen(ModalScreen[bool]):
    """Dismisses with True for yes, False for no or Escape. The focus starts on no: Enter loses nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(False)", "No", show=False),
        Binding("left,right", "app.focus_next", show=False),
    ]

    def __init__(self, *, title: str, question: str, yes: str, no: str) -> None:
        super().__init__()
        self._words = (title, question, yes, no)

    def compose(self) -> ComposeResult:
        title, question, yes, no = self._words
        with Vertical(classes="dialog") as box:
            box.border_title = plain(title)
            yield PlainText(plain(question), classes="question")
            with Horizontal(classes="buttons"):
                yield Button(plain(no), id="no", compact=True)
                yield Button(plain(yes), id="yes", compact=True)

    def on_mount(self) -> None:
        self.query_one("#no").focus()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "yes")


class FramedScreen(ModalScreen[None]):
    """One VerticalScroll in the middle, as high as its text; title and keys in its border."""

    DEFAULT_CSS = """
    FramedScreen { align: center middle; background: $background 60%; }
    FramedScreen > VerticalScroll {
        width: 98%; max-width: 100; height: auto; max-height: 92%;
        border: round $accent; border-title-style: bold; border-subtitle-color: $text-muted;
        padding: 0 1; background: $surface; scrollbar-size-vertical: 1;
    }
    """


class ReadersScreen(ModalScreen[tuple[str, ...] | None]):
    """Dismisses with the names that are ticked, in the order of their weight; None leaves all as it was."""

    DEFAULT_CSS = """
    ReadersScreen { align: center middle; background: $background 60%; }
    ReadersScreen .dialog { padding: 0 2; }
    ReadersScreen ShapeCheckbox { width: 1fr; }
    ReadersScreen ShapeCheckbox:focus { background: $boost; }
    ReadersScreen #readers-problem { color: $text-error; display: none; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "take", "Take", show=False, priority=True),  # a checkbox would toggle on it
        Binding("escape,f5", "dismiss", "Leave", show=False),
        Binding("up", "app.focus_previous", show=False),
        Binding("down", "app.focus_next", show=False),
    ]

    def __init__(self, file: str, chosen: Collection[str]) -> None:
        super().__init__()
        self._file, self._ticked = file, frozenset(chosen)

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog", can_focus=False) as box:
            box.border_title = plain(f"Who reads {self._file}", newlines=False)
            box.border_subtitle = "Space Tick   Enter Take   Esc Leave"
            yield PlainText("A reader must be ticked: something has to read it.", id="readers-problem")
            for reader in Reader:
                yield ShapeCheckbox(reader.label, reader.value in self._ticked, id=f"reader-{reader.value}")

    def on_mount(self) -> None:
        self.query(ShapeCheckbox).first().focus()

    def action_take(self) -> None:
        """Take what is ticked; nothing at all is no choice."""
        names = tuple(
            reader.value for reader in Reader if self.query_one(f"#reader-{reader.value}", ShapeCheckbox).value
        )
        if names:
            self.dismiss(names)
        else:
            self.query_one("#readers-problem").display = True


class HelpScreen(ModalScreen[None]):
    """Prose first, then the keys. Escape, Enter or F1 closes."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,enter,f1,q", "dismiss", "Close", show=False)]

    def __init__(self, title: str, prose: str, keys: tuple[tuple[str, str], ...]) -> None:
        super().__init__()
        self._page = (title, prose, keys)

    @classmethod
    def of(cls, focused: Widget | None, pane: StepPane | None) -> HelpScreen:
        """Make the page for the focused widget: `help_page()` (title, prose) of it or of its nearest ancestor."""
        title, prose = pane.title if pane else "Help", ""
        for node in focused.ancestors_with_self if focused else ():
            page = getattr(node, "help_page", None)
            if callable(page):
                title, prose = page()
                break
        else:
            if pane is not None and pane.HELP:
                prose = pane.HELP
        own: list[tuple[str, str]] = []
        if pane is not None:
            own = [("Enter", pane.primary)] if pane.primary else []
            own += [(hint.shown, hint.label) for hint in pane.hints()]
        always = (("Esc", "Back"), ("Tab", "Next field"), ("F2 F3", "Step before, after"), ("F1", "Help"),
                  ("Ctrl+P", "Commands"), ("Ctrl+Q", "Quit"))  # fmt: skip
        return cls(title, prose, (*own, *(item for item in always if item[0] not in dict(own))))

    def compose(self) -> ComposeResult:
        title, prose, keys = self._page
        with VerticalScroll(classes="dialog") as box:
            box.border_title = plain(title)
            box.border_subtitle = "Esc Close"
            if prose:
                yield PlainText(plain(prose), classes="prose")
            yield PlainText(plain("\n".join(f"{key:<12}{label}" for key, label in keys)), classes="muted")


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
            return Content.styled("There was no dialogue: no connection was made.", "$foreground-muted")
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


_READ_SECONDS = 15.0


class FailuresScreen(FilterScreen[Playable]):
    """Dismisses with the failure that was chosen, or None."""

    DEFAULT_CSS = """
    FailuresScreen > Vertical { max-width: 100; max-height: 30; }
    """

    heading = "Play a failure"
    keys = "Enter Play   Esc Close"
    placeholder = "reference, id or words: A1, greylist, certificate"

    def __init__(self) -> None:
        super().__init__()
        self._all: tuple[Playable, ...] = ()
        self._found: tuple[Playable, ...] = ()

    def on_mount(self) -> None:
        self.tell("Reading the catalogue…")
        self._load()

    @work(exclusive=True, group="failures", exit_on_error=False, description="reading the failure catalogue")
    async def _load(self) -> None:
        try:
            self._all = await in_daemon_thread(playable, timeout=_READ_SECONDS, name="failures")
        except SmtpWizardError as error:
            self.tell(f"✗ {error.message}")
            return
        except TimeoutError:
            self.tell(f"✗ Not read within {_READ_SECONDS:.0f} s.")
            return
        self.find(self.query_one(Input).value)

    def find(self, text: str) -> None:
        if self._all:
            self._found = matching(self._all, text)
            self.show([_row(item) for item in self._found])
            self._about_highlighted()

    def chosen(self, index: int) -> Playable | None:
        return self._found[index] if index < len(self._found) else None

    @on(OptionList.OptionHighlighted)
    def _about_highlighted(self) -> None:
        chosen = self.highlighted
        count = f"{len(self._found)} of {len(self._all)}"
        where = " · shows in Send" if chosen is not None and chosen.while_sending else ""
        self.tell(f"{count} · {chosen.id}{where}" if chosen else f"{count}: nothing is called like that.")


def _row(item: Playable) -> Content:
    return Content.assemble((f"{item.ref:<5}", "bold"), plain(item.title, newlines=False))
