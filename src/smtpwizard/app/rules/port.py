"""SMTP_PORT: how it is read, and whether anybody sends mail there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from smtpwizard.app.case import Case
from smtpwizard.app.client import effective_port
from smtpwizard.app.joi import Reason, number
from smtpwizard.app.origin import Origin
from smtpwizard.app.repair import NO_REPAIR, Repair, finding, put, shown, switch_port
from smtpwizard.findings import Finding, Severity
from smtpwizard.preset_schema import PortChoice, Provider, TlsMode

_VARIABLE: Final = "SMTP_PORT"
_OTHER_PROTOCOLS: Final = {22: "SSH", 80: "HTTP", 110: "POP3", 143: "IMAP", 443: "HTTPS", 993: "IMAP", 995: "POP3"}
_MAIL_PORTS: Final = {
    110: PortChoice(587, TlsMode.STARTTLS),
    143: PortChoice(587, TlsMode.STARTTLS),
    993: PortChoice(465, TlsMode.IMPLICIT),
    995: PortChoice(465, TlsMode.IMPLICIT),
}
"""Port for reading mail → the port for sending with the same TLS mode (RFC 8314)."""


def check(case: Case) -> Iterator[Finding]:
    """Yield how the text is read; where that is plain, what is unlikely about the port."""
    text = case.settings.port
    if not text or isinstance(number(text), Reason):
        return  # `start` tells it
    if text == str(case.port):
        yield from _meaning(case, case.port)
    else:
        yield from _reading(case, text)


def _reading(case: Case, text: str) -> Iterator[Finding]:
    environ, file = effective_port(text, Origin.ENVIRON), effective_port(text, Origin.ENV_FILE)
    meant = put(_VARIABLE, str(case.port)) if case.port else NO_REPAIR
    if environ != file:
        message = (
            f"SMTP_PORT is `{shown(text)}`: from the container's environment the app reads port {environ or 'none'}, "
            f"from its own .env {file or 'none'}. Write plain digits."
        )
        yield finding("port-misread", Severity.WARNING, _VARIABLE, message, meant)
    elif environ is None:
        taken = "465" if case.secure else "587"
        message = f"SMTP_PORT is `{shown(text)}`, which the mail client takes for no port: it connects to {taken}."
        right = put(_VARIABLE, taken)
        yield finding("port-zero", Severity.WARNING, _VARIABLE, f"{message} Write the port that is meant.", right)
    elif not 0 < environ < 65536:
        if not case.port and case.provider:
            meant = put(_VARIABLE, str(case.provider.recommended_port))
        message = f"SMTP_PORT is `{shown(text)}`; ports go from 1 to 65535, and every connection fails. Correct it."
        yield finding("port-out-of-range", Severity.ERROR, _VARIABLE, message, meant)
    else:
        message = f"SMTP_PORT is `{shown(text)}`. The app reads {environ}; other readers may not. Write plain digits."
        yield finding("port-spelling", Severity.INFO, _VARIABLE, message, put(_VARIABLE, str(environ)))


def _meaning(case: Case, port: int | None) -> Iterator[Finding]:
    provider = case.provider
    if port in _OTHER_PROTOCOLS and case.listed_mode is None:
        severity = Severity.ERROR if case.public else Severity.WARNING
        message = f"Port {port} is for {_OTHER_PROTOCOLS[port]}, not for sending mail. Usual are 465 and 587."
        yield finding("port-other-protocol", severity, _VARIABLE, message, _instead(case, port))
    elif provider and case.foreign_port:
        message = f"{provider.name} is not known to answer on port {port}; it has {_offered(provider)}."
        yield finding("port-not-of-provider", Severity.WARNING, _VARIABLE, message, _recommended(case, provider))
    elif port == 25 and case.public:
        message = "Most clouds and many networks block outgoing port 25. Use the server's submission port: 465 or 587."
        better = _recommended(case, provider) if provider and provider.recommended_port != 25 else NO_REPAIR
        yield finding("port-25", Severity.INFO, _VARIABLE, message, better)


def _instead(case: Case, port: int) -> Repair:
    if case.provider and case.provider.ports:
        return _recommended(case, case.provider)
    return switch_port(case, _MAIL_PORTS[port]) if port in _MAIL_PORTS else NO_REPAIR


def _recommended(case: Case, provider: Provider) -> Repair:
    return switch_port(case, provider.port_choice())


def _offered(provider: Provider) -> str:
    words = {TlsMode.IMPLICIT: " with TLS", TlsMode.STARTTLS: " with STARTTLS", TlsMode.NONE: ""}
    return ", ".join(f"{choice.port}{words[choice.tls]}" for choice in provider.ports)
