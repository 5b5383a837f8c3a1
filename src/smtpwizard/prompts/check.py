"""Step 3, line by line: the live test, told stage by stage, and what to do when it failed."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

from smtpwizard.prompts.answers import ask_settings
from smtpwizard.prompts.console import Console
from smtpwizard.report.lines import problem_lines
from smtpwizard.report.probe import stage_line, survey_lines, verdict_lines
from smtpwizard.smtp.results import Report, Status, StepResult
from smtpwizard.wizard import login_guard
from smtpwizard.wizard.check import CheckStep
from smtpwizard.wizard.session import Session


def run(session: Session, console: Console) -> bool:
    """Test until the operator goes on. False: back to the settings."""
    step = session.step(CheckStep)
    while True:
        if not may_log_in(session, console):
            return False
        asyncio.run(_test(step, console))
        problems = step.problems()
        console.tell(problem_lines(problems))
        if session.state.proved:
            return True
        choices = ["Change the settings", "Test again", "Go on all the same"]
        repair = next((item for item in problems if item.changes), None)
        if repair is not None:
            choices.insert(0, f"{repair.label} and test again")
        chosen = choices[console.choose("What now", choices)]
        if chosen == "Change the settings":
            ask_settings(session, console)
        elif chosen == "Go on all the same":
            return True
        elif chosen != "Test again" and repair is not None:
            step.apply(repair)


def may_log_in(session: Session, console: Console) -> bool:
    """Ask before a refused login is sent again, and before a pause that the server asked for is over."""
    step = session.step(CheckStep)
    if step.pause is not None:
        console.say(f"The server asks for a pause: {step.pause.words}")
        if not console.confirm(f"It lasts {login_guard.countdown(step.pause.seconds)} more. Go on all the same?"):
            return False
    if step.question is None:
        return True
    console.say(step.question["question"])
    return console.confirm(f"{step.question['yes']}?")


async def _test(step: CheckStep, console: Console) -> None:
    check = step.begin()
    async with aclosing(step.run()) as results:
        async for item in results:
            if isinstance(item, StepResult):
                console.tell([stage_line(item)] if item.status is not Status.SKIPPED else [])
            elif isinstance(item, Report):
                console.tell(verdict_lines(item))
                if check.surveying:
                    most = f"for at most {check.survey_seconds:.0f} seconds"
                    console.say(f"Asking the server's other ports, without user and password, {most}.")
    if check.survey is not None:
        console.tell(survey_lines(check.survey))
