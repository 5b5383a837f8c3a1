"""What `check`, `send` and `check --inside` have in common: from flags to a run, from its report to words, JSON and an
exit code.

A run is made with blocking calls: no event loop, half the time to start.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from smtpwizard.addresses import is_address
from smtpwizard.cli.output import emit, emit_json
from smtpwizard.cli.source import Source, load
from smtpwizard.clients.registry import label, model_of
from smtpwizard.errors import ExitCode, InputError
from smtpwizard.lint.check import findings, secrets
from smtpwizard.presets.catalogue import Presets
from smtpwizard.presets.schema import Provider
from smtpwizard.probe.verdict import Options
from smtpwizard.problems import Problem, gravest_first
from smtpwizard.records import NamedTuple
from smtpwizard.secret import hide
from smtpwizard.smtp.results import ClientOutcome, OutgoingMessage, Report, SentMessage, Status, Step, StepResult
from smtpwizard.text import safe
from smtpwizard.wizard.check import Check

if TYPE_CHECKING:
    import argparse

    from smtpwizard.report.lines import Line


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
        app_name=source.settings.app.name,
    )
    provider = known.for_host(source.settings.host or "")
    hide(secrets(source.settings, provider))
    return Plan(source, provider, options)


def recipients(args: argparse.Namespace) -> tuple[str, ...]:
    """Return whom `--to` names, each once: `check` takes one, `send` several. InputError for what is no address."""
    given = [args.to] if isinstance(args.to, str) else args.to or []
    for address in given:
        if not is_address(address):
            what = f"{safe(address, limit=120)} is none" if address else "it is empty"
            raise InputError(f"--to wants one bare mail address, such as you@example.com; {what}.", "Recipient")
    return tuple(dict.fromkeys(given))


def catalogue(args: argparse.Namespace) -> Presets:
    """Return the presets, with the operator's own on top."""
    return Presets.open(args.presets)


def prepare(planned: Plan, messages: Sequence[OutgoingMessage] = (), *, surveys: bool = True) -> Check:
    """Return the run, not yet begun. FileError where a certificate authority cannot be read."""
    source = planned.source
    return Check(
        source.settings,
        planned.options,
        provider=planned.provider,
        service=source.service or "api",
        messages=messages,
        surveys=surveys,
    )


def findings_of(planned: Plan) -> tuple[Problem, ...]:
    """Return what the app makes of the settings, and what is wrong with the file itself, errors first."""
    source = planned.source
    about_values = findings(source.settings, provider=planned.provider, origin=source.origin)
    return gravest_first((*about_values, *source.findings, *planned.findings))


def exit_code(report: Report) -> ExitCode:
    """Return 0 where the app will work, 3 where it refuses to start, 1 otherwise."""
    if report.works:
        return ExitCode.OK
    failed = report.failed
    return ExitCode.CONFIG if failed is not None and failed.step is Step.LINT else ExitCode.FAILED


def to_json(check: Check, planned: Plan) -> dict[str, Any]:
    """Return the contract's object for `check --json` and `send --json`. The run has ended."""
    outcome = check.outcome
    assert outcome is not None
    report = outcome.report
    app, settings = report.app, planned.source.settings
    model = model_of(settings.app)
    value: dict[str, Any] = {
        "schema": 1,
        "settings": report.settings,
        "provider": report.provider,
        "steps": [_step(step) for step in report.steps],
        "server": {"ok": report.server_ok},
        "app": {
            "id": settings.app.id,
            "client": label(settings.app),
            "modelled": model is not None,
            "compared": model is not None and model.compared,
            "verdict": app.verdict and app.verdict.value,
            "sentence": app.sentence,
            "verify": _outcome(app.verify),
            "send": _outcome(app.send),
        },
        "findings": [item.as_finding() for item in findings_of(planned)],
        "proposals": [
            item.as_proposal() for item in (*outcome.of_the_name(), *(check.survey.proposals if check.survey else ()))
        ],
        "diagnoses": [item.as_diagnosis() for item in outcome.diagnoses()],
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


def _outcome(item: ClientOutcome) -> dict[str, Any]:
    logged = {} if item.log is None else {"log": item.log}
    return _fields(item, "ok", "code", "response_code", "command") | logged


def _message(item: SentMessage) -> dict[str, Any]:
    return {"to": item.recipient, "mail": item.mail, **_fields(item, "id", "queued_as", "response", "accepted", "ms")}


def _fields(item: object, *names: str) -> dict[str, Any]:
    return {name: getattr(item, name) for name in names}


def show(
    check: Check, planned: Plan, *, as_json: bool, more: Callable[[Report], Mapping[str, Any]] | None = None
) -> Report:
    """Make the run and print it: each stage as it ends and then the report, or all of it as one JSON object.

    `more` gives further members of that object, once the report is made; they win over those of the same name.
    """
    if as_json:
        report = finish(check)
        value = to_json(check, planned)
        emit_json(value | dict(more(report) if more else {}))
        return report
    from smtpwizard.report import probe as told
    from smtpwizard.report.lines import Line, LineRole, finding_lines, problem_lines

    emit(Line(headline(planned), role=LineRole.TITLE))
    warned: set[str] = set()
    shown = 0
    for item in check.run_blocking():
        if isinstance(item, Report):
            left = told.unreached_line(item.steps)
            _out(([left] if left else []), (Line(""), *told.verdict_lines(item)))
        elif item.message is None or check.due == 1:
            _out(() if told.is_unreached(item) else [told.stage_line(item)])
        else:
            _out(_warnings(item, warned), [told.message_line(message) for message in check.sent[shown:]])
            shown = len(check.sent)
    seen = tuple(told.survey_lines(check.survey)) if check.survey else ()
    _out((Line(""), *seen) if seen else ())
    outcome = check.outcome
    assert outcome is not None
    failed = outcome.report.failed
    if failed is None or failed.step is not Step.LINT:  # why the app refuses to start is told by the findings
        _out(problem_lines(outcome.problems()))
    found = tuple(finding_lines(findings_of(planned)))
    _out((Line(""), *found) if found else ())
    return outcome.report


def finish(check: Check) -> Report:
    """Return the run's report, made now unless it was made before."""
    if check.report is None:
        for _ in check.run_blocking():
            pass
    assert check.report is not None
    return check.report


def _warnings(step: StepResult, warned: set[str]) -> Iterator[Line]:
    """Yield what a stage of one of several messages warns of, once for all of them."""
    from smtpwizard.report.lines import Line, Mark

    for warning in step.detail or ((step.summary,) if step.status is Status.WARNED else ()):
        if warning not in warned:
            warned.add(warning)
            yield Line(warning, Mark.WARNING, name=step.step.value)


def headline(planned: Plan) -> str:
    """Return `smtp.gmail.com:587 (Gmail), settings from .env`."""
    settings = planned.source.settings
    name = f" ({planned.provider.name})" if planned.provider else ""
    where = f"{settings.shown_host or 'no host'}:{settings.port or 'no port'}"
    return safe(f"{where}{name}, settings from {planned.source.description}")


def _out(*parts: Iterable[Line]) -> None:
    emit(*(line for part in parts for line in part))
