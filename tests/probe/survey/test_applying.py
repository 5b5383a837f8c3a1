"""When a second look makes sense: what a probe can clear up, and never where asking again does harm."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest

from smtpwizard.probe.survey.facts import SurveyResult, is_useful
from smtpwizard.probe.survey.survey import run_survey
from smtpwizard.sandbox.scripted import CLOSE, SILENCE, Play, Script, Stage, raw, reply
from smtpwizard.settings import Settings
from smtpwizard.smtp.results import AppOutcome, ClientOutcome, Report, Verdict
from support.apps import ABC
from support.looking import LOGIN, Bench, closed_port, settings_for


def report_on(bench: Bench, script: Script, kind: str = "trusted", **fields: str) -> Report:
    with bench.server(script, kind) as server:
        return bench.first_try(server.settings(**fields))


@pytest.mark.parametrize(
    "play",
    [SILENCE, CLOSE, reply("554 5.7.1 no service"), raw("HTTP/1.1 400 Bad Request\r\n\r\n")],
)
def test_it_does_for_a_strange_greeting(bench: Bench, play: Play) -> None:
    assert is_useful(report_on(bench, Script().but(Stage.GREETING, play)))


def test_it_does_for_a_closed_port_and_an_impossible_one(bench: Bench) -> None:
    assert is_useful(bench.first_try(settings_for(closed_port())))
    assert is_useful(bench.first_try(settings_for(70000)))


@pytest.mark.parametrize("kind", ["expired", "untrusted", "wrong-name"])
@pytest.mark.parametrize("script", [Script(implicit=True), Script(starttls=True)])
def test_it_does_for_a_refused_certificate(bench: Bench, script: Script, kind: str) -> None:
    assert is_useful(report_on(bench, script, kind, host="localhost"))


def test_it_does_for_the_wrong_tls_mode_and_a_refused_starttls(bench: Bench) -> None:
    assert is_useful(report_on(bench, Script(), security="true"))
    assert is_useful(report_on(bench, Script(implicit=True), security="false"))
    assert is_useful(report_on(bench, Script(starttls=True).but(Stage.STARTTLS, reply("454 4.7.0 not now"))))


def test_it_does_where_the_login_was_not_offered_and_the_sender_then_refused(bench: Bench) -> None:
    silent_about_login = Script(mechanisms=()).but(Stage.MAIL, reply("550 5.7.1 who are you"))
    assert is_useful(report_on(bench, silent_about_login, **LOGIN))
    assert is_useful(report_on(bench, Script().but(Stage.MAIL, reply("530 5.7.0 Must issue a STARTTLS command first"))))


@pytest.mark.parametrize(
    "script",
    [
        Script(),
        Script().but(Stage.PASSWORD, reply("535 5.7.8 no")),
        Script().but(Stage.MAIL, reply("553 5.7.1 not your address")),
        Script().but(Stage.RCPT, reply("554 5.7.1 relay access denied")),
        Script().but(Stage.GREETING, reply("421 4.7.0 too many connections")),
        Script().but(Stage.EHLO, reply("421 4.7.0 try again later")),
        Script(mechanisms=("XOAUTH2",)),
    ],
)
def test_it_does_not_where_all_is_well_a_person_is_asked_for_or_a_pause(bench: Bench, script: Script) -> None:
    assert not is_useful(report_on(bench, script, **LOGIN))


def test_it_does_not_for_a_host_without_an_address_or_settings_that_the_app_refuses(bench: Bench) -> None:
    assert not is_useful(bench.first_try(settings_for(587, "nowhere.invalid")))
    assert not is_useful(bench.first_try(settings_for(587, security="yes")))


def test_it_does_not_for_a_cipher_list_that_node_refuses(bench: Bench) -> None:
    assert not is_useful(report_on(bench, Script(implicit=True), ciphers="TLSv1.3"))
    assert not is_useful(report_on(bench, Script(starttls=True), ciphers="nonsense"))


def test_it_does_where_the_password_crosses_a_public_network_in_clear() -> None:
    outcome = AppOutcome(Verdict.LEAKS, ClientOutcome(True), ClientOutcome(None))
    assert is_useful(Report((), True, outcome, (), (), 1.0))


def test_a_run_that_was_stopped_asks_for_no_second_look() -> None:
    outcome = AppOutcome(Verdict.FAILS, ClientOutcome(None), ClientOutcome(None))
    assert not is_useful(Report((), False, outcome, (), (), 1.0))


def test_asking_whether_it_applies_loads_no_network_module() -> None:
    program = "import sys; from smtpwizard.probe.survey.facts import is_useful; print(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert not {"asyncio", "ssl", "textual", "rich", "certifi"} & set(done.stdout.split())


def test_where_it_does_not_apply_nothing_is_asked(bench: Bench) -> None:
    with bench.server(Script().but(Stage.PASSWORD, reply("535 5.7.8 no"))) as server:
        settings = server.settings(**LOGIN)
        report = bench.first_try(settings)
        heard = server.connections
        assert asyncio.run(run_survey(report, settings, bench.options)) == SurveyResult()
        assert asyncio.run(run_survey(report, Settings(ABC), bench.options)) == SurveyResult()
        assert server.connections == heard
