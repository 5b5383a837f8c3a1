"""All findings about a set of settings: runs the rules, puts the gravest first, keeps repairs from contradicting."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from smtpwizard.app.case import make_case
from smtpwizard.app.origin import Origin
from smtpwizard.app.rules import RULES
from smtpwizard.findings import Finding, Severity
from smtpwizard.preset_schema import Provider
from smtpwizard.secret import Secret
from smtpwizard.settings import Settings

_ORDER: Final = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}


def findings(
    settings: Settings,
    *,
    provider: Provider | None = None,
    origin: Origin = Origin.ANSWERS,
    in_container: bool = True,
) -> tuple[Finding, ...]:
    """Return what the app would refuse, ignore or misread, and what is likely wrong; errors first. Pure and instant.

    `in_container` says that the app runs in one, where localhost is the container itself. The repairs of all findings
    can be applied together: no two of them set a variable differently.
    """
    case = make_case(settings, provider, origin, in_container)
    found = [item for rule in RULES for item in rule(case)]
    found.sort(key=lambda item: _ORDER[item.severity])  # stable: within a severity the order of RULES
    return tuple(_without_contradictions(found))


def _without_contradictions(found: Iterable[Finding]) -> Iterable[Finding]:
    """Take the repair off a finding where a graver one sets the same variable differently; it comes back afterwards."""
    decided: dict[str, str | Secret | None] = {}
    for item in found:
        if any(name in decided and not _same(decided[name], value) for name, value in item.changes.items()):
            yield item._replace(changes={}, label="")
        else:
            decided.update(item.changes)
            yield item


def _same(one: str | Secret | None, other: str | Secret | None) -> bool:
    return _text(one) == _text(other)


def _text(value: str | Secret | None) -> str | None:
    return value.reveal() if isinstance(value, Secret) else value
