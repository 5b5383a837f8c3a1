"""The failure catalogue and its matcher: from a reply, an error or a log line to cause, remedy and repair.

Opens no connection and imports no other room beside it. What the catalogue does not know is answered generically and
marked so: never wrong and confident.
"""

from __future__ import annotations

from smtpwizard.diagnosis.catalogue import Catalogue, default
from smtpwizard.diagnosis.event import Event, from_text
from smtpwizard.diagnosis.explaining import explain, explain_event, explain_steps, not_arrived
from smtpwizard.diagnosis.explaining_text import Explained, explain_log, explain_text, flat
from smtpwizard.diagnosis.reading import FailureProblem
from smtpwizard.diagnosis.result import Diagnosis
from smtpwizard.diagnosis.schema import EVENTS, STAGES, Example, Failure

__all__ = [
    "EVENTS",
    "STAGES",
    "Catalogue",
    "Diagnosis",
    "Event",
    "Example",
    "Explained",
    "Failure",
    "FailureProblem",
    "default",
    "explain",
    "explain_event",
    "explain_log",
    "explain_steps",
    "explain_text",
    "flat",
    "from_text",
    "not_arrived",
]
