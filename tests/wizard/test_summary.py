"""What is left in the scrollback: what was written and proved, what was not, what to do next."""

from __future__ import annotations

from pathlib import Path

from smtpwizard.report.arrival import Arrived, Proof
from smtpwizard.report.lines import words
from smtpwizard.secret import Secret
from smtpwizard.settings import Settings
from smtpwizard.smtp.results import AppOutcome, ClientOutcome, Report, SentMessage, Verdict
from smtpwizard.targets.change import Applied
from smtpwizard.wizard.session import SentMail, Target, TargetKind, WizardState
from smtpwizard.wizard.summary import summary_lines
from support.apps import ABC
from support.tui import GMAIL, quiet_services
from support.wizard import summary


def report(verdict: Verdict, *not_proved: str) -> Report:
    """Return a report with one verdict."""
    outcome = ClientOutcome(ok=verdict is Verdict.WORKS)
    return Report((), True, AppOutcome(verdict, outcome, outcome, "It will fail."), (), not_proved, 12.0)


def test_the_summary_of_a_whole_walk_says_what_was_written_and_proved_and_what_was_not() -> None:
    services = quiet_services()
    state = WizardState(
        settings=GMAIL,
        provider=services.presets.provider("gmail"),
        report=report(Verdict.WORKS, "that mail arrives", "that the api container reaches smtp.gmail.com:465"),
        tested=GMAIL,
        saved=GMAIL,
        next_command="docker compose up -d api",
        applied=(Applied(Path(".env"), Path("backup.env"), changed=True),),
        sent=(
            SentMail("verification", "Email verification", "a@b.example", SentMessage("<1>", "Q1", "250 OK"), "418205"),
            SentMail("invitation", "User invitation", "a@b.example", SentMessage("<2>", "Q2", "250 OK")),
        ),
        arrived=(Arrived("<1>", "verification", Proof.CODE),),
    )
    lines = summary(state)
    assert lines[0] == "✓ Gmail (smtp.gmail.com:465, TLS) tested: logs in"
    assert "✓ .env written and read back, backup backup.env" in lines
    assert "✓ email verification arrived (code confirmed)" in lines
    assert "! user invitation accepted by the server, queue id Q2; not proved that it arrived" in lines
    assert "! not proved: that the api container reaches smtp.gmail.com:465" in lines
    assert "! not proved: that mail arrives" not in lines
    assert lines[-1] == "next: docker compose up -d api"


def test_the_summary_after_a_cancel_says_that_nothing_was_written() -> None:
    assert summary(WizardState()) == ("Nothing was written.",)


def test_the_summary_of_a_failed_test_has_no_tick_and_no_next_command() -> None:
    state = WizardState(settings=GMAIL, report=report(Verdict.FAILS), tested=GMAIL)
    lines = summary(state)
    assert lines == ("✗ smtp.gmail.com (smtp.gmail.com:465, TLS) tested: It will fail", "Nothing was written.")


def test_the_farewell_after_a_failed_test_names_what_helps_and_not_how_to_start_the_app() -> None:
    state = WizardState(
        settings=GMAIL,
        report=report(Verdict.FAILS),
        tested=GMAIL,
        saved=GMAIL,
        applied=(Applied(Path(".env"), None, changed=True),),
        next_command="docker compose up -d api",
    )
    lines = summary(state, "Create an app password.")
    assert lines[-1] == "next: Create an app password."
    assert "! the settings are written as they are: no mail leaves with them" in lines
    assert not any("docker compose" in line for line in lines)


def test_the_summary_after_practising_says_that_the_server_has_ended() -> None:
    services = quiet_services()
    state = WizardState(
        settings=GMAIL,
        provider=services.presets.provider("practice"),
        saved=GMAIL,
        applied=(Applied(Path(".env"), None, changed=True),),
    )
    lines = summary(state)
    assert "! these are the practice server's settings, and it has ended with the wizard" in lines
    assert lines[-1] == "next: smtpwizard, with a real provider"


def test_the_summary_never_holds_the_secret() -> None:
    settings = Settings(ABC, host="h.example", port="25", username="tok-12345", password=Secret("tok-12345"))
    state = WizardState(
        settings=settings,
        target=Target(TargetKind.PRINT, None),
        block=Secret("SMTP_PASSWORD=tok-12345"),
        sent=(SentMail("v", "V", "a@b.example", SentMessage("<1>", None, "550 tok-12345 no", accepted=False)),),
    )
    assert "tok-12345" not in "\n".join(summary(state))


def test_who_hears_the_summary_gets_a_word_in_place_of_each_symbol() -> None:
    state = WizardState(settings=GMAIL, report=report(Verdict.FAILS), tested=GMAIL)
    assert tuple(words(summary_lines(state))) == (
        "failed: smtp.gmail.com (smtp.gmail.com:465, TLS) tested: It will fail",
        "Nothing was written.",
    )
