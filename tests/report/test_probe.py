"""A run as lines: its stages, and what they say of server and app."""

from __future__ import annotations

import pytest

from smtpwizard.report.lines import Mark, milliseconds
from smtpwizard.report.probe import app_verdict, badge, expected_order, server_verdict, stage_lines
from smtpwizard.secret import Secret
from smtpwizard.settings import Settings
from smtpwizard.smtp.results import AppOutcome, ClientOutcome, Reply, Report, Status, Step, StepResult, Verdict
from support.apps import ABC

SETTINGS = Settings(ABC, host="mail.example.com", port="587", username="ops@example.com", password=Secret("pw-hunter2"))
NOT_REACHED = "not reached"


def passed(step: Step, summary: str = "fine", ms: float = 1.0) -> StepResult:
    return StepResult(step, Status.PASSED, summary, ms)


def refused(step: Step, code: int, enhanced: str | None, text: str) -> StepResult:
    return StepResult(step, Status.FAILED, f"{code} {enhanced} {text}", 5.0, Reply(code, enhanced, text))


def report_of(*steps: StepResult, verdict: Verdict = Verdict.FAILS, sentence: str = "") -> Report:
    failed = any(step.status is Status.FAILED for step in steps)
    client = ClientOutcome(not failed, "EAUTH" if failed else None, 535 if failed else None)
    return Report(steps, not failed, AppOutcome(verdict, client, client, sentence), (), (), 1.0)


class TestLines:
    def test_every_mark_has_a_shape_of_its_own(self) -> None:
        assert len({mark.symbol for mark in Mark}) == len(Mark)

    def test_stages_to_come_wait_and_the_first_of_them_runs(self) -> None:
        lines = stage_lines([passed(Step.RESOLVE)], expected=expected_order(SETTINGS), running="waiting, 3 s")
        assert [line.mark for line in lines[:3]] == [Mark.OK, Mark.RUNNING, Mark.WAITING]
        assert lines[1].name == "connect"
        assert lines[1].text == "waiting, 3 s"

    def test_implicit_tls_is_expected_before_the_greeting_only_for_the_word_true(self) -> None:
        assert Step.TLS in expected_order(SETTINGS.with_changes({"SMTP_TLS": "true"}))
        assert Step.TLS not in expected_order(SETTINGS.with_changes({"SMTP_TLS": "True"}))

    def test_of_two_ehlo_answers_the_one_after_starttls_stands(self) -> None:
        steps = [passed(Step.EHLO, "STARTTLS"), passed(Step.STARTTLS), passed(Step.EHLO, "AUTH PLAIN")]
        assert [(line.name, line.text) for line in stage_lines(steps)] == [
            ("starttls", "fine"),
            ("ehlo", "AUTH PLAIN"),
        ]

    def test_stages_that_were_not_reached_share_a_line(self) -> None:
        steps = [refused(Step.AUTH, 535, "5.7.8", "no")]
        steps += [StepResult(step, Status.SKIPPED, NOT_REACHED) for step in (Step.MAIL, Step.RCPT)]
        lines = stage_lines(steps)
        assert (lines[-1].name, lines[-1].mark, lines[-1].text) == ("mail, rcpt", Mark.SKIPPED, NOT_REACHED)

    def test_stages_skipped_for_different_reasons_keep_their_own_lines(self) -> None:
        steps = [
            StepResult(Step.AUTH, Status.SKIPPED, "no user and password"),
            StepResult(Step.MAIL, Status.SKIPPED, NOT_REACHED),
        ]
        assert len(stage_lines(steps)) == 2

    @pytest.mark.parametrize(("ms", "words"), [(None, ""), (0.4, "0 ms"), (999.4, "999 ms"), (999.6, "1.0 s")])
    def test_times_are_told_in_milliseconds_until_they_are_seconds(self, ms: float | None, words: str) -> None:
        assert milliseconds(ms) == words


class TestVerdicts:
    def test_a_refused_login_is_the_apps_failure_and_not_the_servers(self) -> None:
        report = report_of(refused(Step.AUTH, 535, "5.7.8", "no"))
        assert server_verdict(report)[:2][::-1] == (Mark.OK, "answers, refuses at auth")
        assert app_verdict(report)[:2][::-1] == (Mark.FAILED, "will fail")
        assert badge(report)[:2][::-1] == (Mark.FAILED, "FAILS")

    def test_settings_that_the_app_refuses_leave_the_server_unasked(self) -> None:
        report = report_of(StepResult(Step.LINT, Status.FAILED, "SMTP_TLS is empty"))
        assert server_verdict(report)[:2][::-1] == (Mark.SKIPPED, "not asked")

    def test_a_leak_is_a_warning_and_not_a_success(self) -> None:
        assert app_verdict(report_of(passed(Step.RCPT), verdict=Verdict.LEAKS)).mark is Mark.WARNING

    def test_every_verdict_has_words_and_only_one_is_green(self) -> None:
        marks = [app_verdict(report_of(passed(Step.RCPT), verdict=verdict)).mark for verdict in Verdict]
        assert marks.count(Mark.OK) == 1
