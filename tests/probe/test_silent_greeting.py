"""A plain connection on which no greeting comes is asked for TLS beside it, long before the app's client gives up."""

from __future__ import annotations

import time
from dataclasses import dataclass

import pytest

from smtpwizard.diagnosis.explain import explain_steps
from smtpwizard.probe.engine import Probe
from smtpwizard.sandbox.scripted import SILENCE, Script, ScriptedServer, Stage, drip, reply, wait
from smtpwizard.settings import Settings
from smtpwizard.smtp.results import ClientOutcome, Report, Status, Step
from support.probing import PASSWORD, USERNAME, options, probe_of, probed, serving

IMPLICIT = Script(implicit=True)
ETIMEDOUT = ClientOutcome(False, "ETIMEDOUT", command="CONN")


def settings_of(server: ScriptedServer, tls: str, **fields: str) -> Settings:
    login = {"username": USERNAME, "password": PASSWORD}
    return server.settings(host="localhost", security=tls, **login, **fields)


@dataclass(frozen=True)
class Run:
    """A run against a port that waits for TLS, with SMTP_TLS=false and the usual 10 s for each stage."""

    report: Report
    settings: Settings
    seconds: float
    server: ScriptedServer


@pytest.fixture(scope="module")
def run() -> Run:
    with serving(IMPLICIT) as server:
        settings = settings_of(server, "false")
        began = time.monotonic()
        report = Probe(settings, options(timeout=10.0)).run_blocking()
        return Run(report, settings, time.monotonic() - began, server)


def test_a_port_that_waits_for_tls_is_told_in_under_three_seconds(run: Run) -> None:
    failed = run.report.failed
    assert failed is not None
    assert (failed.step, failed.error) == (Step.GREETING, "ETIMEDOUT")
    assert "answers a TLS hello" in failed.summary
    assert run.seconds < 3.0


def test_the_verdict_stays_what_the_client_would_report(run: Run) -> None:
    assert run.report.app.verify == run.report.app.send == ETIMEDOUT


def test_the_certificate_of_such_a_port_is_shown_but_not_called_trusted(run: Run) -> None:
    failed = run.report.failed
    assert failed is not None
    assert failed.tls is not None
    assert failed.tls.protocol == "TLSv1.3"
    assert "localhost" in failed.tls.names
    assert not failed.tls.verified


def test_the_cause_is_the_tls_mode_on_any_port_with_the_repair(run: Run) -> None:
    best = explain_steps(run.report.steps, settings=run.settings)[0]
    assert run.server.port not in (465, 2465)
    assert best.ref == "T2"
    assert best.changes == {"SMTP_TLS": "true"}


def test_nothing_is_said_over_the_second_connection(run: Run) -> None:
    assert (run.server.connections, run.server.received) == (2, [])


async def test_it_is_the_same_on_an_event_loop() -> None:
    with serving(IMPLICIT) as server:
        probe = probe_of(server, security="false")
        steps = [step async for step in probe.steps()]
    failed = next(step for step in steps if step.status is Status.FAILED)
    assert "answers a TLS hello" in failed.summary


def test_a_greeting_that_is_late_still_counts() -> None:
    report = probed(Script().but(Stage.GREETING, wait(1.3), reply("220 late.example ESMTP")))
    greeting = report.step(Step.GREETING)
    assert report.server_ok
    assert greeting is not None
    assert (greeting.ms or 0) > 1000


def test_a_server_that_is_silent_for_ever_ends_with_the_deadline() -> None:
    began = time.monotonic()
    report = probed(Script().but(Stage.GREETING, SILENCE))
    assert time.monotonic() - began < 30  # the timeout of these tests is 2 s
    assert report.failed is not None
    assert "hello" not in report.failed.summary
    assert report.app.verify == ETIMEDOUT


def test_a_server_that_has_begun_to_speak_is_not_asked_for_tls() -> None:
    slow = Script().but(Stage.GREETING, drip("220 slow.example ESMTP\r\n", piece=4, pause=0.25))
    with serving(slow) as server:
        report = Probe(settings_of(server, "false"), options(timeout=10.0)).run_blocking()
        assert server.connections == 1
    assert report.server_ok


@pytest.mark.parametrize("spec", [":", "::"])
def test_a_list_of_colons_as_cipher_is_explained(spec: str) -> None:
    with serving(IMPLICIT) as server:
        settings = settings_of(server, "true", ciphers=spec)
        report = Probe(settings, options()).run_blocking()
    best = explain_steps(report.steps, settings=settings)[0]
    assert report.failed is not None
    assert report.failed.error == "ERR_INVALID_ARG_VALUE"
    assert (best.ref, best.changes) == ("T13", {"SMTP_CIPHER_SPEC": None})
