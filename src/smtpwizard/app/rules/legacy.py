"""Variables under old and misspelt names, which the app does not read."""

from __future__ import annotations

from collections.abc import Iterator

from smtpwizard.app.case import Case
from smtpwizard.app.repair import Repair, best_tls, finding
from smtpwizard.app.values import meant_boolean
from smtpwizard.findings import Finding, Severity
from smtpwizard.secret import Secret
from smtpwizard.settings import LEGACY


def check(case: Case) -> Iterator[Finding]:
    """Yield one finding for each such name: a warning where its value is needed, else a note."""
    moved: set[str] = set()
    for name, value in case.settings.legacy:
        right = LEGACY[name]
        if right in case.legacy and right not in moved and value.reveal().strip():
            moved.add(right)
            yield finding(
                "legacy-name",
                Severity.WARNING,
                name,
                f"{_fact(name, right)} and that one is not set. Rename the variable.",
                Repair({right: _value(case, right), name: None}, f"Rename {name} to {right}"),
            )
        else:
            set_ = "is set and counts" if case.settings.get(right) or right in case.legacy else "is not set either"
            yield finding(
                "legacy-name",
                Severity.INFO,
                name,
                f"{_fact(name, right)} which {set_}. Drop the line.",
                Repair({name: None}, f"Drop {name}"),
            )


def _fact(name: str, right: str) -> str:
    if name == "SMTP_BASE_URL":
        return f"{name} is an old name that the app only warns about; links in mails begin with {right},"
    return f"The app does not read {name}; it reads {right},"


def _value(case: Case, right: str) -> str | Secret | None:
    value = case.legacy[right]
    if right == "SMTP_TLS":
        return best_tls(case, str(value))
    if right == "SMTP_OPPORTUNISTIC_TLS":
        meant = meant_boolean(str(value))
        return None if meant is None else str(meant).lower()
    return value
