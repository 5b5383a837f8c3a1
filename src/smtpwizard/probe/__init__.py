"""The live dialogue with a server, exactly as the app's mail client would have it, and the verdict on it.

Must not know any front end, and must cost nothing that `check` does not need: neither asyncio nor ssl is imported here.
The names below are the room's interface; each is imported when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from smtpwizard.lazy import lazy

if TYPE_CHECKING:
    from smtpwizard.probe.engine import Probe as Probe
    from smtpwizard.probe.engine import run as run
    from smtpwizard.probe.engine import run_blocking as run_blocking
    from smtpwizard.probe.options import Options as Options
    from smtpwizard.probe.results import OutgoingMessage as OutgoingMessage
    from smtpwizard.probe.results import Report as Report

_HOMES: Final = {
    "Options": "options",
    "OutgoingMessage": "results",
    "Probe": "engine",
    "Report": "results",
    "run": "engine",
    "run_blocking": "engine",
}

__getattr__ = lazy(__name__, _HOMES)
