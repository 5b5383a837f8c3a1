"""Step 5, line by line: the app's mails, and which of them arrived; where one did not, what helps."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Final

from smtpwizard.errors import SmtpWizardError
from smtpwizard.prompts.check import may_log_in
from smtpwizard.prompts.console import Console
from smtpwizard.report.arrival import checks, closing_lines, meaning_lines, record_lines
from smtpwizard.report.container import log_lines
from smtpwizard.report.lines import Line, Mark, problem_lines
from smtpwizard.wizard.arrival import recipient_problem
from smtpwizard.wizard.send import Mode, SendStep, app_log, guessed_server, log_service, url_of
from smtpwizard.wizard.session import Session

if TYPE_CHECKING:
    from smtpwizard.apps.profile import AppMail
    from smtpwizard.secret import Secret


_ON_ITS_WAY: Final = frozenset({Mark.RUNNING, Mark.WAITING})


def send(session: Session, console: Console) -> None:
    """Ask for recipient and mails, send them over one connection, find out whether they arrive."""
    step = session.step(SendStep)
    to = _recipient(console, step.default_recipient)
    if not to:
        console.say("Nothing was sent.")
        return
    mails = step.mails
    choices = (*(mail.title for mail in mails), "all of them")
    number = console.choose("Which mail", choices, default=len(choices) if len(step.ticked) == len(mails) else 1)
    chosen = mails if number == len(mails) else (mails[number],)
    console.tell(Line(note, Mark.WARNING) for note in step.notes(to, chosen))
    if not may_log_in(session, console):
        console.say("Nothing was sent.")
        return
    asyncio.run(_send(step, console, to, chosen))
    if step.remark:
        console.say(step.remark)
    console.tell(problem_lines(step.problems()))
    if step.accepted:
        _arrival(session, console, step)


def _recipient(console: Console, default: str) -> str:
    """Return a mail address, or nothing where no mail is to be sent."""
    while True:
        to = console.ask("Your own inbox, not the sender (- sends nothing)", default=default)
        if to == "-":
            return ""
        problem = recipient_problem(to)
        if problem is None:
            return to
        console.say(problem)


async def _send(step: SendStep, console: Console, to: str, mails: Sequence[AppMail]) -> None:
    """Send, and say of each mail what became of it."""
    told: set[Line] = set()
    async with aclosing(step.send(to, mails)) as changes:
        async for line in changes:
            if line.mark not in _ON_ITS_WAY and line not in told:
                told.add(line)
                console.tell([line])


_CODE: Final = "Type the code from a mail"
_MAILBOX: Final = "Look into a mailbox, over IMAP"
_SENDER: Final = "Look up the sender's domain in DNS"
_LOG: Final = "Read what the app's log says"


def _arrival(session: Session, console: Console, step: SendStep) -> None:
    """Find out what arrived, as far as can be; then offer what helps where something did not."""
    asyncio.run(_watch(session, console))
    if step.practising and not step.awaited:
        return
    if step.awaited:
        console.say("Accepted is not arrived.")
        _ask_codes(console, step)
    while True:
        choices = [*((_CODE, _MAILBOX, _SENDER) if step.awaited else ()), _LOG, "Finish"]
        chosen = choices[console.choose("What now", choices, default=len(choices))]
        if chosen == "Finish":
            return
        try:
            if chosen == _CODE:
                _ask_codes(console, step)
            elif chosen == _MAILBOX:
                _mailbox(session, console)
            elif chosen == _SENDER:
                _sender(session, console, step)
            else:
                console.say(f"Reading what {log_service(session)} has logged in the last ten minutes.")
                console.tell(log_lines(asyncio.run(app_log(session))))
        except SmtpWizardError as error:
            console.say(error.message)


def _ask_codes(console: Console, step: SendStep) -> None:
    """Ask for codes until all are in, or one is left empty."""
    while step.awaited:
        typed = console.ask("The six digits from the mail (Enter skips)", optional=True)
        if not typed:
            return
        console.tell([step.enter_code(typed) or Line(step.remark)])


async def _watch(session: Session, console: Console, url: str = "", password: Secret | None = None) -> None:
    """Say of each mail when it is seen, or that it was not, then what that means; with a URL, in that mailbox."""
    step = session.step(SendStep)
    before = len(session.state.arrived)
    try:
        if password is not None:
            console.tell(await step.open_mailbox(url, password))
        async with aclosing(step.watch()) as lines:
            async for line in lines:
                console.tell([line])
    finally:
        await step.forget_mailbox()
    console.tell(meaning_lines(session.state.arrived[before:]))


def _mailbox(session: Session, console: Console) -> None:
    """Ask for a mailbox and watch it. One login for each answer: a refused one is told, and not tried again."""
    console.say("It only reads. The password goes to this server alone and is kept nowhere.")
    recipient = session.state.recipient
    user = console.ask("User", default=recipient)
    server = console.ask("IMAP server (name, or name:port for another than 993)", default=guessed_server(recipient))
    password = console.ask_secret("Password of the mailbox", optional=True)
    if password:
        asyncio.run(_watch(session, console, url_of(Mode.TLS, server, user), password))


def _sender(session: Session, console: Console, step: SendStep) -> None:
    """Say where to look, then ask name servers about the sender's domain; say each check and what to publish."""
    for line in step.advice(session.state.recipient):
        console.say(line)
    sender, seconds = session.state.settings.sender, session.services.timeout
    console.say(f"Asking name servers about the domain of {sender}, for {seconds:.0f} seconds at most.")
    report = asyncio.run(step.check_sender())
    for check in checks(report) if report.answered else ():
        console.tell(check.lines)
        for record in check.records:
            console.tell(record_lines(record))
    console.tell(closing_lines(report, session.state.provider))
