"""F6: a mail was accepted and did not arrive. Where to look, and what DNS says about the sender's domain, asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Input, RadioSet
from textual.worker import Worker, WorkerState

from smtpwizard.errors import SmtpWizardError
from smtpwizard.presets.schema import Kind
from smtpwizard.report.arrival import checks, closing_lines
from smtpwizard.report.lines import GAP, Line, LineRole, Mark
from smtpwizard.secret import Secret
from smtpwizard.text import safe
from smtpwizard.tui.base import keys_line, plain, styled, wizard_of
from smtpwizard.tui.screens.dialogs import FramedScreen
from smtpwizard.tui.widgets.inputs import BarInput, PlainText, SecretInput, ShapeRadio, ShapeRadioSet
from smtpwizard.tui.widgets.text import Paragraphs, RecordCard
from smtpwizard.wizard.check import bug_place
from smtpwizard.wizard.send import Mode, SendStep, address_problem, guessed_server, url_of
from smtpwizard.wizard.session import Session

_PROMISE: Final = (
    "Only reads: nothing is marked, moved or deleted. The password goes to this server alone, is written nowhere, and "
    "is forgotten when you leave this step. Where the provider has app passwords, it wants one here too."
)


class MailboxScreen(ModalScreen[bool]):
    """Asks, logs in once for each Enter, and dismisses once a login was taken; what was refused is told here."""

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

    def __init__(self, step: SendStep, recipient: str) -> None:
        super().__init__()
        self._step, self._recipient = step, recipient
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
        self._end(opened=False)

    def _end(self, *, opened: bool) -> None:
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
        from smtpwizard.mailbox.model import InboxRefused

        try:
            await self._step.open_mailbox(*self._tried)
        except SmtpWizardError as error:
            self._refused = self._tried if isinstance(error, InboxRefused) else None
            self._say(styled(f"✗ {error.message}", "$text-error"))
            self.query_one("#mailbox-password").focus()
            return
        finally:
            self._busy = False
        self._end(opened=True)

    @on(Worker.StateChanged)
    def _broke_off(self, event: Worker.StateChanged) -> None:
        event.stop()
        if event.state is WorkerState.ERROR:
            words = f"✗ Looking broke off: {bug_place(event.worker.error)}. A bug in smtpwizard."
            self._say(styled(words, "$text-error"))


_NAME_WIDTH: Final = 6
"""The longest name of a check, `domain`."""

_SELF: Final = "is a domain of {name} itself: what it publishes is not yours to change."
_NOBODY: Final = "example.com"
"""The domain of the practice account; nobody's (RFC 2606)."""
_PRACTICE: Final = "is nobody's. The domain of a sender of your own is looked up here: MX, SPF, DKIM, DMARC."


class MissingScreen(FramedScreen):
    """Advice above, the sender's domain below. Escape closes and ends the look-up."""

    DEFAULT_CSS = """
    MissingScreen Paragraphs { margin-right: 1; }
    MissingScreen #missing-checks { height: auto; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f6,q", "dismiss", "Close", show=False),
        Binding("c,ctrl+y", "copy", "Copy record", show=False),
        Binding("v", "copy_value", "Copy value", show=False),
        Binding("o,ctrl+o", "open", "Open page", show=False),
        Binding("r,ctrl+r", "again", "Ask again", show=False),
    ]

    def __init__(self, step: SendStep, session: Session, recipient: str) -> None:
        super().__init__()
        self._step, self._advice = step, step.advice(recipient)
        self._provider, self._timeout = session.state.provider, session.services.timeout
        self._domain = (session.state.settings.sender or "").rpartition("@")[2].lower()

    def compose(self) -> ComposeResult:
        with VerticalScroll() as box:
            box.border_title = "It did not arrive"
            yield Paragraphs(
                [Line("Look here first", role=LineRole.TITLE), *(Line(it, Mark.NOTE) for it in self._advice)]
            )
            yield Vertical(id="missing-checks")

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()
        self._tell_keys()
        if self._beside_the_point:
            sentence = f"{safe(self._domain, limit=80)} {self._beside_the_point}"
            self.call_next(self._put, [Paragraphs([GAP, Line(sentence, Mark.SKIPPED)])])
        elif self._domain:
            self._ask()

    @property
    def _beside_the_point(self) -> str:
        """Why name servers are not asked about the domain, as the end of a sentence; '' where they are."""
        provider = self._provider
        if provider is None:
            return ""
        if provider.kind is Kind.PRACTICE and self._domain == _NOBODY:
            return _PRACTICE
        return _SELF.format(name=safe(provider.name, limit=60)) if self._domain in provider.mail_domains else ""

    @property
    def _page(self) -> str:
        return self._provider.activity_url or self._provider.web_ui if self._provider is not None else ""

    # Asking

    @work(exclusive=True, group="sender", exit_on_error=False, description="looking up the sender's domain")
    async def _ask(self) -> None:
        domain = safe(self._domain, limit=80)
        title = Line(f"What DNS says of {domain}", role=LineRole.TITLE)
        asking = Line(f"asking name servers about {domain}, {self._timeout:.0f} s at most", Mark.RUNNING)
        await self._put([Paragraphs([GAP, title, asking])])
        try:
            report = await self._step.check_sender()
        except SmtpWizardError as error:
            await self._put([Paragraphs([GAP, title, Line(error.message, Mark.FAILED)])])
            return
        shown: list[Widget] = [Paragraphs([GAP, title])]
        for check in checks(report) if report.answered else ():
            shown.append(Paragraphs(check.lines, name_width=_NAME_WIDTH))
            shown += [RecordCard(record) for record in check.records]
        await self._put([*shown, Paragraphs(closing_lines(report, self._provider))])

    async def _put(self, widgets: Sequence[Widget]) -> None:
        below = self.query_one("#missing-checks", Vertical)
        with self.app.batch_update():
            await below.remove_children()
            await below.mount_all(widgets)
        self._tell_keys()

    def _tell_keys(self) -> None:
        keys = ["C Copy record", "V Its value"] if self._cards else []
        keys += ["O Page"] if self._page else []
        keys += ["R Ask again"] if self._domain and not self._beside_the_point else []
        box = self.query_one(VerticalScroll)
        box.border_subtitle = keys_line([*keys, "Esc Close"], box.size.width)

    def on_resize(self) -> None:
        """Fit the keys to the new width."""
        self.call_after_refresh(self._tell_keys)

    # Keys

    @property
    def _cards(self) -> list[RecordCard]:
        return list(self.query(RecordCard))

    @property
    def _card(self) -> RecordCard | None:
        """The record that has the focus, else the first."""
        focused = self.focused
        return focused if isinstance(focused, RecordCard) else next(iter(self._cards), None)

    def action_copy(self) -> None:
        """Hand name, type and value of a record to the terminal's clipboard."""
        if self._card is not None:
            record = self._card.record
            text = f"{record.name} {record.type} {record.value}"
            wizard_of(self).copy(text, what=f"{record.type} record of {record.name}")

    def action_copy_value(self) -> None:
        """Hand over the value alone: most DNS pages have a field for each part."""
        if self._card is not None:
            wizard_of(self).copy(self._card.record.value, what=f"Value for {self._card.record.name}")

    def action_open(self) -> None:
        """Open the page on which the provider shows what became of each message."""
        if self._page:
            wizard_of(self).action_open_page(self._page)

    def action_again(self) -> None:
        """Ask the name servers again: a record was published meanwhile."""
        if self._domain and not self._beside_the_point:
            self._ask()
