"""What ABC User Feedback makes of its SMTP_* variables, as pure functions: no network, no files, no front end.

The facts were read in the app's source and run against its libraries; tests compare with the real joi and nodemailer.
"""

from __future__ import annotations

from smtpwizard.app.case import meant_host
from smtpwizard.app.client import Transport, refuses, transport
from smtpwizard.app.hosts import is_private_host
from smtpwizard.app.judge import findings
from smtpwizard.app.masking import masked_settings
from smtpwizard.app.origin import Origin

__all__ = [
    "Origin",
    "Transport",
    "findings",
    "is_private_host",
    "masked_settings",
    "meant_host",
    "refuses",
    "transport",
]
