"""The practice server: an SMTP server on the loopback that this process runs itself. Never reaches beyond the loopback.

Importing this package costs nothing: aiosmtpd, trustme and cryptography (0.14 s) are loaded when a server starts.
"""

from __future__ import annotations

from smtpwizard.sandbox.practice import PracticeServer
from smtpwizard.sandbox.received import ReceivedMessage

__all__ = ["PracticeServer", "ReceivedMessage"]
