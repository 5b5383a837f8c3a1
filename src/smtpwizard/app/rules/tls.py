"""SMTP_TLS and SMTP_OPPORTUNISTIC_TLS: how they are read, whether they fit the port, and what may go in clear."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from smtpwizard.app.case import IMPLICIT_PORTS, Case
from smtpwizard.app.joi import boolean
from smtpwizard.app.repair import NO_REPAIR, Repair, best_tls, finding, put, put_or_drop, shown, switch_port
from smtpwizard.findings import Finding, Severity
from smtpwizard.preset_schema import PortChoice, TlsMode

_VARIABLE: Final = "SMTP_TLS"
_CERTAIN_STARTTLS: Final = frozenset({25, 587, 2587})
"""Ports on which no public server speaks TLS at once; some do on 2525."""


def check(case: Case) -> Iterator[Finding]:
    """Yield the reading of both variables, then the TLS mode against the port's."""
    if not case.settings.tls or boolean(case.settings.tls) is not None:
        yield from _spelling(case, case.settings.tls or "")
        yield from _mode(case)
    if case.settings.opportunistic_tls and boolean(case.settings.opportunistic_tls) is not None:
        message = "The app does not use SMTP_OPPORTUNISTIC_TLS: with SMTP_TLS=false it upgrades wherever it can."
        why = " The line stands as in the app's guide." if case.provider and case.provider.guide else " It may stay."
        yield finding("opportunistic-tls-ignored", Severity.INFO, "SMTP_OPPORTUNISTIC_TLS", message + why)


def _spelling(case: Case, text: str) -> Iterator[Finding]:
    if text in ("", "true", "false"):
        return
    right = put_or_drop(_VARIABLE, best_tls(case, text))
    if boolean(text):
        message = (
            f"SMTP_TLS is `{shown(text)}`: from the container's environment the app reads it as off, from its own .env "
            "as on. Write `true` or `false` in small letters, without blanks."
        )
        yield finding("tls-misread", Severity.WARNING, _VARIABLE, message, right)
    else:
        message = f"SMTP_TLS is `{shown(text)}`, which the app reads as off. Write `false` in small letters."
        yield finding("tls-spelling", Severity.INFO, _VARIABLE, message, right)


def _mode(case: Case) -> Iterator[Finding]:
    mode, port = case.port_mode, case.port
    if mode is None:
        return
    known = case.listed_mode is not None and not case.local
    sure = known or (case.public and port in IMPLICIT_PORTS | _CERTAIN_STARTTLS)
    severity = Severity.ERROR if sure else Severity.WARNING
    if mode is TlsMode.IMPLICIT and not case.secure:
        message = (
            f"Port {port} speaks TLS from the first byte, and with SMTP_TLS off the app waits for a greeting in clear "
            "that never comes (ETIMEDOUT after 30 s). Set SMTP_TLS=true."
        )
        yield finding("tls-off-on-tls-port", severity, _VARIABLE, message, put(_VARIABLE, "true"))
    elif mode is TlsMode.STARTTLS and case.secure:
        message = (
            f"Port {port} begins in clear and is upgraded with STARTTLS, but with SMTP_TLS=true the app opens TLS at "
            "once and fails (`wrong version number`). Set SMTP_TLS=false; it upgrades by itself."
        )
        yield finding("tls-on-starttls-port", severity, _VARIABLE, message, put(_VARIABLE, "false"))
    elif mode is TlsMode.NONE and case.secure:
        message = f"Port {port} speaks no TLS, and with SMTP_TLS=true the app opens with it. Set SMTP_TLS=false."
        yield finding("tls-on-clear-port", severity, _VARIABLE, message, put(_VARIABLE, "false"))
    elif not case.secure:
        yield from _in_clear(case, mode)


def _in_clear(case: Case, mode: TlsMode) -> Iterator[Finding]:
    """Tell where the password could cross a public network readable."""
    if not case.public or not (case.settings.username and case.settings.password):
        return
    if mode is TlsMode.NONE:
        message = f"Port {case.port} has no TLS: password and mails cross the network in clear. Choose a port with TLS."
        yield finding("clear-text-login", Severity.WARNING, _VARIABLE, message, _stricter(case))
    elif case.port != 25 or case.provider is None:  # for 25 there is a better port: see `port`
        message = f"On {case.port} the app goes on in clear, password included, when the server offers no STARTTLS."
        yield finding("starttls-fallback", Severity.INFO, "SMTP_PORT", f"{message} {_way_out(case)}", _stricter(case))


def _way_out(case: Case) -> str:
    choice = _implicit(case)
    if choice:
        return f"{choice.port} with TLS cannot fall back to clear text."
    if case.provider:
        return f"{case.provider.name} has no port with TLS from the first byte."
    return "If the server has 465, that with SMTP_TLS=true cannot fall back to clear text."


def _stricter(case: Case) -> Repair:
    choice = _implicit(case)
    return switch_port(case, choice) if choice else NO_REPAIR


def _implicit(case: Case) -> PortChoice | None:
    ports = case.provider.ports if case.provider else ()
    return next((item for item in ports if item.tls is TlsMode.IMPLICIT and item.verified), None)
