"""Step 5, Send: the app's own mails, handed to the server as the app does, and whether they arrive."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Final

from smtpwizard.background import in_daemon_thread
from smtpwizard.errors import SmtpWizardError
from smtpwizard.presets.schema import Kind
from smtpwizard.report.arrival import Arrived, Proof, arrived_line, meaning_lines, missing_line
from smtpwizard.report.lines import Line, LineRole, Mark
from smtpwizard.report.probe import message_line
from smtpwizard.secret import Secret, redact
from smtpwizard.smtp.results import OutgoingMessage, Report, Status, StepResult
from smtpwizard.wizard import arrival, login_guard
from smtpwizard.wizard.check import Check, CheckStep
from smtpwizard.wizard.session import AT_ONCE, NEARBY, SentMail, Session, TargetKind, may_catch

if TYPE_CHECKING:
    from smtpwizard.apps.profile import AppMail, AppProfile
    from smtpwizard.dns.sender import SenderReport
    from smtpwizard.docker.logs import LogReport
    from smtpwizard.mail.messages import BuiltMail
    from smtpwizard.mailbox.model import Arrival, Inbox
    from smtpwizard.problems import Problem
    from smtpwizard.settings import Settings


_GONE_ON: Final = frozenset({Status.PASSED, Status.WARNED})

RENDER_SECONDS: Final = 30.0
"""Deadline for rendering: the first one imports pybars and its grammar, 0.4–0.6 s; a slow disk takes longer."""


async def render(mail: AppMail, app: AppProfile, settings: Settings, to: str, *, code: str | None = None) -> BuiltMail:
    """Return the mail, rendered in a daemon thread, with a new code where none is given.

    TimeoutError after RENDER_SECONDS.
    """

    def work() -> BuiltMail:
        # pybars costs 0.4–0.6 s at import: here, in the thread, and never before the first frame.
        from smtpwizard.mail.messages import build, new_code

        return build(mail, app, settings, to, code=code or new_code())

    return await in_daemon_thread(work, timeout=RENDER_SECONDS, name="render")


class SendStep:
    """The Send step of a walk. Truth is the state's `sent` and `arrived`; what is under way is kept here."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.busy = False
        """Whether mails are being sent."""
        self.lines: dict[str, Line] = {}
        """AppMail.name → its line, of the mails that were sent last."""
        self.remark = ""
        """Why nothing was sent, or what is wrong with a typed code."""
        self.failed: Report | None = None
        """The report where the last sending failed."""
        self.last: Report | None = None
        """The report of the last sending."""
        self._problems: tuple[Problem, ...] = ()
        self._about: Settings | None = None
        """The settings that lines and problems are about."""
        self._mailbox: Inbox | None = None
        """The mailbox that the operator opened, with its password: until the step is left."""
        self.watched = ""
        """The inbox that is being watched, by name."""
        self.within = 0.0
        """For how many seconds."""
        self.unseen = ""
        """Why nothing was seen, once watching has ended."""

    @property
    def mails(self) -> tuple[AppMail, ...]:
        """The app's mails."""
        return self._session.services.app.sendable

    @property
    def accepted(self) -> tuple[SentMail, ...]:
        """The mails that the server took, of each kind the newest."""
        return arrival.newest(self._session.state.sent)

    @property
    def awaited(self) -> tuple[SentMail, ...]:
        """Those of them that are not known to have arrived."""
        return arrival.awaited(self._session.state.sent, self._session.state.arrived)

    @property
    def practising(self) -> bool:
        """Whether the practice server takes the mails."""
        provider = self._session.state.provider
        return provider is not None and provider.kind is Kind.PRACTICE

    def keep_recipient(self, to: str) -> None:
        """Keep an address that was typed, unless it is the one that would be proposed anyway."""
        state = self._session.state
        if to != arrival.default_recipient(state.settings, state.provider):
            self._session.update(recipient=to)

    def entered(self) -> None:
        """Drop an outcome that is about settings which are no more."""
        if not self.busy and self.failed is not None and self._about != self._session.state.settings:
            self.failed, self._problems, self.lines = None, (), {}

    # Sending

    @property
    def default_recipient(self) -> str:
        """The address to send to at first."""
        state = self._session.state
        return arrival.default_recipient(state.settings, state.provider, state.recipient)

    @property
    def ticked(self) -> tuple[AppMail, ...]:
        """The mails that are chosen at first: one is proof enough, and only the practice server minds no more."""
        return self.mails if self.practising else self.mails[:1]

    def notes(self, to: str, mails: Sequence[AppMail]) -> tuple[str, ...]:
        """Return what mails to `to` would bring, before they are sent."""
        state = self._session.state
        link = any(mail.carries == "link" for mail in mails)
        return arrival.notes(to, state.settings, state.provider, link=link)

    def refusal(self, to: str, mails: Sequence[AppMail]) -> str:
        """Return why nothing can be sent now, as a sentence; '' where it can."""
        pause = self._session.step(CheckStep).pause
        if pause is not None:
            left = login_guard.countdown(pause.seconds)
            host = redact(self._session.state.settings.host or "", self._session.secrets())
            return f"{host} asks for a pause of {left}: {pause.words}"
        return arrival.recipient_problem(to) or ("" if mails else "Tick one of the mails with Space.")

    async def send(self, to: str, mails: Sequence[AppMail]) -> AsyncGenerator[Line, None]:
        """Send `mails` to `to` over one connection with one login; yield a mail's line each time it changes.

        What became of a mail goes into the state. Why nothing could be sent is in `remark`, why a mail was refused in
        `problems()`. Cancelling closes the connection; `cancelled()` says what is not known then.
        """
        self.busy, self.failed, self._problems, self.remark = True, None, (), ""
        self._about = self._session.state.settings
        self.lines = {mail.name: Line("waiting", Mark.WAITING, name=mail.title) for mail in mails}
        self._session.update(recipient=to)
        try:
            async with aclosing(self._deliver(to, mails)) as changes:
                async for name, line in changes:
                    self.lines[name] = line
                    yield line
        except SmtpWizardError as error:
            self.remark = error.text
        except TimeoutError:
            self.remark = "The mail was not rendered within its deadline. Nothing was sent."
        finally:
            self.busy = False

    async def _deliver(self, to: str, mails: Sequence[AppMail]) -> AsyncGenerator[tuple[str, Line], None]:
        """Render and send; yield each mail's name and line. What comes before the mails stands on the first's line."""
        state, services = self._session.state, self._session.services
        built: list[BuiltMail] = []
        for mail in mails:
            yield mail.name, Line("rendering", Mark.RUNNING, name=mail.title)
            built.append(await render(mail, services.app, state.settings, to))
            yield mail.name, Line("waiting", Mark.WAITING, name=mail.title)
        outgoing = [OutgoingMessage(item.message_id, item.data, item.to, item.mail.name) for item in built]
        options = services.options(state, recipient=to)
        check = Check(
            state.settings, options, provider=self._session.provider, messages=outgoing, surveys=False, stops=True
        )
        decided = 0
        async with aclosing(check.run()) as results:
            async for step in results:
                for message in check.sent[decided:]:
                    mail, code = mails[decided], built[decided].code
                    decided += 1
                    if message.tried:
                        sent = SentMail(mail.name, mail.title, to, message, code)
                        self._session.update(sent=(*self._session.state.sent, sent))
                    yield mail.name, message_line(message, mail.title)
                if isinstance(step, StepResult) and step.status in _GONE_ON and (step.message or 0) >= decided:
                    mail = mails[step.message or 0]
                    yield mail.name, Line(f"{step.step.value}: {step.summary}", Mark.RUNNING, name=mail.title)
        failed = check.report.failed if check.report is not None else None
        words = f"{failed.step.value}: {failed.summary}" if failed is not None else "not accepted"
        for place, mail in enumerate(mails[decided:], decided):  # no dialogue came to them
            mark, said = (Mark.SKIPPED, "not tried: it would be refused alike") if place else (Mark.FAILED, words)
            yield mail.name, Line(said, mark, name=mail.title)
        self._explain(check)

    def _explain(self, check: Check) -> None:
        """Keep what failed and what the server's words mean; a yes can be bad news, too (254: suppressed)."""
        if check.outcome is not None:
            self.last = report = check.outcome.report
            self.failed = report if report.failed is not None else None
            self._session.update(**self._session.step(CheckStep).noted(report, check.settings))
            self._problems = check.outcome._replace(rehearsed=self._session.state.rehearsed).problems()

    def cancelled(self) -> None:
        """Take a sending that is being cancelled as ended, and say what is not known of its mails."""
        if self.busy:
            self.busy = False
            for name, line in self.lines.items():
                if line.mark in (Mark.RUNNING, Mark.WAITING):
                    unknown = "cancelled; it may or may not be sent"
                    self.lines[name] = Line(unknown, Mark.SKIPPED, name=line.name)

    def problems(self) -> tuple[Problem, ...]:
        """Return the ranked explanations of the last sending."""
        return self._problems

    # Arrival

    def enter_code(self, text: str) -> Line | None:
        """Take a code that was typed back; return what it proves. None where it proves nothing: `remark` says why."""
        code, state = arrival.digits(text), self._session.state
        if self.incomplete(text):
            self.remark = f"The code has {arrival.DIGITS} digits."
            return None
        found = arrival.matching(code, state.sent)
        self.remark = "" if found else arrival.code_sentence(code, state.sent)
        if found is None:
            return None
        self._session.update(arrived=arrival.with_code(state.arrived, found))
        return arrived_line(Arrived(found.message.id, found.name, Proof.CODE), found.title)

    @staticmethod
    def incomplete(text: str) -> bool:
        """Say whether a code that was typed has too few digits to be compared."""
        return len(arrival.digits(text)) < arrival.DIGITS

    async def open_mailbox(self, url: str, password: Secret) -> tuple[Line, ...]:
        """Log in to a mailbox, look once for the mails, and keep it for `watch`; return a line for each that is there.

        InboxRefused where the server refuses the login, NetworkError, InputError, FileError.
        """
        services = self._session.services
        inbox = services.open_mailbox(url, password, ca_files=services.ca_files)
        try:
            seen = await inbox.look(arrival.wanted(self.awaited or self.accepted), timeout=services.timeout)
        except SmtpWizardError:
            await inbox.close()
            raise
        await self.forget_mailbox()
        self._mailbox = inbox
        for item in seen:
            self._saw(item, Proof.MAILBOX, inbox.name)
        return tuple(self._seen_line(item, Proof.MAILBOX, inbox.name) for item in seen)

    async def forget_mailbox(self) -> None:
        """Close the mailbox that was opened, and forget its password."""
        mailbox, self._mailbox = self._mailbox, None
        if mailbox is not None:
            await mailbox.close()

    async def watch(self) -> AsyncGenerator[Line, None]:
        """Watch what can be read without asking for the mails that are awaited; yield a line for each change.

        It is the mailbox opened before, the practice server's inbox, or a server of this machine that catches mail.
        """
        if not self.awaited:
            return
        self.unseen = ""
        services = self._session.services
        inbox: Inbox | None = None
        try:
            inbox, by = await self.inbox_to_watch()
            if inbox is None:
                return
            from smtpwizard.mailbox.watch import watch

            awaited = {mail.message.id: mail for mail in self.awaited}
            self.within = services.arrival_seconds if by is Proof.MAILBOX else min(services.arrival_seconds, AT_ONCE)
            self.watched = inbox.name
            yield self._watching()
            wanted = arrival.wanted(awaited.values())
            async with aclosing(watch(inbox, wanted, within=self.within, pause=services.arrival_pause)) as found:
                async for item in found:
                    self._saw(item, by, inbox.name)
                    yield self._seen_line(item, by, inbox.name)
            for mail in self.awaited:
                elsewhere = " The mail may go elsewhere." if by is Proof.CATCHER else ""
                self.unseen = f"Not seen in {inbox.name} within {self.within:.0f} s.{elsewhere}"
                yield missing_line(inbox.name, self.within, mail.title)
        except SmtpWizardError as error:
            self.unseen = error.message
            await self.forget_mailbox()  # a login that was refused is not tried again without the operator's word
            yield Line(error.message, Mark.WARNING)
        finally:
            self.watched = ""
            if inbox is not None and inbox is not self._mailbox:
                await inbox.close()

    def _seen_line(self, item: Arrival, by: Proof, inbox: str) -> Line:
        mail = next(mail for mail in self._session.state.sent if mail.message.id == item.message_id)
        code = "" if by is Proof.MAILBOX else mail.code or ""  # of a place that the operator does not open
        return arrived_line(Arrived(mail.message.id, mail.name, by, inbox, item), mail.title, code)

    def stop_watching(self) -> None:
        """Forget what a watch that is being cancelled has said."""
        self.watched = self.unseen = ""

    async def inbox_to_watch(self) -> tuple[Inbox | None, Proof]:
        """Return what can be read without asking: the mailbox opened before, the practice server, a local catcher."""
        state, services = self._session.state, self._session.services
        if self._mailbox is not None:
            return self._mailbox, Proof.MAILBOX
        if self.practising:
            server = state.practice if state.rehearsed is None else None
            return (services.practice_inbox(server) if server is not None else None), Proof.PRACTICE
        host = state.settings.host or ""
        if may_catch(state.provider, host):
            return await services.find_catcher(host, provider=state.provider, timeout=NEARBY), Proof.CATCHER
        return None, Proof.MAILBOX

    def _saw(self, item: Arrival, by: Proof, inbox: str) -> None:
        state = self._session.state
        self._session.update(arrived=arrival.with_seen(state.arrived, item, state.sent, by, inbox))

    def _watching(self) -> Line:
        return Line(f"looking into {self.watched}, for {self.within:.0f} s at most", Mark.RUNNING, LineRole.REMARK)

    def arrival_lines(self) -> Iterator[Line]:
        """Yield what is known of the accepted mails: where each was seen, what that means, what is being watched."""
        state = self._session.state
        known = {item.message_id: item for item in state.arrived}
        shown = [mail for mail in arrival.best(state.sent, known) if mail.message.id in known]
        for mail in shown:
            yield arrived_line(known[mail.message.id], mail.title, mail.code or "", named=False)
        yield from meaning_lines([known[mail.message.id] for mail in shown], named=False)
        if self.watched:
            yield self._watching()
        elif self.unseen:
            yield Line(self.unseen, Mark.WARNING)

    # When a mail does not arrive

    def advice(self, to: str) -> tuple[str, ...]:
        """Return where to look for a mail to `to`, the likeliest first."""
        state = self._session.state
        found = arrival.advice(state.provider, state.settings, to)
        app = state.settings.app
        return (*found, f"{app.name} itself sends one: {app.test}") if app.test and not app.mails else found

    async def check_sender(self) -> SenderReport:
        """Ask name servers about the sender's domain. InputError for a sender that is no address."""
        state, services = self._session.state, self._session.services
        sender = state.settings.sender or ""
        return await services.check_sender(sender, provider=state.provider, timeout=services.timeout)


async def app_log(session: Session) -> LogReport:
    """Read what the app's container has logged of mail in the last ten minutes."""
    state, services = session.state, session.services
    target = state.target
    return await services.recent_log(
        log_service(session),
        compose_file=target.path if target.kind is TargetKind.COMPOSE else None,
        cwd=target.path.parent if target.path is not None else Path(),
        provider=state.provider,
        app=state.settings.app,
        timeout=services.timeout,
    )


def log_service(session: Session) -> str:
    """Return the compose service whose log is read: the target's, else the app's usual one."""
    target = session.state.target
    return (target.service if target.kind is TargetKind.COMPOSE else None) or session.services.app.service


_HOST: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s:/@\[\]]+)(:\d{1,5})?")


class Mode(Enum):
    """How the connection is encrypted: URL scheme, and the usual port (RFC 8314, RFC 3501)."""

    TLS = ("imaps", 993)
    STARTTLS = ("imap", 143)

    @property
    def scheme(self) -> str:
        """As in `--inbox`."""
        return self.value[0]

    @property
    def port(self) -> int:
        """Where it is offered unless the server says otherwise."""
        return self.value[1]

    @property
    def label(self) -> str:
        """For its button."""
        return f"{self.name}, port {self.port} where none is given"


def guessed_server(recipient: str) -> str:
    """Return the name under which many providers have IMAP; a guess, for the field that asks."""
    domain = recipient.rpartition("@")[2].lower()
    return f"imap.{domain}" if "." in domain else ""


def address_problem(server: str, user: str) -> str:
    """Return what is wrong with server or user, as a sentence, or ''."""
    if not _HOST.fullmatch(server):
        return "The server is a name, or a name and a port: imap.example.com:993."
    return "" if user else "A user is needed: most servers take the whole mail address."


def url_of(mode: Mode, server: str, user: str) -> str:
    """Return the mailbox as a URL, the user's own @ and colons encoded."""
    from urllib.parse import quote

    return f"{mode.scheme}://{quote(user, safe='')}@{server}"
