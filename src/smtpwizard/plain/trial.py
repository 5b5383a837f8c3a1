"""Step 3: the live test, told stage by stage, and what to do when it failed."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING

from smtpwizard.plain import answers
from smtpwizard.plain.tell import diagnosis_lines, proposal_lines, step_line, verdict_lines
from smtpwizard.preset_schema import Kind
from smtpwizard.probe import Options, Probe, lockout
from smtpwizard.probe.results import Report, Status, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from smtpwizard.plain.walk import Walk
    from smtpwizard.probe.look import SecondLook
    from smtpwizard.secret import Secret


def run(state: Walk) -> bool:
    """Test until the operator goes on. False: back to the settings."""
    console = state.console
    while True:
        if not may_log_in(state):
            return False
        report = _test(state)
        state.report = report
        if report.app.verdict is Verdict.WORKS:
            return True
        changes = _explain(state, report)
        choices = ["Change the settings", "Test again", "Go on all the same"]
        if changes:
            choices.insert(0, "Apply the repair and test again")
        chosen = choices[console.choose("What now", choices)]
        if chosen.startswith("Apply"):
            state.settings = state.settings.with_changes(changes)
        elif chosen.startswith("Change"):
            answers.ask(state)
        elif chosen.startswith("Go on"):
            return True


def may_log_in(state: Walk) -> bool:
    """Ask before a refused login is sent again, and before a pause that the server asked for is over."""
    console = state.console
    pause = lockout.paused(state, monotonic())
    if pause is not None:
        console.say(f"The server asks for a pause: {pause.words}")
        if not console.confirm(f"It lasts {lockout.countdown(pause.seconds)} more. Go on all the same?"):
            return False
    if not lockout.was_refused(state):
        return True
    words = lockout.refused_question(state.settings)
    console.say(words["question"])
    return console.confirm(f"{words['yes']}?")


def remember(state: Walk, report: Report) -> None:
    """Note a refused login and a pause that a failed test brought."""
    if report.failed is not None:
        changes = lockout.remember(state, report.failed, state.settings, monotonic())
        state.refused = changes.get("refused", state.refused)  # type: ignore[assignment]  # one of two tuples, by name
        state.pauses = changes.get("pauses", state.pauses)  # type: ignore[assignment]


def options(state: Walk, recipient: str | None = None) -> Options:
    """Return the probe's options; the practice server's throw-away CA is trusted only while it is the provider."""
    practising = state.practice is not None and state.provider is not None and state.provider.kind is Kind.PRACTICE
    return Options(
        timeout=state.timeout,
        ca_files=state.ca_files,
        extra_ca_pem=state.practice.ca_pem if practising and state.practice is not None else None,
        recipient=recipient,
    )


def _test(state: Walk) -> Report:
    probe = Probe(state.settings, options(state), provider=state.provider)

    async def go() -> None:
        async for step in probe.steps():
            if step.status is not Status.SKIPPED:
                state.console.say(step_line(step))

    asyncio.run(go())
    report = probe.report()
    for line in verdict_lines(report):
        state.console.say(line)
    remember(state, report)
    return report


def _explain(state: Walk, report: Report) -> Mapping[str, str | Secret | None]:
    """Tell what was seen at the server's other ports, then the causes; return the changes of the first with any."""
    # The catalogue is a good hundred TOML entries: read only once something failed.
    from smtpwizard.diagnosis import explain_steps

    look = _look_again(state, report)
    causes = explain_steps(report.steps, provider=state.provider, settings=state.settings)
    for line in (*proposal_lines(look.proposals), *diagnosis_lines(causes, begin=len(look.proposals) + 1)):
        state.console.say(line)
    repairs = [*(item.changes for item in look.proposals), *(item.changes for item in causes)]
    return next((changes for changes in repairs if changes), {})


def _look_again(state: Walk, report: Report) -> SecondLook:
    """Ask the server's other ports, without user and password, where that can clear the failure up."""
    from smtpwizard.probe.look import SecondLook, applies

    if not applies(report):
        return SecondLook()
    from smtpwizard.probe.look.limits import TOTAL_SECONDS
    from smtpwizard.probe.look.second import second_look

    seconds = min(TOTAL_SECONDS, state.timeout)
    state.console.say(f"Asking the server's other ports, without user and password, for at most {seconds:.0f} seconds.")
    look = asyncio.run(
        second_look(
            report,
            state.settings,
            options(state),
            provider=state.provider,
            service=state.app.service,
            timeout=seconds,
        )
    )
    for line in look.facts:
        state.console.say(f"Seen: {line}")
    return look
