"""Step 3: the live test, told stage by stage, and what to do when it failed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from smtpwizard.plain import answers
from smtpwizard.plain.tell import diagnosis_lines, step_line, verdict_lines
from smtpwizard.preset_schema import Kind
from smtpwizard.probe import Options, Probe
from smtpwizard.probe.results import Report, Status, Step, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from smtpwizard.plain.walk import Walk
    from smtpwizard.secret import Secret


def run(state: Walk) -> bool:
    """Test until the operator goes on. False: back to the settings."""
    console = state.console
    while True:
        if state.settings in state.refused and not console.confirm(
            "The server has refused this user and password. Trying again may lock the account. Send them again?"
        ):
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
    failed = report.failed
    if failed is not None and failed.step is Step.AUTH and failed.reply is not None and (failed.reply.code or 0) >= 500:
        state.refused.append(state.settings)
    return report


def _explain(state: Walk, report: Report) -> Mapping[str, str | Secret | None]:
    """Tell the causes; return the changes of the likeliest one that has any."""
    # The catalogue is some dozens of TOML entries: read only once something failed.
    from smtpwizard.diagnosis import explain

    step = report.failed or next((item for item in reversed(report.steps) if item.status is Status.WARNED), None)
    if step is None:
        return {}
    found = explain(step, provider=state.provider, settings=state.settings)
    for line in diagnosis_lines(found):
        state.console.say(line)
    return next((item.changes for item in found if item.changes), {})
