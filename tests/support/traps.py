"""Small helpers for the tests of findings: settings in one line, findings by their ids."""

from __future__ import annotations

from functools import cache
from typing import Any

from smtpwizard.clients.transport import Origin
from smtpwizard.lint.check import findings
from smtpwizard.presets.catalogue import Presets
from smtpwizard.presets.schema import Provider
from smtpwizard.problems import Problem
from smtpwizard.secret import Secret
from smtpwizard.settings import Settings
from support.apps import ABC

SOUND = {
    "SMTP_HOST": "mail.acme.dev",
    "SMTP_PORT": "465",
    "SMTP_TLS": "true",
    "SMTP_USERNAME": "app@acme.dev",
    "SMTP_PASSWORD": "correct horse",
    "SMTP_SENDER": "app@acme.dev",
    "ADMIN_WEB_URL": "https://feedback.acme.dev",
}
"""Settings of a custom server about which there is nothing to say."""

LEFT_OUT = object()
"""As the value of a variable: it is not there."""


@cache
def catalogue() -> Presets:
    """Return the shipped presets, opened once."""
    return Presets.open()


def preset(name: str) -> Provider:
    """Return a shipped preset."""
    return catalogue().provider(name)


def make(**changed: Any) -> Settings:
    """Return SOUND with changes; the variables without their SMTP_, as HOST="…", or in full."""
    whole = {name for name in changed if name.startswith(("ADMIN_", "SMTP_")) or name in ABC.old}
    full = {name if name in whole else f"SMTP_{name}": v for name, v in changed.items()}
    return Settings.from_variables(ABC, {name: v for name, v in {**SOUND, **full}.items() if v is not LEFT_OUT})


def of(provider: str, **changed: Any) -> tuple[Settings, Provider]:
    """Return the preset's own settings with changes, and the preset."""
    found = preset(provider)
    base = {"TLS": LEFT_OUT, **{name.removeprefix("SMTP_"): value for name, value in ABC.defaults(found).items()}}
    return make(**{**base, **changed}), found


def judge(settings: Settings, provider: Provider | None = None, **how: Any) -> dict[str, Problem]:
    """Return the findings by id; how: origin, in_container."""
    return {item.id: item for item in findings(settings, provider=provider, **how)}


def plain(finding: Problem) -> dict[str, str | None]:
    """Return a finding's changes with secrets in the open, to compare."""
    return {name: v.reveal() if isinstance(v, Secret) else v for name, v in finding.changes.items()}


__all__ = ["LEFT_OUT", "SOUND", "Origin", "catalogue", "judge", "make", "of", "plain", "preset"]
