"""A plain connection on which no greeting comes is asked for TLS beside it, long before the app's client gives up."""

from __future__ import annotations

import time

import pytest

from smtpwizard.diagnosis import Diagnosis, explain_steps
from smtpwizard.probe import Report
from smtpwizard.probe.results import ClientOutcome, Status, Step
from smtpwizard.sandbox.script import SILENCE, Script, Stage, drip, reply, wait
from smtpwizard.sandbox.scripted import ScriptedServer
from support.probing import PASSWORD, certificates, options, probe_of, probed, serving

IMPLICIT = Script(implicit=True)
ETIMEDOUT = ClientOutcome(False, "ETIMEDOUT", command="CONN")


def probed_patiently(server: ScriptedServer) -> Report:
    """Probe with the usual 10 s for each stage."""
    probe = probe_of(server, _timeout=10.0)  # type: ignore[arg-type]  # a field of Options
    for _ in probe.steps_blocking():
        pass
    return probe.report()


def causes(server: ScriptedServer, report: Report) -> tuple[Diagnosis, ...]:
    return explain_steps(report.steps, settings=server.settings(host="localhost", password=PASSWORD))


def test_a_port_that_waits_for_tls_is_told_in_under_three_seconds() -> None:
    with serving(IMPLICIT) as server:
        began = time.monotonic()
        report = probed_patiently(server)
        assert time.monotonic() - began < 3.0
    failed = report.failed
    assert failed is not None
    assert (failed.step, failed.error) == (Step.GREETING, "ETIMEDOUT")
    assert "answers a TLS hello" in failed.summary
    assert report.app.verify == report.app.send == ETIMEDOUT


def test_the_certificate_of_such_a_port_is_shown_but_not_called_trusted() -> None:
    with serving(IMPLICIT) as server:
        failed = probed_patiently(server).failed
    assert failed is not None and failed.tls is not None
    assert failed.tls.protocol == "TLSv1.3"
    assert "localhost" in failed.tls.names
    assert not failed.tls.verified


def test_the_cause_is_the_tls_mode_on_any_port_with_the_repair() -> None:
    with serving(IMPLICIT) as server:
        best = causes(server, probed_patiently(server))[0]
        assert server.port not in (465, 2465)
    assert best.ref == "T2"
    assert best.changes == {"SMTP_TLS": "true"}


async def test_it_is_the_same_on_an_event_loop() -> None:
    with serving(IMPLICIT) as server:
        probe = probe_of(server)
        steps = [step async for step in probe.steps()]
    failed = next(step for step in steps if step.status is Status.FAILED)
    assert "answers a TLS hello" in failed.summary


def test_no_credentials_are_sent_over_the_second_connection() -> None:
    with serving(IMPLICIT) as server:
        probed_patiently(server)
        assert [command for session in server.sessions for command in session.commands] == []


def test_a_greeting_that_is_late_still_counts() -> None:
    report = probed(Script().but(Stage.GREETING, wait(1.3), reply("220 late.example ESMTP")))
    assert report.server_ok
    greeting = report.step(Step.GREETING)
    assert greeting is not None and greeting.ms is not None and greeting.ms > 1000


def test_a_server_that_is_silent_for_ever_ends_with_the_deadline() -> None:
    began = time.monotonic()
    report = probed(Script().but(Stage.GREETING, SILENCE))
    assert time.monotonic() - began < 2.0 + 0.5  # the timeout of these tests
    assert report.failed is not None
    assert "hello" not in report.failed.summary
    assert report.app.verify == ETIMEDOUT


def test_a_server_that_has_begun_to_speak_is_not_asked_for_tls() -> None:
    slow = Script().but(Stage.GREETING, drip("220 slow.example ESMTP\r\n", piece=4, pause=0.22))
    with serving(slow) as server:
        report = probed_patiently(server)
        assert len(server.sessions) == 1
    assert report.server_ok


@pytest.mark.parametrize("spec", [":", "::"])
def test_a_list_of_colons_as_cipher_is_explained(spec: str) -> None:
    with serving(IMPLICIT) as server:
        probe = probe_of(server, tls="true", cipher_spec=spec)
        for _ in probe.steps_blocking():
            pass
        report = probe.report()
        best = explain_steps(report.steps, settings=server.settings(cipher_spec=spec))[0]
    assert report.failed is not None
    assert report.failed.error == "ERR_INVALID_ARG_VALUE"
    assert (best.ref, best.changes) == ("T13", {"SMTP_CIPHER_SPEC": None})
