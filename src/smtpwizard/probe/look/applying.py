"""Whether a failure is one that another look at the server can clear up. Pure."""

from __future__ import annotations

from typing import Final

from smtpwizard.probe.results import Report, Status, Step, StepResult, Verdict

_CIPHERS: Final = frozenset({"ERR_SSL_NO_CIPHER_MATCH", "ERR_INVALID_ARG_VALUE"})
"""Node refuses SMTP_CIPHER_SPEC: nothing was asked of the server."""
_ENVELOPE: Final = frozenset({Step.MAIL, Step.RCPT, Step.DATA})
_AUTHENTICATION_REQUIRED: Final = 530
"""RFC 4954 section 6; also `Must issue a STARTTLS command first` (RFC 3207 section 4)."""


def applies(report: Report) -> bool:
    """Say whether a second look makes sense after `report`.

    It does for a closed or silent port, for everything about TLS and certificates, for a server that greets in a
    strange way, for a login that was not offered, and where the password went in clear. It does not for a host without
    an address, for a refused login (asking again locks accounts), for a refused sender or recipient, and for a server
    that asks for a pause.
    """
    failed = report.failed
    if failed is None:
        return report.app.verdict is Verdict.LEAKS
    code = failed.reply.code if failed.reply else None
    if code is not None and 400 <= code < 500 and failed.step is not Step.STARTTLS:
        return False
    if failed.step is Step.CONNECT:
        return True
    if failed.step in (Step.TLS, Step.STARTTLS):
        return failed.error not in _CIPHERS
    if failed.step is Step.GREETING:
        return True
    if failed.step is Step.EHLO:
        return failed.reply is None
    return failed.step in _ENVELOPE and (code == _AUTHENTICATION_REQUIRED or not_offered(report.step(Step.AUTH)))


def not_offered(auth: StepResult | None) -> bool:
    """Say whether the app went on without its login because none was offered."""
    return auth is not None and auth.status is Status.WARNED and auth.reply is None
