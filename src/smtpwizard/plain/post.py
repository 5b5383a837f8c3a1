"""Step 5: the app's own mails, and the code that proves arrival."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

from smtpwizard.plain import trial
from smtpwizard.plain.tell import diagnosis_lines
from smtpwizard.probe import OutgoingMessage, run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smtpwizard.plain.walk import Walk
    from smtpwizard.preset_schema import AppMail
    from smtpwizard.probe.results import Report


def send(state: Walk) -> None:
    """Ask for recipient and mails, send them over one connection, ask for the code."""
    console = state.console
    default = state.settings.username if "@" in (state.settings.username or "") else state.settings.sender
    to = _recipient(state, default or "")
    if not to:
        console.say("Nothing was sent.")
        return
    mails = state.app.mails
    number = console.choose("Which mail", (*(mail.title for mail in mails), "all of them"))
    chosen = mails if number == len(mails) else (mails[number],)
    if not trial.may_log_in(state):
        console.say("Nothing was sent.")
        return
    codes = _send(state, chosen, to)
    if codes:
        _confirm(state, codes)


def _recipient(state: Walk, default: str) -> str:
    """Return a mail address, or nothing where no mail is to be sent."""
    while True:
        to = state.console.ask("Recipient (- sends nothing)", default=default)
        if to == "-":
            return ""
        if re.fullmatch(r"[^\s@]+@[^\s@]+", to):
            return to
        state.console.say("A recipient is a mail address: name@domain.")


def _send(state: Walk, mails: Sequence[AppMail], to: str) -> list[str]:
    """Send the mails over one connection, with one login; return the codes of those that were accepted."""
    # pybars costs half a second to import: only those who send pay for it.
    from smtpwizard.mail.messages import build

    console = state.console
    built = [build(mail, state.app, state.settings, to) for mail in mails]
    messages = [OutgoingMessage(id=item.message_id, data=item.data, recipient=item.to) for item in built]
    report = asyncio.run(run(state.settings, trial.options(state, to), provider=state.provider, message=messages))
    trial.remember(state, report)
    codes = []
    for item, message in zip(built, report.messages, strict=False):
        if message.accepted:
            console.say(f"{item.mail.title}: accepted by the server: {message.response}")
            if state.practice is not None:
                console.say(f"The practice server received it; its code is {item.code}.")
            codes.append(item.code)
    if len(codes) < len(built):
        _explain(state, report, built[len(codes)].mail.title)
    return codes


def _explain(state: Walk, report: Report, title: str) -> None:
    failed = report.failed
    state.console.say(f"{title}: not accepted: {failed.summary if failed else report.app.sentence}")
    if failed is not None:
        from smtpwizard.diagnosis import explain

        for line in diagnosis_lines(explain(failed, provider=state.provider, settings=state.settings)):
            state.console.say(line)


def _confirm(state: Walk, codes: list[str]) -> None:
    console = state.console
    console.say("Accepted is not arrived.")
    while True:
        typed = console.ask("The six digits from the mail (Enter skips)", optional=True).replace(" ", "")
        if not typed:
            console.say("Not confirmed. Look in the spam folder, and in the provider's log of messages.")
            return
        if typed in codes:
            state.confirmed = True
            console.say("The mail arrived: the code is right.")
            return
        console.say("That is not the code of a mail sent just now.")
