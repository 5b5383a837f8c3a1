"""Step 2: the questions that the preset leaves open, then what the app would make of the answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smtpwizard.app import findings
from smtpwizard.findings import Finding, Severity
from smtpwizard.plain.tell import finding_line
from smtpwizard.preset_schema import Kind
from smtpwizard.questions import REGION, Question, answer, clean, questions
from smtpwizard.secret import Secret

if TYPE_CHECKING:
    from smtpwizard.plain.walk import Walk

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
            _ask(state, item)
    advanced = [item for item in asked if item.advanced]
    if advanced and state.console.confirm(f"Change {', '.join(item.label.lower() for item in advanced)}?"):
        for item in advanced:
            _ask(state, item)
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


def _worth_asking(finding: Finding) -> bool:
    return bool(finding.changes) and finding.severity is not Severity.INFO


def _ask(state: Walk, question: Question) -> None:
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
