"""What keeps the app from starting: `Config validation error: …`, of which it names only the first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from smtpwizard.addresses import is_address
from smtpwizard.clients.nestjs import Reason, Refusal, refusals
from smtpwizard.lint.context import (
    NO_REPAIR,
    Case,
    Repair,
    best_tls,
    drop,
    finding,
    meant_boolean,
    put,
    put_or_drop,
    shown,
)
from smtpwizard.presets.schema import ProviderStatus, SenderRule
from smtpwizard.problems import Problem, Severity
from smtpwizard.secret import Secret
from smtpwizard.settings import LEGACY
from smtpwizard.text import safe

_SLUGS: Final = {
    "SMTP_HOST": "host",
    "SMTP_PORT": "port",
    "SMTP_SENDER": "sender",
    "SMTP_TLS": "tls",
    "SMTP_CIPHER_SPEC": "cipher",
    "SMTP_OPPORTUNISTIC_TLS": "opportunistic-tls",
    "ADMIN_WEB_URL": "admin-web-url",
}
_WANTED: Final = {
    "SMTP_HOST": "Set it to the name of the mail server.",
    "SMTP_PORT": "Set it to the server's port: 587 for STARTTLS, 465 for TLS from the first byte.",
    "SMTP_SENDER": "Set it to the address that mails are to come from.",
}


def check_startup(case: Case) -> Iterator[Problem]:
    """Yield one error for each refusal."""
    for refusal in refusals(case.settings):
        name = f"{_SLUGS[refusal.variable]}-{_ENDINGS[refusal.reason]}"
        yield finding(name, Severity.ERROR, refusal.variable, _sentence(case, refusal), _repair(case, refusal))


_ENDINGS: Final = {
    Reason.MISSING: "missing",
    Reason.EMPTY: "empty",
    Reason.NOT_A_BOOLEAN: "not-boolean",
    Reason.NOT_A_NUMBER: "not-number",
    Reason.UNSAFE_NUMBER: "not-number",
}


def _sentence(case: Case, refusal: Refusal) -> str:
    name = refusal.variable
    if refusal.reason is Reason.MISSING:
        return f"{name} is missing, and the app refuses to start. {_WANTED[name]}"
    if refusal.reason is Reason.EMPTY:
        then = _WANTED.get(name, "Leave the line out instead.")
        return f"{name} is empty, and the app refuses to start. {then}"
    value = shown(str(case.settings.get(name)))
    if refusal.reason is Reason.NOT_A_BOOLEAN:
        return f"{name} is `{value}`, and the app refuses to start. It takes `true` or `false`."
    return f"SMTP_PORT is `{value}`, which is no number, and the app refuses to start. Write the digits alone."


def _repair(case: Case, refusal: Refusal) -> Repair:
    name = refusal.variable
    if name == "SMTP_TLS":
        return put_or_drop(name, best_tls(case, str(case.legacy.get(name, case.settings.tls or ""))))
    if name in case.legacy:
        return put(name, case.legacy[name])
    if name == "SMTP_OPPORTUNISTIC_TLS":
        meant = meant_boolean(case.settings.opportunistic_tls or "")
        return put_or_drop(name, None if meant is None else str(meant).lower())
    if name == "SMTP_HOST":
        provider = case.provider
        return put(name, provider.host) if provider and provider.host and len(provider.regions) < 2 else NO_REPAIR
    if name == "SMTP_PORT":
        return _port(case)
    if name == "SMTP_SENDER":
        known = case.provider is None or case.provider.sender.rule is SenderRule.ACCOUNT
        return put(name, case.username) if known and is_address(case.username) else NO_REPAIR
    return drop(name)


def _port(case: Case) -> Repair:
    if case.port is not None:
        return put("SMTP_PORT", str(case.port))
    if case.provider is not None:
        return put("SMTP_PORT", str(case.provider.recommended_port))
    return put("SMTP_PORT", "465" if case.secure else "587") if case.public else NO_REPAIR


def check_legacy(case: Case) -> Iterator[Problem]:
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


def check_provider(case: Case) -> Iterator[Problem]:
    """Yield at most one finding: the preset's status in words."""
    provider = case.provider
    if provider is None:
        return
    caveat = safe(provider.caveats[0]) if provider.caveats else ""
    if provider.status is ProviderStatus.BLOCKED or not provider.password_auth:
        fact = f"{provider.name} {provider.status_note or 'takes no login with a password'}"
        message = f"{fact}, so the app cannot send through it. Choose another provider."
        yield finding("provider-blocked", Severity.ERROR, "SMTP_HOST", message)
    elif provider.status is ProviderStatus.WARN:
        severity = Severity.INFO if case.captured else Severity.WARNING
        note = f"{provider.name}: {provider.status_note}." if provider.status_note else caveat
        yield finding("provider-warning", severity, "SMTP_HOST", note)
