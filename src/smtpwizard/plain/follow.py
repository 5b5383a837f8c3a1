"""Step 5, where a mail is missing: what DNS says of the sender's domain, and what the app's own log says."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Final

from smtpwizard.errors import SmtpWizardError
from smtpwizard.plain.tell import diagnosis_lines

if TYPE_CHECKING:
    from smtpwizard.plain.walk import Walk

_CAUSES: Final = 2
"""Explanations of one log line: the likeliest. More is a page of speech."""


def tell_sender(state: Walk) -> None:
    """Ask name servers about the sender's domain; say each check, its remedy, and the record to publish."""
    console, provider = state.console, state.provider
    console.say("Look in the spam folder first, and wait five minutes: some servers delay a first mail.")
    if provider is not None and provider.activity_url:
        console.say(f"{provider.name} shows what became of each message: {provider.activity_url}")
    sender = state.settings.sender or ""
    console.say(f"Asking name servers about the domain of {sender}, for {state.timeout:.0f} seconds at most.")
    try:
        report = asyncio.run(state.reach.check_sender(sender, provider=provider, timeout=state.timeout))
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


def tell_log(state: Walk) -> None:
    """Read the log of the app's container; say each kind of mail trouble once."""
    console = state.console
    cwd = state.target.parent if state.target is not None else Path()
    console.say(f"Reading what {state.app.service} has logged in the last ten minutes.")
    try:
        report = asyncio.run(
            state.reach.recent_log(state.app.service, cwd=cwd, provider=state.provider, timeout=state.timeout)
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
