"""The Send step: the app's own mails, accepted or not, and the code that proves arrival. Knows no protocol."""

from __future__ import annotations

from time import monotonic
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widget import Widget

from smtpwizard.preset_schema import AppMail
from smtpwizard.probe import lockout
from smtpwizard.tui.steps import send_arrival
from smtpwizard.tui.steps.base import Command, Hint
from smtpwizard.tui.steps.send_delivery import SendDelivery
from smtpwizard.tui.steps.test_verdict import concerned_variable
from smtpwizard.tui.widgets.arrival import Arrival
from smtpwizard.tui.widgets.code_entry import CodeEntry
from smtpwizard.tui.widgets.diagnosis_card import DiagnosisCard
from smtpwizard.tui.widgets.mail_form import MailForm
from smtpwizard.tui.widgets.mail_results import MailResults
from smtpwizard.tui.widgets.plain_text import PlainText

_GROUP = "send"
_EMPTY = "Here: what became of each mail, and the code that proves its arrival."
_LOOK = "Nothing there? Look in Spam; then F6: where else to look, and the sender's domain (SPF, DMARC)."


class SendStep(SendDelivery):
    """Truth is the state's `sent` and `confirmed`; the lines of mails under way are all that is kept here."""

    step_id = "send"
    title = "Send"
    HELP = (
        "The app's own mails, rendered and sent as the app does it: same sender, same subjects, same mail client.\n\n"
        "Accepted by the server is not arrived. Each mail carries a code of six digits made for this test; typed back "
        "here it proves arrival. A link in a test mail points where the app's would, but its code opens nothing."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel_or_back", "Cancel or back", show=False),
        Binding("f6", "missing", "It did not arrive", show=False),
        Binding("f7", "preview", "Preview", show=False),
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

    @property
    def form(self) -> MailForm:
        """Recipient and ticks."""
        return self.query_one(MailForm)

    @property
    def card(self) -> DiagnosisCard:
        """The opened failure."""
        return self.query_one(DiagnosisCard)

    # Coming and going

    async def entered(self) -> None:
        state, services = self.state, self.wizard.services
        self.form.field.value = send_arrival.default_recipient(state.settings, state.recipient)
        self.form.describe(
            [(mail.name, send_arrival.mail_words(mail, services.app, state.settings)) for mail in services.app.mails]
        )
        if not self._busy and self._failure is not None and self._failure[1] != state.settings:
            self._failure, self._causes, self._mail_lines = None, (), {}  # about settings that are no more
        self._draw()

    async def leaving(self) -> None:
        self._cancel()
        typed = self.form.recipient
        if typed != send_arrival.default_recipient(self.state.settings):
            self.wizard.update(recipient=typed)

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
        if isinstance(focused, CodeEntry):
            return "Check code"
        if self.state.sent:
            return "Send again" if self.form in (focused.ancestors if focused else ()) else "Finish"
        return "Send"

    def hints(self) -> tuple[Hint, ...]:
        if self._busy:
            return (Hint("escape", "Cancel"),)
        if self.state.sent:
            return (Hint("f6", "Not there"), Hint("ctrl+g", "Finish"), Hint("f7", "Preview"))
        return (Hint("f7", "Preview"), Hint("escape", "Back"), Hint("ctrl+g", "Finish"))

    def commands(self) -> tuple[Command, ...]:
        return (
            Command("send: Preview mails", "As text, and in the browser (F7)", "preview"),
            Command("send: Explain where mail goes missing", "Where to look when none arrived (F6)", "missing"),
            Command("wizard: Finish", "Leave with a summary in the scrollback (Ctrl+G)", "finish"),
        )

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        self.hints_changed()

    def action_primary(self) -> None:
        focused = self.app.focused
        if self._busy:
            return
        if isinstance(focused, CodeEntry):
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

    def action_missing(self) -> None:
        """Say where a mail that was accepted may be."""
        from smtpwizard.tui.screens.help import HelpScreen

        state = self.state
        lines = send_arrival.advice(state.provider, state.settings, self.form.recipient)
        self.app.push_screen(HelpScreen("It did not arrive", "\n\n".join(lines), ()))

    def action_preview(self) -> None:
        """Show the ticked mails as text; all of them where none is ticked."""
        from smtpwizard.tui.screens.mail_preview import MailPreviewScreen

        mails = self._chosen() or self.wizard.services.app.mails
        to = self.form.recipient or "you@example.com"
        self.app.push_screen(MailPreviewScreen(self.wizard.services, self.state.settings, mails, to))

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

    def _chosen(self) -> tuple[AppMail, ...]:
        names = self.form.chosen
        return tuple(mail for mail in self.wizard.services.app.mails if mail.name in names)

    def _send(self) -> None:
        to = self.form.recipient
        problem = send_arrival.recipient_problem(to) or ("" if self._chosen() else "Tick one of the mails with Space.")
        pause = lockout.paused(self.state, monotonic())
        if pause is not None:
            left = lockout.countdown(pause.seconds)
            problem = f"{self.state.settings.host} asks for a pause of {left}: {pause.words}"
        self.form.problem(problem)
        if problem:
            return
        if not lockout.was_refused(self.state):
            self._start(to, self._chosen())
            return
        from smtpwizard.tui.screens.confirm import ConfirmScreen

        words = lockout.refused_question(self.state.settings)
        self.app.push_screen(ConfirmScreen(**words), lambda yes: self._start(to, self._chosen()) if yes else None)

    def _ended(self) -> None:
        self._draw()
        if self.card.display and self._failure is not None:
            self.card.focus()
            return
        arrival = self.query_one(Arrival)
        if self.state.sent and arrival.display:
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
            if found is not None and found.name not in self.state.confirmed:
                self.wizard.update(confirmed=(*self.state.confirmed, found.name))
        if not send_arrival.awaited(self.state.sent, self.state.confirmed):
            self.query_one("#send-outcome").focus()
        self._draw()

    # Drawing

    def _draw(self) -> None:
        state = self.state
        self.query_one(MailResults).show(tuple(self._mail_lines.values()))
        self.query_one("#send-empty").display = not self._mail_lines and not state.sent
        self.card.show(self._causes)
        arrival = self.query_one(Arrival)
        if state.sent:
            titles = {mail.name: mail.title for mail in state.sent}
            proved = [f"{titles[name]} arrived: the code is right." for name in state.confirmed]
            hint = "" if state.confirmed or state.practice else _LOOK
            waiting = send_arrival.awaited(state.sent, state.confirmed)
            arrival.show(self._inbox(), proved, self._remark, hint, asking=waiting or not state.confirmed)
        elif self._remark:
            self.form.problem(self._remark)
        super()._draw()

    def _inbox(self) -> tuple[str, ...]:
        practice = self.state.practice
        return send_arrival.inbox_lines(practice.messages, self.state.sent) if practice is not None else ()
