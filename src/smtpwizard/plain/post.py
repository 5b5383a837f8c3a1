"""Step 5: the app's own mails, sent as the app does it; what became of each."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

from smtpwizard.findings import Severity
from smtpwizard.plain import trial
from smtpwizard.plain.arrive import Accepted, settle
from smtpwizard.plain.tell import diagnosis_lines, finding_line
from smtpwizard.probe import OutgoingMessage, run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smtpwizard.plain.walk import Walk
    from smtpwizard.preset_schema import AppMail
    from smtpwizard.probe.results import Report, SentMessage


def send(state: Walk) -> None:
    """Ask for recipient and mails, send them over one connection, find out whether they arrive."""
    console = state.console
    default = state.settings.username if "@" in (state.settings.username or "") else state.settings.sender
    to = _recipient(state, default or "")
    if not to:
        console.say("Nothing was sent.")
        return
    mails = state.app.mails
    choices = (*(mail.title for mail in mails), "all of them")
    number = console.choose("Which mail", choices, default=len(choices))
    chosen = mails if number == len(mails) else (mails[number],)
    _warn(state, to, chosen)
    if not trial.may_log_in(state):
        console.say("Nothing was sent.")
        return
    state.recipient = to
    accepted = _send(state, chosen, to)
    if accepted:
        settle(state, accepted)


def _recipient(state: Walk, default: str) -> str:
    """Return a mail address, or nothing where no mail is to be sent."""
    while True:
        to = state.console.ask("Recipient (- sends nothing)", default=default)
        if to == "-":
            return ""
        if re.fullmatch(r"[^\s@]+@[^\s@]+", to):
            return to
        state.console.say("A recipient is a mail address: name@domain.")


def _warn(state: Walk, to: str, mails: Sequence[AppMail]) -> None:
    """Say what a link in a mail to this address would not do, and where it would lead."""
    from smtpwizard.app import findings, recipient_findings

    if any(mail.carries == "link" for mail in mails):
        found = findings(state.settings, provider=state.provider)
        links = [item for item in found if item.id.startswith("links-")]
        for item in (*recipient_findings(to), *links):
            if item.severity is not Severity.INFO:
                state.console.say(finding_line(item))


def _send(state: Walk, mails: Sequence[AppMail], to: str) -> list[Accepted]:
    """Send the mails over one connection, with one login; return those that were accepted."""
    # pybars costs half a second to import: only those who send pay for it.
    from smtpwizard.mail.messages import build

    console = state.console
    built = [build(mail, state.app, state.settings, to) for mail in mails]
    messages = [OutgoingMessage(item.message_id, item.data, item.to, item.mail.name) for item in built]
    report = asyncio.run(run(state.settings, trial.options(state, to), provider=state.provider, message=messages))
    trial.remember(state, report)
    accepted = []
    for item, message in zip(built, report.messages, strict=False):
        console.say(f"{item.mail.title}: {_became(message)}")
        if message.accepted:
            accepted.append(Accepted(item.mail.title, item.message_id, item.code))
    _explain(state, report, [item.mail.title for item in built[len(report.messages) :]])
    return accepted


def _became(message: SentMessage) -> str:
    """Return what became of one mail: accepted, refused, or not tried."""
    time = f", {message.ms:.0f} ms" if message.ms is not None else ""
    if message.accepted:
        return f"accepted by the server{time}: {message.response}"
    if not message.tried:
        return message.response
    return f"refused at {message.stage.value if message.stage else 'the end'}{time}: {message.response}"


def _explain(state: Walk, report: Report, unsent: Sequence[str]) -> None:
    """Say why mails were refused, each cause once; `unsent` are those that the dialogue never came to."""
    failed = report.failed
    for title in unsent:
        state.console.say(f"{title}: not sent: {failed.summary if failed else report.app.sentence}")
    if failed is not None:
        from smtpwizard.diagnosis import explain_steps

        for line in diagnosis_lines(explain_steps(report.steps, provider=state.provider, settings=state.settings)):
            state.console.say(line)
