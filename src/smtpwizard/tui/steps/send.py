"""Step 5 on the screen: recipient and ticks, what became of each mail, and the code that proves arrival."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import aclosing
from typing import ClassVar, Final

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Checkbox, Input
from textual.worker import Worker, WorkerState

from smtpwizard.apps.profile import AppMail
from smtpwizard.problems import Problem
from smtpwizard.report.arrival import Proof
from smtpwizard.report.lines import Line, LineRole, Mark
from smtpwizard.tui.base import APP_LOG, Command, Hint, StepPane, plain
from smtpwizard.tui.widgets.check import Card, shorter, way_out
from smtpwizard.tui.widgets.inputs import BarInput, PlainText, ShapeCheckbox
from smtpwizard.tui.widgets.text import Paragraphs, Results
from smtpwizard.wizard import send as model
from smtpwizard.wizard.arrival import DIGITS, digits, mail_words
from smtpwizard.wizard.check import CheckStep, bug_place, page_of


class CodeEntry(Input):
    """An input for an arrival code: complete at six digits, without Enter."""

    class Complete(Message):
        """Six digits stand in the field."""

        def __init__(self, code: str) -> None:
            super().__init__()
            self.code = code

    def __init__(self) -> None:
        super().__init__(placeholder="000000", restrict=r"[0-9 \-]*", max_length=DIGITS + 3, select_on_focus=False)

    def help_page(self) -> tuple[str, str]:
        """Say what the code is for."""
        return (
            "Code from the mail",
            "Each mail carries a code of six digits that is made for this test alone. Typed back here, it proves that "
            "the mail arrived; accepted by the server is not arrived.",
        )

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        found = digits(event.value)
        if len(found) == DIGITS:
            self.post_message(self.Complete(found))

    def _on_paste(self, event: events.Paste) -> None:
        # The field's own paste keeps the first line alone, which is often empty when a mail was copied.
        self.value = digits(event.text)
        self.cursor_position = len(self.value)
        event.prevent_default()
        event.stop()


class MailCheckbox(ShapeCheckbox, inherit_bindings=False):
    """Space ticks; Enter is left to the step, which sends."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("space", "toggle_button", "Tick", show=False)]


class MailForm(Vertical):
    """The upper half of the Send step."""

    class Changed(Message):
        """The address was typed into, or a mail ticked."""

    def __init__(self, titles: Mapping[str, str], ticked: Collection[str]) -> None:
        super().__init__()
        self._titles = dict(titles)
        self._ticked = ticked

    def compose(self) -> ComposeResult:
        with Horizontal(classes="send-to"):
            yield PlainText("To", classes="send-label")
            yield BarInput(placeholder="your own inbox, not the sender", id="send-to")
        yield PlainText("", id="send-problem")
        yield Paragraphs(id="send-notes")
        width = max((len(title) for title in self._titles.values()), default=0)
        for name, title in self._titles.items():
            yield MailCheckbox(title.ljust(width), name in self._ticked, id=f"send-{name}")

    @property
    def recipient(self) -> str:
        """The address as typed, trimmed."""
        return self.query_one("#send-to", Input).value.strip()

    @property
    def field(self) -> Input:
        """The field of the address."""
        return self.query_one("#send-to", Input)

    @property
    def chosen(self) -> tuple[str, ...]:
        """Names of the mails that are ticked, in the app's order."""
        return tuple(name for name in self._titles if self.query_one(f"#send-{name}", Checkbox).value)

    def describe(self, words: Sequence[tuple[str, str]]) -> None:
        """Put beside each mail's title what it carries: (name, words)."""
        width = max((len(title) for title in self._titles.values()), default=0)
        for name, text in words:
            label = plain(self._titles[name].ljust(width + 2), newlines=False)
            box = self.query_one(f"#send-{name}", Checkbox)
            box.label = label + plain(text, newlines=False).stylize("$foreground-muted")

    def note(self, notes: Sequence[str]) -> None:
        """Show under the address what a mail to it would bring, before it is sent."""
        shown = self.query_one("#send-notes", Paragraphs)
        shown.show([Line(note, Mark.WARNING, LineRole.REMARK) for note in notes])
        shown.display = bool(notes)

    @on(Input.Changed)
    @on(Checkbox.Changed)
    def _changed(self, event: Message) -> None:
        event.stop()
        self.post_message(self.Changed())

    def problem(self, sentence: str) -> None:
        """Show `sentence` under the address, or nothing."""
        shown = self.query_one("#send-problem", PlainText)
        shown.update(plain(f"! {sentence}") if sentence else "")
        shown.display = bool(sentence)


ASKED: Final = "Accepted is not arrived. Type the six digits from the mail:"


class Arrival(Vertical):
    """The lower half of the Send step, once a mail was accepted."""

    def compose(self) -> ComposeResult:
        yield Paragraphs(id="arrival-proved")
        with Horizontal(id="arrival-row"):
            yield PlainText(ASKED, id="arrival-ask")
            yield CodeEntry()
        yield PlainText("", id="arrival-remark")
        yield PlainText("", id="arrival-hint")

    def on_mount(self) -> None:
        self.display = False

    @property
    def entry(self) -> CodeEntry:
        """The field of the code."""
        return self.query_one(CodeEntry)

    def show(self, known: Sequence[Line], remark: str, hint: str, *, asking: str) -> None:
        """Show what is known, the field after the words `asking` (none: no field), a remark on it, where to look."""
        self.display = True
        self.query_one("#arrival-row").display = bool(asking)
        self.query_one("#arrival-ask", PlainText).update(asking)
        proved = self.query_one("#arrival-proved", Paragraphs)
        proved.show(known)
        proved.display = bool(known)
        self._put("#arrival-remark", plain(f"! {remark}" if remark else "").stylize("$text-warning"))
        self._put("#arrival-hint", plain(hint).stylize("$foreground-muted"))

    def _put(self, selector: str, content: object) -> None:
        static = self.query_one(selector, PlainText)
        static.update(content)  # type: ignore[arg-type]  # Content is a visual
        static.display = bool(str(content))


_SENDING: Final = "send"
_WATCHING: Final = "arrival"
"""The workers' groups."""

_EMPTY: Final = "Enter sends what is ticked. Then the code from the mail is typed here: it proves that it arrived."
_REHEARSED: Final = "Elsewhere you type the code; try it:"
_LOOK: Final = (
    "Nothing there? Look in Spam. F6 looks up the sender's domain, F8 reads a mailbox, F9 what the app itself says."
)


class SendStep(StepPane):
    """Truth is the session's; no part of it is kept here."""

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
        Binding("ctrl+o", "open_page", "Open page", show=False),
        Binding("f4", "transcript", "Transcript", show=False),
        Binding("up", "app.focus_previous", show=False),
        Binding("down", "app.focus_next", show=False),
    ]

    def compose(self) -> ComposeResult:
        with Vertical(classes="box -acting") as box:
            box.border_title = "Send a mail as the app does"
            ticked = [mail.name for mail in self.model.ticked]
            yield MailForm({mail.name: mail.title for mail in self.model.mails}, ticked)
            with VerticalScroll(id="send-outcome"):
                yield PlainText(_EMPTY, id="send-empty", classes="muted")
                yield Results(folded=True)
                yield Card()
                yield Arrival()

    @property
    def model(self) -> model.SendStep:
        """The step without a screen."""
        return self.session.step(model.SendStep)

    @property
    def form(self) -> MailForm:
        """Recipient and ticks."""
        return self.query_one(MailForm)

    @property
    def card(self) -> Card:
        """The opened failure."""
        return self.query_one(Card)

    @property
    def _cause(self) -> Problem | None:
        """The open cause of a failure, while the card has the focus."""
        failed = self.model.failed is not None and isinstance(self.app.focused, Card)
        return self.card.current if failed else None

    def _chosen(self) -> tuple[AppMail, ...]:
        names = self.form.chosen
        return tuple(mail for mail in self.model.mails if mail.name in names)

    # Coming and going

    async def entered(self) -> None:
        self.form.field.value = self.model.default_recipient
        app, settings = self.session.services.app, self.state.settings
        self.form.describe([(mail.name, mail_words(mail, app, settings)) for mail in self.model.mails])
        self.model.entered()
        self._note()
        self._draw()
        self._watch()

    async def leaving(self) -> None:
        self._cancel()
        self.model.keep_recipient(self.form.recipient)
        self.workers.cancel_group(self, _WATCHING)
        self.model.stop_watching()
        await self.model.forget_mailbox()

    def first_focus(self) -> Widget | None:
        return self.query_one(Arrival).entry if self._asked() else self.form.field

    def on_key(self, event: events.Key) -> None:
        """Have a digit that no field takes begin the code that is awaited."""
        if event.character is not None and event.character.isdecimal() and self.model.awaited:
            entry = self.query_one(Arrival).entry
            entry.focus()
            entry.value = event.character
            entry.cursor_position = 1
            event.stop()

    # Keys

    @property
    def primary(self) -> str:
        if self.model.busy:
            return ""
        cause, focused = self._cause, self.app.focused
        if cause is not None:
            return way_out(cause)
        if not self.model.accepted:
            return "Send"
        if isinstance(focused, CodeEntry) and (focused.value or self.model.awaited):
            return "Check code"
        return "Send again" if self.form in (focused.ancestors if focused else ()) else "Finish"

    @property
    def primary_short(self) -> str:
        return shorter(self.primary)

    def hints(self) -> tuple[Hint, ...]:
        if self.model.busy:
            return (Hint("escape", "Cancel"),)
        if self.model.awaited:
            return (Hint("f6", "Not there"), Hint("f8", "Mailbox"), Hint("ctrl+g", "Finish"))
        if self.model.accepted:
            return (Hint("f9", "App log"), Hint("f7", "Preview"), Hint("escape", "Back"))
        return (Hint("f7", "Preview"), Hint("escape", "Back"), Hint("ctrl+g", "Finish"))

    def commands(self) -> tuple[Command, ...]:
        mailbox = (Command("send: Read a mailbox", "Look for the mails over IMAP: inbox or junk (F8)", "mailbox"),)
        return (
            Command("send: Preview mails", "As text, and in the browser (F7)", "preview"),
            *(mailbox if self.model.accepted else ()),
            Command("send: Find a mail that did not arrive", "Where to look; the sender's domain (F6)", "missing"),
            APP_LOG,
            Command("wizard: Finish", "Leave with a summary in the scrollback (Ctrl+G)", "finish"),
        )

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        # On a low screen the outcome gets the room of the ticks while it has the focus.
        self.set_class(self.has_class("-low") and self.form not in event.widget.ancestors, "-outcome")
        self.hints_changed()

    def action_primary(self) -> None:
        focused, cause = self.app.focused, self._cause
        if self.model.busy:
            return
        if cause is not None:
            self._repair(cause)
        elif isinstance(focused, CodeEntry) and self.primary == "Check code":
            self._check(focused.value)
        elif self.primary == "Finish":
            self.action_finish()
        else:
            self._send()

    def action_cancel_or_back(self) -> None:
        if self.model.busy:
            self._cancel()
        else:
            self.wizard.back()

    def action_finish(self) -> None:
        """Leave; the app asks first where something is not saved."""
        self.wizard.action_quit_wizard()

    def action_open_page(self) -> None:
        """Open the page that the cause names."""
        if page := page_of(self.card.current):
            self.wizard.action_open_page(page)

    def action_transcript(self) -> None:
        """Show the dialogue of the last sending, secrets masked."""
        if self.model.last is not None:
            from smtpwizard.tui.screens.dialogs import TranscriptScreen

            self.app.push_screen(TranscriptScreen(self.model.last))

    def action_missing(self) -> None:
        """Say where a mail that was accepted may be, and ask name servers about the sender's domain."""
        from smtpwizard.tui.screens.mailbox import MissingScreen

        self.app.push_screen(MissingScreen(self.model, self.session, self.form.recipient))

    def action_mailbox(self) -> None:
        """Ask for a mailbox, and look for the mails in it."""
        if self.model.busy or not self.model.accepted:
            self.app.notify("Send a mail first: then it is looked for.", title="Mailbox", markup=False)
            return
        from smtpwizard.tui.screens.mailbox import MailboxScreen

        def opened(taken: bool | None) -> None:
            if taken:
                self._watch()
                self._draw()

        self.app.push_screen(MailboxScreen(self.model, self.form.recipient), opened)

    def action_preview(self) -> None:
        """Show the ticked mails as text; all of them where none is ticked."""
        from smtpwizard.tui.screens.dialogs import MailPreviewScreen

        mails = self._chosen() or self.model.mails
        to = self.form.recipient or "you@example.com"
        notes = self.model.notes(self.form.recipient, mails)
        self.app.push_screen(MailPreviewScreen(self.session.services, self.state.settings, mails, to, notes))

    def _repair(self, cause: Problem) -> None:
        step = self.session.step(CheckStep)
        if cause.changes:
            step.apply(cause)
            self.wizard.go("test")
        else:
            self.wizard.focus_variable(step.concerned(cause, self.model.failed))

    # Sending

    def _send(self) -> None:
        to, mails = self.form.recipient, self._chosen()
        problem = self.model.refusal(to, mails)
        self.form.problem(problem)
        if problem:
            return
        question = self.session.step(CheckStep).question
        if question is None:
            self._run(to, mails)
            return
        from smtpwizard.tui.screens.dialogs import ConfirmScreen

        def answered(yes: bool | None) -> None:
            if yes:
                self._run(to, mails)

        self.app.push_screen(ConfirmScreen(**question), answered)

    def _cancel(self) -> None:
        if self.model.busy:
            self.workers.cancel_group(self, _SENDING)
            self.model.cancelled()
            self._draw()

    @work(exclusive=True, group=_SENDING, exit_on_error=False, description="sending mails")
    async def _run(self, to: str, mails: tuple[AppMail, ...]) -> None:
        async with aclosing(self.model.send(to, mails)) as changes:
            async for _ in changes:
                self._draw()
        self._note()
        self._draw()
        self._watch()
        arrival = self.query_one(Arrival)
        if self.card.display and self.model.failed is not None:
            self.card.focus()
        elif self.model.accepted and arrival.display:
            self.screen.set_focus(arrival.entry)  # at once: the mails may have arrived before a later turn

    @work(exclusive=True, group=_WATCHING, exit_on_error=False, description="waiting for the mails to arrive")
    async def _watch(self) -> None:
        """Look for the mails that are accepted and not known to have arrived, where an inbox can be read."""
        async with aclosing(self.model.watch()) as changes:
            async for _ in changes:
                self._draw()
        self._draw()

    @on(Worker.StateChanged)
    def _broke_off(self, event: Worker.StateChanged) -> None:
        event.stop()
        if event.state is not WorkerState.ERROR:
            return
        place = bug_place(event.worker.error)
        if event.worker.group == _SENDING:
            self.model.remark = f"Sending broke off: {place}. This is a bug in smtpwizard."
        elif event.worker.group == _WATCHING:
            self.model.unseen = f"Looking into the inbox broke off: {place}. A bug in smtpwizard."
        self._draw()

    # The code

    @on(CodeEntry.Complete)
    def _complete(self, event: CodeEntry.Complete) -> None:
        event.stop()
        self._check(event.code)

    def _check(self, code: str) -> None:
        if self.model.enter_code(code) is not None or not self.model.incomplete(code):
            self.query_one(Arrival).entry.value = ""
        self._draw()

    # Drawing

    @on(MailForm.Changed)
    def _note(self) -> None:
        """Say under the address what a mail to it would bring; once one has gone there, the room is for the outcome."""
        sent = any(mail.to == self.form.recipient for mail in self.model.accepted)
        self.form.note(() if sent else self.model.notes(self.form.recipient, self._chosen()))

    def _draw(self) -> None:
        step = self.model
        self.query_one(Results).show(tuple(step.lines.values()))
        self.query_one("#send-empty").display = not step.lines and not self.state.sent
        self.card.show(step.problems())
        arrival = self.query_one(Arrival)
        if step.accepted:
            asking = self._asked()
            if not asking and self.app.focused is arrival.entry:
                self.query_one("#send-outcome").focus()
            hint = "" if self.state.arrived or step.practising else _LOOK
            arrival.show(tuple(step.arrival_lines()), step.remark, hint, asking=asking)
        elif step.remark:
            self.form.problem(step.remark)
        self.hints_changed()

    def _asked(self) -> str:
        """Return the words before the field of the code; '' where there is nothing left to ask."""
        if self.model.awaited:
            return ASKED
        rehearsed = any(item.by is Proof.PRACTICE for item in self.state.arrived)
        return _REHEARSED if rehearsed and self.model.practising else ""
