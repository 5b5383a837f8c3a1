"""Works, fails, leaks, crashes or hangs: in a word, in a sentence, and with what was not proved."""

from __future__ import annotations

import pytest

from smtpwizard.presets.catalogue import Presets
from smtpwizard.probe.engine import Probe
from smtpwizard.probe.verdict import Options
from smtpwizard.sandbox.scripted import CLOSE, Script, Stage, reply
from smtpwizard.smtp.results import Status, Step, Verdict
from support.probing import MESSAGE, probed, serving

STARTTLS = Script(starttls=True)


@pytest.fixture
def public_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every address counts as public: the tests' own server is on the loopback."""
    monkeypatch.setattr("smtpwizard.probe.engine.is_private_address", lambda _: False)


def test_works_over_tls() -> None:
    app = probed(STARTTLS).app
    assert (app.verdict, app.verify.ok, app.send.ok) == (Verdict.WORKS, True, None)
    assert (
        app.sentence
        == "The app (nodemailer 8.0.5) will log in and send, over TLS. The server takes sender and recipient."
    )


def test_after_a_message_send_is_known() -> None:
    app = probed(STARTTLS, MESSAGE).app
    assert (app.send.ok, app.sentence) == (
        True,
        "The app (nodemailer 8.0.5) will log in and send, over TLS. The server took the message.",
    )


@pytest.mark.usefixtures("public_network")
def test_a_password_in_clear_text_on_a_public_network_leaks() -> None:
    report = probed(Script())
    assert report.app.verdict is Verdict.LEAKS
    assert "in clear text: password and mail cross a public network" in report.app.sentence
    auth = report.step(Step.AUTH)
    assert auth is not None
    assert (auth.status, auth.summary.endswith("(the password went in clear text)")) == (Status.WARNED, True)


@pytest.mark.usefixtures("public_network")
def test_mail_in_clear_text_on_a_public_network_leaks_without_a_login_too() -> None:
    report = probed(Script(mechanisms=()), username="", password="")
    assert report.app.verdict is Verdict.LEAKS
    assert "the mail crosses a public network" in report.app.sentence


@pytest.mark.usefixtures("public_network")
def test_tls_does_not_leak() -> None:
    assert probed(STARTTLS).app.verdict is Verdict.WORKS


@pytest.mark.usefixtures("public_network")
def test_a_login_refused_in_clear_text_fails_rather_than_leaks() -> None:
    assert probed(Script().but(Stage.PASSWORD, reply("535 no"))).app.verdict is Verdict.FAILS


def test_clear_text_on_the_loopback_does_not_leak() -> None:
    app = probed(Script()).app
    assert app.verdict is Verdict.WORKS
    assert "unencrypted, on this machine or a private network" in app.sentence


def test_only_xoauth2_crashes_the_app_and_nothing_is_sent() -> None:
    with serving(Script(mechanisms=("XOAUTH2",))) as server:
        probe = Probe(server.settings(username="a", password="b"))
        list(probe.steps_blocking())
        assert [line.split()[0] for line in server.received] == ["EHLO"]
    app = probe.report().app
    assert (app.verdict, app.verify.ok, app.verify.code) == (Verdict.CRASHES, False, None)
    assert app.sentence.startswith("The app (nodemailer 8.0.5) will crash: ")


def test_a_connection_closed_before_the_greeting_hangs_the_app() -> None:
    app = probed(Script().but(Stage.GREETING, CLOSE)).app
    assert (app.verdict, app.send.ok, app.send.code) == (Verdict.HANGS, False, None)
    assert app.sentence.startswith("The app (nodemailer 8.0.5) will wait for ever")


def test_a_failure_names_code_reply_and_command() -> None:
    app = probed(Script().but(Stage.RCPT, reply("554 5.7.1 Relay access denied"))).app
    assert app.sentence == "The app (nodemailer 8.0.5) will fail: the recipient is refused (EENVELOPE 554 at RCPT TO)."


@pytest.mark.parametrize(
    ("script", "step"),
    [
        (Script(mechanisms=(), login_required=True), Step.MAIL),
        (Script().but(Stage.MAIL, reply("550 5.7.1 sender not verified")), Step.MAIL),
        (Script().but(Stage.RCPT, reply("554 5.7.1 Relay access denied")), Step.RCPT),
        (Script().but(Stage.MAIL, reply("553 5.7.1 not owned by user")), Step.MAIL),
        (Script(mechanisms=()).but(Stage.MAIL, reply("530 5.7.0 Must issue a STARTTLS command first")), Step.MAIL),
    ],
)
def test_what_verify_calls_fine_is_caught_before_a_message(script: Script, step: Step) -> None:
    report = probed(script)
    assert report.app.verify.ok
    assert report.failed is not None
    assert (report.failed.step, report.app.verdict, report.server_ok) == (step, Verdict.FAILS, False)


def test_a_login_that_is_not_offered_is_a_warning() -> None:
    step = probed(Script(mechanisms=())).step(Step.AUTH)
    assert step is not None
    assert (step.status, step.summary) == (
        Status.WARNED,
        "no login offered: the app goes on without its user and password",
    )


def test_a_green_check_lists_what_it_did_not_prove() -> None:
    with serving(STARTTLS) as server:
        where = f"localhost:{server.port}"
    open_points = probed(STARTTLS).not_proved
    assert open_points[0] == "that the message itself is accepted: check sends none"
    assert open_points[-1].startswith("that the app's container reaches localhost:")
    assert where.startswith("localhost:")


def test_a_provider_that_verifies_senders_late_is_named() -> None:
    with serving(Script()) as server:
        sendgrid = Presets.open().provider("sendgrid")
        probe = Probe(server.settings(), Options(app_name="ABC"), provider=sendgrid)
        list(probe.steps_blocking())
    assert "SendGrid says only after the message" in probe.report().not_proved[0]
    assert probe.report().app.sentence.startswith("ABC (nodemailer 8.0.5) will ")


def test_after_a_message_only_arrival_is_open() -> None:
    assert probed(STARTTLS, MESSAGE).not_proved[0] == "that the mail arrives: accepted is not delivered"


def test_a_failure_does_not_speak_of_proof() -> None:
    assert probed(Script().but(Stage.EHLO, CLOSE)).not_proved == ()
