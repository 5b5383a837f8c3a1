"""What `check` and `send` have in common: from flags to a probe, from a report to an exit code and words. Prints
nothing.

Both run the probe with blocking calls: no event loop, half the time to start.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from smtpwizard.app import findings
from smtpwizard.commands.source import Source, load
from smtpwizard.errors import ExitCode, InputError
from smtpwizard.findings import Severity
from smtpwizard.preset_schema import Provider
from smtpwizard.presets import Presets
from smtpwizard.probe.options import Options
from smtpwizard.probe.results import Report, SentMessage, Status, Step, StepResult, Verdict
from smtpwizard.text import safe

if TYPE_CHECKING:
    from smtpwizard.diagnosis import Diagnosis
    from smtpwizard.findings import Finding
    from smtpwizard.probe.look import Proposal

_ADDRESS: Final = re.compile(r"[^\s<>,;\x00-\x1f\x7f]+@[^\s<>,;@\x00-\x1f\x7f]+")


class Plan(NamedTuple):
    """What is to be probed, and how."""

    source: Source
    provider: Provider | None
    options: Options
    findings: tuple[Finding, ...] = ()
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
    return Presets.open(*([args.presets] if args.presets else []))


def diagnoses(report: Report, planned: Plan) -> tuple[Diagnosis, ...]:
    """Return the likely causes of what failed or looks wrong, best first, each once; the failed stage leads.

    Where every stage just passed nothing is looked up: reading the catalogue takes as long as the whole dialogue.
    """
    auth = report.step(Step.AUTH)
    unasked = auth is not None and auth.status is Status.WARNED and auth.reply is None
    hello = unasked or report.app.verdict is Verdict.LEAKS  # then the cause is in what EHLO does not offer
    steps = [step for step in report.steps if _remarkable(step) or (hello and step.step is Step.EHLO)]
    if not steps:
        return ()
    from smtpwizard.diagnosis import explain

    found: dict[str, Diagnosis] = {}
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


def judged(planned: Plan) -> tuple[Finding, ...]:
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


def to_json(report: Report, planned: Plan, proposals: Iterable[Proposal] = ()) -> dict[str, Any]:
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
        "findings": [item.to_json() for item in judged(planned)],
        "proposals": [item.to_json() for item in proposals],
        "diagnoses": [item.to_json() for item in diagnoses(report, planned)],
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
