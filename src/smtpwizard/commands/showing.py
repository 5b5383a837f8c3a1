"""A probe run to its end and printed: each stage as it ends, then the report. Both are the command's data: stdout."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from smtpwizard.commands import looking, probing
from smtpwizard.commands.output import emit_json
from smtpwizard.commands.probe_text import (
    SYMBOLS,
    diagnosis_lines,
    finding_lines,
    is_unreached,
    message_line,
    step_line,
    unreached_line,
    verdict_lines,
)
from smtpwizard.commands.probing import Plan
from smtpwizard.probe.engine import Probe
from smtpwizard.probe.results import Report, Status
from smtpwizard.text import safe


def show(
    probe: Probe, planned: Plan, *, as_json: bool, more: Callable[[Report], Mapping[str, Any]] | None = None
) -> Report:
    """Run a probe and print it: each stage as it ends and then the report, or all of it as one JSON object.

    `more` gives further members of that object, once the report is made; they win over those of the same name.
    """
    if as_json:
        for _ in probe.steps_blocking():
            pass
        report = probe.report()
        look = looking.look_again(report, planned)
        told = probing.to_json(report, planned, look.proposals if look else ())
        emit_json(told | dict(more(report) if more else {}))
        return report
    _out((headline(planned),))
    for line in _live(probe):
        _out((line,))
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


def _live(probe: Probe) -> Iterator[str]:
    """Yield a line a stage as it ends; of several messages a line each, and what a stage of theirs warns of, once."""
    told: set[str] = set()
    shown = 0
    for step in probe.steps_blocking():
        if step.message is None or probe.due == 1:
            if not is_unreached(step):
                yield step_line(step)
            continue
        for warning in step.detail or ((step.summary,) if step.status is Status.WARNED else ()):
            if warning not in told:
                told.add(warning)
                yield f"{SYMBOLS[Status.WARNED]} {step.step.value}: {warning}"
        for message in probe.sent[shown:]:
            yield message_line(message)
        shown = len(probe.sent)


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
