"""The walk line by line: for a screen reader, a serial console, TERM=dumb. Which step comes after which."""

from __future__ import annotations

import asyncio

from smtpwizard.prompts import answers, check, save, send
from smtpwizard.prompts.console import Console
from smtpwizard.wizard.check import remedy_of
from smtpwizard.wizard.session import Session
from smtpwizard.wizard.summary import summary_lines


def walk(session: Session, console: Console, step: str) -> None:
    """Ask everything from `step` on: `opening`, `provider` or `settings`, as `begin_walk()` has it.

    Raises SmtpWizardError; KeyboardInterrupt leaves with nothing half written.
    """
    app = session.services.app
    try:
        why = f", {session.services.app_why}" if session.services.app_why else ""
        console.say(f"smtpwizard for {app.name}{why}. Ctrl+C leaves at any time; nothing is written before step 4.")
        given = step != "opening" and session.state.provider is not None
        if step == "opening":
            step = answers.opening(session, console)
        while True:
            if step != "test":
                console.heading(1, "Provider")
                answers.choose_provider(session, console, given=given)
                console.heading(2, "Settings")
                answers.ask_settings(session, console)
            console.heading(3, "Test")
            if check.run(session, console):
                break
            step, given = "provider", False
        console.heading(4, "Save")
        written = save.save(session, console)
        console.heading(5, "Send")
        if written or console.confirm("Nothing was written. Send a mail with these settings all the same?"):
            send.send(session, console)
    finally:
        asyncio.run(session.stop())
        console.say()
        console.tell(summary_lines(session.state, remedy_of(session)))
