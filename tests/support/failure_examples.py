"""Examples of the failure catalogue turned into what the program meets: a probe's step, a text."""

from __future__ import annotations

from functools import cache

from smtpwizard.apps.profile import Role
from smtpwizard.diagnosis.catalogue import Catalogue
from smtpwizard.diagnosis.explain import explain, not_arrived
from smtpwizard.diagnosis.logs import explain_text
from smtpwizard.diagnosis.schema import Example, Failure
from smtpwizard.problems import Problem
from smtpwizard.sandbox.rehearsal import Playable, playable
from smtpwizard.settings import Settings
from smtpwizard.smtp.results import Reply, Status, Step, StepResult
from support.apps import ABC


@cache
def catalogue() -> Catalogue:
    """Return the shipped catalogue with its examples: to read and check it takes a quarter of a second."""
    return Catalogue.open(examples=True)


@cache
def all_playable() -> tuple[Playable, ...]:
    """Return the failures that a server can show to the wizard."""
    return playable()


@cache
def all_examples() -> tuple[tuple[Failure, Example], ...]:
    """Return every example of the shipped catalogue with its entry."""
    failures = catalogue().rules
    return tuple((failure, example) for failure in failures for example in failure.examples)


def name_of(pair: tuple[Failure, Example]) -> str:
    """Return a test id: reference, stage and number of the example."""
    failure, example = pair
    return f"{failure.ref}-{example.stage}-{failure.examples.index(example) + 1}"


def settings_of(example: Example) -> Settings | None:
    """Return the settings of an example, or those that its port implies, or None."""
    by_role = dict(example.settings)
    if example.port is not None:
        by_role.setdefault(Role.PORT, str(example.port))
    variables = {ABC.variable(Role(role)): text for role, text in by_role.items()}
    return Settings.from_variables(ABC, variables) if variables else None


def reply_of(text: str) -> Reply:
    """Parse a reply as a probe does: code of the last line, enhanced code of the first, the text joined."""
    lines = text.split("\n")
    code = int(lines[-1][:3])
    parts = [line[4:] for line in lines]
    word = parts[0].split(" ")[0]
    enhanced = word if word.count(".") == 2 and word.replace(".", "").isdigit() else None
    joined = " ".join(part.removeprefix(f"{enhanced}").strip() if enhanced else part for part in parts)
    return Reply(code, enhanced, joined, tuple(lines))


def step_of(example: Example) -> StepResult:
    """Return the probe's step for an example that a server or network can play."""
    status = Status.PASSED if example.reply.startswith("2") else Status.FAILED
    reply = reply_of(example.reply) if example.reply else None
    summary = example.message or (str(reply) if reply else "")
    return StepResult(Step(example.stage), status, summary, reply=reply, error=example.error or None)


def diagnose(example: Example, provider: str | None) -> tuple[Problem, ...]:
    """Explain an example as the program would meet it."""
    settings = settings_of(example)
    if example.paste:
        return explain_text(ABC.fill(example.paste), stage=example.stage, provider=provider)
    if example.stage == "after":
        return not_arrived(provider=provider, settings=settings, recipient=example.recipient)
    return explain(step_of(example), provider=provider, settings=settings)


def as_text(example: Example) -> str:
    """Return what an operator would paste of it."""
    return ABC.fill(example.paste) or example.reply or example.message
