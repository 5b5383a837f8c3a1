"""Step 3, line by line: the live test, told stage by stage, and what to do when it failed."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING

from smtpwizard.probe import login_guard
from smtpwizard.probe.engine import Probe
from smtpwizard.prompts.console import Console
from smtpwizard.prompts.settings import ask
from smtpwizard.report.probe import plain_diagnosis_lines, plain_step_line, plain_verdict_lines, proposal_lines
from smtpwizard.smtp.results import Report, Status, Verdict
from smtpwizard.wizard.session import Session

if TYPE_CHECKING:
    from collections.abc import Mapping

    from smtpwizard.probe.survey.facts import SurveyResult
    from smtpwizard.secret import Secret


def run(session: Session, console: Console) -> bool:
    """Test until the operator goes on. False: back to the settings."""
    while True:
        if not may_log_in(session, console):
            return False
        report = _test(session, console)
        if report.app.verdict is Verdict.WORKS:
            return True
        changes = _explain(session, console, report)
        choices = ["Change the settings", "Test again", "Go on all the same"]
        if changes:
            choices.insert(0, "Apply the repair and test again")
        chosen = choices[console.choose("What now", choices)]
        if chosen.startswith("Apply"):
            session.update(settings=session.state.settings.with_changes(changes))
        elif chosen.startswith("Change"):
            ask(session, console)
        elif chosen.startswith("Go on"):
            return True


def may_log_in(session: Session, console: Console) -> bool:
    """Ask before a refused login is sent again, and before a pause that the server asked for is over."""
    pause = login_guard.paused(session.state, monotonic())
    if pause is not None:
        console.say(f"The server asks for a pause: {pause.words}")
        if not console.confirm(f"It lasts {login_guard.countdown(pause.seconds)} more. Go on all the same?"):
            return False
    if not login_guard.was_refused(session.state):
        return True
    words = login_guard.refused_question(session.state.settings)
    console.say(words["question"])
    return console.confirm(f"{words['yes']}?")


def remember(session: Session, report: Report) -> None:
    """Note a refused login and a pause that a failed test brought."""
    if report.failed is not None:
        state = session.state
        session.update(**login_guard.remember(state, report.failed, state.settings, monotonic()))


def _test(session: Session, console: Console) -> Report:
    state = session.state
    probe = Probe(state.settings, session.services.options(state), provider=state.provider)

    async def go() -> None:
        async for step in probe.steps():
            if step.status is not Status.SKIPPED:
                console.say(plain_step_line(step))

    asyncio.run(go())
    report = probe.report()
    for line in plain_verdict_lines(report):
        console.say(line)
    session.update(report=report, tested=state.settings)
    remember(session, report)
    return report


def _explain(session: Session, console: Console, report: Report) -> Mapping[str, str | Secret | None]:
    """Tell what was seen at the server's other ports, then the causes; return the changes of the first with any."""
    # The catalogue is a good hundred TOML entries: read only once something failed.
    from smtpwizard.diagnosis.explain import explain_steps

    state, look = session.state, _look_again(session, console, report)
    causes = explain_steps(report.steps, provider=state.provider, settings=state.settings)
    begin = len(look.proposals) + 1
    for line in (*proposal_lines(look.proposals), *plain_diagnosis_lines(causes, begin=begin)):
        console.say(line)
    repairs = [*(item.changes for item in look.proposals), *(item.changes for item in causes)]
    return next((changes for changes in repairs if changes), {})


def _look_again(session: Session, console: Console, report: Report) -> SurveyResult:
    """Ask the server's other ports, without user and password, where that can clear the failure up."""
    from smtpwizard.probe.survey.facts import SurveyResult
    from smtpwizard.probe.survey.limits import is_useful

    if not is_useful(report):
        return SurveyResult()
    from smtpwizard.probe.survey.limits import TOTAL_SECONDS
    from smtpwizard.probe.survey.survey import run_survey

    state, services = session.state, session.services
    seconds = min(TOTAL_SECONDS, services.timeout)
    console.say(f"Asking the server's other ports, without user and password, for at most {seconds:.0f} seconds.")
    options, service = services.options(state), services.app.service
    look = asyncio.run(
        run_survey(report, state.settings, options, provider=state.provider, service=service, timeout=seconds)
    )
    for line in look.facts:
        console.say(f"Seen: {line}")
    return look
