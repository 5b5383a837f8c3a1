"""SMTP_CIPHER_SPEC: words that OpenSSL does not know break every TLS connection."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from smtpwizard.app.case import Case
from smtpwizard.app.ciphers import CipherVerdict, judge_ciphers
from smtpwizard.app.repair import drop, finding, shown
from smtpwizard.findings import Finding, Severity
from smtpwizard.preset_schema import TlsMode

_VARIABLE: Final = "SMTP_CIPHER_SPEC"


def check(case: Case) -> Iterator[Finding]:
    """Yield what becomes of connections with this list."""
    spec = case.settings.cipher_spec
    if not spec:
        return
    verdict = judge_ciphers(spec)
    if verdict is CipherVerdict.BROKEN:
        clear = not case.secure and (case.listed_mode is TlsMode.NONE or not case.public)
        message = (
            f"OpenSSL has no cipher `{shown(spec)}`, so every TLS connection fails (`no cipher match`). "
            "Leave SMTP_CIPHER_SPEC out: TLS 1.2 and 1.3 both work then."
        )
        yield finding(
            "cipher-unknown", Severity.WARNING if clear else Severity.ERROR, _VARIABLE, message, drop(_VARIABLE)
        )
    elif verdict is CipherVerdict.TLS13_ONLY:
        message = (
            "SMTP_CIPHER_SPEC names TLS 1.3 suites alone: a server that speaks only TLS 1.2 cannot be reached. "
            "Leave it out to allow both."
        )
        yield finding("cipher-tls13-only", Severity.INFO, _VARIABLE, message, drop(_VARIABLE))
