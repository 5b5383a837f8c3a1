"""How a probe is to be made: limits, trust, recipient. Data only."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from smtpwizard.app.origin import Origin


class Options(NamedTuple):
    """Everything about a probe that is not one of the app's settings."""

    timeout: float = 10.0
    """Seconds for each stage. The app's client waits longer: 2 min to connect, 30 s for the greeting, 10 min else."""
    ca_files: tuple[Path, ...] = ()
    """PEM files with certificate authorities to trust beside Node's own list."""
    extra_ca_pem: str | None = None
    """The same as text: the practice server's throw-away CA."""
    recipient: str | None = None
    """Whom to name at RCPT; None: the sender."""
    ehlo_name: str | None = None
    """The name for EHLO; None: `[127.0.0.1]`, which is what the client says in every container without a dotted name.
    """
    trust_extra_env: bool = True
    """Whether to trust what NODE_EXTRA_CA_CERTS names, as Node does."""
    origin: Origin = Origin.ANSWERS
    """Where the settings come from, which decides what the app makes of them."""
    app_name: str = "The app"
    """The app's name, for sentences."""
