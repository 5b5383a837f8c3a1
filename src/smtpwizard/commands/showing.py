"""A probe run to its end and printed: each stage as it ends, then the report. Both are the command's data: stdout."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from smtpwizard.commands import looking, probing
from smtpwizard.commands.output import emit_json
from smtpwizard.commands.probe_text import (
    diagnosis_lines,
    finding_lines,
    is_unreached,
    step_line,
    unreached_line,
    verdict_lines,
)
from smtpwizard.commands.probing import Plan
from smtpwizard.probe.engine import Probe
from smtpwizard.probe.results import Report
from smtpwizard.text import safe


def show(probe: Probe, planned: Plan, *, as_json: bool) -> Report:
    """Run a probe and print it: each stage as it ends and then the report, or all of it as one JSON object."""
    if as_json:
        for _ in probe.steps_blocking():
            pass
        report = probe.report()
        look = looking.look_again(report, planned)
        emit_json(probing.to_json(report, planned, look.proposals if look else ()))
        return report
    _out((headline(planned),))
    for step in probe.steps_blocking():
        if not is_unreached(step):
            _out((step_line(step),))
    report = probe.report()
    left = unreached_line(report.steps)
    _out((left,) if left else ())
    _out(("", *verdict_lines(report)))
    look = looking.look_again(report, planned)
    seen = tuple(looking.look_lines(look)) if look else ()
    _out(("", *seen) if seen else ())
    _out(diagnosis_lines(probing.diagnoses(report, planned)))
    found = tuple(finding_lines(probing.judged(planned)))
    _out(("", *found) if found else ())
    return report


def headline(planned: Plan) -> str:
    """Return `smtp.gmail.com:587 (Gmail), settings from .env`."""
    settings = planned.source.settings
    name = f" ({planned.provider.name})" if planned.provider else ""
    where = f"{settings.shown_host or 'no host'}:{settings.port or 'no port'}"
    return safe(f"{where}{name}, settings from {planned.source.description}")


def _out(lines: Iterable[str]) -> None:
    encoding = sys.stdout.encoding or "utf-8"
    for line in lines:
        sys.stdout.write(line.encode(encoding, "replace").decode(encoding) + "\n")
    sys.stdout.flush()
