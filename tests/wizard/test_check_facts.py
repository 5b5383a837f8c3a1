"""What a failed check is about, and what a problem offers and links to."""

from __future__ import annotations

from smtpwizard.problems import Basis, Problem, Severity, repair_label
from smtpwizard.secret import Secret
from smtpwizard.settings import Settings
from smtpwizard.smtp.results import AppOutcome, ClientOutcome, Report, Status, Step, StepResult, Verdict
from smtpwizard.wizard.check import CheckStep, Outcome, bug_place, concerned_variable, link_of
from smtpwizard.wizard.questions import CA_FILE
from smtpwizard.wizard.session import Session, WizardState
from support.apps import ABC
from support.tui import PRESETS, quiet_services

SETTINGS = Settings(ABC, host="mail.example.com", port="587", username="ops@example.com", password=Secret("pw-hunter2"))


def test_every_stage_names_a_variable_to_look_at() -> None:
    assert all(concerned_variable(step, SETTINGS).startswith("SMTP_") for step in Step)
    assert concerned_variable(Step.AUTH, Settings(ABC, host="a")) == "SMTP_USERNAME"


def test_an_unexpected_error_is_told_by_place_and_not_by_message() -> None:
    try:
        raise ValueError("pw-hunter2")
    except ValueError as error:
        place = bug_place(error)
    assert "ValueError at test_check_facts.py:" in place
    assert "hunter2" not in place


def lost(host: str, provider: str | None, *, control: bool | None) -> list[Problem]:
    """Return what is said of a host that was not found."""
    failed = StepResult(Step.RESOLVE, Status.FAILED, f"ENOTFOUND {host}", 1.0, error="ENOTFOUND")
    client = ClientOutcome(ok=False, code="EDNS")
    report = Report((failed,), False, AppOutcome(Verdict.FAILS, client, client, "It fails."), (), (), 1.0)
    settings = SETTINGS.with_changes({"SMTP_HOST": host})
    found = PRESETS.provider(provider) if provider else None
    return list(Outcome(report, settings, found, control=control).problems())


def test_offline_is_told_from_misspelt_by_one_control_look_up() -> None:
    (first, *others) = lost("smtp.gmail.com", "gmail", control=False)
    assert first.id == "no-name-service"
    assert "smtp.gmail.com is Gmail's own name and spelt right." in first.cause
    assert "getent hosts smtp.gmail.com" in first.remedy
    assert not any("misspelt" in item.cause for item in (first, *others))
    (first, *_) = lost("smtp.gmail.com", "gmail", control=True)
    assert first.id == "name-withheld"
    (first, second, *_) = lost("mail.acme.dev", None, control=False)
    assert first.id == "no-name-service"
    assert "spelt right" not in first.cause
    assert "misspelt" in second.cause
    assert "misspelt" in lost("mail.acme.dev", None, control=True)[0].cause


def test_a_wrong_host_leads_back_to_the_providers_own() -> None:
    (first, *_) = lost("gmail.com", "gmail", control=True)
    assert (first.label, dict(first.changes)) == ("Set SMTP_HOST=smtp.gmail.com", {"SMTP_HOST": "smtp.gmail.com"})


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

    def test_a_sender_that_is_not_verified_leads_to_the_page_where_it_is(self) -> None:
        entry = Problem("x", Severity.ERROR, "t", roles=("sender",))
        assert link_of(entry, PRESETS.provider("sendgrid")) == "https://app.sendgrid.com/settings/sender_auth"
        assert link_of(entry, PRESETS.provider("gmail")) == ""

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


def test_a_certificate_of_an_unknown_authority_leads_to_the_question_for_its_file() -> None:
    failed = StepResult(Step.TLS, Status.FAILED, "self-signed", 1.0, error="SELF_SIGNED_CERT_IN_CHAIN")
    client = ClientOutcome(ok=False, code="ESOCKET")
    report = Report((failed,), False, AppOutcome(Verdict.FAILS, client, client, "It fails."), (), (), 1.0)
    session = Session(quiet_services(), WizardState(SETTINGS, report=report, tested=SETTINGS))
    about = Problem("x", Severity.ERROR, "t", variables=("SMTP_HOST",))
    assert session.step(CheckStep).concerned(about) == CA_FILE
