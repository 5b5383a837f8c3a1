"""Repairs: what to change, and the words for the key that does it. Values in labels are made safe and short."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from smtpwizard.app.case import Case
from smtpwizard.app.values import meant_boolean
from smtpwizard.findings import Finding, Severity
from smtpwizard.preset_schema import PortChoice, TlsMode
from smtpwizard.secret import Secret
from smtpwizard.text import safe

_SHOWN: Final = 48
"""Characters of a value in a sentence or label; a key on a screen of 80 columns holds no more."""


class Repair(NamedTuple):
    """A change that a machine can make."""

    changes: Mapping[str, str | Secret | None] = MappingProxyType({})
    label: str = ""


NO_REPAIR: Final = Repair()
"""A person has to decide."""


def shown(text: str) -> str:
    """Return a foreign value as it may stand in a sentence; blanks other than a plain space as `␣`."""
    return "".join("␣" if char.isspace() and char != " " else char for char in safe(text, limit=_SHOWN))


def put(variable: str, value: str | Secret, label: str = "") -> Repair:
    """Return the repair that sets a variable; a Secret does not show in its label."""
    words = f"Set {variable}" if isinstance(value, Secret) else f"Set {variable}={shown(value)}"
    return Repair({variable: value}, label or words)


def drop(variable: str) -> Repair:
    """Return the repair that leaves a variable out."""
    return Repair({variable: None}, f"Leave out {variable}")


def put_or_drop(variable: str, value: str | None) -> Repair:
    """Return the repair that sets a variable, or leaves it out where the value is None."""
    return drop(variable) if value is None else put(variable, value)


def best_tls(case: Case, text: str) -> str | None:
    """Return what SMTP_TLS should say where `text` stands there now: what fits the port, else what was meant.

    None means that the line is best left out, which the app takes as false.
    """
    if case.fitting_tls == "true":
        return "true"
    meant = meant_boolean(text)
    if meant is None:
        return None
    return case.fitting_tls or ("true" if meant else "false")


def switch_port(case: Case, choice: PortChoice) -> Repair:
    """Return the repair that goes over to another port, with the TLS mode that belongs to it."""
    implicit = choice.tls is TlsMode.IMPLICIT
    changes: dict[str, str | Secret | None] = {
        "SMTP_PORT": str(choice.port),
        "SMTP_TLS": "true" if implicit else "false",
    }
    if case.provider and case.provider.opportunistic_tls and case.settings.opportunistic_tls:
        changes["SMTP_OPPORTUNISTIC_TLS"] = "false" if implicit else case.provider.opportunistic_tls
    mode = {TlsMode.IMPLICIT: " with TLS", TlsMode.STARTTLS: " with STARTTLS", TlsMode.NONE: ""}[choice.tls]
    return Repair(changes, f"Switch to {choice.port}{mode}")


def finding(name: str, severity: Severity, variable: str | None, message: str, repair: Repair = NO_REPAIR) -> Finding:
    """Make a finding."""
    return Finding(name, severity, variable, message, repair.changes, repair.label)
