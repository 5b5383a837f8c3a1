"""Step 2, line by line: the questions that a provider leaves open, then the findings and their repairs."""

from __future__ import annotations

from typing import Final

from smtpwizard.presets.schema import Kind
from smtpwizard.problems import Severity
from smtpwizard.prompts.console import Console
from smtpwizard.report.probe import finding_line
from smtpwizard.wizard.questions import Question, clean
from smtpwizard.wizard.session import Session
from smtpwizard.wizard.settings import SettingsStep

_ROUNDS: Final = 5
"""Rounds of repairs: each can bring the next to light, and all of them settle within these."""


def ask(session: Session, console: Console) -> None:
    """Ask what is open, offer the advanced ones, then tell the findings and offer their repairs."""
    provider = session.state.provider
    if provider is not None and provider.kind is Kind.PRACTICE:
        console.say("The practice server has filled everything in.")
        return
    model = session.step(SettingsStep)
    for question in model.questions():
        if not question.advanced:
            _ask_one(model, console, question)
    advanced = [question for question in model.questions() if question.advanced]
    if advanced and console.confirm(f"Change {', '.join(question.label.lower() for question in advanced)}?"):
        for question in advanced:
            _ask_one(model, console, question)
    repair(session, console)


def repair(session: Session, console: Console) -> None:
    """Tell the findings; for each error and warning that can be repaired, ask whether to."""
    model = session.step(SettingsStep)
    declined: set[str] = set()
    for _ in range(_ROUNDS):
        found = model.findings()
        worth = (item for item in found if item.changes and item.severity is not Severity.INFO)
        offered = next((item for item in worth if item.id not in declined), None)
        if offered is None:
            for item in found:
                console.say(finding_line(item))
            return
        console.say(finding_line(offered))
        if console.confirm(f"{offered.label or 'Repair it'}?", default=offered.severity is Severity.ERROR):
            model.repair(offered.id)
        else:
            declined.add(offered.id)


def _ask_one(model: SettingsStep, console: Console, question: Question) -> None:
    """Ask until the answer can be one, and take it."""
    if question.note:
        console.say(question.note)
    while True:
        text = _answer(console, question, model.value(question))
        if text is None:
            return
        wrong = question.check(text)
        if wrong is None:
            break
        console.say(wrong)
    _, removed = clean(question, text)
    if removed:
        console.say(removed)
    model.answer(question, text)


def _answer(console: Console, question: Question, present: str) -> str | None:
    """Return what was answered; None keeps what there is."""
    if question.secret:
        secret = console.ask_secret(question.label, keep=bool(present), optional=question.optional)
        return None if secret is None else secret.reveal()
    if question.choices:
        values = [choice.value for choice in question.choices]
        default = values.index(present) + 1 if present in values else 1
        return values[console.choose(question.label, [choice.label for choice in question.choices], default=default)]
    return console.ask(question.label, default=present, optional=question.optional)
