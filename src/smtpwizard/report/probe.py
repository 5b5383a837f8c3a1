"""What the core found, as lines of text. Pure functions; nothing here asks, reads or writes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from smtpwizard.presets.schema import Kind, Provider, ProviderStatus
from smtpwizard.problems import Problem, Severity
from smtpwizard.smtp.results import Report, SentMessage, Status, Step, StepResult, Verdict
from smtpwizard.text import safe

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


def diagnosis_lines(diagnoses: Iterable[Problem]) -> Iterator[str]:
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


def finding_lines(findings: Iterable[Problem]) -> Iterator[str]:
    """Yield what the app would refuse or misread; what is merely worth knowing is `lint`'s to tell."""
    for item in findings:
        if item.severity is not Severity.INFO:
            about = f"{item.variable}: " if item.variable else ""
            yield f"{'✗' if item.severity is Severity.ERROR else '!'} {about}{item.message}"


WORDS: Final = {Status.PASSED: "ok", Status.WARNED: "warning", Status.FAILED: "failed", Status.SKIPPED: "skipped"}
SEVERITIES: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def plain_step_line(step: StepResult) -> str:
    """Return `auth: failed, 210 ms: 535 5.7.8 …`: the word first, since there is no symbol or colour to see."""
    time = f", {step.ms:.0f} ms" if step.ms is not None else ""
    return f"{step.step.value}: {WORDS[step.status]}{time}: {step.summary}"


def finding_line(finding: Problem) -> str:
    """Return `warning, SMTP_TLS: …`."""
    about = f", {finding.variable}" if finding.variable else ""
    return f"{SEVERITIES[finding.severity]}{about}: {finding.message}"


def provider_lines(provider: Provider) -> Iterator[str]:
    """Yield what to have ready and what to know, before anything is asked."""
    if provider.status is ProviderStatus.BLOCKED:
        yield f"{provider.name} cannot work with this app."
    if provider.kind is not Kind.PRACTICE:
        yield f"Have ready: {provider.username.hint}"
        yield f"Have ready: {provider.password.hint}"
    if provider.password.url:
        yield f"Page: {provider.password.url}"
    yield f"Sender: {provider.sender.hint}"
    for caveat in provider.caveats:
        yield f"Know: {caveat}"
    yield f"Checked {provider.checked}." + (f" Documentation: {provider.docs_url}" if provider.docs_url else "")


def plain_verdict_lines(report: Report) -> Iterator[str]:
    """Yield both verdicts, and what is not proved where the app will work."""
    yield f"Server: {'fine' if report.server_ok else 'a stage failed'}."
    yield f"The app: {report.app.verdict.value}. {report.app.sentence}"
    if report.app.verdict is Verdict.WORKS:
        for sentence in report.not_proved:
            yield f"Not proved: {sentence}"


def proposal_lines(proposals: Iterable[Problem]) -> Iterator[str]:
    """Yield what another look at the server brought: cause and action of each, and the lines that go with it."""
    for number, proposal in enumerate(proposals, 1):
        yield f"Cause {number}, seen just now: {proposal.title}. {proposal.cause}"
        yield f"Action: {proposal.remedy}"
        yield from proposal.facts


def plain_diagnosis_lines(diagnoses: Iterable[Problem], *, begin: int = 1) -> Iterator[str]:
    """Yield fact, cause and action of each diagnosis, the likeliest first, numbered from `begin`."""
    for number, diagnosis in enumerate(diagnoses, begin):
        yield f"Cause {number}: {diagnosis.title}. {diagnosis.cause}"
        yield f"Action: {diagnosis.remedy}"


def summary_lines(
    *, saved: str, changed: int, backup: str, proved: bool, arrivals: Mapping[str, str], next_command: str
) -> Iterator[str]:
    """Yield what was written, what was proved, what was not, and the next command.

    `arrivals`: titles of the accepted mails, and how it is known that they arrived, if it is.
    """
    if not saved:
        yield "Nothing was written."
    else:
        kept = f", backup kept at {backup}" if backup else ""
        yield f"Written: {saved}, {changed} {'line' if changed == 1 else 'lines'} changed{kept}."
        yield "Tested: the app will work with these settings." if proved else "Not tested: whether these settings work."
    for title, known in arrivals.items():
        yield f"{title}: {known or 'accepted by the server; not proved that it arrived'}."
    if not saved:
        return
    if not arrivals:
        yield "Not proved: that mail arrives."
    yield f"Next: {next_command}"
