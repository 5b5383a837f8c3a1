"""Ranks the catalogue's entries for an event, and explains a step, a whole run, or a mail that did not arrive.

Pure; no network. What no entry knows gets a general answer (see `general`)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

from smtpwizard.addresses import without_addresses
from smtpwizard.apps.profile import AppProfile, Role
from smtpwizard.diagnosis.catalogue import Catalogue, default
from smtpwizard.diagnosis.event import Event, from_step, provider_id
from smtpwizard.diagnosis.evidence import CHARGES, borne_out, put_off
from smtpwizard.diagnosis.schema import FAMILY, Fact, Failure, Phrase
from smtpwizard.diagnosis.wording import Wording, in_the_providers_terms, names_a_port, with_login_hints
from smtpwizard.problems import NO_CHANGES, Basis, Changes, Problem, Severity, opened, repair_label
from smtpwizard.records import NamedTuple
from smtpwizard.secret import Secret
from smtpwizard.settings import Settings

if TYPE_CHECKING:
    from smtpwizard.diagnosis.event import StepLike
    from smtpwizard.presets.schema import Provider


POSSIBLE: Final = 10
"""The level of an entry that is possible rather than likely."""

PROVED: Final = 92
"""The level of an entry whose words leave no room for another cause."""

MOST: Final = 3
"""Causes that are told for one event: more is no help to choose what to try."""


_BY_NUMBER: Final = frozenset({65, 50, 40})
"""The levels of entries that only a code names."""


class Match(NamedTuple):
    """An entry that accounts for the event."""

    failure: Failure
    level: int
    """0 to 100."""
    length: int
    """Characters of the longest phrase found: the more words, the surer."""
    extras: int
    proved: frozenset[str] = frozenset()
    """The providers, one of which has spoken."""

    @property
    def by_number(self) -> bool:
        """Whether a code names it, and none of its words: servers use codes more freely than words."""
        return self.level in _BY_NUMBER

    @property
    def order(self) -> tuple[int, int, int]:
        """Sorts the best match last."""
        return self.level, self.length, self.extras


class Words(NamedTuple):
    """The words of an event, looked up once."""

    text: str
    """Without addresses: `eset@example.com` names no virus scanner, a recipient at gmail.com is not Google's reply."""
    found: Mapping[tuple[str, str], list[Phrase]]
    """The entries' phrases that stand in it, by entry and field."""
    proofs: tuple[frozenset[str], ...]
    """The providers that its words prove."""
    happened: frozenset[str]
    """What happened to the client."""

    @classmethod
    def of(cls, event: Event, catalogue: Catalogue) -> Words:
        """Look up what the catalogue has of the words of `event`."""
        text = without_addresses(event.text)
        found = catalogue.rule_words.found_in(text)
        return cls(text, found, tuple(catalogue.proofs.found_in(text)), happened(event, catalogue))

    def longest(self, failure: Failure, field: str = "text") -> int:
        """Return the characters of the longest of an entry's phrases that is found, 0 for none."""
        found = self.found.get((failure.id, field))
        return max(phrase.length for phrase in found) if found else 0

    def providers(self, event: Event, near: Iterable[Failure]) -> frozenset[str]:
        """Return the providers that the words prove, those of the entries `near` too, else the one the caller named."""
        given = frozenset({event.given}) if event.given else frozenset()
        own = [frozenset(item.providers) for item in near if item.own_words and (item.id, "text") in self.found]
        proofs = (*self.proofs, *own)
        return given if any(given & proof for proof in proofs) else frozenset().union(*proofs) or given


def matches(event: Event, catalogue: Catalogue, words: Words | None = None) -> tuple[Match, ...]:
    """Return the entries that account for `event`, best first, at most MOST."""
    words = words or Words.of(event, catalogue)
    wordless = catalogue.worded.difference(name for name, _ in words.found)
    near = [failure for failure in catalogue.rules if failure.id not in wordless and stage_fits(event, failure)]
    event = event._replace(text=words.text)
    providers = words.providers(event, near)
    found = [match for failure in near if (match := _match(event, failure, words, providers)) is not None]
    found.sort(key=lambda match: match.order, reverse=True)
    return tuple(found[:MOST])


def happened(event: Event, catalogue: Catalogue) -> frozenset[str]:
    """Return what happened to the client, in whose words ever. A server's refusal speaks for itself.

    Of two phrases the longer one counts where it holds the shorter: `read timed out` is no `timed out`.
    """
    said = " ".join(event.errors).lower()
    if event.code is None and not event.relayed and any(status[0] in "45" for status in event.enhanced):
        return frozenset()  # a library that keeps the code to itself: what timed out did so at the server
    if event.code is None or event.code < 400:
        said = f"{said} {event.text}"  # its end may be cut off
    if not said:
        return frozenset()
    if " using " in said or " you use " in said or "setting " in said:
        said = re.sub(_ADVICE, " ", said)
    rows = catalogue.clients.found_in(said).items()
    found = [(phrase, name) for name, phrases in rows for phrase in phrases]
    names = {name for words, name in found if not any(words in longer and other != name for longer, other in found)}
    if event.code is not None and event.code >= 400:
        names -= {"closed", "reset"}  # that follows a refusal
    elif "expect" in said and (misread := re.search(_OUT_OF_STEP, said)) and misread[1] != misread[2]:
        names.add("out-of-step")
    if "net::readtimeout" in said:
        names = names - {"connect-failed", "timeout"} | {"read-timeout"}  # an app says of it that it could not connect
    if any(name == "timeout" and "connecting" in words for words, name in found):
        names -= {"read-timeout"}
    if {"connect-failed", "read-timeout"} <= names:
        names = names - {"read-timeout"} | {"timeout"}  # no connection was open on which nothing came
    return frozenset(name for name in names if names.isdisjoint(_SAYS_MORE.get(name, ())))


_OUT_OF_STEP: Final = (
    r"\bexpect\w{0,4}\b\D{0,30}([2-5]\d\d)\b[^.;]{0,60}?\b(?:got|received|was|returned)\b\D{0,30}([23]\d\d)(?![\d.])"
)
"""`expected 354 after sending DATA, got 250 OK`: a good reply, and not to the command that the client asks about."""
_ADVICE: Final = r"\b(?:if|when) (?:you |you're |you are )?us(?:e|ing) [^.;,]{1,80}|\bsetting [^.;,:]{0,40}time-?out\b"
"""`set it to false if using self-signed certificates`: a case that a program thinks of, and none that happened."""
_SAYS_MORE: Final = {
    "unreachable": ("timeout", "refused"),  # IPv6 has no way out, and the server was tried by IPv4 too
    "no-own-address": ("timeout", "refused"),
    "unknown-host": ("resolver-down", "bad-host"),
    "timeout": ("read-timeout", "resolver-down", "silence"),
    "closed": ("no-sendmail",),
    "read-timeout": ("no-ca-file",),
    "unknown-ca": ("expired",),
}
"""What happened → what says more where both are told: libraries add a general word to the particular one."""


def stage_fits(event: Event, failure: Failure) -> bool:
    """Say whether entry and event have a stage in common, counting the envelope and the message as one stage.

    Never where the text shows that all of the entry's stages were passed.
    """
    if event.passed and event.passed.issuperset(failure.stages):
        return False
    if not event.stages:
        return True
    if event.stages - {"after"} == {"mail"} and failure.kind.startswith(_OF_RECIPIENTS):
        return False  # no recipient has been named yet
    if not event.stages.isdisjoint(failure.stages):
        return True
    if event.stages == {"rcpt"} and failure.kind == "sender-malformed" and "sender" not in event.text:
        return False  # of which address it is said, the step tells
    return not FAMILY.isdisjoint(failure.stages) and not FAMILY.isdisjoint(event.stages)


_OF_RECIPIENTS: Final = ("recipient-", "recipients-", "mailbox-full")
"""How the kinds of cause begin that concern recipients."""


def _match(event: Event, failure: Failure, words: Words, providers: frozenset[str]) -> Match | None:
    if (failure.id, "but") in words.found:
        return None
    length = words.longest(failure)
    if not length and not providers.isdisjoint(failure.providers):
        length = words.longest(failure, "provider_text")
    facts = _facts(event, failure, words.happened, providers, length)
    if event.status == "passed" and not (Fact.WHEN in facts or {Fact.TEXT, Fact.CODE} <= facts):
        return None  # the words of a success, whatever they are, are bad news only where an entry knows the code, too
    if not any(combination <= facts for combination in failure.by):
        return None
    if put_off(failure.kind, event, event.text):
        return None
    if failure.kind == "mail-fine" and (event.code or 0) >= 400:
        return None  # a mail that was refused was not taken
    if not facts & _SIGNS and not borne_out(failure.kind, event, failure.text, event.text, chosen=True):
        return None
    extras = len(facts & {Fact.CODE, Fact.ENHANCED, Fact.STAGE, Fact.PORT})
    return Match(failure, _level(facts, failure), length, extras, providers)


_SIGNS: Final = frozenset({Fact.CODE, Fact.ENHANCED, Fact.EVENT, Fact.WHEN, Fact.PROVIDER})
"""What bears an entry's words out: a code that it names, a client's wording, a condition, the provider that spoke."""


def _facts(
    event: Event, failure: Failure, happened: frozenset[str], providers: frozenset[str], length: int
) -> frozenset[Fact]:
    facts = set()
    if not event.stages.isdisjoint(failure.stages):
        facts.add(Fact.STAGE)
    if event.code is not None and event.code in failure.codes:
        facts.add(Fact.CODE)
    if not event.enhanced.isdisjoint(failure.enhanced):
        facts.add(Fact.ENHANCED)
    if length:
        facts.add(Fact.TEXT)
    if not happened.isdisjoint(failure.events):
        facts.add(Fact.EVENT)
    if not providers.isdisjoint(failure.providers):
        facts.add(Fact.PROVIDER)
    if not providers and event.status != "passed":
        facts.add(Fact.ANYWHERE)
    if event.port is not None and event.port in failure.ports:
        facts.add(Fact.PORT)
    # Conditions look at whole texts, so they are asked only where they can decide.
    needed = failure.when and any(Fact.WHEN in items and items - {Fact.WHEN} <= facts for items in failure.by)
    if needed:
        from smtpwizard.diagnosis.conditions import CONDITIONS

        if CONDITIONS[failure.when](event):
            facts.add(Fact.WHEN)
    return frozenset(facts)


def _level(facts: frozenset[Fact], failure: Failure) -> int:
    """Rank by what holds, following the order in this module's docstring."""
    if failure.rank:
        return {"first": 100, "last": POSSIBLE}.get(failure.rank, 5)
    held = facts.__contains__
    if held(Fact.PROVIDER):
        if held(Fact.TEXT):
            return 100 if held(Fact.ENHANCED) else 95
        if held(Fact.WHEN):
            return 92
        if held(Fact.PORT) or held(Fact.EVENT):
            return 90
    if held(Fact.WHEN):
        return 80
    if held(Fact.TEXT):
        return 75 if held(Fact.EVENT) else 70
    if held(Fact.PROVIDER) and held(Fact.CODE):
        return 65  # what a provider mostly means by a code: other words mean something else
    if held(Fact.EVENT):
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
    explained = bool(rows) and rows[0][0] == 0 and bool(rows[0][1])
    unique: dict[str, Problem] = {}
    for rank, found in rows:
        for diagnosis in found:
            if explained and rank == 1 and diagnosis.generic:
                continue  # the login that was not offered accounts for it
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
    found = (*likely, *(Match(failure, 0, 0, 0) for failure in usual))
    return tuple(_diagnosis(match, event, known) for match in found)


def diagnoses_of(
    event: Event, catalogue: Catalogue, words: Words | None = None, *, always: bool
) -> tuple[Problem, ...]:
    """Return the causes of one event, best first; with `always` a generic answer where none is known."""
    words = words or Words.of(event, catalogue)
    found = matches(event, catalogue, words)
    if found and found[0].failure.kind == "dmarc-of-freemail":
        found = found[:1]  # records that nobody but the freemail provider can publish are no remedy
    if found and event.settings is None:
        found = (found[0], *(match for match in found[1:] if _worth_telling(match, found[0])))
    told = tuple(_diagnosis(match, event, catalogue) for match in found)
    if not (always or found) or (found and found[0].level > POSSIBLE and not found[0].by_number):
        return told
    from smtpwizard.diagnosis.general import general

    answer, by_words = general(event, catalogue, words.happened, words.providers(event, catalogue.rules))
    # What is merely possible, and what a number alone says, give way to what the words say.
    if not found or (by_words and answer.kind != told[0].kind):
        return (answer, *(problem for problem in told if problem.confidence >= POSSIBLE))
    return told


def _worth_telling(match: Match, best: Match) -> bool:
    """Say whether a further cause of one event may be told: none beside a proof, none that is a client's bare word."""
    if best.level >= PROVED:
        return match.level >= PROVED
    accuses = any(match.failure.kind.startswith(charge.kinds) for charge in CHARGES)
    least = POSSIBLE + 1 if accuses and match.failure.kind != best.failure.kind else POSSIBLE
    return best.level <= POSSIBLE or match.level >= least


_RELAYED_KINDS: Final = {"client-ip-blocklisted": "relay-ip-blocked"}
"""Where a mail server hands the mail on, its address is meant, not the app's."""


def worded(event: Event, catalogue: Catalogue, words: Words) -> bool:
    """Say whether a general answer knows the words of `event`, and not its stage or code alone."""
    from smtpwizard.diagnosis.general import answer_of

    answer = answer_of(event, catalogue, words.happened)
    return bool(answer.text or answer.events)


def _diagnosis(match: Match, event: Event, catalogue: Catalogue) -> Problem:
    failure, app = match.failure, event.profile
    if failure.repair in _PORT_REPAIRS or names_a_port(failure.remedy):
        event = in_the_providers_terms(event, match.proved)
    if match.level <= POSSIBLE and not failure.providers:
        event = with_login_hints(event, match.proved, failure.roles)
    words = Wording(event)
    changes = changes_of(failure, event) if words.own_names else {}
    title, cause, remedy = words.in_situation(
        failure.kind, failure.title, failure.cause, failure.remedy, catalogue.situations.of
    )
    return Problem(
        id=failure.id,
        severity=Severity.ERROR,
        title=words.title(title),
        cause=words.cause(cause, handed_on="after" not in failure.stages[:1]),
        remedy=" ".join((words.fill(remedy), *_said_by_the_preset(match, event))),
        variables=_names(failure.roles, app) if words.own_names else (),
        changes=changes,
        label=repair_label(changes, app.secrets),
        basis=Basis.CATALOGUE,
        ref=failure.ref,
        source=failure.source,
        checked=failure.checked,
        roles=() if event.relayed else tuple(failure.roles),
        kind=_RELAYED_KINDS.get(failure.kind, failure.kind) if event.relayed else failure.kind,
        confidence=match.level,
    )


def _said_by_the_preset(match: Match, event: Event) -> list[str]:
    """What a preset says of the fields, where an entry of any provider's is merely possible."""
    if match.level > POSSIBLE or event.provider is None or match.failure.providers:
        return []
    from smtpwizard.diagnosis.general import hints

    return hints(event, match.failure.roles)


_PORT_REPAIRS: Final = frozenset({"implicit-tls", "escape-port", "offered-port"})
"""Repairs that need to know which ports the provider has."""


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
