"""Why a test failed and what to do, from whatever knows it: what was seen at the server's other ports, the catalogue,
a finding. Must not import textual.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from smtpwizard.presets.schema import Kind
from smtpwizard.problems import Basis, Problem, Severity
from smtpwizard.report.stages import Mark
from smtpwizard.secret import Secret
from smtpwizard.settings import SECRET_VARIABLES, Settings
from smtpwizard.smtp.results import ClientOutcome, Report, Step, Verdict

if TYPE_CHECKING:
    from smtpwizard.presets.schema import Provider
    from smtpwizard.probe.survey.facts import SurveyResult
    from smtpwizard.sandbox.rehearsal import Rehearsed
    from smtpwizard.smtp.results import Report


OWN_SERVER: Final = "smtpwizard-practice"
"""The practice server as a provider's id: no entry has it, so nobody else's words are read into its replies."""

_MOST: Final = 6
"""Causes to turn through; the likeliest come first, and nobody tries the seventh."""


def explain_report(
    report: Report,
    *,
    provider: Provider | None,
    settings: Settings,
    look: SurveyResult | None = None,
    rehearsed: Rehearsed | None = None,
) -> tuple[Problem, ...]:
    """Return the ranked explanations of a test.

    What was seen at the server, `look`, leads; then comes the catalogue. For the lint stage they are the findings that
    are errors. Where the app will work there are only those that the catalogue knows as bad news all the same.
    `rehearsed` is the failure that the practice server plays.
    """
    if report.failed is not None and report.failed.step is Step.LINT:
        # Judging settings is instant, but the room is loaded only where it is needed.
        from smtpwizard.lint.check import findings

        errors = [item for item in findings(settings, provider=provider) if item.severity is Severity.ERROR]
        return tuple(errors) or (_from_verdict(report),)
    seen = look.proposals if look is not None else ()
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
) -> tuple[Problem, ...]:
    """Return the catalogue's explanations, without those whose repair was proposed or seen not to help."""
    # The catalogue is a good hundred TOML entries: read only once there are stages to explain.
    from smtpwizard.diagnosis.explain import explain_steps

    named: Provider | str | None = provider
    if provider is not None and provider.kind is Kind.PRACTICE:
        named = OWN_SERVER if rehearsed is None else rehearsed.provider
        settings = settings if rehearsed is None else rehearsed.explained_settings(settings)
    found = [
        item._replace(link=link_of(item, provider))
        for item in explain_steps(report.steps, provider=named, settings=settings)
    ]
    if look is None:
        return tuple(found)
    proposed = [dict(item.changes) for item in look.proposals if item.changes]
    return tuple(
        item._replace(changes={}, label="") if _refuted(item.changes, look) else item
        for item in found
        if not item.changes or item.changes not in proposed
    )


def _refuted(changes: Mapping[str, str | Secret | None], look: SurveyResult) -> bool:
    """Say whether `changes` lead to a port that was asked and would not do."""
    return any(str(item.port) == changes.get("SMTP_PORT") and not item.usable for item in look.ports)


def _from_verdict(report: Report) -> Problem:
    """Return what can be said where nothing in the catalogue fits: the verdict's own sentence."""
    step = report.failed
    title = f"{step.step.value}: {step.summary}" if step else report.app.sentence
    cause = report.app.sentence if step else ""
    return Problem("verdict", Severity.ERROR, title, cause, basis=Basis.GENERAL)


def link_of(diagnosis: Problem, provider: Provider | None) -> str:
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
