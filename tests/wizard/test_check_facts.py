"""The Check step's lines, verdicts, repairs and scruples, without a screen."""

from __future__ import annotations

import pytest

from smtpwizard.probe import login_guard as guard
from smtpwizard.problems import Basis, Problem, Severity, repair_label
from smtpwizard.report.lines import Mark, milliseconds
from smtpwizard.report.probe import app_verdict, expected_order, server_verdict, stage_lines
from smtpwizard.secret import Secret
from smtpwizard.settings import Settings
from smtpwizard.smtp.results import AppOutcome, ClientOutcome, Reply, Report, Status, Step, StepResult, Verdict
from smtpwizard.wizard.check import bug_place, concerned_variable, link_of
from smtpwizard.wizard.state import WizardState
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
        assert app_verdict(report)[:2][::-1] == (Mark.FAILED, "will fail: EAUTH 535")

    def test_settings_that_the_app_refuses_leave_the_server_unasked(self) -> None:
        report = report_of(StepResult(Step.LINT, Status.FAILED, "SMTP_TLS is empty"))
        assert server_verdict(report)[:2][::-1] == (Mark.SKIPPED, "not asked")

    def test_a_leak_is_a_warning_and_not_a_success(self) -> None:
        assert app_verdict(report_of(passed(Step.RCPT), verdict=Verdict.LEAKS)).mark is Mark.WARNING

    def test_every_verdict_has_words_and_only_one_is_green(self) -> None:
        marks = [app_verdict(report_of(passed(Step.RCPT), verdict=verdict)).mark for verdict in Verdict]
        assert marks.count(Mark.OK) == 1

    def test_every_stage_names_a_variable_to_look_at(self) -> None:
        assert all(concerned_variable(step, SETTINGS).startswith("SMTP_") for step in Step)
        assert concerned_variable(Step.AUTH, Settings(ABC, host="a")) == "SMTP_USERNAME"

    def test_an_unexpected_error_is_told_by_place_and_not_by_message(self) -> None:
        try:
            raise ValueError("pw-hunter2")
        except ValueError as error:
            place = bug_place(error)
        assert "ValueError at test_check_facts.py:" in place
        assert "hunter2" not in place


class TestExplanations:
    def test_a_repair_is_an_imperative_with_every_variable(self) -> None:
        assert repair_label({"SMTP_PORT": "465", "SMTP_TLS": "true"}) == "Set SMTP_PORT=465, SMTP_TLS=true"
        assert repair_label({"SMTP_TLS": None}) == "Leave out SMTP_TLS"
        assert repair_label({"SMTP_PORT": "465", "SMTP_TLS": None}) == "Set SMTP_PORT=465, leave out SMTP_TLS"

    def test_a_repair_never_shows_the_secret_it_sets(self) -> None:
        assert repair_label({"SMTP_PASSWORD": Secret("pw-hunter2")}) == "Set SMTP_PASSWORD"

    def test_general_advice_says_that_it_is_general(self) -> None:
        known = Problem(
            "gmail-app",
            Severity.ERROR,
            "Gmail wants an app password",
            basis=Basis.CATALOGUE,
            ref="A1",
            checked="2026-11-22",
        )
        general = Problem("auth-refused", Severity.ERROR, "The server refused the login", basis=Basis.GENERAL)
        assert known.reference == "A1 · checked 2026-11-22"
        assert general.reference == "general advice"

    def test_a_source_that_is_no_page_is_not_offered_as_a_link(self) -> None:
        entry = Problem("x", Severity.ERROR, "t", source="nodemailer #1116")
        assert link_of(entry, None) == ""

    def test_a_finding_brings_its_own_repair(self) -> None:
        finding = Problem.of(
            "tls-empty",
            Severity.ERROR,
            "SMTP_TLS",
            "SMTP_TLS is empty: the app refuses to start. Leave the line out.",
            {"SMTP_TLS": None},
            "Remove SMTP_TLS",
        )

        assert (finding.label, finding.remedy) == ("Remove SMTP_TLS", "Leave the line out.")
        assert finding.variables == ("SMTP_TLS",)


class TestGuard:
    def test_a_permanent_no_at_auth_is_remembered_for_user_password_and_host(self) -> None:
        state = WizardState(settings=SETTINGS)
        changes = guard.remember(state, refused(Step.AUTH, 535, "5.7.8", "bad credentials"), SETTINGS, 0.0)
        after = state.changed(**changes)
        assert guard.was_refused(after)
        assert guard.was_refused(after.changed(settings=SETTINGS.with_changes({"SMTP_PORT": "465"})))
        assert not guard.was_refused(after.changed(settings=SETTINGS.with_changes({"SMTP_PASSWORD": Secret("new")})))

    def test_one_login_refused_twice_is_remembered_once(self) -> None:
        state = WizardState(settings=SETTINGS, refused=(SETTINGS,))
        assert guard.remember(state, refused(Step.AUTH, 535, None, "no"), SETTINGS, 0.0) == {}

    @pytest.mark.parametrize(
        "step",
        [
            refused(Step.AUTH, 454, "4.7.0", "Too many login attempts, please try again later"),
            refused(Step.AUTH, 454, "4.7.0", "Temporary authentication failure"),
            refused(Step.GREETING, 421, "4.7.0", "Try again later, closing connection"),
            refused(Step.AUTH, 535, "5.7.0", "(#AUTH005) Too many bad auth attempts"),
        ],
    )
    def test_throttling_replies_put_a_pause(self, step: StepResult) -> None:
        pause = guard.asks_for_pause(step)
        assert pause is not None
        assert pause.seconds == guard.PAUSE_SECONDS

    def test_a_broken_certificate_with_the_same_code_puts_none(self) -> None:
        step = refused(Step.STARTTLS, 454, "4.7.0", "TLS not available due to local problem")
        assert guard.asks_for_pause(step) is None

    @pytest.mark.parametrize(
        ("text", "seconds"),
        [
            ("too many, try again in 30 seconds", 30.0),
            ("too many; wait 5 minutes", 300.0),
            ("too many in 99999 s", 3600.0),
        ],
    )
    def test_a_time_that_the_server_names_is_kept_within_an_hour(self, text: str, seconds: float) -> None:
        pause = guard.asks_for_pause(refused(Step.AUTH, 450, "4.7.3", text))
        assert pause is not None
        assert pause.seconds == seconds

    def test_a_pause_holds_for_its_host_and_ends(self) -> None:
        state = WizardState(settings=SETTINGS)
        state = state.changed(**guard.remember(state, refused(Step.GREETING, 421, None, "later"), SETTINGS, 100.0))
        assert guard.paused(state, 130.0) is not None
        assert guard.paused(state, 161.0) is None
        assert guard.paused(state.changed(settings=Settings(ABC, host="other.example.com")), 130.0) is None

    def test_a_token_that_serves_as_user_name_is_masked_in_the_question(self) -> None:
        token = "0f6c1f1c-token"
        question = guard.refused_question(Settings(ABC, host="h", username=token, password=Secret(token)))["question"]
        assert token not in question

    @pytest.mark.parametrize(("seconds", "words"), [(59.2, "1:00"), (5.0, "0:05"), (0.0, "0:00")])
    def test_the_countdown_never_shows_zero_too_early(self, seconds: float, words: str) -> None:
        assert guard.countdown(seconds) == words
