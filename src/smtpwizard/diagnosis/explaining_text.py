"""The way into this room for text: a pasted reply, an error, a whole log. No network; no secret leaves it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from smtpwizard.diagnosis.catalogue import Catalogue, default
from smtpwizard.diagnosis.event import Event
from smtpwizard.diagnosis.explaining import diagnoses_of
from smtpwizard.diagnosis.hide import hide_secrets
from smtpwizard.diagnosis.log_lines import SHARED_STAGES, Found, find
from smtpwizard.diagnosis.match import matches
from smtpwizard.diagnosis.normalise import bound
from smtpwizard.diagnosis.result import Diagnosis
from smtpwizard.text import safe

if TYPE_CHECKING:
    from smtpwizard.preset_schema import Provider

MOST_DIFFERENT: Final = 1000
"""Different errors of one text that are looked up: what a log has beyond that is noise, or meant to take time."""

SAID_LIMIT: Final = 300
"""Characters of an error's own words that are shown."""


@dataclass(frozen=True, slots=True)
class Explained:
    """One mail error in a text, explained."""

    said: str
    """The server's or library's words: safe to show, without secrets, on one line."""
    line: int
    """The first line in the text on which it stands, counted from 1."""
    times: int
    """How often it occurs."""
    diagnoses: tuple[Diagnosis, ...]
    """Best first, never empty."""


def explain_log(
    text: str,
    *,
    stage: str | None = None,
    provider: Provider | str | None = None,
    catalogue: Catalogue | None = None,
) -> tuple[Explained, ...]:
    """Find the mail errors in `text`, a reply or a whole log, and explain each once, in the order of their lines."""
    explainer = Explainer(catalogue or default())
    for item in find(text, stage=stage, provider=provider):
        explainer.take(item)
    return tuple(explainer.kinds.values())


class Explainer:
    """Explains each mail error once, and counts how often it comes."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.kinds: dict[tuple[str, ...], Explained] = {}
        """What was found so far, by what makes two errors the same, in the order of their lines."""
        self._catalogue = catalogue
        self._seen: dict[tuple[object, ...], tuple[Diagnosis, ...]] = {}

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
            self.kinds[key] = replace(known, times=known.times + 1)
        else:
            said = safe(hide_secrets(bound(item.said)), limit=SAID_LIMIT)
            self.kinds[key] = Explained(said, item.number, 1, diagnoses)
        return key


def explain_text(
    text: str,
    *,
    stage: str | None = None,
    provider: Provider | str | None = None,
    catalogue: Catalogue | None = None,
) -> tuple[Diagnosis, ...]:
    """Return the causes of the mail errors in `text`: first the likeliest of each, then the others.

    Empty where there is no mail error.
    """
    explained = explain_log(text, stage=stage, provider=provider, catalogue=catalogue)
    return flat(explained)


def flat(explained: Iterable[Explained]) -> tuple[Diagnosis, ...]:
    """Return all diagnoses once: the best of each error first, in order, then the others."""
    rows = [item.diagnoses for item in explained]
    best = [row[0] for row in rows]
    others = [diagnosis for row in rows for diagnosis in row[1:]]
    unique: dict[str, Diagnosis] = {}
    for diagnosis in (*best, *others):
        unique.setdefault(diagnosis.id, diagnosis)
    return tuple(unique.values())


def _told(item: Found, catalogue: Catalogue) -> tuple[Diagnosis, ...]:
    """Return the causes of what was found, empty where it may not be about mail at all."""
    if not item.sure and not _by_words(item.event, catalogue, mail=item.mail):
        return ()
    return diagnoses_of(item.event, catalogue, always=item.sure)


def _likeness(item: Found) -> tuple[object, ...]:
    """Events that differ in their ids only have one answer: a log holds the same error a thousand times."""
    event = item.event
    raw = re.sub(r"\b(?=\w*\d)(?=\w*[A-Za-z])\w{8,}\b", "", event.raw)
    return raw, event.code, event.stages, event.errors, event.port, item.sure, item.mail


def _by_words(event: Event, catalogue: Catalogue, *, mail: bool) -> bool:
    """Say whether the best entry was found by words that only mail servers use, or by a condition.

    Among other lines, words about names, connections and TLS can be about databases and web servers.
    """
    best = matches(event, catalogue)
    if not best:
        return False
    failure = best[0].failure
    return (mail or failure.stages[0] not in SHARED_STAGES) and (best[0].length > 0 or failure.when != "")


def _sameness(event: Event, first: Diagnosis) -> tuple[str, ...]:
    """An error is the same when it has the same cause, or none that is known and the same words."""
    if not first.generic:
        return (first.id,)
    words = re.sub(r"\S*\d\S*", "", event.text)[:200]
    return first.id, str(event.code), words
