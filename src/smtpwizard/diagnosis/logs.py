"""Explains each mail error of a text once: a reply, a message, a whole log, or lines as they come."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Set
from typing import TYPE_CHECKING, Final

from smtpwizard.addresses import without_addresses
from smtpwizard.apps.loading import shown_in
from smtpwizard.apps.profile import AppProfile
from smtpwizard.diagnosis.catalogue import Catalogue, default
from smtpwizard.diagnosis.client_terms import OWN, client_of
from smtpwizard.diagnosis.event import MOST_AROUND, Event, bound, from_text, plain
from smtpwizard.diagnosis.explain import POSSIBLE, Words, diagnoses_of, matches, worded
from smtpwizard.diagnosis.log_entries import Grouping, Record
from smtpwizard.diagnosis.mail_errors import (
    MAIL_TALK,
    SHARED_STAGES,
    Failing,
    Found,
    failing_line,
    faulty_setting,
    find,
    found_in,
    taken_line,
)
from smtpwizard.diagnosis.pasted_settings import is_setting
from smtpwizard.diagnosis.stages import passed
from smtpwizard.diagnosis.wording import NO_REASON
from smtpwizard.problems import Problem
from smtpwizard.records import NamedTuple
from smtpwizard.secret import hide_secrets
from smtpwizard.text import safe

if TYPE_CHECKING:
    from smtpwizard.presets.schema import Provider


MOST_DIFFERENT: Final = 500
"""Different errors of one text that are looked up: what a log has beyond that is noise, or meant to take time."""

SAID_LIMIT: Final = 300
"""Characters of an error's own words that are shown."""


class Explained(NamedTuple):
    """One mail error in a text, explained."""

    said: str
    """The server's or library's words: safe to show, without secrets, on one line."""
    line: int
    """The first line in the text on which it stands, counted from 1."""
    times: int
    """How often it occurs."""
    diagnoses: tuple[Problem, ...]
    """Best first, never empty."""
    coded: bool = False
    """A server has said it, with a reply code."""


def explain_log(
    text: str,
    *,
    stage: str | None = None,
    provider: Provider | str | None = None,
    app: AppProfile | None = None,
    catalogue: Catalogue | None = None,
) -> tuple[Explained, ...]:
    """Find the mail errors in `text`, a reply or a whole log, and explain each once, in the order of their lines."""
    known = catalogue or default()
    explainer = Explainer(known)
    app = app or app_shown(text)
    items = []
    for item in find(text, stage=stage, provider=provider, app=app):
        explainer.take(item)
        if item.asked:
            items.append(item)
    found = tuple(explainer.kinds.values())
    first = {item.diagnoses[0].id for item in found}
    faulty = faulty_setting(text) if first <= _REASONLESS | _UNSAID else None
    if faulty or first <= _REASONLESS:
        found = _untold(text, items, app, known, faulty) or found
    coded = tuple(item for item in found if item.coded or _known(item.diagnoses[0]))
    # A line that only says that something failed adds nothing to one that says why.
    replies = [item.diagnoses[0] for item in coded if item.coded]
    refused = {first.kind for first in replies if first.confidence or first.kind in _WHY_NO_LOGIN}
    tried = {item.diagnoses[0].kind for item in coded if _tried(item)}
    ordered = sorted(coded or found, key=lambda item: _rank(item, refused, tried, answered=bool(replies)))
    return tuple(ordered) if text.count("\n") > MOST_PASTED else _each_once(_without_guesses(ordered))


def _each_once(ordered: Iterable[Explained]) -> tuple[Explained, ...]:
    """Join what has the same cause and remedy to the first of it: a reply stands in a message and in its stack."""
    told: dict[tuple[str, str], Explained] = {}
    for item in ordered:
        first = item.diagnoses[0]
        known = told.setdefault((first.kind, first.remedy), item)
        if known is not item:
            told[first.kind, first.remedy] = known._replace(times=known.times + item.times)
    return tuple(told.values())


_SERVERS: Final = r"(?i)\b(?:postfix|exim|sendmail|dovecot|opensmtpd)\b"
"""A mail server's log names apps as senders and hosts: it shows none."""


def app_shown(text: str) -> AppProfile | None:
    """Return the profile of the app whose log or error `text` is; None where it shows none."""
    text = without_addresses(text[:MOST_AROUND])
    return None if re.search(_SERVERS, text) else shown_in(text)


MOST_PASTED: Final = 80
"""Lines of a text that somebody has pasted for one failure; a log tells of several."""


def _without_guesses(ordered: list[Explained]) -> Iterator[Explained]:
    """Leave out what a loose word suggests where something else is known: a subject, a file's name, a list."""
    known = ordered[:1] and (ordered[0].coded or not ordered[0].diagnoses[0].generic)
    return (item for item in ordered if not (known and _guessed(item)) or item is ordered[0])


def _guessed(item: Explained) -> bool:
    first = item.diagnoses[0]
    if item.coded:
        return first.kind == "command-sequence"  # a server's reply; this one follows from another
    if first.kind == "connection-lost" and first.confidence <= POSSIBLE:
        return True  # a server that has refused hangs up
    return first.generic or first.confidence <= (POSSIBLE if first.kind in _OF_LOGIN else POSSIBLE - 1)


def _tried(item: Explained) -> bool:
    """Say whether a line shows what became of an attempt, be it that there was no host to try."""
    first = item.diagnoses[0]
    return item.coded or first.kind == "settings-missing" or (first.kind in _REACHING and first.confidence >= POSSIBLE)


_REACHING: Final = frozenset({"port-blocked", "connection-refused", "connection-lost", "plain-on-tls-port"})
"""What happens at an address to which there is a way."""


def _rank(item: Explained, refused: Set[str], tried: Set[str], *, answered: bool) -> int:
    """Sort what a client says of its login behind the server's reply about it, and what was no obstacle last.

    `refused`: the kinds of the replies that say why; `tried`: those of all attempts; `answered`: a server has replied.
    """
    kind = item.diagnoses[0].kind
    if not item.coded and ((kind == "no-route" and tried - {kind}) or (kind == "dns-unknown" and tried & _NO_HOST)):
        return 3
    if not item.coded and kind in _OF_LOGIN and not refused.isdisjoint(_WHY_NO_LOGIN | _OF_LOGIN):
        return 3
    if not item.coded and kind == "no-sendmail" and answered:
        return 3  # something did send
    return _vague(item)


_NO_HOST: Final = frozenset({"settings-missing"})
"""An empty name is not found either."""
_OF_LOGIN: Final = frozenset({"wrong-password", "mechanism-mismatch", "auth-not-offered", "login-wanted"})
_WHY_NO_LOGIN: Final = frozenset({"tls-first", "login-server-trouble", "login-locked", "app-password-wanted"})
"""What a server says where the login was not refused for its password."""


def _untold(
    text: str, items: Iterable[Found], app: AppProfile | None, catalogue: Catalogue, faulty: Failing | None
) -> tuple[Explained, ...]:
    """Return what can be said of a text that tells of sending, and of success, or of failing without a plain reason.

    `items`: its entries; `faulty`: the setting that is wrong by sight. What an entry says of TLS or a name is meant of
    mail, as all of the text is.
    """
    failing = faulty or failing_line(text) or taken_line(text)
    if failing is None:
        return ()
    explainer = Explainer(catalogue)
    for item in items if failing.fails and not faulty else ():
        explainer.take(item._replace(talks=True))
    found = tuple(item for item in explainer.kinds.values() if item.diagnoses[0].confidence)
    if found:
        return found
    event = from_text(failing.told, stages=[failing.stage] if failing.stage else [], app=app)
    event = event._replace(client=client_of(text), around=text[:MOST_AROUND], passed=passed(text))
    diagnoses = diagnoses_of(event, catalogue, always=True)
    return (Explained(safe(hide_secrets(bound(failing.said)), limit=SAID_LIMIT), failing.number, 1, diagnoses),)


_REASONLESS: Final = frozenset({"generic-no-reason", "generic-lost"})
"""What is said where nothing shows more than that sending failed."""


_UNSAID: Final = frozenset(
    {
        "generic-tls-words",
        "connection-failed",
        "tls-not-started",
        "generic-connect-unsaid",
        "generic-tls-unsaid",
        "generic-greeting-unsaid",
    }
)
"""What a client says of a step without a reason: settings beside it that are wrong by sight are the reason."""


_NAMED: Final = r"[a-z](?:Error|Exception)\b"
"""The name of an error: the line is what a program has said, not what a person says of it."""


_REFUSALS: Final = frozenset({"sender-refused", "relay-denied", "policy-refused"})
"""What a client tells that keeps the server's words for another line."""


_DELAYED: Final = frozenset({"delay-without-a-reason", "message-expired-in-queue"})
"""What says that a mail was given up or put off, and not why."""


_COURSES: Final = frozenset(
    {
        "client-left-after-ehlo", "client-left-at-once", "client-left-in-tls", "client-left-after-refusal",
        "client-left-in-the-message", "client-idle", "client-without-a-reverse-name", "not-smtp-seen-by-the-server",
    }
)  # fmt: skip
"""How far a client came by the server's log: whatever else a text tells says more."""


def _known(first: Problem) -> bool:
    return bool(first.confidence) and first.id not in _COURSES


def _vague(item: Explained) -> int:
    """Sort what is known before what is possible, and that before what is general."""
    first = item.diagnoses[0]
    if item.coded and (first.kind in ("command-unknown", "command-sequence") or first.id == "no-valid-recipients"):
        return 3  # what follows a refused command is its consequence
    if first.generic:
        if first.id in ("generic-lost", "generic-no-reason"):
            return 7
        if first.id == "generic-unknown-command":
            return 3  # a number alone: other lines have the words
        if item.coded and NO_REASON in first.cause:
            return 3  # another line of the attempt may have the words
        return 2 if item.coded or re.search(_NAMED, item.said) else 4 if first.confidence else 6
    if first.id in _DELAYED or first.id in _COURSES:
        return 5
    if first.kind == "connection-lost" and first.confidence <= POSSIBLE:
        return 3  # a server that has refused something then closes
    if first.confidence < POSSIBLE:
        return 5 if first.kind in _REFUSALS else 3 if first.id == "connection-failed" else 2
    return int(first.confidence == POSSIBLE)


class Explainer:
    """Explains each mail error once, and counts how often it comes."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.kinds: dict[tuple[str, ...], Explained] = {}
        """What was found so far, by what makes two errors the same, in the order of their lines."""
        self._catalogue = catalogue
        self._seen: dict[tuple[object, ...], tuple[Problem, ...]] = {}

    def take(self, item: Found) -> tuple[str, ...] | None:
        """Take the next one. Return its key in `kinds`, or None where it is not about mail."""
        likeness = _likeness(item)
        if likeness not in self._seen:
            if len(self._seen) >= MOST_DIFFERENT:
                return None
            self._seen[likeness] = _told(item, self._catalogue)
        diagnoses = self._seen[likeness]
        if not diagnoses:
            return None
        key = _sameness(item.event, diagnoses[0])
        known = self.kinds.get(key)
        if known is not None:
            self.kinds[key] = known._replace(times=known.times + 1)
        else:
            number, said = self._place(item, diagnoses[0])
            said = safe(hide_secrets(bound(_unclosed(said))), limit=SAID_LIMIT)
            self.kinds[key] = Explained(said, number, 1, diagnoses, item.event.code is not None)
        return key

    def _place(self, item: Found, first: Problem) -> tuple[int, str]:
        """Return the line of an entry that `first` explains, and its number: a traceback begins long before it."""
        if item.event.code is not None:
            begin = item.said.split("\n")[0].strip()
            return next((number for number, line in item.lines if begin and begin in line), item.number), item.said
        for number, line in item.lines:
            words = plain(without_addresses(line))
            named = (*self._catalogue.rule_words.found_in(words), *self._catalogue.general_words.found_in(words))
            if any(name == first.id for name, _ in named) or self._catalogue.clients.found_in(words):
                return number, line.strip()
        return item.number, item.said


def _unclosed(said: str) -> str:
    """Leave out the quotes and brackets that close, at the end, what the text around the words has opened."""
    end = re.search(r"[\"'`]{1,3}[\]})>,;.]{0,4}\s*$", said)
    return said[: end.start()] if end and said.count(end[0][0]) % 2 else said


def explain_text(
    text: str,
    *,
    stage: str | None = None,
    provider: Provider | str | None = None,
    app: AppProfile | None = None,
    catalogue: Catalogue | None = None,
) -> tuple[Problem, ...]:
    """Return the causes of the mail errors in `text`: first the likeliest of each, then the others.

    Empty where there is no mail error.
    """
    explained = explain_log(text, stage=stage, provider=provider, app=app, catalogue=catalogue)
    return flat(explained)


def flat(explained: Iterable[Explained]) -> tuple[Problem, ...]:
    """Return all diagnoses once: the best of each error first, in order, then the others that advise something else."""
    rows = [item.diagnoses for item in explained]
    best = [row[0] for row in rows]
    others = [diagnosis for row in rows for diagnosis in row[1:]]
    unique: dict[str, Problem] = {}
    for diagnosis in (*best, *others):
        unique.setdefault(diagnosis.id, diagnosis)
    advised: dict[str, Problem] = {}
    for diagnosis in unique.values():
        advised.setdefault(diagnosis.remedy, diagnosis)
    return tuple(advised.values())


def _told(item: Found, catalogue: Catalogue) -> tuple[Problem, ...]:
    """Return the causes of what was found, empty where it may not be about mail at all."""
    words = Words.of(item.event, catalogue)
    sure = item.sure or (
        item.asked and (item.talks or re.search(MAIL_TALK, item.event.raw)) and worded(item.event, catalogue, words)
    )
    sure = sure and not (item.event.code is None and is_setting(item.event.raw))
    if not sure and not _by_words(item.event, catalogue, words, mail=item.mail):
        return ()
    return diagnoses_of(item.event, catalogue, words, always=bool(sure))


def _likeness(item: Found) -> tuple[object, ...]:
    """Events that differ in their ids or durations only have one answer: a log holds the same a thousand times."""
    event = item.event
    raw = re.sub(r"\b(?=\w*\d)(?=\w*[A-Za-z])\w{8,}\b|(?<=[a-z]/)\d+\b|\b\d+(?:\.\d+)?(?= ?ms\b)", "", event.raw)
    return raw, event.code, event.stages, event.errors, event.port, event.program, item.sure, item.mail


def _by_words(event: Event, catalogue: Catalogue, words: Words, *, mail: bool) -> bool:
    """Say whether the best entry was found by words that only mail servers use, or by a condition.

    Among other lines, words about names, connections and TLS can be about databases and web servers.
    """
    best = matches(event, catalogue, words)
    if not best or mail:
        return bool(best)
    failure = best[0].failure
    return failure.stages[0] not in SHARED_STAGES and (best[0].length > 0 or failure.when != "")


def _sameness(event: Event, first: Problem) -> tuple[str, ...]:
    """An error is the same when it has the same cause, or none that is known and the same words."""
    if not first.generic:
        return (first.id,)
    words = re.sub(r"\S*\d\S*", "", event.text)[:200]
    return first.id, str(event.code), words


class Seen(NamedTuple):
    """A mail error that came by."""

    key: tuple[str, ...]
    """The same for errors with the same cause."""
    line: int
    """Its first line, counted from 1 over all lines that were added."""
    explained: Explained
    """The kind of error: its first line, and how often it came until now."""


class LogStream:
    """Takes lines, gives mail errors."""

    def __init__(
        self,
        *,
        stage: str | None = None,
        provider: Provider | str | None = None,
        app: AppProfile | None = None,
        catalogue: Catalogue | None = None,
    ) -> None:
        self._stage = stage
        self._provider = provider
        self._app = app
        self._grouping = Grouping()
        self._explainer = Explainer(catalogue or default())

    @property
    def lines(self) -> int:
        """Lines taken so far."""
        return self._grouping.number

    @property
    def entry(self) -> int:
        """The first line of the entry that may still go on; 0 where there is none."""
        current = self._grouping.current
        return current.number if current else 0

    def add(self, line: str, *, contained: bool = False) -> Seen | None:
        """Take the next line; return the mail error that it ended, if any.

        `contained`: the line came whole from a container, so no terminal has wrapped it.
        """
        return self._explained(self._grouping.add(line, contained=contained))

    def flush(self) -> Seen | None:
        """End the entry that may still go on; return it if it is a mail error."""
        return self._explained(self._grouping.flush())

    def _explained(self, record: Record | None) -> Seen | None:
        found = found_in(record, self._stage, self._provider, self._app) if record else None
        if found is None:
            return None
        client = client_of(found.event.raw)
        found = found._replace(event=found.event._replace(client=client if client not in ("", "node") else OWN))
        key = self._explainer.take(found)
        return Seen(key, found.number, self._explainer.kinds[key]) if key else None
