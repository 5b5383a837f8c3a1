"""The two verdicts in words: on the server, and on the app. Pure; must not import textual."""

from __future__ import annotations

from pathlib import PurePath
from typing import Final

from smtpwizard.probe.results import ClientOutcome, Report, Step, Verdict
from smtpwizard.settings import Settings
from smtpwizard.tui.steps.test_lines import Mark

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
