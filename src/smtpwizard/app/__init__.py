"""What ABC User Feedback makes of its SMTP_* variables, as pure functions: no network, no files, no front end.

The facts were read in the app's source and run against its libraries; tests compare with the real joi and nodemailer.
The names below are the room's interface; each is imported when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from smtpwizard.lazy import lazy

if TYPE_CHECKING:
    from smtpwizard.app.case import meant_host as meant_host
    from smtpwizard.app.client import Transport as Transport
    from smtpwizard.app.client import refuses as refuses
    from smtpwizard.app.client import transport as transport
    from smtpwizard.app.hosts import is_private_host as is_private_host
    from smtpwizard.app.judge import findings as findings
    from smtpwizard.app.links import recipient_findings as recipient_findings
    from smtpwizard.app.masking import masked_settings as masked_settings
    from smtpwizard.app.origin import Origin as Origin

_HOMES: Final = {
    "Origin": "origin",
    "Transport": "client",
    "findings": "judge",
    "is_private_host": "hosts",
    "masked_settings": "masking",
    "meant_host": "case",
    "recipient_findings": "links",
    "refuses": "client",
    "transport": "client",
}

__getattr__ = lazy(__name__, _HOMES)
