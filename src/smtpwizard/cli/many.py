"""`smtpwizard check` over several files: one line each, in the order given, several at a time.

A server must not be asked hundreds of times about a password that it has refused: of files with the same login the
first is tried alone, and the others only if that login was not refused. Threads are daemons, so that Ctrl-C ends it.
Apart from the check of one file, which begins to read the trust store before it imports as much as stands here.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from smtpwizard.cli import probing
from smtpwizard.cli.output import emit, emit_json, error_object
from smtpwizard.cli.probing import Plan
from smtpwizard.cli.source import app_files
from smtpwizard.errors import ConfigError, ExitCode, FileError, SmtpWizardError
from smtpwizard.records import NamedTuple
from smtpwizard.report.lines import Line, Mark
from smtpwizard.report.probe import verdict_mark
from smtpwizard.settings import Settings
from smtpwizard.smtp.results import Report
from smtpwizard.text import safe
from smtpwizard.wizard import login_guard

if TYPE_CHECKING:
    import argparse

    from smtpwizard.wizard.check import Check


JOBS: Final = 16
"""Files checked at a time unless `--jobs` says otherwise: most of a check is waiting, for one of two sockets each."""

_LINE: Final = 200
"""Characters of a line for people."""


class Outcome(NamedTuple):
    """What became of one file."""

    path: Path
    code: ExitCode
    plan: Plan | None = None
    check: Check | None = None
    error: SmtpWizardError | None = None
    """Why it was not checked."""

    @property
    def report(self) -> Report | None:
        """The report, where it was checked."""
        return self.check.report if self.check is not None else None

    def to_json(self) -> dict[str, Any]:
        """Return the contract's object for `check --json` with the file's name; `error` where it was not checked."""
        head: dict[str, Any] = {"schema": 1, "file": str(self.path)}
        if self.check is not None and self.plan is not None:
            return head | probing.to_json(self.check, self.plan)
        assert self.error is not None
        return head | {"error": error_object(self.error.title, self.error.message, self.code)}

    def line(self) -> Line:
        """Return `✓ prod.env: the app will send its mail.`"""
        name = safe(str(self.path), limit=_LINE)
        if self.report is not None:
            return Line(safe(self.report.app.sentence, limit=_LINE), verdict_mark(self.report), name=name)
        return Line(safe(self.error.message if self.error else "", limit=_LINE), Mark.FAILED, name=name)


class _Job:
    """One file on its way."""

    __slots__ = ("done", "failure", "first", "outcome", "path", "plan")

    def __init__(self, path: Path) -> None:
        self.path = path
        self.plan: Plan | None = None
        self.first: _Job | None = None
        """The job that tries the same login before this one."""
        self.outcome: Outcome | None = None
        self.failure: Exception | None = None
        """An unexpected error, raised again in the main thread."""
        self.done = threading.Event()


def check_many(args: argparse.Namespace, files: Sequence[Path]) -> ExitCode:
    """Check all `files` and print a line for each; the exit code is the worst of theirs. InputError as `plan`."""
    jobs = _planned(args, files)
    waiting = deque(job for job in jobs if job.outcome is None)
    for _ in range(min(args.jobs or JOBS, len(waiting))):
        threading.Thread(target=_work, args=(waiting,), name="smtpwizard-check", daemon=True).start()
    worst = ExitCode.OK
    for outcome in _finished(jobs):
        if args.json:
            emit_json(outcome.to_json())
        else:
            emit(outcome.line())
        worst = max(worst, outcome.code)
    return worst


def _planned(args: argparse.Namespace, files: Sequence[Path]) -> list[_Job]:
    """Read every file, and find out which of them hold the same login."""
    presets = probing.catalogue(args)
    app_files(args)  # kept there: to open the profiles for each file anew takes a quarter of its time
    first: dict[tuple[str, ...], _Job] = {}
    jobs = []
    for path in files:
        job = _Job(path)
        jobs.append(job)
        try:
            job.plan = probing.plan(type(args)(**{**vars(args), "env_file": path}), presets)
        except (FileError, ConfigError) as error:
            _end(job, Outcome(path, error.exit_code, error=error))
            continue
        login = _login(job.plan.source.settings)
        if login is not None:
            job.first = first.setdefault(login, job)
    return jobs


def _login(settings: Settings) -> tuple[str, ...] | None:
    """Return what a server counts wrong passwords by: host, user and password; None where nobody logs in."""
    if not (settings.host and settings.username and settings.password):
        return None
    return settings.host.strip().lower(), settings.username, settings.password.reveal()


def _work(waiting: deque[_Job]) -> None:
    while True:
        try:
            job = waiting.popleft()
        except IndexError:
            return
        try:
            _end(job, _checked(job))
        except Exception as error:  # handed to the main thread
            job.failure = error
            job.done.set()


def _checked(job: _Job) -> Outcome:
    assert job.plan is not None
    if job.first is not None and job.first is not job:
        job.first.done.wait()  # ends: it was taken before this one, and every stage of it has a deadline
        if job.first.outcome is None or _refused(job.first.outcome.report):
            error = SmtpWizardError(
                f"The server did not take the same user and password with {job.first.path}. Sending them again may "
                "lock the account, so this file was not tried.",
                "Login not sent again",
            )
            return Outcome(job.path, ExitCode.FAILED, job.plan, error=error)
    try:
        check = probing.prepare(job.plan, surveys=False)
        report = probing.finish(check)
    except SmtpWizardError as error:
        return Outcome(job.path, error.exit_code, job.plan, error=error)
    return Outcome(job.path, probing.exit_code(report), job.plan, check)


def _refused(report: Report | None) -> bool:
    failed = report.failed if report is not None else None
    return failed is not None and (login_guard.refuses_login(failed) or login_guard.asks_for_pause(failed) is not None)


def _end(job: _Job, outcome: Outcome) -> None:
    job.outcome = outcome
    job.done.set()


def _finished(jobs: Sequence[_Job]) -> Iterator[Outcome]:
    """Yield the outcomes in order, each as soon as it and those before it are there."""
    for job in jobs:
        job.done.wait()
        if job.failure is not None:
            raise job.failure
        assert job.outcome is not None
        yield job.outcome
