"""The Send step: the app's own mails, accepted or not, and the code that proves arrival. Knows no protocol."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from time import monotonic
from typing import TYPE_CHECKING, ClassVar, Final

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widget import Widget

from smtpwizard.presets.schema import Kind
from smtpwizard.probe import login_guard
from smtpwizard.tui.base import APP_LOG, Command, Hint
from smtpwizard.tui.steps.send_work import SendWatching
from smtpwizard.tui.widgets.check import DiagnosisCard
from smtpwizard.tui.widgets.inputs import CodeEntry, PlainText
from smtpwizard.tui.widgets.mail import ASKED, Arrival, MailForm, MailResults
from smtpwizard.tui.widgets.text import Paragraph
from smtpwizard.wizard import arrival as arrivals
from smtpwizard.wizard import arrival as send_arrival
from smtpwizard.wizard.arrival import spaced
from smtpwizard.wizard.check import concerned_variable
from smtpwizard.wizard.state import Arrived, Proof, SentMail

if TYPE_CHECKING:
    from smtpwizard.presets.schema import AppMail
    from smtpwizard.tui.screens.mailbox import Opened
    from smtpwizard.wizard.state import SentMail, WizardState


_STYLES: Final = {"✓": "$text-success", "!": "$text-warning", "✗": "$text-error bold", "–": "$foreground-muted"}
_MUTED: Final = "$foreground-muted"

_REHEARSED: Final = "Elsewhere you type the code; try it:"
_LOOK: Final = (
    "Nothing there? Look in Spam. F6 looks up the sender's domain, F8 reads a mailbox, F9 what the app itself says."
)
_CATCHES: Final = "catches mail and delivers none of it: that a real server delivers is not proved."


def arrival_lines(state: WizardState) -> Iterator[Paragraph]:
    """Yield a line for each mail that is known to have arrived, where that was seen, and what it means."""
    known = {item.message_id: item for item in state.arrived}
    shown = [(mail, known[mail.message.id]) for mail in arrivals.best(state.sent, known) if mail.message.id in known]
    width = max((len(mail.title) for mail, _ in shown), default=0)
    for mail, item in shown:
        symbol, words = _seen(item, mail)
        yield Paragraph(words, symbol, _STYLES[symbol], name=f"{mail.title.ljust(width)}  ")
    for inbox, by in dict.fromkeys((item.inbox, item.by) for _, item in shown):
        if by is Proof.CATCHER:
            yield Paragraph(f"{inbox} {_CATCHES}", indent=2, style=_MUTED)
        elif by is Proof.MAILBOX:
            yield Paragraph(f"Seen in {inbox}.", indent=2, style=_MUTED)
        elif by is Proof.PRACTICE:
            yield Paragraph("Seen in the practice server's inbox.", indent=2, style=_MUTED)
    yield from _judged([item for _, item in shown])


def watch_lines(watched: str, unseen: str, seconds: float) -> Iterator[Paragraph]:
    """Yield which inbox is being looked into, or why nothing was seen."""
    if watched:
        yield Paragraph(f"looking into {watched}, for {seconds:.0f} s at most", "›", "$text-primary bold", _MUTED)
    elif unseen:
        yield Paragraph(unseen, "!", _STYLES["!"])


def asked(state: WizardState) -> str:
    """Return the words before the field of the code; '' where there is nothing left to ask."""
    if arrivals.awaited(state.sent, state.arrived):
        return ASKED
    rehearsed = [item for item in state.arrived if item.by is Proof.PRACTICE]
    return _REHEARSED if rehearsed and _practising(state) else ""


def hint(state: WizardState) -> str:
    """Return where to look while nothing has arrived."""
    return "" if state.arrived or _practising(state) else _LOOK


def _practising(state: WizardState) -> bool:
    return state.provider is not None and state.provider.kind is Kind.PRACTICE


def _seen(item: Arrived, mail: SentMail) -> arrivals.Word:
    """Return the words for one mail, the inbox left out: it is named once, below."""
    code = f", code {spaced(mail.code)}" if mail.code else ""
    if item.by is Proof.PRACTICE:
        return arrivals.Word("✓", f"arrived{code}")
    if item.by is Proof.CATCHER:
        return arrivals.Word("✓", f"caught{code}")
    if item.by is Proof.MAILBOX:
        return arrivals.place(item)
    return arrivals.words(item)


def _judged(shown: list[Arrived]) -> Iterator[Paragraph]:
    """Yield what place and receiver's judgement mean, each sentence once for all the mails that have it."""
    seen = [item.arrival for item in shown if item.by is Proof.MAILBOX and item.arrival is not None]
    if not seen:
        return
    from smtpwizard.mailbox.authentication import words

    sentences = [line for arrival in seen for line in words(arrival.authentication, arrival.place)]
    for sentence in dict.fromkeys(sentences):
        yield Paragraph(sentence, indent=2, style=_MUTED)


class SendScreens(SendWatching):
    """The part of the step that answers F6 to F9. The screens' modules are imported when they are first opened."""

    @property
    def form(self) -> MailForm:
        """Recipient and ticks."""
        return self.query_one(MailForm)

    @property
    def card(self) -> DiagnosisCard:
        """The opened failure."""
        return self.query_one(DiagnosisCard)

    @property
    def _accepted(self) -> tuple[SentMail, ...]:
        return arrivals.newest(self.state.sent)

    @property
    def _awaited(self) -> tuple[SentMail, ...]:
        return arrivals.awaited(self.state.sent, self.state.arrived)

    def _chosen(self) -> tuple[AppMail, ...]:
        names = self.form.chosen
        return tuple(mail for mail in self.wizard.services.app.mails if mail.name in names)

    @on(MailForm.Changed)
    def _note(self) -> None:
        """Say under the address what a mail to it would bring; once one has gone there, the room is for the outcome."""
        told = any(mail.to == self.form.recipient for mail in self._accepted)
        self.form.note(() if told else self._notes(self._chosen()))

    def _notes(self, mails: Sequence[AppMail]) -> tuple[str, ...]:
        link = any(mail.carries == "link" for mail in mails)
        return send_arrival.notes(self.form.recipient, self.state.settings, self.state.provider, link=link)

    def action_missing(self) -> None:
        """Say where a mail that was accepted may be, and ask name servers about the sender's domain."""
        from smtpwizard.tui.screens.mailbox import MissingScreen

        state = self.state
        lines = send_arrival.advice(state.provider, state.settings, self.form.recipient)
        self.app.push_screen(MissingScreen(state.settings.sender or "", state.provider, lines))

    def action_mailbox(self) -> None:
        """Ask for a mailbox, and look for the mails in it."""
        if self._busy or not self._accepted:
            self.app.notify("Send a mail first: then it is looked for.", title="Mailbox", markup=False)
            return
        from smtpwizard.tui.screens.mailbox import MailboxScreen

        def opened(found: Opened | None) -> None:
            if found is not None:
                self._take_mailbox(found.inbox, found.seen)

        wanted = arrivals.wanted(self._awaited or arrivals.newest(self.state.sent))
        self.app.push_screen(MailboxScreen(self.form.recipient, wanted), opened)

    def action_preview(self) -> None:
        """Show the ticked mails as text; all of them where none is ticked."""
        from smtpwizard.tui.screens.texts import MailPreviewScreen

        mails = self._chosen() or self.wizard.services.app.mails
        to = self.form.recipient or "you@example.com"
        self.app.push_screen(
            MailPreviewScreen(self.wizard.services, self.state.settings, mails, to, self._notes(mails))
        )


_EMPTY = "Here: what became of each mail, and the code that proves its arrival."


class SendStep(SendScreens):
    """Truth is the state's `sent` and `arrived`; the lines of mails under way are all that is kept here."""

    step_id = "send"
    title = "Send"
    HELP = (
        "The app's own mails, rendered and sent as the app does it: same sender, same subjects, same mail client.\n\n"
        "Accepted by the server is not arrived. Each mail carries a code of six digits made for this test; typed back "
        "here it proves arrival. A server of this machine that catches mail is asked by itself, and so is a mailbox "
        "that you open with F8: inbox or junk, and what its server says of SPF, DKIM and DMARC. A link in a test mail "
        "points where the app's would, but its code opens nothing.\n\n"
        "F6 says where else a mail may be and looks up the sender's domain. F7 shows the mails. F9 reads what the app "
        "itself says in its log."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel_or_back", "Cancel or back", show=False),
        Binding("f6", "missing", "It did not arrive", show=False),
        Binding("f7", "preview", "Preview", show=False),
        Binding("f8", "mailbox", "Read a mailbox", show=False),
        Binding("f9", "app_log", "What the app says", show=False),
        Binding("ctrl+g", "finish", "Finish", show=False),
        Binding("up", "app.focus_previous", show=False),
        Binding("down", "app.focus_next", show=False),
    ]

    def compose(self) -> ComposeResult:
        app = self.wizard.services.app
        with Vertical(classes="box -acting") as box:
            box.border_title = "Send a mail as the app does"
            yield MailForm({mail.name: mail.title for mail in app.mails})
            with VerticalScroll(id="send-outcome"):
                yield PlainText(_EMPTY, id="send-empty", classes="muted")
                yield MailResults()
                yield DiagnosisCard()
                yield Arrival()

    # Coming and going

    async def entered(self) -> None:
        state, services = self.state, self.wizard.services
        self.form.field.value = send_arrival.default_recipient(state.settings, state.recipient)
        self.form.describe(
            [(mail.name, send_arrival.mail_words(mail, services.app, state.settings)) for mail in services.app.mails]
        )
        if not self._busy and self._failure is not None and self._failure[1] != state.settings:
            self._failure, self._causes, self._mail_lines = None, (), {}  # about settings that are no more
        self._note()
        self._draw()
        self._watch()

    async def leaving(self) -> None:
        self._cancel()
        typed = self.form.recipient
        if typed != send_arrival.default_recipient(self.state.settings):
            self.wizard.update(recipient=typed)
        await super().leaving()

    def first_focus(self) -> Widget | None:
        return self.form.field

    # Keys

    @property
    def primary(self) -> str:
        if self._busy:
            return ""
        focused = self.app.focused
        if isinstance(focused, DiagnosisCard) and self.card.current and self._failure is not None:
            return f"{self.card.current.label} and test again" if self.card.current.changes else "Fix in Settings"
        if not self._accepted:
            return "Send"
        if isinstance(focused, CodeEntry) and (focused.value or self._awaited):
            return "Check code"
        return "Send again" if self.form in (focused.ancestors if focused else ()) else "Finish"

    def hints(self) -> tuple[Hint, ...]:
        if self._busy:
            return (Hint("escape", "Cancel"),)
        if self._awaited:
            return (Hint("f6", "Not there"), Hint("f8", "Mailbox"), Hint("ctrl+g", "Finish"))
        if self._accepted:
            return (Hint("f9", "App log"), Hint("f7", "Preview"), Hint("escape", "Back"))
        return (Hint("f7", "Preview"), Hint("escape", "Back"), Hint("ctrl+g", "Finish"))

    def commands(self) -> tuple[Command, ...]:
        mailbox = (Command("send: Read a mailbox", "Look for the mails over IMAP: inbox or junk (F8)", "mailbox"),)
        return (
            Command("send: Preview mails", "As text, and in the browser (F7)", "preview"),
            *(mailbox if self._accepted else ()),
            Command("send: Find a mail that did not arrive", "Where to look; the sender's domain (F6)", "missing"),
            APP_LOG,
            Command("wizard: Finish", "Leave with a summary in the scrollback (Ctrl+G)", "finish"),
        )

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        # On a low screen the outcome gets the room of the ticks while it has the focus.
        self.set_class(self.has_class("-low") and self.form not in event.widget.ancestors, "-outcome")
        self.hints_changed()

    def action_primary(self) -> None:
        focused = self.app.focused
        if self._busy:
            return
        if isinstance(focused, CodeEntry) and self.primary == "Check code":
            self._check(send_arrival.digits(focused.value))
        elif isinstance(focused, DiagnosisCard) and self.card.current and self._failure is not None:
            self._repair()
        elif self.primary == "Finish":
            self.action_finish()
        else:
            self._send()

    def action_cancel_or_back(self) -> None:
        if self._busy:
            self._cancel()
        else:
            self.wizard.back()

    def action_finish(self) -> None:
        """Leave; the app asks first where something is not saved."""
        self.wizard.action_quit_wizard()

    def _repair(self) -> None:
        shown = self.card.current
        assert shown is not None
        assert self._failure is not None
        if shown.changes:
            self.wizard.apply_changes(shown.changes)
            self.wizard.go("test")
            return
        failed = self._failure[0].failed
        variable = shown.variables[0] if shown.variables else None
        if variable is None and failed is not None:
            variable = concerned_variable(failed.step, self.state.settings)
        self.wizard.focus_variable(variable or "SMTP_SENDER")

    # Sending

    def _send(self) -> None:
        to = self.form.recipient
        problem = send_arrival.recipient_problem(to) or ("" if self._chosen() else "Tick one of the mails with Space.")
        pause = login_guard.paused(self.state, monotonic())
        if pause is not None:
            left = login_guard.countdown(pause.seconds)
            problem = f"{self.state.settings.host} asks for a pause of {left}: {pause.words}"
        self.form.problem(problem)
        if problem:
            return
        if not login_guard.was_refused(self.state):
            self._start(to, self._chosen())
            return
        from smtpwizard.tui.screens.dialogs import ConfirmScreen

        words = login_guard.refused_question(self.state.settings)
        self.app.push_screen(ConfirmScreen(**words), lambda yes: self._start(to, self._chosen()) if yes else None)

    def _ended(self) -> None:
        self._note()
        self._draw()
        self._watch()
        if self.card.display and self._failure is not None:
            self.card.focus()
            return
        arrival = self.query_one(Arrival)
        if self._accepted and arrival.display:
            arrival.entry.focus()

    # The code

    @on(CodeEntry.Complete)
    def _complete(self, event: CodeEntry.Complete) -> None:
        event.stop()
        self._check(event.code)

    def _check(self, code: str) -> None:
        if len(code) < send_arrival.DIGITS:
            self._remark = f"The code has {send_arrival.DIGITS} digits."
        else:
            found = send_arrival.matching(code, self.state.sent)
            self._remark = "" if found else send_arrival.code_sentence(code, self.state.sent)
            self.query_one(Arrival).entry.value = ""
            if found is not None:
                self.wizard.update(arrived=arrivals.with_code(self.state.arrived, found))
        self._draw()

    # Drawing

    def _draw(self) -> None:
        state = self.state
        self.query_one(MailResults).show(tuple(self._mail_lines.values()))
        self.query_one("#send-empty").display = not self._mail_lines and not state.sent
        self.card.show(self._causes)
        arrival = self.query_one(Arrival)
        if self._accepted:
            known = [*arrival_lines(state), *watch_lines(self._watched, self._unseen, self._within)]
            asking = asked(state)
            if not asking and self.app.focused is arrival.entry:
                self.query_one("#send-outcome").focus()
            arrival.show(known, self._remark, hint(state), asking=asking)
        elif self._remark:
            self.form.problem(self._remark)
        super()._draw()
