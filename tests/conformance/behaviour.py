"""What the conformance suite compares: a server's behaviour and the settings with which it is met. Data only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from smtpwizard.sandbox.scripted import Script

LOGIN: Mapping[str, str] = {"SMTP_USERNAME": "app@example.com", "SMTP_PASSWORD": "correct horse"}
NO_LOGIN: Mapping[str, str] = {}

BOTH: Mapping[str, Mapping[str, str]] = {"login": LOGIN, "no login": NO_LOGIN}
ONLY_LOGIN: Mapping[str, Mapping[str, str]] = {"login": LOGIN}


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One server, and the sensible settings for it."""

    name: str
    """A few words, unique; the row's title in docs/app-conformance.md."""
    script: Script
    settings: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: BOTH)
    """Name → variables beside host, port, sender and the one for TLS from the first byte."""
    certificate: str = "trusted"
    """A kind of tests/support/tls_kinds.py, or `self-signed`."""
    host: str = "localhost"
    port: str | None = None
    """Where not the server's own: a closed one."""
    to: str = "to@example.com"
    """Whom `send` writes to."""
    crashes: bool = False
    """Whether the client may take its process down."""
    app: str = "abc-user-feedback"
    """Whose variables the settings are."""
