"""What can be said of a failure whose cause no entry of the catalogue knows: what code, words and stage prove, no more.

The answers are data (`presets/failures/answers-*.toml`), by priority: of those that hold the first one speaks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

from smtpwizard.addresses import without_addresses
from smtpwizard.apps.profile import Role
from smtpwizard.diagnosis.event import Event, Side, plain
from smtpwizard.diagnosis.evidence import borne_out, put_off
from smtpwizard.diagnosis.schema import FAMILY, General, Phrase
from smtpwizard.diagnosis.wording import Wording, in_the_providers_terms, names_a_port, with_login_hints
from smtpwizard.problems import NO_CHANGES, Basis, Changes, Problem, Severity, repair_label

if TYPE_CHECKING:
    from smtpwizard.diagnosis.catalogue import Catalogue

WORDED: Final = 8
"""The confidence of an answer by words: above a client's bare "it failed", below what an entry holds for possible."""


def general(
    event: Event, catalogue: Catalogue, happened: frozenset[str], proved: frozenset[str] = frozenset()
) -> tuple[Problem, bool]:
    """Return what can be said of `event` without knowing its cause, and whether its words say it.

    `proved`: the providers, one of which has spoken.
    """
    answer = answer_of(event, catalogue, happened)
    event = with_login_hints(event, proved, answer.roles)
    words = Wording(in_the_providers_terms(event, proved) if names_a_port(answer.remedy) else event)
    app = event.profile
    roles = () if event.relayed else answer.roles
    changes = _sender_is_login(event, answer)
    title, cause, remedy = words.in_situation(
        answer.kind, answer.title, answer.cause, answer.remedy, catalogue.situations.of
    )
    hint = words.fill(OTHER_SENDER) if changes and answer.when != "sender-is-not-login" else ""
    problem = Problem(
        id=answer.id,
        severity=Severity.ERROR,
        title=words.title(title),
        cause=" ".join(part for part in (words.cause(cause), hint, _lasting(event, answer)) if part),
        remedy=" ".join((words.fill(remedy), *hints(event, answer.roles))),
        variables=tuple(app.variable(role) for role in roles if app.spec(role)) if words.own_names else (),
        changes=changes,
        label=repair_label(changes, app.secrets),
        basis=Basis.GENERAL,
        roles=tuple(roles),
        kind=answer.kind,
        confidence=WORDED if answer.text and not answer.vague else 0,
    )
    return problem, bool(problem.confidence)


def _sender_is_login(event: Event, answer: General) -> Changes:
    """Propose the login's address as the sender where another one may be what was refused."""
    if event.settings is None or event.relayed or (event.code or 0) < 500 or Role.SENDER not in answer.roles:
        return NO_CHANGES
    if event.stages.isdisjoint(FAMILY) or not _condition("sender-is-not-login", event):
        return NO_CHANGES
    return {event.profile.variable(Role.SENDER): (event.settings.username or "").strip()}


def answer_of(event: Event, catalogue: Catalogue, happened: frozenset[str]) -> General:
    """Return the first of the catalogue's general answers that holds."""
    spoken = re.sub(_PATH, " ", without_addresses(event.text))
    found = catalogue.general_words.found_in(spoken)
    return next((item for item in catalogue.general if _holds(item, event, happened, spoken, found)), _NOTHING)


_PATH: Final = (
    r"(?<![^\s(\"'])/(?:[\w.+-]{1,80}/){1,20}[\w.+-]{0,80}"
    r"|(?<![^\s(\"'])(?:[\w+-]{1,80}/){1,20}[\w+-]{1,80}\.(?:html?|hbs|mjml|ejs|pug|erb|twig|txt|php|jsx?|tsx?|py)\b"
)
"""A file's path: `sender@example.com` and `/srv/blacklist/mail.php` say nothing of a sender or a blocklist."""


OTHER_SENDER = "{sender} is not the address that logs in, which many servers do not allow."

_Found = Mapping[tuple[str, str], list[Phrase]]

_NOTHING = General(
    "generic", "Failure without a known cause", "The mail did not go through.",
    "Look at the server's words; `smtpwizard check` shows at which stage it happens.",
)  # fmt: skip


def _holds(answer: General, event: Event, happened: frozenset[str], text: str, found: _Found) -> bool:
    """Say whether all that an answer asks for is so. `text`: the event's words; `found`: the phrases in it."""
    return (
        (not answer.stages or _at(answer, event))
        and (not answer.codes or event.code in answer.codes)
        and (not answer.classes or _class(event) in answer.classes)
        and (not answer.enhanced or not event.enhanced.isdisjoint(answer.enhanced))
        and (not answer.subjects or any(int(code.split(".")[1]) in answer.subjects for code in event.enhanced))
        and (not answer.events or not happened.isdisjoint(answer.events))
        and (not answer.relayed or event.relayed)
        and (not answer.text or (answer.id, "text") in found)
        and (not answer.words or _together(answer, text, found))
        and (answer.id, "but") not in found
        and (not answer.when or _condition(answer.when, event))
        and _proved(answer, event, happened, text)
    )


def _together(answer: General, text: str, found: _Found) -> bool:
    """Say whether one of the further words stands near one of the first: what is far off speaks of something else."""
    further = found.get((answer.id, "words"), [])
    if not answer.text or not further:
        return bool(further)
    return any(phrase.near(further, text) for phrase in found.get((answer.id, "text"), ()))


def _proved(answer: General, event: Event, happened: frozenset[str], text: str) -> bool:
    """Say whether an answer that accuses somebody may be given."""
    if put_off(answer.kind, event, text):
        return False
    if answer.when or not happened.isdisjoint(answer.events):
        return True
    return borne_out(answer.kind, event, answer.text, text, second=lambda: _second_sign(answer, event))


def _second_sign(answer: General, event: Event) -> bool:
    """Say whether a line with one of the words has another one, by itself, or the number of a refusal."""
    for line in (plain(without_addresses(line)) for line in event.raw.splitlines()):
        said = {phrase for phrase in answer.text if phrase.found_in(line)}
        if said and (re.search(_REFUSAL, line) or any(phrase.found_in(line) for phrase in answer.words)):
            return True
        if not answer.words and sum(not any(words in other for other in said - {words}) for words in said) > 1:
            return True
    return False


_REFUSAL: Final = r"(?<![\w.:])[45][0-5]\d(?![\w.:]\w|\d)"
"""A reply code that stands where the reader of replies does not take it for one: `SMTP, 550 …`."""


def _at(answer: General, event: Event) -> bool:
    """Say whether the event is known to be at one of the stages, or at none that is not among them."""
    if event.passed and event.passed.issuperset(answer.stages):
        return False
    stages = event.stages - {"after"} if event.relayed and event.stages - {"after"} else event.stages
    if not stages or stages == FAMILY:
        return "unknown" in answer.stages
    if stages <= {"tls", "starttls"}:
        return not stages.isdisjoint(answer.stages)
    return stages <= set(answer.stages)


def _condition(name: str, event: Event) -> bool:
    from smtpwizard.diagnosis.conditions import CONDITIONS

    return CONDITIONS[name](event)


def _class(event: Event) -> int:
    """The first number of the code, or of the enhanced code where there is no other (RFC 5321 section 4.2.1)."""
    if event.code is not None:
        return event.code // 100
    return int(next(iter(event.enhanced))[0]) if event.enhanced else 0


def _lasting(event: Event, answer: General) -> str:
    """Say what the class of the code says, where the answer itself does not speak of time."""
    if answer.timeless:
        return ""
    if _class(event) == 4:
        return "The reply is a temporary one: the server expects another try later."
    # A rule that is not named may be a limit that is gone tomorrow: servers use 5yz for these, too.
    final = _class(event) == 5 and (answer.text or answer.kind != "policy-refused")
    return "The reply is final: the same try will fail again." if final else ""


def hints(event: Event, roles: Iterable[str]) -> list[str]:
    """What the provider's preset says of the field."""
    provider = event.provider
    if provider is None or event.relayed or event.receiver or event.side is Side.REFUSING:
        return []  # what it tells those who send through it
    told = {
        "username": f"{provider.name}, user name: {provider.username.hint}",
        "password": f"Password: {provider.password.hint}",
        "sender": f"{provider.name}, sender: {provider.sender.hint}",
    }
    found = [told[role] for role in roles if role in told]
    return [hint if hint.endswith((".", ")")) else f"{hint}." for hint in found]
