"""The provider itself: blocked for this app, or on its way out."""

from __future__ import annotations

from collections.abc import Iterator

from smtpwizard.app.case import Case
from smtpwizard.app.repair import finding
from smtpwizard.findings import Finding, Severity
from smtpwizard.preset_schema import ProviderStatus
from smtpwizard.text import safe


def check(case: Case) -> Iterator[Finding]:
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
