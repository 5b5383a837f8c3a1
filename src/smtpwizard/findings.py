"""Finding: one sentence about the settings or a file, with the repair where a machine can make it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any, NamedTuple

from smtpwizard.secret import Secret


class Severity(StrEnum):
    """How much a finding weighs. Only an ERROR keeps the app from sending mail."""

    ERROR = "error"
    """The app refuses to start, or no mail will leave."""
    WARNING = "warning"
    """Mail may leave, but something is probably not meant so, or is unsafe."""
    INFO = "info"
    """Worth knowing; nothing is wrong."""


class Finding(NamedTuple):
    """What was found. Messages never hold a secret."""

    id: str
    """Stable name in kebab-case, for scripts: `tls-empty`."""
    severity: Severity
    variable: str | None
    """The variable it is about, or None where it is about the whole."""
    message: str
    """One or two sentences: fact, then what to do."""
    changes: Mapping[str, str | Secret | None] = MappingProxyType({})
    """Variable → value that repairs it; None leaves the line out. Empty where a person must decide."""
    label: str = ""
    """The repair as a short imperative for a key or button: `Set SMTP_TLS=false`."""

    def to_json(self) -> dict[str, Any]:
        """Return the contract's JSON object; secrets in `changes` masked."""
        return {
            "id": self.id,
            "severity": self.severity.value,
            "variable": self.variable,
            "message": self.message,
            "changes": {name: None if value is None else str(value) for name, value in self.changes.items()},
        }


def has_errors(findings: Iterable[Finding]) -> bool:
    """Say whether any of `findings` is an error."""
    return any(finding.severity is Severity.ERROR for finding in findings)
