"""The ways into this room: a probe's step, a text, and a message that was accepted but did not arrive. No network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from smtpwizard.diagnosis.catalogue import Catalogue, default
from smtpwizard.diagnosis.event import Event, from_step, provider_id
from smtpwizard.diagnosis.match import Match, matches
from smtpwizard.diagnosis.reading import complete
from smtpwizard.diagnosis.result import Diagnosis
from smtpwizard.diagnosis.schema import Failure
from smtpwizard.secret import Secret
from smtpwizard.settings import Settings

if TYPE_CHECKING:
    from smtpwizard.diagnosis.steplike import StepLike
    from smtpwizard.preset_schema import Provider


def explain(
    step: StepLike,
    *,
    provider: Provider | str | None = None,
    settings: Settings | None = None,
    catalogue: Catalogue | None = None,
) -> tuple[Diagnosis, ...]:
    """Return the likely causes of a step's failure, best first.

    A failed step always gets an answer, if only a generic one. A step that passed or was skipped gets one only where
    the catalogue knows its words or its condition: a 254 that means suppressed, an EHLO reply without STARTTLS.
    """
    event = from_step(step, provider, settings)
    return diagnoses_of(event, catalogue or default(), always=str(step.status) == "failed")


def explain_steps(
    steps: Iterable[StepLike],
    *,
    provider: Provider | str | None = None,
    settings: Settings | None = None,
    catalogue: Catalogue | None = None,
) -> tuple[Diagnosis, ...]:
    """Return the likely causes of what failed or looks wrong in a whole run, best first, each once.

    The failed stage leads, save that a login which the server did not offer explains the refusals after it.
    """
    known = catalogue or default()
    encrypted = False
    rows: list[tuple[int, tuple[Diagnosis, ...]]] = []
    for step in steps:
        status = str(step.status)
        if status == "skipped" or str(step.step) == "lint":  # what the app refuses is told by the findings
            continue
        failed = status == "failed"
        found = diagnoses_of(from_step(step, provider, settings, encrypted=encrypted), known, always=failed)
        unasked = status == "warned" and str(step.step) == "auth" and step.reply is None
        rows.append((0 if unasked else 1 if failed else 2, found))
        encrypted = encrypted or (step.tls is not None and not failed)
    rows.sort(key=lambda row: row[0])
    unique: dict[str, Diagnosis] = {}
    for _, found in rows:
        for diagnosis in found:
            unique.setdefault(diagnosis.id, diagnosis)
    return tuple(unique.values())


def explain_event(event: Event, *, catalogue: Catalogue | None = None) -> tuple[Diagnosis, ...]:
    """Return the likely causes of one event, best first; generic where none is known."""
    return diagnoses_of(event, catalogue or default(), always=True)


def not_arrived(
    *,
    provider: Provider | str | None = None,
    settings: Settings | None = None,
    recipient: str = "",
    catalogue: Catalogue | None = None,
) -> tuple[Diagnosis, ...]:
    """Return what to check when a message was accepted and did not arrive: likely things first, then the usual ones."""
    known = catalogue or default()
    event = Event(
        stages=frozenset({"after"}),
        given=provider_id(provider),
        provider=None if isinstance(provider, str) else provider,
        settings=settings,
        recipient=recipient,
    )
    likely = matches(event, known)
    named = {match.failure.id for match in likely}
    usual = [failure for failure in known.rules if failure.stages[0] == "after" and failure.id not in named]
    usual = [failure for failure in usual if not failure.when and not failure.providers]
    return tuple(_diagnosis(match, event) for match in (*likely, *(Match(failure, 0, 0, 0) for failure in usual)))


def diagnoses_of(event: Event, catalogue: Catalogue, *, always: bool) -> tuple[Diagnosis, ...]:
    """Return the causes of one event, best first; with `always` a generic answer where none is known."""
    found = matches(event, catalogue)
    if found:
        return tuple(_diagnosis(match, event) for match in found)
    if not always:
        return ()
    from smtpwizard.diagnosis.generic import generic

    return (generic(event),)


def _diagnosis(match: Match, event: Event) -> Diagnosis:
    failure = complete(match.failure)
    return Diagnosis(
        ref=failure.ref,
        id=failure.id,
        title=failure.title,
        cause=failure.cause,
        remedy=failure.remedy,
        variables=failure.variables,
        changes=changes_of(failure, event),
        source=failure.source,
        checked=failure.checked,
        confidence=match.level,
        providers=failure.providers,
    )


def changes_of(failure: Failure, event: Event) -> Mapping[str, str | Secret | None]:
    """Return what a machine can change, without what the settings have already. Repairs need the settings."""
    changes: dict[str, str | Secret | None] = dict(failure.changes)
    changes |= dict.fromkeys(failure.remove)
    if failure.repair or failure.open_ports:
        from smtpwizard.diagnosis.repairs import computed

        changes |= computed(failure, event)
    settings = event.settings
    if settings is None:
        return changes
    return {name: value for name, value in changes.items() if not _same(settings.get(name), value)}


def _same(old: str | Secret | None, new: str | Secret | None) -> bool:
    def text(value: str | Secret | None) -> str | None:
        return value.reveal() if isinstance(value, Secret) else value

    return text(old) == text(new)
