"""The stages come live, in order, with times, replies and TLS facts; what was not reached says so."""

from __future__ import annotations

import pytest

from smtpwizard.probe.engine import Probe
from smtpwizard.sandbox.scripted import CLOSE, Script, Stage, reply
from smtpwizard.settings import Settings
from smtpwizard.smtp.results import OutgoingMessage, Report, Status, Step, Verdict
from support.apps import ABC
from support.probing import MESSAGE, probe_of, probed, serving
from support.tls_kinds import Certificates

STARTTLS = Script(starttls=True)
IMPLICIT = Script(implicit=True)


def told(report: Report) -> list[str]:
    return [f"{step.step} {step.status}" for step in report.steps]


def test_every_stage_of_starttls_is_told_in_order() -> None:
    stages = ["lint", "resolve", "connect", "greeting", "ehlo", "starttls", "ehlo", "auth", "mail", "rcpt"]
    assert told(probed(STARTTLS)) == [f"{stage} passed" for stage in stages]


def test_every_stage_of_implicit_tls_is_told_in_order() -> None:
    stages = ["lint", "resolve", "connect", "tls", "greeting", "ehlo", "auth", "mail", "rcpt", "data"]
    assert told(probed(IMPLICIT, MESSAGE)) == [f"{stage} passed" for stage in stages]


def test_what_was_not_reached_is_skipped() -> None:
    report = probed(IMPLICIT.but(Stage.GREETING, reply("554 5.7.1 no")))
    assert told(report)[4:] == ["greeting failed", "ehlo skipped", "auth skipped", "mail skipped", "rcpt skipped"]
    assert {step.summary for step in report.steps if step.status is Status.SKIPPED} == {"not reached"}


async def test_the_loop_and_the_thread_tell_the_same() -> None:
    with serving(STARTTLS) as server:
        probe = probe_of(server)
        live = [step.step async for step in probe.steps()]
        report, other = probe.report(), probe_of(server)
        assert [step.step for step in other.steps_blocking()] == live
        assert other.report().app == report.app
        assert other.report().transcript == report.transcript


async def test_each_stage_is_told_before_the_next_begins() -> None:
    with serving(Script()) as server:
        probe = probe_of(server)
        steps = probe.steps()
        while (await anext(steps)).step is not Step.EHLO:
            pass
        assert server.received == ["EHLO [127.0.0.1]"]
        await steps.aclose()


def test_times_are_there_for_what_happened_and_only_for_that() -> None:
    report = probed(Script().but(Stage.EHLO, CLOSE))
    assert all((step.ms is None) == (step.status is Status.SKIPPED) for step in report.steps)
    assert 0 < report.elapsed_ms < 2000


def test_summaries_say_what_matters() -> None:
    report = probed(STARTTLS)
    summaries = {step.step: step.summary for step in report.steps}
    assert summaries[Step.RESOLVE] == "127.0.0.1"
    assert summaries[Step.GREETING] == "220 scripted.example ESMTP ready"
    assert summaries[Step.STARTTLS].startswith("TLSv1.3, certificate localhost, ")
    assert summaries[Step.EHLO] == "SIZE 35882577, AUTH PLAIN LOGIN"
    assert summaries[Step.AUTH] == "235 2.7.0 Authentication successful"


def test_tls_facts_come_with_the_handshake() -> None:
    facts = probed(STARTTLS).step(Step.STARTTLS)
    assert facts is not None
    assert facts.tls is not None
    assert (facts.tls.protocol, facts.tls.names[0], facts.tls.verified) == ("TLSv1.3", "localhost", True)


@pytest.mark.parametrize("script", [STARTTLS, IMPLICIT])
@pytest.mark.parametrize(
    ("kind", "word"),
    [
        ("expired", "CERT_HAS_EXPIRED"),
        ("not-yet-valid", "CERT_NOT_YET_VALID"),
        ("wrong-name", "ERR_TLS_CERT_ALTNAME_INVALID"),
        ("untrusted", "UNABLE_TO_VERIFY_LEAF_SIGNATURE"),
        ("untrusted-with-root", "SELF_SIGNED_CERT_IN_CHAIN"),
        ("without-intermediate", "UNABLE_TO_VERIFY_LEAF_SIGNATURE"),
    ],
)
def test_a_bad_certificate_is_told_with_nodes_word_and_its_facts(script: Script, kind: str, word: str) -> None:
    report = probed(script, certificate=kind)
    failed = report.failed
    assert failed is not None
    assert failed.step is (Step.TLS if script.implicit else Step.STARTTLS)
    assert failed.error == word
    assert failed.tls is not None
    assert failed.tls.names
    assert not failed.tls.verified
    assert (report.app.verify.code, report.app.verify.command) == ("ESOCKET", "CONN")


def test_credentials_are_not_sent_to_a_server_that_is_not_trusted() -> None:
    with serving(STARTTLS, "untrusted") as server:
        for _ in probe_of(server).steps_blocking():
            pass
        assert server.connections == 2  # the second one only looks at the certificate
        assert not any("AUTH" in line for line in server.received)


def test_a_certificate_that_ends_soon_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smtpwizard.smtp.certificate.SOON", 10**6)
    step = probed(IMPLICIT).step(Step.TLS)
    assert step is not None
    assert step.status is Status.WARNED


def test_a_closed_port_an_unknown_host_and_an_impossible_port() -> None:
    with serving(Script()) as server:
        closed = server.port
    for fields, step, word, code in (
        ({"host": "127.0.0.1", "port": str(closed)}, Step.CONNECT, "ECONNREFUSED", "ESOCKET"),
        ({"host": "mail..example.com", "port": "25"}, Step.RESOLVE, "ENOTFOUND", "EDNS"),
        ({"host": "127.0.0.1", "port": "99999"}, Step.CONNECT, "ERR_SOCKET_BAD_PORT", "ECONNECTION"),
    ):
        report = probed(Script(), **fields)
        assert report.failed is not None
        assert (report.failed.step, report.failed.error, report.app.send.code) == (step, word, code)


def test_the_next_address_is_tried_where_one_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smtpwizard.smtp.net.look_up", lambda _: ("127.0.0.9", "127.0.0.1"))
    report = probed(IMPLICIT)
    connect = report.step(Step.CONNECT)
    assert connect is not None
    assert connect.summary.startswith("127.0.0.1:")
    assert "ECONNREFUSED 127.0.0.9" in connect.detail[0]
    assert report.app.verdict is Verdict.WORKS


def test_with_implicit_tls_the_next_address_is_tried_after_a_bad_certificate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smtpwizard.smtp.net.look_up", lambda _: ("127.0.0.2", "127.0.0.1"))
    with serving(IMPLICIT) as good, serving_at("127.0.0.2", good.port, Certificates()):
        probe = probe_of(good)
        steps = list(probe.steps_blocking())
    assert [step.status for step in steps if step.step is Step.TLS] == [Status.PASSED]


def serving_at(host: str, port: int, certificates: Certificates):  # type: ignore[no-untyped-def]
    from smtpwizard.sandbox.scripted import ScriptedServer

    return ScriptedServer(IMPLICIT, host=host, port=port, tls=certificates.context("trusted"))


async def test_settings_that_the_app_refuses_end_the_run_at_lint() -> None:
    report = Probe(Settings(ABC, host="localhost", port="25", sender="a@example.com", security="yes")).run_blocking()
    assert told(report)[:2] == ["lint failed", "resolve skipped"]
    assert report.app.verdict is Verdict.FAILS
    assert report.app.sentence == "The app refuses to start: SMTP_TLS is not a boolean."


def test_several_messages_go_over_one_connection_with_one_login() -> None:
    second = OutgoingMessage("<2@example.com>", b"Subject: Two\r\n\r\ntwo\r\n", "to@example.com")
    with serving(Script()) as server:
        probe = probe_of(server, MESSAGE, second)
        list(probe.steps_blocking())
        assert server.connections == 1
        assert sum(line.startswith("AUTH") for line in server.received) == 1
        assert server.messages == [MESSAGE.data, second.data]
    assert [(sent.id, sent.queued_as, sent.accepted) for sent in probe.report().messages] == [
        ("<1@example.com>", "4ZQK1T", True),
        ("<2@example.com>", "4ZQK1T", True),
    ]


def test_a_refused_message_is_told_with_the_servers_words() -> None:
    report = probed(Script().but(Stage.DOT, reply("550 5.7.1 not verified")), MESSAGE)
    assert report.message is not None
    assert (report.message.accepted, report.message.response) == (False, "550 5.7.1 not verified")
    assert (report.app.verify.ok, report.app.send.code, report.app.send.response_code) == (True, "EMESSAGE", 550)


def test_a_check_ends_with_rset_and_quit_and_sends_nothing() -> None:
    with serving(Script()) as server:
        list(probe_of(server).steps_blocking())
        assert server.received[-4:] == ["MAIL FROM:<app@example.com>", "RCPT TO:<app@example.com>", "RSET", "QUIT"]
        assert server.messages == []


def test_the_ehlo_name_of_the_options_is_used_without_control_characters() -> None:
    with serving(Script()) as server:
        list(probe_of(server, _ehlo_name="mail.example.com\r\nQUIT").steps_blocking())
        assert server.received[0] == "EHLO mail.example.comQUIT"
