"""Ranks the catalogue's entries for an event, and explains a step, a whole run, or a mail that did not arrive.

Pure; no network."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, NamedTuple

from smtpwizard.addresses import without_addresses
from smtpwizard.apps.profile import AppProfile, Role
from smtpwizard.diagnosis.catalogue import Catalogue, default
from smtpwizard.diagnosis.event import Event, from_step, provider_id
from smtpwizard.diagnosis.schema import FAMILY, Fact, Failure, Phrase
from smtpwizard.problems import NO_CHANGES, Basis, Changes, Problem, Severity, opened, repair_label
from smtpwizard.secret import Secret
from smtpwizard.settings import Settings

if TYPE_CHECKING:
    from smtpwizard.diagnosis.event import StepLike
    from smtpwizard.presets.schema import Provider


MOST: Final = 3
"""Causes that are told for one event: more is no help to choose what to try."""


class Match(NamedTuple):
    """An entry that accounts for the event."""

    failure: Failure
    level: int
    """0 to 100."""
    length: int
    """Characters of the longest phrase found: the more words, the surer."""
    extras: int

    @property
    def order(self) -> tuple[int, int, int]:
        """Sorts the best match last."""
        return self.level, self.length, self.extras


def matches(event: Event, catalogue: Catalogue) -> tuple[Match, ...]:
    """Return the entries that account for `event`, best first, at most MOST."""
    near = [failure for failure in catalogue.rules if stage_fits(event, failure)]
    providers = _proved(event, catalogue, near)
    found = [match for failure in near if (match := _match(event, failure, providers)) is not None]
    found.sort(key=lambda match: match.order, reverse=True)
    return tuple(found[:MOST])


def stage_fits(event: Event, failure: Failure) -> bool:
    """Say whether entry and event have a stage in common, counting the envelope and the message as one stage."""
    if not event.stages:
        return True
    if not event.stages.isdisjoint(failure.stages):
        return True
    return not FAMILY.isdisjoint(failure.stages) and not FAMILY.isdisjoint(event.stages)


def _proved(event: Event, catalogue: Catalogue, near: Iterable[Failure]) -> frozenset[str]:
    """Return the providers that the words prove, else the one that the caller named."""
    given = frozenset({event.given}) if event.given else frozenset()
    text = without_addresses(event.text)  # a recipient at gmail.com does not make it Google's reply
    proofs = [providers for phrase, providers in catalogue.words if phrase.found_in(text)]
    proofs += [frozenset(f.providers) for f in near if f.own_words and _longest(f.text, event.text)]
    for proof in proofs:
        if given & proof:
            return given
    return frozenset().union(*proofs) or given


def _longest(phrases: tuple[Phrase, ...], text: str) -> int:
    return max([phrase.length for phrase in phrases if phrase.found_in(text)], default=0) if phrases else 0


def _match(event: Event, failure: Failure, providers: frozenset[str]) -> Match | None:
    length = _longest(failure.text, event.text)
    if not length and not providers.isdisjoint(failure.providers):
        length = _longest(failure.provider_text, event.text)
    facts = _facts(event, failure, providers, length)
    if event.status == "passed" and not (Fact.WHEN in facts or {Fact.TEXT, Fact.CODE} <= facts):
        return None  # the words of a success, whatever they are, are bad news only where an entry knows the code, too
    if not any(combination <= facts for combination in failure.by):
        return None
    extras = len(facts & {Fact.CODE, Fact.ENHANCED, Fact.STAGE, Fact.PORT})
    return Match(failure, _level(facts, failure), length, extras)


def _facts(event: Event, failure: Failure, providers: frozenset[str], length: int) -> frozenset[Fact]:
    held = {
        Fact.STAGE: not event.stages.isdisjoint(failure.stages),
        Fact.CODE: event.code is not None and event.code in failure.codes,
        Fact.ENHANCED: not event.enhanced.isdisjoint(failure.enhanced),
        Fact.TEXT: length > 0,
        Fact.ERROR: not event.errors.isdisjoint(failure.errors),
        Fact.PROVIDER: not providers.isdisjoint(failure.providers),
        Fact.ANYWHERE: not providers and event.status != "passed",
        Fact.PORT: event.port is not None and event.port in failure.ports,
    }
    facts = {fact for fact, holds in held.items() if holds}
    # Conditions look at whole texts, so they are asked only where they can decide.
    needed = any(Fact.WHEN in combination and combination - {Fact.WHEN} <= facts for combination in failure.by)
    if needed and failure.when:
        from smtpwizard.diagnosis.conditions import CONDITIONS

        if CONDITIONS[failure.when](event):
            facts.add(Fact.WHEN)
    return frozenset(facts)


def _level(facts: frozenset[Fact], failure: Failure) -> int:
    """Rank by what holds, following the order in this module's docstring."""
    if failure.rank:
        return 100 if failure.rank == "first" else 10
    held = facts.__contains__
    if held(Fact.PROVIDER):
        if held(Fact.TEXT):
            return 100 if held(Fact.ENHANCED) else 95
        if held(Fact.WHEN):
            return 92
        if held(Fact.CODE) or held(Fact.PORT) or held(Fact.ERROR):
            return 90
    if held(Fact.WHEN):
        return 80
    if held(Fact.TEXT):
        return 75 if held(Fact.ERROR) else 70
    if held(Fact.ERROR):
        return 60
    return 50 if held(Fact.ENHANCED) else 40


def explain(
    step: StepLike,
    *,
    provider: Provider | str | None = None,
    settings: Settings | None = None,
    catalogue: Catalogue | None = None,
) -> tuple[Problem, ...]:
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
) -> tuple[Problem, ...]:
    """Return the likely causes of what failed or looks wrong in a whole run, best first, each once.

    The failed stage leads, save that a login which the server did not offer explains the refusals after it.
    """
    known = catalogue or default()
    encrypted = False
    rows: list[tuple[int, tuple[Problem, ...]]] = []
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
    unique: dict[str, Problem] = {}
    for _, found in rows:
        for diagnosis in found:
            unique.setdefault(diagnosis.id, diagnosis)
    return tuple(unique.values())


def explain_event(event: Event, *, catalogue: Catalogue | None = None) -> tuple[Problem, ...]:
    """Return the likely causes of one event, best first; generic where none is known."""
    return diagnoses_of(event, catalogue or default(), always=True)


def not_arrived(
    *,
    provider: Provider | str | None = None,
    settings: Settings | None = None,
    recipient: str = "",
    catalogue: Catalogue | None = None,
) -> tuple[Problem, ...]:
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


def diagnoses_of(event: Event, catalogue: Catalogue, *, always: bool) -> tuple[Problem, ...]:
    """Return the causes of one event, best first; with `always` a generic answer where none is known."""
    found = matches(event, catalogue)
    if found:
        return tuple(_diagnosis(match, event) for match in found)
    if not always:
        return ()

    return (generic(event),)


def _diagnosis(match: Match, event: Event) -> Problem:
    failure, app = match.failure, event.profile
    changes = changes_of(failure, event)
    return Problem(
        id=failure.id,
        severity=Severity.ERROR,
        title=app.fill(failure.title),
        cause=app.fill(failure.cause),
        remedy=app.fill(failure.remedy),
        variables=_names(failure.roles, app),
        changes=changes,
        label=repair_label(changes, app.secrets),
        basis=Basis.CATALOGUE,
        ref=failure.ref,
        source=failure.source,
        checked=failure.checked,
        roles=tuple(failure.roles),
        confidence=match.level,
    )


def _names(roles: Iterable[Role], app: AppProfile) -> tuple[str, ...]:
    return tuple(app.variable(role) for role in roles if app.spec(role))


def changes_of(failure: Failure, event: Event) -> Changes:
    """Return what a machine can change, without what the settings have already. Repairs need the settings."""
    if not (failure.changes or failure.remove or failure.repair or failure.open_ports):
        return NO_CHANGES
    from smtpwizard.diagnosis.repairs import computed, in_names

    wanted: dict[Role, str | Secret | None] = {Role(role): text for role, text in failure.changes.items()}
    wanted |= {Role(role): None for role in failure.remove}
    changes = in_names(wanted | computed(failure, event), event.profile, event.settings)
    settings = event.settings
    if settings is None:
        return changes
    return {name: value for name, value in changes.items() if opened(settings.get(name)) != opened(value)}


class _Stage(NamedTuple):
    title: str
    fact: str
    action: str
    roles: tuple[Role, ...] = ()


_STAGES: Final = {
    "lint": _Stage(
        "Settings not usable",
        "The app would refuse these settings, or read them differently.",
        "Read the findings on the settings and repair them first.",
    ),
    "resolve": _Stage(
        "Host name without an address",
        "The name of the mail server could not be looked up.",
        "Compare {host} with the provider's page, and try the look-up from the machine that runs the app.",
        (Role.HOST,),
    ),
    "connect": _Stage(
        "No connection to the server",
        "The connection to the port did not come about.",
        "Compare {host} and {port} with the provider's page, then try another mail port.",
        (Role.HOST, Role.PORT),
    ),
    "tls": _Stage(
        "TLS not established",
        "The TLS handshake with the server failed.",
        "Compare {port} and {security} with the provider's page, and look at the server's certificate.",
        (Role.PORT, Role.SECURITY),
    ),
    "greeting": _Stage(
        "No usable greeting",
        "The connection was made, but the server did not greet as an SMTP server that is ready.",
        "Compare {host}, {port} and {security} with the provider's page.",
        (Role.HOST, Role.PORT, Role.SECURITY),
    ),
    "ehlo": _Stage(
        "EHLO refused",
        "The server did not accept the client's introduction.",
        "Look at the server's words: most servers say what they dislike about the client's name or address.",
    ),
    "starttls": _Stage(
        "STARTTLS failed (ETLS)",
        "The upgrade to an encrypted connection failed.",
        "Try the provider's port with TLS from the first byte: {port}=465, {implicit}.",
        (Role.PORT, Role.SECURITY),
    ),
    "auth": _Stage(
        "Login refused",
        "The server refused the login.",
        "Compare user name and password with what the provider's page asks for; many want an app password or key. "
        "Do not repeat a refused password: servers lock accounts.",
        (Role.USERNAME, Role.PASSWORD),
    ),
    "mail": _Stage(
        "Sender refused",
        "The server refused the envelope sender (MAIL FROM).",
        "Use a sender address that the account may send from; compare {sender} with the provider's page.",
        (Role.SENDER,),
    ),
    "rcpt": _Stage(
        "Recipient refused",
        "The server refused the recipient (RCPT TO).",
        "Try another recipient; if every one is refused, check that the login is sent.",
    ),
    "data": _Stage(
        "Message refused",
        "The server refused the message after it was sent.",
        "Look at the server's words, and at the provider's activity log.",
        (Role.SENDER,),
    ),
    "after": _Stage(
        "Message not arrived",
        "The server took the message; what became of it, only the provider's log can tell.",
        "Look at the provider's activity log, then in the recipient's spam folder.",
    ),
}

_UNKNOWN: Final = _Stage(
    "Failure without a known cause", "The mail did not go through.",
    "Look at the server's words; `smtpwizard check` shows at which stage it happens.",
)  # fmt: skip

_ERROR_STAGES: Final = {
    "ENOTFOUND": "resolve", "EAI_AGAIN": "resolve", "EDNS": "resolve", "ECONNREFUSED": "connect",
    "EHOSTUNREACH": "connect", "ENETUNREACH": "connect", "EAUTH": "auth", "ETLS": "starttls", "EMESSAGE": "data",
}  # fmt: skip


def generic(event: Event) -> Problem:
    """Return what can be said of `event` without knowing its cause."""
    name = _stage(event)
    stage = _STAGES.get(name, _UNKNOWN)
    code = f" ({event.code})" if event.code else ""
    cause = f"{stage.fact} {_kind(event)}".strip()
    return Problem(
        id=f"generic-{name}" if name else "generic",
        severity=Severity.ERROR,
        title=f"{stage.title}{code}",
        cause=cause,
        remedy=_remedy(event, stage, name),
        variables=_names(stage.roles, event.profile),
        basis=Basis.GENERAL,
        roles=stage.roles,
    )


def _stage(event: Event) -> str:
    """The stage, where there is only one; else what the error word says."""
    if len(event.stages) == 1:
        return next(iter(event.stages))
    return next((_ERROR_STAGES[word] for word in sorted(event.errors) if word in _ERROR_STAGES), "")


def _kind(event: Event) -> str:
    """RFC 5321 section 4.2.1: 4yz may be tried again, 5yz not as it is."""
    if event.code is None:
        return ""
    if 400 <= event.code < 500:
        return "The reply is a temporary one: the server expects another try later."
    if 500 <= event.code < 600:
        return "The reply is final: the same try will fail again."
    return ""


def _remedy(event: Event, stage: _Stage, name: str) -> str:
    hints: list[str] = []
    provider = event.provider
    if provider is not None:
        if name == "auth":
            hints += [f"{provider.name}, user name: {provider.username.hint}", f"Password: {provider.password.hint}"]
        elif name in ("mail", "data"):
            hints += [f"{provider.name}, sender: {provider.sender.hint}"]
    wait = ["Wait a few minutes before the next try."] if event.code and 400 <= event.code < 500 else []
    return " ".join(
        [
            *wait,
            event.profile.fill(stage.action),
            *(hint if hint.endswith((".", ")")) else f"{hint}." for hint in hints),
        ]
    )
