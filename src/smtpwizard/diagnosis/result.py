"""Diagnosis: one likely cause of a failure, with the remedy. Data only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from smtpwizard.secret import Secret


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What went wrong, as fact, cause and action. Holds nothing of the reply itself."""

    ref: str | None
    """The catalogue's reference, or None for a generic answer."""
    id: str
    title: str
    cause: str
    remedy: str
    variables: tuple[str, ...] = ()
    """The variables that it is about."""
    changes: Mapping[str, str | Secret | None] = field(default_factory=dict)
    """Variable → value that repairs it; None leaves the line out. Empty where a person must act."""
    source: str = ""
    checked: str = ""
    generic: bool = False
    """True where only the stage and the kind of reply are known, not the cause."""
    confidence: int = 0
    """How much of the event the entry accounts for, 0 (generic) to 100: to compare diagnoses of one event."""
    providers: tuple[str, ...] = ()
    """Ids of the providers at which it happens; empty: anywhere."""

    def to_json(self) -> dict[str, Any]:
        """Return the contract's JSON object; secrets in `changes` masked; no `ref` for a generic answer."""
        result: dict[str, Any] = {} if self.ref is None else {"ref": self.ref}
        result |= {
            "id": self.id,
            "title": self.title,
            "cause": self.cause,
            "remedy": self.remedy,
            "variables": list(self.variables),
            "changes": {name: None if value is None else str(value) for name, value in self.changes.items()},
            "source": self.source,
            "checked": self.checked,
        }
        if self.generic:
            result["generic"] = True
        return result
