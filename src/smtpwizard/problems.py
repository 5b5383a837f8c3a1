"""Problem: what is wrong or worth knowing, why, and what to do, wherever it was found.

The rules on settings, the failure catalogue, a survey of the server's ports, a target file and docker all answer with
it, so that a card, a line, a key that repairs and a JSON object need one thing to show.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from smtpwizard.records import NamedTuple
from smtpwizard.secret import Secret

Changes = Mapping[str, str | Secret | None]
"""Variable → value that repairs it; None leaves the line out."""

NO_CHANGES: Final[Changes] = MappingProxyType({})


class Severity(StrEnum):
    """How much a problem weighs. Only an ERROR keeps the app from sending mail."""

    ERROR = "error"
    """The app refuses to start, or no mail will leave."""
    WARNING = "warning"
    """Mail may leave, but something is probably not meant so, or is unsafe."""
    INFO = "info"
    """Worth knowing; nothing is wrong."""

    @property
    def word(self) -> str:
        """Return what a person reads: `error`, `warning`, `note`."""
        return "note" if self is Severity.INFO else self.value


class Basis(StrEnum):
    """On what a problem rests."""

    SETTINGS = "settings"
    """On the settings or a file alone."""
    CATALOGUE = "catalogue"
    """On an entry of the failure catalogue that fits."""
    GENERAL = "general"
    """On the stage and the kind of reply alone: the cause is not known."""
    SURVEY = "survey"
    """On what was just seen at the server."""


class Problem(NamedTuple):
    """One problem. No text in it holds a secret, and none holds a server's reply."""

    id: str
    """Stable name in kebab-case, for scripts: `tls-empty`."""
    severity: Severity
    title: str
    """The fact, as a noun phrase or a sentence."""
    cause: str = ""
    """What it means; empty where the title says it all."""
    remedy: str = ""
    """What to do, in the imperative; empty where nothing is to be done."""
    variables: tuple[str, ...] = ()
    """The variables that it is about, the likeliest first; empty where it is about the whole."""
    changes: Changes = NO_CHANGES
    """What repairs it, in the app's own names; empty where a person must decide or act."""
    label: str = ""
    """The repair as a short imperative for a key or button: `Set NAME=false`."""
    basis: Basis = Basis.SETTINGS
    ref: str | None = None
    """The catalogue's reference: `A1`."""
    source: str = ""
    """Where the catalogue's entry was read, and on which day it was last compared (ISO date)."""
    checked: str = ""
    link: str = ""
    """A page that helps: where a credential is made, or where the fact is documented."""
    facts: tuple[str, ...] = ()
    """Lines to be shown as they are: evidence, or lines for a compose file."""
    command: str = ""
    """The command to copy, where there is one."""
    roles: tuple[str, ...] = ()
    """What the variables are for, whatever the app calls them: `host`; empty where nobody said so."""
    kind: str = ""
    """What kind of cause it is, in the words of tests/corpus/kinds.toml; empty where nobody said so."""
    confidence: int = 0
    """How much of an event a catalogue entry accounts for, 0 (general) to 100: to compare causes of one event."""

    @classmethod
    def of(
        cls,
        id: str,  # noqa: A002
        severity: Severity,
        variable: str | None,
        message: str,
        changes: Changes = NO_CHANGES,
        label: str = "",
        *,
        command: str = "",
    ) -> Problem:
        """Return a problem told in one or two sentences: the fact, which is its title, then what to do."""
        fact, stop, remedy = message.partition(". ")
        title = f"{fact}." if stop else message
        about = (variable,) if variable else ()
        return cls(id, severity, title, "", remedy, about, changes, label, command=command)

    @property
    def variable(self) -> str | None:
        """The one variable to look at first, or None where it is about the whole."""
        return self.variables[0] if self.variables else None

    @property
    def message(self) -> str:
        """Fact, cause and action as one text."""
        return " ".join(part for part in (self.title, self.cause, self.remedy) if part)

    @property
    def generic(self) -> bool:
        """Whether only the stage and the kind of reply are known, not the cause."""
        return self.basis is Basis.GENERAL

    @property
    def reference(self) -> str:
        """On what it rests, for a person: `A1 · checked 2026-11-22`, `seen just now`."""
        if self.basis is Basis.CATALOGUE:
            return " · ".join(
                part for part in (self.ref or "", f"checked {self.checked}" if self.checked else "") if part
            )
        return _REFERENCES[self.basis]

    def as_finding(self) -> dict[str, Any]:
        """Return the contract's object for `findings`; secrets in `changes` masked."""
        return {
            "id": self.id,
            "severity": self.severity.value,
            "variable": self.variable,
            "role": self.roles[0] if self.roles else None,
            "message": self.message,
            "changes": shown_changes(self.changes),
        }

    def as_diagnosis(self) -> dict[str, Any]:
        """Return the contract's object for `diagnoses`; no `ref` for a general answer."""
        result: dict[str, Any] = {} if self.ref is None else {"ref": self.ref}
        result |= {
            "id": self.id,
            "title": self.title,
            "cause": self.cause,
            "remedy": self.remedy,
            "variables": list(self.variables),
            "changes": shown_changes(self.changes),
            "source": self.source,
            "checked": self.checked,
        }
        return result | {"generic": True} if self.generic else result

    def as_proposal(self) -> dict[str, Any]:
        """Return the object for `proposals`."""
        return {
            "id": self.id,
            "title": self.title,
            "cause": self.cause,
            "remedy": self.remedy,
            "changes": shown_changes(self.changes),
            "facts": list(self.facts),
        }

    def as_note(self) -> dict[str, Any]:
        """Return the object for `notes`."""
        return {"id": self.id, "message": self.message, "command": self.command}


_REFERENCES: Final = {
    Basis.SETTINGS: "from the settings alone",
    Basis.GENERAL: "general advice",
    Basis.SURVEY: "seen just now",
}


def opened(value: str | Secret | None) -> str | None:
    """Return a value of `changes` in the open, to be compared and never shown."""
    return value.reveal() if isinstance(value, Secret) else value


def shown_changes(changes: Changes) -> dict[str, str | None]:
    """Return `changes` for display and JSON, secrets masked."""
    return {name: None if value is None else str(value) for name, value in changes.items()}


def repair_label(changes: Changes, secret: Iterable[str] = ()) -> str:
    """Return `changes` as an imperative: `Set PORT=465, TLS=true`. The value of a `secret` never shows."""
    hidden = set(secret)
    sets = [
        name if name in hidden or isinstance(value, Secret) else f"{name}={value}"
        for name, value in changes.items()
        if value is not None
    ]
    removed = [name for name, value in changes.items() if value is None]
    parts = [f"set {', '.join(sets)}"] if sets else []
    parts += [f"leave out {', '.join(removed)}"] if removed else []
    sentence = ", ".join(parts)
    return sentence[:1].upper() + sentence[1:]


_WEIGHT: Final = {severity: place for place, severity in enumerate(Severity)}


def gravest_first(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Return problems by their weight, those of equal weight in the order in which they came."""
    return tuple(sorted(problems, key=lambda problem: _WEIGHT[problem.severity]))


def has_errors(problems: Iterable[Problem]) -> bool:
    """Say whether any of `problems` is an error."""
    return any(problem.severity is Severity.ERROR for problem in problems)
