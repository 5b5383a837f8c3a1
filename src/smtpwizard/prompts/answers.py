"""The opening and steps 1 and 2, line by line: what the target holds, a provider, the answers that it leaves open."""

from __future__ import annotations

import asyncio
from typing import Final

from smtpwizard.errors import SmtpWizardError
from smtpwizard.presets.schema import CUSTOM, Kind, Provider, ProviderStatus
from smtpwizard.problems import Severity
from smtpwizard.prompts.console import Console
from smtpwizard.report.lines import finding_line
from smtpwizard.report.presets import provider_lines
from smtpwizard.text import safe
from smtpwizard.wizard.opening import OFFERS, Opening
from smtpwizard.wizard.provider import ProviderStep, server_in
from smtpwizard.wizard.questions import Question, clean
from smtpwizard.wizard.session import Session
from smtpwizard.wizard.settings import SettingsStep
from smtpwizard.wizard.unlisted import NEEDED, Unlisted

_SHOWN: Final = 12
"""Matches listed at once: more than this is a page of speech for a screen reader."""


def opening(session: Session, console: Console) -> str:
    """Tell what the target holds and ask what to do with it; return the step to go on with."""
    model = session.step(Opening)
    console.say(f"{safe(session.state.target.label, limit=120)} holds settings: {safe(model.sentence, limit=400)}.")
    for line in model.unreadable:
        console.say(safe(line))
    for finding in model.findings:
        console.say(finding_line(finding))
    default = next(place for place, offer in enumerate(OFFERS, 1) if offer.choice is model.suggested)
    return model.choose(OFFERS[console.choose("What now", [offer.verb for offer in OFFERS], default=default)].choice)


def map_variables(found: Unlisted, console: Console) -> str:
    """Ask whether the variables of an app that no profile knows are what they seem; return the id under which they were
    kept, or '' where they were not."""
    console.say(f"{safe(found.place, limit=120)} has variables that look like mail settings, and no profile knows it:")
    for role, name in found.roles.items():
        console.say(f"  {role.words.removeprefix('the ')}: {safe(name, limit=80)}")
    choices = ["Take these", "Correct them", "It is another app"]
    chosen = console.choose("What now", choices, default=2 if found.lacking else 1)
    while chosen != choices.index("It is another app"):
        if choices[chosen] == "Correct them":
            answers = {
                role: console.ask(
                    f"Variable for {role.words}", default=found.roles.get(role, ""), optional=role not in NEEDED
                )
                for role in found.asked
            }
            found.roles = {role: name for role, name in answers.items() if name}
        try:
            found.keep(id_ := console.ask("Keep them as a profile of your own named", default=found.proposed_id))
        except SmtpWizardError as error:
            console.say(error.text)
            chosen = console.choose("What now", choices, default=2)
        else:
            return id_
    return ""


def choose_provider(session: Session, console: Console, *, given: bool = False) -> None:
    """Ask for the provider until one is taken, and set what its preset knows; `given`: the command line names it."""
    previous, text = session.state.provider, ""
    if previous is not None and given:
        chosen = previous
        console.say(f"{chosen.name}, as asked for on the command line.")
    elif previous is not None and console.confirm(f"Keep {previous.name}?", default=True):
        chosen = previous
    else:
        chosen, text = _ask_provider(session, console)
    for line in provider_lines(chosen):
        console.say(line)
    if chosen.kind is Kind.PRACTICE:
        asyncio.run(session.practise())
        settings = session.state.settings
        console.say(f"The practice server runs on {settings.host}, port {settings.port}.")
    else:
        session.step(ProviderStep).choose(chosen, region=_region(console, chosen), text=text)


def _ask_provider(session: Session, console: Console) -> tuple[Provider, str]:
    """Return a provider that can be taken, and what was typed to find it."""
    model = session.step(ProviderStep)
    offered: dict[str, list[str]] = {}
    for row in model.first():
        if row.provider is None:
            offered[row.text] = []
        else:
            offered[[*offered][-1]].append(f"{row.text} ({row.note})" if row.note else row.text)
    for heading, names in offered.items():
        console.say(f"{heading}: {', '.join(names)}.")
    while True:
        text = console.ask("Provider, mail address or server (? lists all, custom for another server)")
        if text == "?":
            for item in model.search("").providers:
                blocked = ", blocked" if item.status is ProviderStatus.BLOCKED else ""
                console.say(f"  {item.id}: {item.name}{blocked}")
            continue
        chosen = _found(model, console, text)
        refusal = model.refusal(chosen) if chosen is not None else ""
        if refusal:
            console.say(refusal)
        elif chosen is not None:
            return chosen, text


def _found(model: ProviderStep, console: Console, text: str) -> Provider | None:
    """Return the provider that `text` means, or None where it means none, or not the one meant."""
    found = model.search(text)
    if found.pending:
        console.say(safe(found.sentence, limit=200))
        asyncio.run(model.look_up(found.pending))
        found = model.search(text)
    if found.sentence:
        console.say(safe(found.sentence, limit=200))
    if found.match is not None and found.match.how == "domain":
        return found.match.provider
    named = [item for item in found.providers if text.casefold() in (item.id, item.name.casefold())]
    if len(named) == 1:
        return named[0]
    if not found.providers:
        server, _ = server_in(text)
        if server and console.confirm(f"Take {server} as a server of your own?", default=True):
            return CUSTOM
        console.say("Type custom for a server of your own.")
        return None
    if len(found.providers) == 1 and found.match is None:
        return found.providers[0]
    shown = found.providers[:_SHOWN]
    number = console.choose("Which one", (*(item.name for item in shown), "none of these"))
    return shown[number] if number < len(shown) else None


def _region(console: Console, chosen: Provider) -> str | None:
    if not chosen.regions:
        return None
    noun = chosen.region_kind.capitalize() or "Region"
    return chosen.regions[console.choose(f"{noun} of {chosen.name}", [item.label for item in chosen.regions])].id


_ROUNDS: Final = 5
"""Rounds of repairs: each can bring the next to light, and all of them settle within these."""


def ask_settings(session: Session, console: Console) -> None:
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
    """Tell the findings and ask whether to make the repairs of what is wrong: all of them, or else one by one."""
    model = session.step(SettingsStep)
    declined: set[str] = set()
    todo = model.repairs()
    if len(todo) > 1:  # of what would merely be better it is one alone
        for item in todo:
            console.say(finding_line(item))
        if console.confirm(f"Make all {len(todo)} repairs?", default=True):
            model.repair()
            for done in model.repaired:
                console.say(f"Repaired: {done}.")
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
