"""The live dialogue with a server, exactly as the app's mail client would have it, and the verdict on it.

Must not know any front end, and must cost nothing that `check` does not need: neither asyncio nor ssl is imported here.
"""

from __future__ import annotations

from smtpwizard.probe.engine import Probe, run, run_blocking
from smtpwizard.probe.options import Options
from smtpwizard.probe.results import OutgoingMessage, Report

__all__ = ["Options", "OutgoingMessage", "Probe", "Report", "run", "run_blocking"]
