"""What `check` and `send` have in common: from flags to a probe, from a report to an exit code and words. Prints
nothing.

Both run the probe with blocking calls: no event loop, half the time to start.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from smtpwizard.cli.output import emit_json
from smtpwizard.cli.source import Source, load
from smtpwizard.errors import ExitCode, InputError
from smtpwizard.lint.check import findings
from smtpwizard.presets.catalogue import Presets
from smtpwizard.presets.schema import Provider
from smtpwizard.probe.engine import Probe
from smtpwizard.probe.survey.limits import is_useful
from smtpwizard.probe.verdict import Options
from smtpwizard.problems import Problem, Severity
from smtpwizard.report.probe import (
    SYMBOLS,
    diagnosis_lines,
    finding_lines,
    is_unreached,
    message_line,
    step_line,
    unreached_line,
    verdict_lines,
)
from smtpwizard.smtp.results import Report, SentMessage, Status, Step, StepResult, Verdict
from smtpwizard.text import safe

if TYPE_CHECKING:
    from smtpwizard.probe.survey.facts import SurveyResult


_ADDRESS: Final = re.compile(r"[^\s<>,;\x00-\x1f\x7f]+@[^\s<>,;@\x00-\x1f\x7f]+")


class Plan(NamedTuple):
    """What is to be probed, and how."""

    source: Source
    provider: Provider | None
    options: Options
    findings: tuple[Problem, ...] = ()
    """What is to be told beside what the settings and the file say: about recipients."""


def plan(args: argparse.Namespace, presets: Presets | None = None, source: Source | None = None) -> Plan:
    """Read settings and presets where not given. InputError for a recipient that is no address; as `source.load`."""
    to = recipients(args)
    source = source or load(args)
    known = presets or catalogue(args)
    options = Options(
        timeout=args.timeout,
        ca_files=tuple(args.ca_file),
        recipient=to[0] if to else None,
        origin=source.origin,
        app_name=known.app_name(),
    )
    return Plan(source, known.for_host(source.settings.host or ""), options)


def recipients(args: argparse.Namespace) -> tuple[str, ...]:
    """Return whom `--to` names, each once: `check` takes one, `send` several. InputError for what is no address."""
    given = [args.to] if isinstance(args.to, str) else args.to or []
    for address in given:
        if not _ADDRESS.fullmatch(address):
            what = f"{safe(address, limit=120)} is none" if address else "it is empty"
            raise InputError(f"--to wants one bare mail address, such as you@example.com; {what}.", "Recipient")
    return tuple(dict.fromkeys(given))


def catalogue(args: argparse.Namespace) -> Presets:
    """Return the presets, with the operator's own on top."""
    return Presets.open(args.presets)


def diagnoses(report: Report, planned: Plan) -> tuple[Problem, ...]:
    """Return the likely causes of what failed or looks wrong, best first, each once; the failed stage leads.

    Where every stage just passed nothing is looked up: reading the catalogue takes as long as the whole dialogue.
    """
    auth = report.step(Step.AUTH)
    unasked = auth is not None and auth.status is Status.WARNED and auth.reply is None
    hello = unasked or report.app.verdict is Verdict.LEAKS  # then the cause is in what EHLO does not offer
    steps = [step for step in report.steps if _remarkable(step) or (hello and step.step is Step.EHLO)]
    if not steps:
        return ()
    from smtpwizard.diagnosis.explain import explain

    found: dict[str, Problem] = {}
    for step in sorted(steps, key=lambda step: step.status is not Status.FAILED):
        for item in explain(step, provider=planned.provider, settings=planned.source.settings):
            found.setdefault(item.id, item)
    return tuple(found.values())


def _remarkable(step: StepResult) -> bool:
    """Say whether a stage has more to tell than that it passed; 254 after the message does (D5: suppressed)."""
    if step.step is Step.LINT:
        return False  # what the app refuses is told by the findings
    if step.step is Step.DATA and step.reply is not None and step.reply.code != 250:
        return True
    return step.status in (Status.FAILED, Status.WARNED)


def judged(planned: Plan) -> tuple[Problem, ...]:
    """Return what the app makes of the settings, and what is wrong with the file itself, errors first."""
    source = planned.source
    about_values = findings(source.settings, provider=planned.provider, origin=source.origin)
    order = list(Severity)
    found = (*about_values, *source.findings, *planned.findings)
    return tuple(sorted(found, key=lambda item: order.index(item.severity)))


def exit_code(report: Report) -> ExitCode:
    """Return 0 where the app will work, 3 where it refuses to start, 1 otherwise."""
    if report.app.verdict is Verdict.WORKS:
        return ExitCode.OK
    failed = report.failed
    return ExitCode.CONFIG if failed is not None and failed.step is Step.LINT else ExitCode.FAILED


def to_json(report: Report, planned: Plan, proposals: Iterable[Problem] = ()) -> dict[str, Any]:
    """Return the contract's object for `check --json` and `send --json`; `proposals` are a second look's."""
    app = report.app
    value: dict[str, Any] = {
        "schema": 1,
        "settings": report.settings,
        "provider": report.provider,
        "steps": [_step(step) for step in report.steps],
        "server": {"ok": report.server_ok},
        "app": {
            "verdict": app.verdict.value,
            "sentence": app.sentence,
            "verify": _fields(app.verify, "ok", "code", "response_code", "command"),
            "send": _fields(app.send, "ok", "code", "response_code", "command"),
        },
        "findings": [item.as_finding() for item in judged(planned)],
        "proposals": [item.as_proposal() for item in proposals],
        "diagnoses": [item.as_diagnosis() for item in diagnoses(report, planned)],
        "transcript": [{"from": line.sender, "line": line.line} for line in report.transcript],
    }
    if report.message is not None:
        value["message"] = _message(report.message)
    if len(report.messages) > 1:
        value["messages"] = [_message(item) for item in report.messages]
    return value | {"not_proved": list(report.not_proved), "elapsed_ms": report.elapsed_ms}


def _step(step: StepResult) -> dict[str, Any]:
    value: dict[str, Any] = _fields(step, "step", "status", "ms", "summary", "error")
    if step.error is None:
        del value["error"]
    if step.message is not None:
        value["message"] = step.message
    if step.reply is not None:
        value["reply"] = _fields(step.reply, "code", "enhanced", "text")
    if step.tls is not None:
        value["tls"] = _fields(
            step.tls, "protocol", "cipher", "names", "issuer", "not_before", "not_after", "days_left", "verified"
        )
    return value


def _message(item: SentMessage) -> dict[str, Any]:
    return {"to": item.recipient, "mail": item.mail, **_fields(item, "id", "queued_as", "response", "accepted", "ms")}


def _fields(item: object, *names: str) -> dict[str, Any]:
    return {name: getattr(item, name) for name in names}


_INDENT = "  "


def look_again(report: Report, planned: Plan) -> SurveyResult | None:
    """Ask the server again, without user and password, for --timeout seconds and 10 at most.

    None where that would clear up nothing. FileError as `run_survey`.
    """
    if not is_useful(report):
        return None
    import asyncio

    from smtpwizard.probe.survey.limits import TOTAL_SECONDS
    from smtpwizard.probe.survey.survey import run_survey

    options = planned.options
    seconds = min(TOTAL_SECONDS, options.timeout)
    return asyncio.run(run_survey(report, planned.source.settings, options, provider=planned.provider, timeout=seconds))


def look_lines(look: SurveyResult) -> Iterator[str]:
    """Yield what was seen, then fact, cause and action of each proposal, the best first."""
    if look.facts:
        yield "Seen at a second look:"
        yield from (_INDENT + safe(line) for line in look.facts)
    for item in look.proposals:
        yield ""
        yield item.title
        yield f"{_INDENT}{item.cause}"
        yield f"{_INDENT}{item.remedy}"
        for name, value in item.changes.items():
            yield f"{_INDENT}→ {name}={value}" if value is not None else f"{_INDENT}→ leave {name} out"
        yield from (f"{_INDENT}{_INDENT}{line}" for line in item.facts)


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
        look = look_again(report, planned)
        told = to_json(report, planned, look.proposals if look else ())
        emit_json(told | dict(more(report) if more else {}))
        return report
    _out((headline(planned),))
    for line in _live(probe):
        _out((line,))
    report = probe.report()
    left = unreached_line(report.steps)
    _out((left,) if left else ())
    _out(("", *verdict_lines(report)))
    look = look_again(report, planned)
    seen = tuple(look_lines(look)) if look else ()
    _out(("", *seen) if seen else ())
    _out(diagnosis_lines(diagnoses(report, planned)))
    found = tuple(finding_lines(judged(planned)))
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
