"""Step 2 without a screen: what is asked, how an answer is taken, what the app makes of it and what repairs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from smtpwizard.problems import Severity
from smtpwizard.secret import Secret
from smtpwizard.settings import Settings
from smtpwizard.smtp.results import AppOutcome, ClientOutcome, Reply, Report, Status, Step, StepResult, Verdict
from smtpwizard.wizard.check import CheckStep
from smtpwizard.wizard.questions import CA_FILE, Question
from smtpwizard.wizard.session import Session, Target, WizardState
from smtpwizard.wizard.settings import SettingsStep
from support.apps import ABC
from support.tui import GMAIL, quiet_services


def step(provider: str, settings: Settings | None = None) -> tuple[SettingsStep, Session]:
    """Return the step after a provider was chosen, and the walk."""
    services = quiet_services()
    found = services.presets.provider(provider)
    filled = settings or Settings(ABC).with_changes(dict(ABC.defaults(found)))
    session = Session(services, WizardState(settings=filled, provider=found))
    return session.step(SettingsStep), session


def question(model: SettingsStep, variable: str) -> Question:
    """Return the question that sets `variable`."""
    return next(item for item in model.questions() if item.id == variable)


def test_sendgrid_asks_for_the_key_the_sender_and_the_address_people_use() -> None:
    model, session = step("sendgrid")
    assert [item.label for item in model.questions() if not item.advanced] == [
        "API key",
        "Sender",
        "Address people use",
    ]
    assert session.state.settings.username == "apikey"


def test_the_shown_spaces_of_a_google_app_password_are_removed() -> None:
    model, session = step("gmail")
    asked = question(model, "SMTP_PASSWORD")
    model.answer(asked, "abcd efgh ijkl mnop")
    assert session.state.settings.password == Secret("abcdefghijklmnop")
    assert model.holds(asked, "abcd efgh ijkl mnop")


def test_a_typed_password_is_taken_with_its_blanks_where_they_may_belong_to_it() -> None:
    model, session = step("gmx")
    model.answer(question(model, "SMTP_PASSWORD"), " a b ")
    assert session.state.settings.password == Secret(" a b ")


def test_the_sender_follows_the_account_until_it_is_given_itself() -> None:
    model, session = step("gmail")
    account, sender = question(model, "SMTP_USERNAME"), question(model, "SMTP_SENDER")
    model.answer(account, "ops@gmail.com")
    assert session.state.settings.sender == "ops@gmail.com"
    assert model.sender_is_account
    assert model.value(sender) == ""
    assert model.holds(sender, "")
    assert model.holds(sender, "ops@gmail.com")
    model.answer(sender, "a@gmail.com")
    model.answer(account, "ops@gmail.comx")
    assert session.state.settings.username == "ops@gmail.comx"
    assert session.state.settings.sender == "a@gmail.com"
    assert not model.sender_is_account
    assert model.value(sender) == "a@gmail.com"


def test_a_choice_of_tls_sets_what_goes_with_it_and_a_region_sets_its_host() -> None:
    model, session = step("gmail")
    model.answer(question(model, "SMTP_TLS"), "true")
    assert (session.state.settings.security, session.state.settings.opportunistic) == ("true", "false")
    model, session = step("amazon-ses")
    model.answer(question(model, "region"), "eu-west-1")
    assert session.state.region == "eu-west-1"
    assert session.state.settings.host == "email-smtp.eu-west-1.amazonaws.com"
    assert model.value(question(model, "region")) == "eu-west-1"


def test_what_is_missing_comes_in_the_order_of_the_questions() -> None:
    model, _ = step("gmail")
    assert [variable for variable, _ in model.missing()] == ["SMTP_USERNAME", "SMTP_PASSWORD"]
    assert step("gmail", GMAIL)[0].missing() == ()


def test_a_finding_is_held_back_while_its_field_is_filled_in_and_repaired_by_its_id() -> None:
    model, session = step("gmail", GMAIL._replace(port="465", security="false"))
    (finding,) = (item for item in model.findings() if item.variable == "SMTP_TLS")
    assert finding not in model.findings(unfinished={"SMTP_TLS"})
    assert model.repairs() == (finding,)
    model.repair(finding.id)
    assert session.state.settings.security == "true"
    assert model.repairs() == ()
    model.repair()  # nothing is left to be repaired
    assert session.state.settings.security == "true"


def test_one_key_repairs_all_that_is_wrong_and_says_what_it_did() -> None:
    found = {
        "SMTP_HOST": "smtp.gmail.com", "SMTP_PORT": "465", "SMTP_TLS": "false", "SMTP_SENDER": "ACME <ops@gmail.com>",
        "SMTP_USER": "ops@gmail.com", "SMTP_PASS": "abcdefghijklmnop", "SMTP_BASE_URL": "https://fb.acme.dev/",
    }  # fmt: skip
    model, session = step("gmail", Settings.from_variables(ABC, found))
    assert len(model.repairs()) == 5
    model.repair()
    assert not [item for item in model.findings() if item.severity is not Severity.INFO]
    assert session.state.settings.sender == "ops@gmail.com"
    assert len(model.repaired) == 6  # the address under its right name had a slash too many
    assert "Set SMTP_TLS=true" in model.repaired
    model.answer(question(model, "SMTP_SENDER"), "a@gmail.com")
    assert model.repaired == ()


def refused(reply: str = "535 5.7.8 Username and Password not accepted") -> tuple[SettingsStep, Session]:
    """Return the step after a test of Gmail's settings that ended with `reply` at the login."""
    code, enhanced, text = reply.split(" ", 2)
    failed = StepResult(Step.AUTH, Status.FAILED, reply, 1.0, reply=Reply(int(code), enhanced, text))
    client = ClientOutcome(ok=False, code="EAUTH", response_code=int(code))
    report = Report((failed,), True, AppOutcome(Verdict.FAILS, client, client, "It fails."), (), (), 1.0)
    provider = quiet_services().presets.provider("gmail")
    state = WizardState(GMAIL, provider=provider, report=report, tested=GMAIL, tested_at="12:04")
    session = Session(quiet_services(), state)
    return session.step(SettingsStep), session


def test_after_a_refusal_the_form_says_what_was_refused_and_when_and_what_is_suspected() -> None:
    model, session = refused()
    assert [line.text for line in model.refusal] == [
        "refused 12:04 at auth: 535 5.7.8 Username and Password not accepted",
        "New app password: https://myaccount.google.com/apppasswords",
    ]
    assert model.suspects == {"SMTP_USERNAME", "SMTP_PASSWORD"}
    assert model.outlook().refused
    model.answer(question(model, "SMTP_PASSWORD"), "ponmlkjihgfedcba")
    assert model.suspects == {"SMTP_USERNAME"}, "what was changed since is not under suspicion"
    assert model.refusal, "it stands until the next test"
    assert not model.outlook().refused
    assert session.step(CheckStep).concerned(session.step(CheckStep).explained()[0]) == "SMTP_PASSWORD"


def test_an_authority_that_is_named_goes_to_the_tests_and_into_no_variable(tmp_path: Path) -> None:
    model, session = step("gmail", GMAIL)
    model.answer(question(model, CA_FILE), f" {tmp_path}/ca.pem ")
    assert session.state.settings == GMAIL
    assert session.services.options(session.state).ca_files == (tmp_path / "ca.pem",)
    assert model.value(question(model, CA_FILE)) == str(tmp_path / "ca.pem")
    model.answer(question(model, CA_FILE), "")
    assert session.services.options(session.state).ca_files == ()


@pytest.mark.parametrize(
    ("changes", "ok", "text"),
    [
        ({}, True, "logs in over TLS to smtp.gmail.com:465 as ops@gmail.com"),
        ({"SMTP_PORT": "587", "SMTP_TLS": "false"}, True, "over TLS if the server offers STARTTLS"),
        ({"SMTP_HOST": "127.0.0.1", "SMTP_TLS": "false", "SMTP_PORT": "1025"}, True, "on this machine or a private"),
        ({"SMTP_TLS": ""}, False, "the app refuses to start with these settings"),
        ({"SMTP_TLS": "false"}, False, "no mail will leave with these settings"),
    ],
)
def test_the_outlook_says_in_one_line_what_the_app_will_do(changes: dict[str, str], ok: bool, text: str) -> None:
    outlook = step("gmail", GMAIL.with_changes(changes))[0].outlook()
    assert outlook.ok is ok
    assert text in outlook.text


def test_settings_as_found_are_judged_as_the_app_reads_them_and_changed_ones_as_answers() -> None:
    settings = GMAIL._replace(security="True")
    state = WizardState(settings=settings, original=settings, target=Target())
    assert state.origin.value == "env-file"
    assert state.changed(settings=settings._replace(port="587")).origin.value == "answers"


def test_no_line_on_the_settings_holds_a_secret() -> None:
    token = "11112222-aaaa-bbbb-cccc-333344445555"
    model, _ = step("postmark")
    model.answer(question(model, "SMTP_PASSWORD"), token)
    model.answer(question(model, "SMTP_SENDER"), "a@example.com")
    assert "logs in" in model.outlook().text
    assert token not in model.outlook().text
    assert token not in model.advanced_line
