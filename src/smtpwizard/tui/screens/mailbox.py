"""F8: a mailbox in which the mail is to be looked for, over IMAP. The password is a Secret from here on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple, cast

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, RadioSet
from textual.worker import Worker, WorkerState

from smtpwizard.errors import SmtpWizardError
from smtpwizard.secret import Secret
from smtpwizard.tui.content import plain, styled
from smtpwizard.tui.mailboxes import Mode, address_problem, guessed_server, url_of
from smtpwizard.tui.steps.test_verdict import bug_place
from smtpwizard.tui.widgets.inputs import BarInput, SecretInput
from smtpwizard.tui.widgets.plain_text import PlainText
from smtpwizard.tui.widgets.shapes import ShapeRadio, ShapeRadioSet

if TYPE_CHECKING:
    from smtpwizard.inbox.model import Arrival, Inbox, Wanted
    from smtpwizard.tui.app import SmtpWizard

_PROMISE: Final = (
    "Only reads: nothing is marked, moved or deleted. The password goes to this server alone, is written nowhere, and "
    "is forgotten when you leave this step. Where the provider has app passwords, it wants one here too."
)


class Opened(NamedTuple):
    """A mailbox whose server took the login, and what a first look into it brought."""

    inbox: Inbox
    seen: tuple[Arrival, ...]


class MailboxScreen(ModalScreen[Opened | None]):
    """Asks, logs in once for each Enter, and dismisses with the mailbox; what was refused is told here."""

    DEFAULT_CSS = """
    MailboxScreen { align: center middle; background: $background 60%; }
    MailboxScreen .dialog { width: 74; max-width: 96%; max-height: 96%; padding: 0 2; scrollbar-size-vertical: 1; }
    MailboxScreen .row { height: 1; }
    MailboxScreen .row .label { width: 11; }
    MailboxScreen .row BarInput { width: 1fr; }
    MailboxScreen .row .side { width: 9; padding: 0 0 0 1; }
    MailboxScreen.-narrow .side { display: none; }
    MailboxScreen #mailbox-mode { margin: 0 0 0 11; }
    MailboxScreen #mailbox-said { height: auto; margin-top: 1; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "look", "Look", show=False, priority=True),  # the radio buttons would take it
        Binding("escape", "close", "Close", show=False),
    ]

    def __init__(self, recipient: str, wanted: Sequence[Wanted]) -> None:
        super().__init__()
        self._recipient, self._wanted = recipient, tuple(wanted)
        self._refused: tuple[str, Secret] | None = None
        self._busy = False

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog", can_focus=False) as box:
            box.border_title = "Read a mailbox"
            box.border_subtitle = "Enter Look   Esc Close"
            yield from self._row("Server", BarInput(guessed_server(self._recipient), id="mailbox-server"))
            with ShapeRadioSet(id="mailbox-mode"):
                for mode in Mode:
                    yield ShapeRadio(mode.label, mode is Mode.TLS)
            yield from self._row("User", BarInput(self._recipient, id="mailbox-user"))
            yield from self._row("Password", SecretInput(id="mailbox-password"))
            yield PlainText(id="mailbox-said")

    def _row(self, label: str, field: BarInput) -> ComposeResult:
        with Horizontal(classes="row"):
            yield PlainText(label, classes="label")
            yield field
            yield PlainText(styled("F8 show" if isinstance(field, SecretInput) else "", "$text-muted"), classes="side")

    def on_mount(self) -> None:
        self.query_one("#mailbox-server").focus()
        self._say(styled(_PROMISE, "$text-muted"))

    def action_close(self) -> None:
        """Close without a mailbox; a login under way is cut off."""
        self.workers.cancel_group(self, "mailbox")
        self._end(None)

    def _end(self, opened: Opened | None) -> None:
        self.query_one(SecretInput).value = ""  # the field holds the text as it is: not longer than needed
        self.dismiss(opened)

    @on(SecretInput.Toggled)
    def _toggled(self) -> None:
        shown = not self.query_one(SecretInput).password
        self.query(".side").last(PlainText).update(styled("F8 hide" if shown else "F8 show", "$text-muted"))

    @on(RadioSet.Changed)
    def _mode_changed(self, event: RadioSet.Changed) -> None:
        event.stop()

    def _say(self, words: Content) -> None:
        self.query_one("#mailbox-said", PlainText).update(words)

    def _text(self, name: str) -> str:
        return self.query_one(f"#mailbox-{name}", Input).value

    def action_look(self) -> None:
        """Log in and look, once. What was refused before is sent again only on a second Enter."""
        if self._busy:
            return
        mode = tuple(Mode)[max(self.query_one(RadioSet).pressed_index, 0)]
        server, user, password = self._text("server").strip(), self._text("user").strip(), self._text("password")
        problem = address_problem(server, user) or ("" if password else "A password is needed.")
        if problem:
            self._say(styled(f"✗ {problem}", "$text-error"))
            return
        url = url_of(mode, server, user)
        tried = (url, Secret(password))
        if self._refused == tried:
            self._refused = None
            words = "The server refused just these a moment ago, and servers lock accounts. Enter sends them again."
            self._say(styled(f"! {words}", "$text-warning"))
            return
        self._busy = True
        self._say(Content.styled("› ", "$text-primary bold") + plain(f"logging in to {server}", newlines=False))
        self._tried = tried
        self._look()

    @work(exclusive=True, group="mailbox", exit_on_error=False, description="looking into a mailbox")
    async def _look(self) -> None:
        from smtpwizard.inbox import InboxRefused

        services = cast("SmtpWizard", self.app).services
        url, password = self._tried
        try:
            inbox = services.open_mailbox(url, password, ca_files=services.ca_files)
            seen = await inbox.look(self._wanted, timeout=services.timeout)
        except SmtpWizardError as error:
            self._refused = self._tried if isinstance(error, InboxRefused) else None
            self._say(styled(f"✗ {error.message}", "$text-error"))
            self.query_one("#mailbox-password").focus()
            return
        finally:
            self._busy = False
        self._end(Opened(inbox, seen))

    @on(Worker.StateChanged)
    def _broke_off(self, event: Worker.StateChanged) -> None:
        event.stop()
        if event.state is WorkerState.ERROR:
            words = f"✗ Looking broke off: {bug_place(event.worker.error)}. A bug in smtpwizard."
            self._say(styled(words, "$text-error"))
