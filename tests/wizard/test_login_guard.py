"""No lock-out: a refused login is remembered, and a pause that a server wants is kept."""

from __future__ import annotations

import pytest

from smtpwizard.secret import Secret
from smtpwizard.settings import Settings
from smtpwizard.smtp.results import Reply, Status, Step, StepResult
from smtpwizard.wizard import login_guard as guard
from smtpwizard.wizard.session import WizardState
from support.apps import ABC

SETTINGS = Settings(ABC, host="mail.example.com", port="587", username="ops@example.com", password=Secret("pw-hunter2"))


def refused(step: Step, code: int, enhanced: str | None, text: str) -> StepResult:
    return StepResult(step, Status.FAILED, f"{code} {enhanced} {text}", 5.0, Reply(code, enhanced, text))


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
