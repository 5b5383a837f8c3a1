"""Why a test failed and what to do, from whatever knows it: what was seen at the server's other ports, the catalogue,
a finding. Must not import textual.

All of them become an `Explanation`, so that the card and the key that repairs have one thing to show.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from smtpwizard.findings import Finding, Severity
from smtpwizard.presets.schema import Kind
from smtpwizard.report.stages import Mark
from smtpwizard.secret import Secret
from smtpwizard.settings import SECRET_VARIABLES, Settings
from smtpwizard.smtp.results import ClientOutcome, Report, Step, Verdict

if TYPE_CHECKING:
    from smtpwizard.diagnosis.schema import Diagnosis
    from smtpwizard.presets.schema import Provider
    from smtpwizard.probe.survey.facts import Proposal, SurveyResult
    from smtpwizard.sandbox.rehearsal import Rehearsed
    from smtpwizard.smtp.results import Report


OWN_SERVER: Final = "smtpwizard-practice"
"""The practice server as a provider's id: no entry has it, so nobody else's words are read into its replies."""

_MOST: Final = 6
"""Causes to turn through; the likeliest come first, and nobody tries the seventh."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """One possible cause and its remedy."""

    title: str
    cause: str
    remedy: str
    link: str = ""
    """A page that helps: where the credential is made, or where the fact is documented."""
    reference: str = ""
    """Id in the catalogue and the day on which it was checked; says so where the answer is only general."""
    variables: tuple[str, ...] = ()
    """The variables concerned, the likeliest first."""
    changes: Mapping[str, str | Secret | None] = field(default_factory=dict)
    label: str = ""
    """The repair as an imperative; empty where a person must act."""
    facts: tuple[str, ...] = ()
    """Lines to be shown as they are: what was seen, or lines for a compose file."""


def from_diagnosis(diagnosis: Diagnosis, provider: Provider | None) -> Explanation:
    """Return the explanation for an entry of the catalogue."""
    if diagnosis.generic:
        reference = "general advice"
    else:
        reference = " · ".join(
            part for part in (diagnosis.ref or "", f"checked {diagnosis.checked}" if diagnosis.checked else "") if part
        )
    return Explanation(
        title=diagnosis.title,
        cause=diagnosis.cause,
        remedy=diagnosis.remedy,
        link=_link(diagnosis, provider),
        reference=reference,
        variables=tuple(diagnosis.variables),
        changes=dict(diagnosis.changes),
        label=repair_label(diagnosis.changes),
    )


def from_finding(finding: Finding) -> Explanation:
    """Return the explanation for an error in the settings: the app would refuse to start or to send."""
    fact, _, remedy = finding.message.partition(". ")
    return Explanation(
        title=fact.rstrip(".") + "." if remedy else finding.message,
        cause="",
        remedy=remedy,
        reference="from the settings alone",
        variables=(finding.variable,) if finding.variable else (),
        changes=dict(finding.changes),
        label=finding.label or repair_label(finding.changes),
    )


def from_proposal(proposal: Proposal) -> Explanation:
    """Return the explanation for what a second look at the server brought."""
    return Explanation(
        title=proposal.title,
        cause=proposal.cause,
        remedy=proposal.remedy,
        reference="seen just now",
        variables=tuple(proposal.changes),
        changes=dict(proposal.changes),
        label=proposal.label or repair_label(proposal.changes),
        facts=proposal.facts,
    )


def explain_report(
    report: Report,
    *,
    provider: Provider | None,
    settings: Settings,
    look: SurveyResult | None = None,
    rehearsed: Rehearsed | None = None,
) -> tuple[Explanation, ...]:
    """Return the ranked explanations of a test.

    What was seen at the server, `look`, leads; then comes the catalogue. For the lint stage they are the findings that
    are errors. Where the app will work there are only those that the catalogue knows as bad news all the same.
    `rehearsed` is the failure that the practice server plays.
    """
    if report.failed is not None and report.failed.step is Step.LINT:
        # Judging settings is instant, but the room is loaded only where it is needed.
        from smtpwizard.lint.check import findings

        errors = [item for item in findings(settings, provider=provider) if item.severity is Severity.ERROR]
        return tuple(from_finding(item) for item in errors) or (_from_verdict(report),)
    seen = tuple(from_proposal(item) for item in look.proposals) if look is not None else ()
    known = (*seen, *_from_catalogue(report, provider, settings, look, rehearsed))
    if not known and report.app.verdict is not Verdict.WORKS:
        return (_from_verdict(report),)
    return known[:_MOST]


def _from_catalogue(
    report: Report,
    provider: Provider | None,
    settings: Settings,
    look: SurveyResult | None,
    rehearsed: Rehearsed | None,
) -> tuple[Explanation, ...]:
    """Return the catalogue's explanations, without those whose repair was proposed or seen not to help."""
    # The catalogue is a good hundred TOML entries: read only once there are stages to explain.
    from smtpwizard.diagnosis.explain import explain_steps

    named: Provider | str | None = provider
    if provider is not None and provider.kind is Kind.PRACTICE:
        named = OWN_SERVER if rehearsed is None else rehearsed.provider
        settings = settings if rehearsed is None else rehearsed.as_told(settings)
    found = [from_diagnosis(item, provider) for item in explain_steps(report.steps, provider=named, settings=settings)]
    if look is None:
        return tuple(found)
    proposed = [dict(item.changes) for item in look.proposals if item.changes]
    return tuple(
        replace(item, changes={}, label="") if _refuted(item.changes, look) else item
        for item in found
        if not item.changes or item.changes not in proposed
    )


def _refuted(changes: Mapping[str, str | Secret | None], look: SurveyResult) -> bool:
    """Say whether `changes` lead to a port that was asked and would not do."""
    return any(str(item.port) == changes.get("SMTP_PORT") and not item.usable for item in look.ports)


def _from_verdict(report: Report) -> Explanation:
    """Return what can be said where nothing in the catalogue fits: the verdict's own sentence."""
    step = report.failed
    title = f"{step.step.value}: {step.summary}" if step else report.app.sentence
    return Explanation(title=title, cause=report.app.sentence if step else "", remedy="", reference="general advice")


def repair_label(changes: Mapping[str, str | Secret | None]) -> str:
    """Return `changes` as an imperative: `Set SMTP_PORT=465, SMTP_TLS=true`. A secret's text never shows."""
    sets = [_assignment(name, value) for name, value in changes.items() if value is not None]
    removed = [name for name, value in changes.items() if value is None]
    parts = [f"set {', '.join(sets)}"] if sets else []
    parts += [f"leave out {', '.join(removed)}"] if removed else []
    sentence = ", ".join(parts)
    return sentence[:1].upper() + sentence[1:]


def _assignment(name: str, value: str | Secret) -> str:
    return name if name in SECRET_VARIABLES or isinstance(value, Secret) else f"{name}={value}"


def _link(diagnosis: Diagnosis, provider: Provider | None) -> str:
    """Return a page that helps, unless the remedy names it already."""
    link = diagnosis.source if diagnosis.source.startswith("https://") else ""
    if provider is not None and provider.password.url and SECRET_VARIABLES & set(diagnosis.variables):
        link = provider.password.url
    return "" if link.removeprefix("https://") in diagnosis.remedy else link


_WORDS: Final = {
    Verdict.WORKS: "will send its mail",
    Verdict.FAILS: "will fail",
    Verdict.LEAKS: "will send its mail, but readable on the way",
    Verdict.CRASHES: "will crash: its mail library dies on this server",
    Verdict.HANGS: "will hang: its mail library never gets an answer",
}

_MARKS: Final = {Verdict.WORKS: Mark.OK, Verdict.LEAKS: Mark.WARNING}

_CONCERNED: Final = {
    Step.RESOLVE: "SMTP_HOST",
    Step.CONNECT: "SMTP_PORT",
    Step.GREETING: "SMTP_PORT",
    Step.TLS: "SMTP_TLS",
    Step.EHLO: "SMTP_HOST",
    Step.STARTTLS: "SMTP_TLS",
    Step.AUTH: "SMTP_PASSWORD",
    Step.MAIL: "SMTP_SENDER",
    Step.RCPT: "SMTP_SENDER",
    Step.DATA: "SMTP_SENDER",
}


def server_verdict(report: Report) -> tuple[Mark, str]:
    """Return the mark and the words for the server alone."""
    failed = report.failed
    if failed is None:
        return (Mark.OK, "fine") if report.server_ok else (Mark.WARNING, "answers, with warnings")
    if failed.step is Step.LINT:
        return Mark.SKIPPED, "not asked"
    if failed.reply is not None:
        return Mark.OK, f"answers, refuses at {failed.step.value}"
    return Mark.FAILED, f"no way past {failed.step.value}"


def app_verdict(report: Report) -> tuple[Mark, str]:
    """Return the mark and the words for the app, with its client's error code where there is one."""
    outcome = report.app
    if report.failed is not None and report.failed.step is Step.LINT:
        return Mark.FAILED, "refuses to start"
    mark = _MARKS.get(outcome.verdict, Mark.FAILED)
    words = _WORDS[outcome.verdict]
    if outcome.verdict is Verdict.FAILS:
        code = _code(outcome.verify if outcome.verify.ok is False else outcome.send)
        words = f"{words}: {code}" if code else words
    return mark, words


def concerned_variable(step: Step, settings: Settings) -> str:
    """Return the variable to look at first when `step` failed and nothing more is known."""
    if step is Step.AUTH and not settings.username:
        return "SMTP_USERNAME"
    return _CONCERNED.get(step, "SMTP_HOST")


def bug_place(error: BaseException | None) -> str:
    """Return an unexpected error's kind and line. Not its message: a message can hold a value, and a value a secret."""
    trace = error.__traceback__ if error else None
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f" at {PurePath(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""
    return f"unexpected {type(error).__name__}{where}"


def _code(outcome: ClientOutcome) -> str:
    return " ".join(str(part) for part in (outcome.code, outcome.response_code) if part)
