"""Step 3: the live test, told stage by stage, and what to do when it failed."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING, Final

from smtpwizard.clients.transport import Origin
from smtpwizard.lint.check import findings, masked_settings
from smtpwizard.presets.schema import Kind, Provider, ProviderStatus
from smtpwizard.probe import login_guard
from smtpwizard.probe.engine import Probe
from smtpwizard.probe.verdict import Options
from smtpwizard.problems import Problem, Severity
from smtpwizard.report.probe import finding_line, proposal_lines, provider_lines
from smtpwizard.report.probe import plain_diagnosis_lines as diagnosis_lines
from smtpwizard.report.probe import plain_step_line as step_line
from smtpwizard.report.probe import plain_verdict_lines as verdict_lines
from smtpwizard.secret import Secret
from smtpwizard.settings import Settings
from smtpwizard.smtp.results import Report, Status, Verdict
from smtpwizard.text import safe
from smtpwizard.wizard.questions import REGION, Question, answer, begin, clean, questions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from smtpwizard.probe.survey.facts import SurveyResult
    from smtpwizard.prompts.walk import Walk
    from smtpwizard.secret import Secret


_SHOWN: Final = 12
"""Matches listed at once: more than this is a page of speech for a screen reader."""


def opening(state: Walk) -> bool:
    """Tell what the target holds. True when those settings are to be tested as they are."""
    from smtpwizard.targets.env.file import read_env_file

    if state.target is None or state.start_with:
        return False
    found = read_env_file(state.target)
    settings = Settings.from_variables(found.variables)
    if not settings.to_variables() and not settings.legacy:
        return False
    console = state.console
    state.settings = state.original = settings
    state.provider = state.presets.for_host(settings.host) if settings.host else None
    name = state.provider.name if state.provider else "a server without preset"
    server = safe(f"{settings.shown_host or 'no host'}:{settings.port or 'no port'}", limit=120)
    user = masked_settings(settings, state.provider).get("SMTP_USERNAME") or "nobody"
    console.say(f"{state.target} holds settings: {server}, {name}, as {safe(user, limit=120)}.")
    for finding in findings(settings, provider=state.provider, origin=Origin.ENV_FILE):
        console.say(finding_line(finding))
    chosen = console.choose("What now", ("Test them", "Change them", "Start over"))
    if chosen == 2:
        state.settings, state.provider = Settings(), None
    return chosen == 0


def provider(state: Walk) -> None:
    """Ask for the provider until one is chosen, and set what its preset knows."""
    console = state.console
    before, previous = state.settings, state.provider
    address = ""
    if state.start_with:
        chosen = state.presets.provider(state.start_with)
        state.start_with = None
        console.say(f"{chosen.name}, as asked for on the command line.")
    elif previous is not None and console.confirm(f"Keep {previous.name}?", default=True):
        chosen = previous
    else:
        chosen, address = _ask_provider(state)
    for line in provider_lines(chosen):
        console.say(line)
    region = _region(state, chosen)
    state.settings = begin(chosen, region=region, before=before, previous=previous, address=address)
    state.provider = chosen
    if chosen.kind is Kind.PRACTICE:
        _practise(state)


def _ask_provider(state: Walk) -> tuple[Provider, str]:
    console = state.console
    while True:
        text = console.ask("Provider, mail address or domain (? lists all, custom for another server)")
        if text == "?":
            for item in state.presets.all():
                blocked = ", blocked" if item.status is ProviderStatus.BLOCKED else ""
                console.say(f"  {item.id}: {item.name}{blocked}")
            continue
        if text.lower() == "custom":
            return _custom(), ""
        match = state.presets.match_address(text)
        if match is not None:
            console.say(f"{safe(match.evidence, limit=200)} belongs to {match.provider.name}.")
            return match.provider, text if "@" in text else ""
        found = state.presets.search(text)[:_SHOWN]
        if not found:
            console.say(f"No provider matches {safe(text, limit=80)!r}. Type custom for a server of your own.")
            continue
        if len(found) == 1:
            return found[0], ""
        number = console.choose("Which one", (*(item.name for item in found), "none of these"))
        if number < len(found):
            return found[number], ""


def _custom() -> Provider:
    from smtpwizard.presets.schema import CUSTOM

    return CUSTOM


def _region(state: Walk, chosen: Provider) -> str | None:
    if not chosen.regions:
        return None
    number = state.console.choose(
        f"{chosen.region_kind.capitalize() or 'Region'} of {chosen.name}", [item.label for item in chosen.regions]
    )
    return chosen.regions[number].id


def _practise(state: Walk) -> None:
    from smtpwizard.sandbox.server import PracticeServer

    if state.practice is None:
        state.practice = state.closing.enter_context(PracticeServer())
    state.settings = state.practice.settings()
    state.console.say(f"The practice server runs on {state.settings.host}, port {state.settings.port}.")


_ROUNDS = 5
"""Rounds of repairs: each can bring the next to light, and all of them settle within these."""


def ask(state: Walk) -> None:
    """Ask what is open, offer the advanced ones, then tell the findings and offer their repairs."""
    if state.provider is not None and state.provider.kind is Kind.PRACTICE:
        state.console.say("The practice server has filled everything in.")
        return
    asked = [item for item in questions(state.provider) if item.id != REGION]
    for item in asked:
        if not item.advanced:
            _ask_field(state, item)
    advanced = [item for item in asked if item.advanced]
    if advanced and state.console.confirm(f"Change {', '.join(item.label.lower() for item in advanced)}?"):
        for item in advanced:
            _ask_field(state, item)
    repair(state)


def repair(state: Walk) -> None:
    """Tell the findings; for each error and warning that can be repaired, ask whether to."""
    console = state.console
    declined: set[str] = set()
    for _ in range(_ROUNDS):
        found = findings(state.settings, provider=state.provider)
        open_ones = [item for item in found if item.id not in declined]
        offered = next((item for item in open_ones if _worth_asking(item)), None)
        if offered is None:
            for item in found:
                console.say(finding_line(item))
            return
        console.say(finding_line(offered))
        if console.confirm(f"{offered.label or 'Repair it'}?", default=offered.severity is Severity.ERROR):
            state.settings = state.settings.with_changes(offered.changes)
        else:
            declined.add(offered.id)


def _worth_asking(finding: Problem) -> bool:
    return bool(finding.changes) and finding.severity is not Severity.INFO


def _ask_field(state: Walk, question: Question) -> None:
    console = state.console
    if question.note:
        console.say(question.note)
    present = state.settings.get(question.id)
    while True:
        text = _answer(state, question, present)
        if text is None:
            return
        wrong = question.check(text)
        if wrong is None:
            break
        console.say(wrong)
    _, removed = clean(question, text)
    if removed:
        console.say(removed)
    state.settings = answer(state.settings, question, text, state.provider)


def _answer(state: Walk, question: Question, present: str | Secret | None) -> str | None:
    """Return what was answered; None keeps what there is."""
    console = state.console
    if question.secret:
        secret = console.ask_secret(question.label, keep=bool(present), optional=question.optional)
        return None if secret is None else secret.reveal()
    if question.choices:
        values = [choice.value for choice in question.choices]
        default = values.index(str(present)) + 1 if present in values else 1
        number = console.choose(question.label, [choice.label for choice in question.choices], default=default)
        return values[number]
    return console.ask(question.label, default=str(present or ""), optional=question.optional)


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
            ask(state)
        elif chosen.startswith("Go on"):
            return True


def may_log_in(state: Walk) -> bool:
    """Ask before a refused login is sent again, and before a pause that the server asked for is over."""
    console = state.console
    pause = login_guard.paused(state, monotonic())
    if pause is not None:
        console.say(f"The server asks for a pause: {pause.words}")
        if not console.confirm(f"It lasts {login_guard.countdown(pause.seconds)} more. Go on all the same?"):
            return False
    if not login_guard.was_refused(state):
        return True
    words = login_guard.refused_question(state.settings)
    console.say(words["question"])
    return console.confirm(f"{words['yes']}?")


def remember(state: Walk, report: Report) -> None:
    """Note a refused login and a pause that a failed test brought."""
    if report.failed is not None:
        changes = login_guard.remember(state, report.failed, state.settings, monotonic())
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
    from smtpwizard.diagnosis.explain import explain_steps

    look = _look_again(state, report)
    causes = explain_steps(report.steps, provider=state.provider, settings=state.settings)
    for line in (*proposal_lines(look.proposals), *diagnosis_lines(causes, begin=len(look.proposals) + 1)):
        state.console.say(line)
    repairs = [*(item.changes for item in look.proposals), *(item.changes for item in causes)]
    return next((changes for changes in repairs if changes), {})


def _look_again(state: Walk, report: Report) -> SurveyResult:
    """Ask the server's other ports, without user and password, where that can clear the failure up."""
    from smtpwizard.probe.survey.facts import SurveyResult
    from smtpwizard.probe.survey.limits import is_useful

    if not is_useful(report):
        return SurveyResult()
    from smtpwizard.probe.survey.limits import TOTAL_SECONDS
    from smtpwizard.probe.survey.survey import run_survey

    seconds = min(TOTAL_SECONDS, state.timeout)
    state.console.say(f"Asking the server's other ports, without user and password, for at most {seconds:.0f} seconds.")
    look = asyncio.run(
        run_survey(
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
