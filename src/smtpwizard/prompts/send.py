"""Step 5, afterwards: which of the accepted mails arrived. Reads inboxes by itself, else asks for the code."""

from __future__ import annotations

import asyncio
import re
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Final

from smtpwizard.errors import SmtpWizardError
from smtpwizard.presets.schema import Kind
from smtpwizard.probe.engine import Probe
from smtpwizard.problems import Severity
from smtpwizard.prompts.check import may_log_in, remember
from smtpwizard.prompts.console import Console
from smtpwizard.report.probe import finding_line
from smtpwizard.report.probe import plain_diagnosis_lines as diagnosis_lines
from smtpwizard.smtp.results import OutgoingMessage
from smtpwizard.wizard.arrival import default_recipient, with_code, with_seen
from smtpwizard.wizard.services import AT_ONCE, NEARBY, may_catch, practice_inbox
from smtpwizard.wizard.session import Session
from smtpwizard.wizard.state import Proof, SentMail

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smtpwizard.mailbox.model import Arrival, Inbox
    from smtpwizard.presets.schema import AppMail
    from smtpwizard.smtp.results import Report, SentMessage


_CAUSES: Final = 2
"""Explanations of one log line: the likeliest. More is a page of speech."""


def tell_sender(session: Session, console: Console) -> None:
    """Ask name servers about the sender's domain; say each check, its remedy, and the record to publish."""
    provider = session.state.provider
    console.say("Look in the spam folder first, and wait five minutes: some servers delay a first mail.")
    if provider is not None and provider.activity_url:
        console.say(f"{provider.name} shows what became of each message: {provider.activity_url}")
    sender = session.state.settings.sender or ""
    seconds = session.services.timeout
    console.say(f"Asking name servers about the domain of {sender}, for {seconds:.0f} seconds at most.")
    try:
        report = asyncio.run(session.services.check_sender(sender, provider=provider, timeout=seconds))
    except SmtpWizardError as error:
        console.say(error.message)
        return
    if not report.answered:
        console.say("No name server answered: this machine is offline, or may not ask. Nothing is known of the domain.")
        console.say(f"From another machine: smtpwizard sender {sender}")
        return
    for check in report.checks:
        console.say(f"{check.title}: {_STANDINGS[check.standing.value]}: {check.summary}")
        for line in (*check.detail, check.remedy):
            if line:
                console.say(line)
        for record in (check.record, *check.also):
            if record is not None:
                console.say(f"Record name: {record.name}")
                console.say(f"Record type: {record.type}")
                console.say(f"Record value: {record.value}")


_STANDINGS: Final = {"passed": "ok", "warned": "warning", "failed": "failed", "skipped": "not known"}


def tell_log(session: Session, console: Console) -> None:
    """Read the log of the app's container; say each kind of mail trouble once."""
    cwd = session.state.target.path.parent if session.state.target.path is not None else Path()
    services = session.services
    console.say(f"Reading what {services.app.service} has logged in the last ten minutes.")
    try:
        report = asyncio.run(
            services.recent_log(
                services.app.service, cwd=cwd, provider=session.state.provider, timeout=services.timeout
            )
        )
    except SmtpWizardError as error:
        console.say(error.message)
        return
    if report.problem:
        console.say(report.problem)
        console.say(f"The command: {report.command}")
        return
    if report.note:
        console.say(report.note)
    if not report.troubles:
        console.say(f"{report.lines} lines, none about trouble with mail.")
    for trouble in report.troubles:
        last = f", last at {trouble.last}" if trouble.last else ""
        console.say(f"The app says, {trouble.times} {'time' if trouble.times == 1 else 'times'}{last}: {trouble.said}")
        for line in diagnosis_lines(trouble.diagnoses[:_CAUSES]):
            console.say(line)


def settle(session: Session, console: Console, accepted: Sequence[SentMail]) -> None:
    """Find out what arrived, as far as can be; then offer what helps where something did not."""
    if _by_itself(session, console, accepted):
        return
    missing = _missing(session, console, accepted)
    if missing:
        console.say("Accepted is not arrived.")
        _ask_codes(session, console, accepted)
    while True:
        missing = _missing(session, console, accepted)
        choices = [name for name, wanted in _OFFERS if missing or not wanted] + ["Finish"]
        chosen = choices[console.choose("What now", choices, default=len(choices))]
        if chosen == _CODE:
            _ask_codes(session, console, accepted)
        elif chosen == _MAILBOX:
            _mailbox(session, console, missing)
        elif chosen == _SENDER:
            tell_sender(session, console)
        elif chosen == _LOG:
            tell_log(session, console)
        else:
            return


_CODE: Final = "Type the code from a mail"
_MAILBOX: Final = "Look into a mailbox, over IMAP"
_SENDER: Final = "Look up the sender's domain in DNS"
_LOG: Final = "Read what the app's log says"
_OFFERS: Final = ((_CODE, True), (_MAILBOX, True), (_SENDER, True), (_LOG, False))
"""What is offered, and whether only while a mail is missing."""


def _missing(session: Session, console: Console, accepted: Sequence[SentMail]) -> list[SentMail]:
    known = {item.message_id for item in session.state.arrived}
    return [mail for mail in accepted if mail.message.id not in known]


def _ask_codes(session: Session, console: Console, accepted: Sequence[SentMail]) -> None:
    """Ask for codes until all are in, or one is left empty."""
    while _missing(session, console, accepted):
        typed = console.ask("The six digits from the mail (Enter skips)", optional=True)
        digits = "".join(char for char in typed if char.isascii() and char.isdigit())
        if not typed:
            return
        found = next((mail for mail in accepted if mail.code == digits), None)
        if found is None:
            console.say("That is not the code of a mail sent just now.")
            continue
        session.update(arrived=with_code(session.state.arrived, found))
        console.say(f"{found.title}: arrived, the code is right.")


def _by_itself(session: Session, console: Console, accepted: Sequence[SentMail]) -> bool:
    """Look into what can be read without asking. True for the practice server: there is nothing to be offered then."""
    provider, host = session.state.provider, session.state.settings.host or ""
    if provider is not None and provider.kind is Kind.PRACTICE and session.state.practice is not None:
        asyncio.run(
            _watch(
                session, console, practice_inbox(session.state.practice), accepted, within=AT_ONCE, by=Proof.PRACTICE
            )
        )
        return not _missing(session, console, accepted)
    if may_catch(provider, host):
        asyncio.run(_catcher(session, console, accepted, host))
    return False


async def _catcher(session: Session, console: Console, accepted: Sequence[SentMail], host: str) -> None:
    inbox = await session.services.find_catcher(host, provider=session.state.provider, timeout=NEARBY)
    if inbox is not None:
        await _watch(
            session, console, inbox, accepted, within=min(AT_ONCE, session.services.arrival_seconds), by=Proof.CATCHER
        )
        console.say(f"{inbox.name} catches mail and delivers none of it.")


def _mailbox(session: Session, console: Console, missing: Sequence[SentMail]) -> None:
    """Ask for a mailbox and watch it. One login for each answer: a refused one is told, and not tried again."""
    console.say("It only reads. The password goes to this server alone and is kept nowhere.")
    user = console.ask("User", default=session.state.recipient)
    domain = session.state.recipient.rpartition("@")[2]
    server = console.ask("IMAP server (name, or name:port for another than 993)", default=f"imap.{domain}")
    password = console.ask_secret("Password of the mailbox", optional=True)
    if not password:
        return
    from urllib.parse import quote

    try:
        url = f"imaps://{quote(user, safe='')}@{server}"
        inbox = session.services.open_mailbox(url, password, ca_files=session.services.ca_files)
        asyncio.run(_watch(session, console, inbox, missing, within=session.services.arrival_seconds))
    except SmtpWizardError as error:
        console.say(error.message)


async def _watch(
    session: Session,
    console: Console,
    inbox: Inbox,
    mails: Sequence[SentMail],
    *,
    within: float,
    by: Proof = Proof.MAILBOX,
) -> None:
    """Say of each mail when it is seen in `inbox`, and of the others that they were not, after `within` seconds."""
    from smtpwizard.mailbox.model import Wanted
    from smtpwizard.mailbox.watch import watch

    console.say(f"Looking into {inbox.name}, for {within:.0f} seconds at most.")
    by_id = {mail.message.id: mail for mail in mails}
    wanted = tuple(Wanted(mail.message.id, mail.code or "") for mail in mails)
    seen: dict[str, None] = {}
    try:
        async with aclosing(watch(inbox, wanted, within=within, pause=session.services.arrival_pause)) as stream:
            async for arrival in stream:
                mail = by_id[arrival.message_id]
                words = f"caught by {inbox.name}" if by is Proof.CATCHER else _where(arrival, inbox.name)
                arrived = with_seen(session.state.arrived, arrival, session.state.sent, by, inbox.name)
                session.update(arrived=arrived)
                console.say(f"{mail.title}: {words}.{_code(mail, arrival)}")
                if arrival.folder:
                    seen |= dict.fromkeys(_judged(arrival))
    except SmtpWizardError as error:
        if by is not Proof.CATCHER:
            raise
        console.say(error.message)
    finally:
        await inbox.close()
    for sentence in seen:
        console.say(sentence)
    for mail in mails:
        if mail in _missing(session, console, mails):
            console.say(f"{mail.title}: not seen in {inbox.name}.")


def _code(mail: SentMail, arrival: Arrival) -> str:
    """Return the code where the mail lies in something that the operator does not open: practice server, catcher."""
    return "" if arrival.folder else f" Its code is {mail.code}."


def _where(arrival: Arrival, name: str) -> str:
    place, name = arrival.place.value, name.removeprefix("the mailbox of ")
    if place == "inbox":
        return f"arrived in {name}" if not arrival.folder else f"arrived in the inbox of {name}"
    return f"arrived in {'junk' if place == 'junk' else 'another folder'}, {arrival.folder}, of {name}"


def _judged(arrival: Arrival) -> tuple[str, ...]:
    from smtpwizard.mailbox.authentication import words

    return words(arrival.authentication, arrival.place)


def send(session: Session, console: Console) -> None:
    """Ask for recipient and mails, send them over one connection, find out whether they arrive."""
    to = _recipient(session, console, default_recipient(session.state.settings, session.state.recipient))
    if not to:
        console.say("Nothing was sent.")
        return
    mails = session.services.app.mails
    choices = (*(mail.title for mail in mails), "all of them")
    number = console.choose("Which mail", choices, default=len(choices))
    chosen = mails if number == len(mails) else (mails[number],)
    _warn(session, console, to, chosen)
    if not may_log_in(session, console):
        console.say("Nothing was sent.")
        return
    session.update(recipient=to)
    accepted = _send(session, console, chosen, to)
    if accepted:
        settle(session, console, accepted)


def _recipient(session: Session, console: Console, default: str) -> str:
    """Return a mail address, or nothing where no mail is to be sent."""
    while True:
        to = console.ask("Recipient (- sends nothing)", default=default)
        if to == "-":
            return ""
        if re.fullmatch(r"[^\s@]+@[^\s@]+", to):
            return to
        console.say("A recipient is a mail address: name@domain.")


def _warn(session: Session, console: Console, to: str, mails: Sequence[AppMail]) -> None:
    """Say what a link in a mail to this address would not do, and where it would lead."""
    from smtpwizard.lint.check import findings
    from smtpwizard.lint.mail import recipient_findings

    if any(mail.carries == "link" for mail in mails):
        found = findings(session.state.settings, provider=session.state.provider)
        links = [item for item in found if item.id.startswith("links-")]
        for item in (*recipient_findings(to), *links):
            if item.severity is not Severity.INFO:
                console.say(finding_line(item))


def _send(session: Session, console: Console, mails: Sequence[AppMail], to: str) -> list[SentMail]:
    """Send the mails over one connection, with one login; return those that were accepted."""
    # pybars costs half a second to import: only those who send pay for it.
    from smtpwizard.mail.messages import build

    built = [build(mail, session.services.app, session.state.settings, to) for mail in mails]
    messages = [OutgoingMessage(item.message_id, item.data, item.to, item.mail.name) for item in built]
    state, options = session.state, session.services.options(session.state, recipient=to)
    report = Probe(state.settings, options, provider=state.provider, message=messages).run_blocking()
    remember(session, report)
    accepted = []
    for item, message in zip(built, report.messages, strict=False):
        console.say(f"{item.mail.title}: {_became(message)}")
        sent = SentMail(item.mail.name, item.mail.title, to, message, item.code)
        session.update(sent=(*session.state.sent, sent))
        if message.accepted:
            accepted.append(sent)
    _explain(session, console, report, [item.mail.title for item in built[len(report.messages) :]])
    return accepted


def _became(message: SentMessage) -> str:
    """Return what became of one mail: accepted, refused, or not tried."""
    time = f", {message.ms:.0f} ms" if message.ms is not None else ""
    if message.accepted:
        return f"accepted by the server{time}: {message.response}"
    if not message.tried:
        return message.response
    return f"refused at {message.stage.value if message.stage else 'the end'}{time}: {message.response}"


def _explain(session: Session, console: Console, report: Report, unsent: Sequence[str]) -> None:
    """Say why mails were refused, each cause once; `unsent` are those that the dialogue never came to."""
    failed = report.failed
    for title in unsent:
        console.say(f"{title}: not sent: {failed.summary if failed else report.app.sentence}")
    if failed is not None:
        from smtpwizard.diagnosis.explain import explain_steps

        for line in diagnosis_lines(
            explain_steps(report.steps, provider=session.state.provider, settings=session.state.settings)
        ):
            console.say(line)
