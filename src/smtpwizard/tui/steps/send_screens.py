"""What the Send step opens over itself: the preview, where a mail may be, a mailbox, the app's log. Sends nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual import on

from smtpwizard.tui import arrivals
from smtpwizard.tui.steps import send_arrival
from smtpwizard.tui.steps.send_watching import SendWatching
from smtpwizard.tui.widgets.diagnosis_card import DiagnosisCard
from smtpwizard.tui.widgets.mail_form import MailForm

if TYPE_CHECKING:
    from smtpwizard.preset_schema import AppMail
    from smtpwizard.tui.screens.mailbox import Opened
    from smtpwizard.tui.state import SentMail


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
        from smtpwizard.tui.screens.missing import MissingScreen

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
        from smtpwizard.tui.screens.mail_preview import MailPreviewScreen

        mails = self._chosen() or self.wizard.services.app.mails
        to = self.form.recipient or "you@example.com"
        self.app.push_screen(
            MailPreviewScreen(self.wizard.services, self.state.settings, mails, to, self._notes(mails))
        )
