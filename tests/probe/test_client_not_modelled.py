"""Where the app's mail client is not modelled, the server's half is told, and that the app's half is not known."""

from __future__ import annotations

import pytest

from smtpwizard.apps.loading import shipped
from smtpwizard.apps.profile import AppProfile
from smtpwizard.cli.probing import exit_code
from smtpwizard.clients.registry import label, model_of
from smtpwizard.errors import ExitCode
from smtpwizard.probe.engine import Probe
from smtpwizard.report.lines import Mark
from smtpwizard.report.probe import app_verdict, server_verdict
from smtpwizard.sandbox.scripted import Script, Stage, raw, reply
from smtpwizard.settings import Settings
from smtpwizard.smtp.results import Report, Step, Verdict
from support.probing import MESSAGE, PASSWORD, USERNAME, options, serving

FOREIGN = shipped("ghost")._replace(client=shipped("ghost").client._replace(model="gen-smtp", version="0.2"))


def probed(script: Script, app: AppProfile = FOREIGN, **fields: str) -> Report:
    with serving(script) as server:
        given = {"host": "localhost", "username": USERNAME, "password": PASSWORD, **fields}
        settings = server.settings(app, **given)
        return Probe(settings, options(app_name="Plausible"), message=MESSAGE).run_blocking()


def test_no_model_stands_for_a_client_that_nobody_compared() -> None:
    assert model_of(FOREIGN) is None
    assert label(FOREIGN) == "gen-smtp 0.2"


@pytest.mark.parametrize("script", [Script(), Script(starttls=True), Script(implicit=True)])
def test_the_server_is_tested_to_its_end_and_no_verdict_is_given(script: Script) -> None:
    report = probed(script, security="true" if script.implicit else "false")
    assert (report.app.verdict, report.server_ok, exit_code(report)) == (None, True, ExitCode.OK)
    assert (report.app.send.ok, report.app.verify.ok) == (None, None)
    assert "that the app's own mail client does the same: it is not modelled" in report.not_proved
    assert report.app.sentence.startswith(
        "Whether Plausible will send is not known: its mail client, gen-smtp 0.2, is not"
    )
    assert "log in and send" in report.app.sentence
    assert (app_verdict(report).mark, server_verdict(report).mark) == (Mark.WARNING, Mark.OK)


def test_a_server_that_refuses_fails_without_a_verdict_on_the_app() -> None:
    report = probed(Script().but(Stage.PASSWORD, reply("535 5.7.8 no")))
    assert (report.app.verdict, report.server_ok, exit_code(report)) == (None, False, ExitCode.FAILED)
    assert report.failed is not None
    assert (report.failed.step, report.failed.reply and report.failed.reply.code) == (Step.AUTH, 535)
    assert "fails here: 535 5.7.8 no" in report.app.sentence


def test_a_client_by_the_standards_judges_the_certificate() -> None:
    with serving(Script(implicit=True), "wrong-name") as server:
        settings = server.settings(FOREIGN, host="localhost", security="true")
        report = Probe(settings, options()).run_blocking()
    assert report.failed is not None
    assert (report.failed.step, report.failed.error) == (Step.TLS, "ERR_TLS_CERT_ALTNAME_INVALID")


def test_an_app_that_hands_its_client_nothing_is_told_all_the_same() -> None:
    settings = Settings(FOREIGN, port="25", sender="a@example.com")
    report = Probe(settings, options(app_name="Plausible")).run_blocking()
    assert report.app.verdict is Verdict.FAILS
    assert report.app.sentence.startswith("Plausible sends nothing: ")


def test_what_the_log_will_say_holds_no_secret_and_no_control_character() -> None:
    django = shipped("ghost")._replace(client=shipped("ghost").client._replace(model="django-smtp", version="5.2"))
    report = probed(Script().but(Stage.MAIL, raw("550 \x1b[2J no\r\n")), django)
    assert report.app.send.code == "SMTPSenderRefused"
    log = report.app.send.log or ""
    assert log.startswith("smtplib.SMTPSenderRefused: (550, b'")
    assert log.isprintable()
    odd = "pa\\'ss-word"
    report = probed(Script().but(Stage.MAIL, reply(f"550 {odd}")), django, password=odd)
    assert (report.app.send.log, "ss-word" in report.app.sentence) == (None, False)
    report = probed(Script().but(Stage.MAIL, reply(f"550 {PASSWORD}")), django)
    assert (report.app.send.log, PASSWORD in report.app.sentence) == (None, False)
