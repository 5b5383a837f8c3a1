"""A probe's stages and its report as lines for a person. Pure.

Shapes and words carry the meaning, not colour: the lines go to files and screen readers, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from smtpwizard.findings import Finding, Severity
from smtpwizard.probe.results import Report, SentMessage, Status, Step, StepResult, Verdict
from smtpwizard.text import safe

if TYPE_CHECKING:
    from smtpwizard.diagnosis import Diagnosis

SYMBOLS: Final = {Status.PASSED: "✓", Status.WARNED: "!", Status.FAILED: "✗", Status.SKIPPED: "–"}
_SUMMARY_COLUMNS: Final = 58
"""With symbol, stage and time a line is 80 columns wide."""
_INDENT: Final = "  "


def step_line(step: StepResult) -> str:
    """Return `✓ connect   142.250.27.109:587   31 ms`."""
    time = "" if step.ms is None else f"{step.ms:>5.0f} ms"
    return f"{SYMBOLS[step.status]} {step.step.value:<9} {step.summary:<{_SUMMARY_COLUMNS}} {time}".rstrip()


def is_unreached(step: StepResult) -> bool:
    """Say whether a stage did not come about because an earlier one failed."""
    return step.status is Status.SKIPPED and step.summary == "not reached"


def unreached_line(steps: Iterable[StepResult]) -> str | None:
    """Return `– mail, rcpt not reached`, or None where all came about."""
    names = [step.step.value for step in steps if is_unreached(step)]
    return f"{SYMBOLS[Status.SKIPPED]} {', '.join(names)} not reached" if names else None


def verdict_lines(report: Report) -> Iterator[str]:
    """Yield both verdicts, and what is not proved."""
    works = report.app.verdict is Verdict.WORKS
    tried = any(step.step is not Step.LINT and step.status is not Status.SKIPPED for step in report.steps)
    server = ("✓ fine" if report.server_ok else "✗ did not go through") if tried else "– not tried"
    yield f"Server   {server}"
    yield f"The app  {'✓' if works else '✗'} {report.app.sentence}"
    if len(report.messages) == 1:  # several have a line each before this
        (message,) = report.messages
        yield f"Message  {'✓ accepted' if message.accepted else '✗ refused'}: {_answer(message)}"
    if report.not_proved:
        yield "Not proved:"
        yield from (f"{_INDENT}{item}" for item in report.not_proved)


def message_line(message: SentMessage) -> str:
    """Return `✓ verification to you@example.com: 250 2.0.0 Ok: queued as 4ZQK1T, queue id 4ZQK1T, 31 ms`."""
    status = Status.PASSED if message.accepted else Status.FAILED if message.tried else Status.SKIPPED
    at = f" {message.stage.value}:" if message.stage and not message.accepted else ""
    time = "" if message.ms is None else f", {message.ms:.0f} ms"
    return f"{SYMBOLS[status]} {message.mail or 'mail'} to {message.recipient}:{at} {_answer(message)}{time}"


def _answer(message: SentMessage) -> str:
    return message.response + (f", queue id {message.queued_as}" if message.queued_as else "")


def diagnosis_lines(diagnoses: Iterable[Diagnosis]) -> Iterator[str]:
    """Yield fact, cause and action of each cause, the likeliest first."""
    for item in diagnoses:
        yield ""
        yield item.title
        yield f"{_INDENT}{item.cause}"
        yield f"{_INDENT}{item.remedy}"
        for name, value in item.changes.items():
            yield f"{_INDENT}→ {name}={safe(str(value))}" if value is not None else f"{_INDENT}→ leave {name} out"
        marks = " · ".join(part for part in (item.ref, f"checked {item.checked}" if item.checked else "") if part)
        if marks:
            yield f"{_INDENT}{marks}"


def finding_lines(findings: Iterable[Finding]) -> Iterator[str]:
    """Yield what the app would refuse or misread; what is merely worth knowing is `lint`'s to tell."""
    for item in findings:
        if item.severity is not Severity.INFO:
            about = f"{item.variable}: " if item.variable else ""
            yield f"{'✗' if item.severity is Severity.ERROR else '!'} {about}{item.message}"
