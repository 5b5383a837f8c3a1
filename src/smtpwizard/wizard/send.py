"""The app's mails, made and handed to the server, as a stream of lines. Must not import textual."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from enum import Enum
from time import monotonic
from typing import TYPE_CHECKING, Final

from smtpwizard.background import in_daemon_thread
from smtpwizard.report.stages import Mark, milliseconds
from smtpwizard.smtp.results import Report, SentMessage, Status, Step, StepResult
from smtpwizard.wizard.state import SentMail

if TYPE_CHECKING:
    from smtpwizard.mail.messages import BuiltMail
    from smtpwizard.presets.schema import AppMail, ConsumingApp, Provider
    from smtpwizard.probe.engine import Probe
    from smtpwizard.probe.verdict import Options
    from smtpwizard.settings import Settings


_LEAD: Final = re.compile(r"[\s:;,=(<\[]*(queued(\s+(mail|as|id))*)?[\s:;,=(<\[]*\Z", re.IGNORECASE)
"""What servers put before a queue id: `: queued as `, ` id=`."""

RENDER_SECONDS: Final = 30.0
"""Deadline for rendering: the first one imports pybars and its grammar, 0.4–0.6 s; a slow disk takes longer."""


@dataclass(frozen=True, slots=True)
class MailLine:
    """What became of one mail, for its line."""

    mark: Mark
    title: str
    words: str
    """`accepted: 250 2.0.0 OK`, the failed stage and the reply, or the stage under way."""
    queue: str = ""
    time: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where one mail is: its line, and what became of it in the end."""

    name: str
    """AppMail.name."""
    line: MailLine
    sent: SentMail | None = None
    """The mail, once the server has taken or refused it."""


class Delivery:
    """Some mails on one connection with one login, as the app's pool has it. `report` is there once `run` has ended."""

    def __init__(self, mails: Sequence[AppMail], app: ConsumingApp, settings: Settings, to: str) -> None:
        self._mails, self._app, self._settings, self._to = tuple(mails), app, settings, to
        self._built: list[BuiltMail] = []
        self._began = 0.0
        self._told: set[int] = set()
        """Places of the mails of which it is known what became of them."""
        self.report: Report | None = None

    async def run(self, options: Options, provider: Provider | None) -> AsyncGenerator[Progress, None]:
        """Render and send, telling each stage. Cancelling closes the connection.

        Never raises for network reasons; what rendering raises, and a CA file that cannot be read, comes through as
        SmtpWizardError, and TimeoutError where rendering takes too long.
        """
        for mail in self._mails:
            yield Progress(mail.name, MailLine(Mark.RUNNING, mail.title, "rendering"))
            self._built.append(await render(mail, self._app, self._settings, self._to))
            yield Progress(mail.name, MailLine(Mark.WAITING, mail.title, "waiting"))
        # 60 ms of ssl and asyncio streams: loaded by now, unless the test was skipped.
        from smtpwizard.probe.engine import Probe
        from smtpwizard.smtp.results import OutgoingMessage

        outgoing = [OutgoingMessage(item.message_id, item.data, item.to, item.mail.name) for item in self._built]
        probe = Probe(self._settings, options, provider=provider, message=outgoing)
        self._began = monotonic()
        async with aclosing(probe.steps()) as steps:
            async for step in steps:
                for progress in self._after(step, probe):
                    yield progress
        self.report = probe.report()
        for place, mail in enumerate(self._mails):
            if place not in self._told:
                yield self._unsent(mail, first=place == 0)

    def _after(self, step: StepResult, probe: Probe) -> Iterator[Progress]:
        """Yield what a stage changes. What comes before the mails is told on the line of the first."""
        place = step.message or 0
        mail = self._mails[place]
        decided = step.message is not None and (
            step.step is Step.DATA or step.status in (Status.FAILED, Status.SKIPPED)
        )
        if decided:
            self._told.add(place)
            yield self._became(place, probe.report().messages[place])
        elif step.status in (Status.PASSED, Status.WARNED):
            yield Progress(mail.name, MailLine(Mark.RUNNING, mail.title, f"{step.step.value}: {step.summary}"))

    def _became(self, place: int, message: SentMessage) -> Progress:
        """Return the line of a mail that was accepted, refused, or not tried since another broke the dialogue off."""
        mail = self._mails[place]
        if not message.tried:
            return Progress(mail.name, MailLine(Mark.SKIPPED, mail.title, message.response))
        time, code = self._time_of_one(), self._built[place].code
        sent = SentMail(mail.name, mail.title, self._to, message, code)
        if not message.accepted:
            stage = message.stage.value if message.stage else "refused"
            return Progress(
                mail.name, MailLine(Mark.FAILED, mail.title, f"{stage}: {message.response}", "", time), sent
            )
        words = f"accepted: {_without_id(message.response, message.queued_as)}"
        return Progress(mail.name, MailLine(Mark.OK, mail.title, words, message.queued_as or "", time), sent)

    def _unsent(self, mail: AppMail, *, first: bool) -> Progress:
        """Return the line of a mail that no dialogue came to; the first one's says where it ended."""
        failed = self.report.failed if self.report else None
        if not first:
            return Progress(mail.name, MailLine(Mark.SKIPPED, mail.title, "not tried"))
        words = f"{failed.step.value}: {failed.summary}" if failed else "not accepted"
        return Progress(mail.name, MailLine(Mark.FAILED, mail.title, words, "", self._time_of_one()))

    def _time_of_one(self) -> str:
        """Return the time since the mail before was done; the first one's holds connection and login too."""
        now = monotonic()
        spent, self._began = now - self._began, now
        return milliseconds(spent * 1000)


async def render(
    mail: AppMail, app: ConsumingApp, settings: Settings, to: str, *, code: str | None = None
) -> BuiltMail:
    """Return the mail, rendered in a daemon thread, with a new code where none is given.

    TimeoutError after RENDER_SECONDS.
    """

    def work() -> BuiltMail:
        # pybars costs 0.4–0.6 s at import: here, in the thread, and never before the first frame.
        from smtpwizard.mail.messages import build, new_code

        return build(mail, app, settings, to, code=code or new_code())

    return await in_daemon_thread(work, timeout=RENDER_SECONDS, name="render")


def _without_id(response: str, queued_as: str | None) -> str:
    """Return the reply up to its queue id, which has a place of its own: `250 2.0.0 Ok`."""
    before = response.partition(queued_as)[0] if queued_as else response
    return (
        re.sub(r"[\s:;,=(<\[]*(queued(\s+(mail|as|id))*)?[\s:;,=(<\[]*\Z", "", before, flags=re.IGNORECASE) or response
    )


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
