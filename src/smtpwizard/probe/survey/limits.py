"""When a survey helps after a failed check, and what bounds it. Pure."""

from __future__ import annotations

from typing import Final

from smtpwizard.clients import registry
from smtpwizard.clients.model import ClientModel
from smtpwizard.smtp.results import Report, Status, Step, StepResult, Verdict

TOTAL_SECONDS: Final = 10.0
"""The one deadline over everything."""
CONNECT_SECONDS: Final = 4.0
"""For a TCP connection: a SYN that was lost is sent again after 1 and 3 s (RFC 6298), so two repeats fit."""
ATTEMPT_SECONDS: Final = 0.25
"""From one address to the next without waiting for the first: RFC 8305's Connection Attempt Delay."""
STAGE_SECONDS: Final = 8.0
"""For each step of the dialogue; servers that look up the client's name first take 5 s and more to greet."""
GRACE_SECONDS: Final = 0.4
"""The time that the other ports still get once the settings' own port has explained the failure."""

MOST_ADDRESSES: Final = 4
"""Addresses of a host that are tried for a port; large providers have dozens."""
MOST_PORTS: Final = 24
MOST_OCTETS: Final = 128 * 1024
"""Octets taken from one connection. A dialogue with its certificates has 20 KB; beyond this it is no mail server."""
MOST_MECHANISMS: Final = 16
MOST_NAMES: Final = 5
"""Names of a certificate that are looked up."""


_ENVELOPE: Final = frozenset({Step.MAIL, Step.RCPT, Step.DATA})
_AUTHENTICATION_REQUIRED: Final = 530
"""RFC 4954 section 6; also `Must issue a STARTTLS command first` (RFC 3207 section 4)."""


def is_useful(report: Report, client: ClientModel = registry.DEFAULT) -> bool:
    """Say whether a survey makes sense after `report`.

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
        return failed.error not in client.errors.REFUSED_CIPHERS  # nothing was asked of the server
    if failed.step is Step.GREETING:
        return True
    if failed.step is Step.EHLO:
        return failed.reply is None
    return failed.step in _ENVELOPE and (code == _AUTHENTICATION_REQUIRED or not_offered(report.step(Step.AUTH)))


def not_offered(auth: StepResult | None) -> bool:
    """Say whether the app went on without its login because none was offered."""
    return auth is not None and auth.status is Status.WARNED and auth.reply is None
