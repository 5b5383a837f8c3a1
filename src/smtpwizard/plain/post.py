"""Step 5: the app's own mails, and the code that proves arrival."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from smtpwizard.plain import trial
from smtpwizard.plain.tell import diagnosis_lines
from smtpwizard.probe import OutgoingMessage, run

if TYPE_CHECKING:
    from smtpwizard.mail.messages import BuiltMail
    from smtpwizard.plain.walk import Walk


def send(state: Walk) -> None:
    """Ask for recipient and mails, send them one by one, ask for the code."""
    console = state.console
    default = state.settings.username if "@" in (state.settings.username or "") else state.settings.sender
    to = console.ask("Recipient (- sends nothing)", default=default or "")
    if to == "-":
        console.say("Nothing was sent.")
        return
    mails = state.app.mails
    number = console.choose("Which mail", (*(mail.title for mail in mails), "all of them"))
    chosen = mails if number == len(mails) else (mails[number],)
    codes = [code for mail in chosen if (code := _send(state, mail.name, to))]
    if codes:
        _confirm(state, codes)


def _send(state: Walk, name: str, to: str) -> str:
    """Send one mail; return its code where the server accepted it."""
    # pybars costs half a second to import: only those who send pay for it.
    from smtpwizard.mail.messages import build

    console = state.console
    mail = next(item for item in state.app.mails if item.name == name)
    built: BuiltMail = build(mail, state.app, state.settings, to)
    message = OutgoingMessage(id=built.message_id, data=built.data, recipient=built.to)
    report = asyncio.run(run(state.settings, trial.options(state, to), provider=state.provider, message=message))
    if report.message is not None and report.message.accepted:
        queue = f", queue id {report.message.queued_as}" if report.message.queued_as else ""
        console.say(f"{mail.title}: accepted by the server: {report.message.response}{queue}")
        if state.practice is not None:
            console.say(f"The practice server received it; its code is {built.code}.")
        return built.code
    failed = report.failed
    console.say(f"{mail.title}: not accepted: {failed.summary if failed else report.app.sentence}")
    if failed is not None:
        from smtpwizard.diagnosis import explain

        for line in diagnosis_lines(explain(failed, provider=state.provider, settings=state.settings)):
            console.say(line)
    return ""


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
