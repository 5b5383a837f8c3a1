"""What the core found, as lines of text. Pure functions; nothing here asks, reads or writes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Final

from smtpwizard.findings import Finding, Severity
from smtpwizard.preset_schema import Kind, Provider, ProviderStatus
from smtpwizard.probe.results import Report, Status, StepResult, Verdict

if TYPE_CHECKING:
    from smtpwizard.diagnosis import Diagnosis
    from smtpwizard.probe.look import Proposal

WORDS: Final = {Status.PASSED: "ok", Status.WARNED: "warning", Status.FAILED: "failed", Status.SKIPPED: "skipped"}
SEVERITIES: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def step_line(step: StepResult) -> str:
    """Return `auth: failed, 210 ms: 535 5.7.8 …`: the word first, since there is no symbol or colour to see."""
    time = f", {step.ms:.0f} ms" if step.ms is not None else ""
    return f"{step.step.value}: {WORDS[step.status]}{time}: {step.summary}"


def finding_line(finding: Finding) -> str:
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


def verdict_lines(report: Report) -> Iterator[str]:
    """Yield both verdicts, and what is not proved where the app will work."""
    yield f"Server: {'fine' if report.server_ok else 'a stage failed'}."
    yield f"The app: {report.app.verdict.value}. {report.app.sentence}"
    if report.app.verdict is Verdict.WORKS:
        for sentence in report.not_proved:
            yield f"Not proved: {sentence}"


def proposal_lines(proposals: Iterable[Proposal]) -> Iterator[str]:
    """Yield what another look at the server brought: cause and action of each, and the lines that go with it."""
    for number, proposal in enumerate(proposals, 1):
        yield f"Cause {number}, seen just now: {proposal.title}. {proposal.cause}"
        yield f"Action: {proposal.remedy}"
        yield from proposal.facts


def diagnosis_lines(diagnoses: Iterable[Diagnosis], *, begin: int = 1) -> Iterator[str]:
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
