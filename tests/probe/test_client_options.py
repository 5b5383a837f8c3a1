"""requireTLS, ignoreTLS, rejectUnauthorized and name in words; what they do, the conformance suite plays."""

from __future__ import annotations

import pytest

from smtpwizard.apps.loading import shipped
from smtpwizard.apps.profile import Security
from smtpwizard.lint.check import findings
from smtpwizard.probe.engine import Probe
from smtpwizard.sandbox.scripted import CLOSE, Script, Stage, reply
from smtpwizard.secret import Secret
from smtpwizard.settings import Settings
from smtpwizard.smtp.results import Report, Status, Step, Verdict
from support.looking import LOGIN, Bench
from support.probing import options, serving

GHOST = shipped("ghost")
STARTTLS = Script(starttls=True)
REFUSING = Script().but(Stage.STARTTLS, reply("502 5.5.1 not implemented"))


def report_of(script: Script, certificate: str = "trusted", **fields: str) -> Report:
    with serving(script, certificate) as server:
        settings = server.settings(GHOST, **{"host": "localhost", "security": "false", **fields})
        return Probe(settings, options()).run_blocking()


@pytest.mark.parametrize(
    ("mode", "fields", "words"),
    [
        (Security.IMPLICIT, {}, "TLS from the first byte"),
        (Security.STARTTLS, {}, "STARTTLS required"),
        (Security.OPPORTUNISTIC, {}, "STARTTLS if offered"),
        (Security.NONE, {}, "no TLS: STARTTLS is left alone"),
        (Security.STARTTLS, {"verify": "false"}, "STARTTLS required, whatever the certificate"),
    ],
)
def test_the_first_line_says_how_tls_is_used(mode: Security, fields: dict[str, str], words: str) -> None:
    settings = Settings(GHOST, host="127.0.0.1", port="1", sender="a@example.com", **fields)  # type: ignore[arg-type]
    first = next(Probe(settings.with_changes(GHOST.mode_changes(mode))).steps_blocking())
    assert first.summary == f"the app starts: {words}, without a login"


def test_an_offer_that_is_not_taken_up_is_told_and_one_that_is_not_made_is_not() -> None:
    offered, unoffered = report_of(STARTTLS, ignore_tls="true"), report_of(REFUSING, require_tls="true")
    for report, told in ((offered, True), (unoffered, False)):
        ehlo = report.step(Step.EHLO)
        assert ehlo is not None
        assert ehlo.summary.startswith("STARTTLS") is told


def test_a_certificate_that_is_not_checked_is_a_warning_and_nothing_proved() -> None:
    report = report_of(STARTTLS, "untrusted", verify="false")
    step = report.step(Step.STARTTLS)
    assert step is not None
    assert step.tls is not None
    assert (report.app.verdict, step.status, step.tls.verified) == (Verdict.WORKS, Status.WARNED, False)
    assert step.summary.endswith("; the app does not check it")
    assert "that this is the right server: the app does not check its certificate" in report.not_proved


def test_the_apps_own_name_goes_into_ehlo_in_one_line() -> None:
    with serving(Script()) as server:
        Probe(server.settings(GHOST, client_name="blog.example.com\r\nQUIT"), options()).run_blocking()
    assert server.received[0] == "EHLO blog.example.comQUIT"


def test_without_a_pool_a_connection_closed_before_the_greeting_is_an_error_and_no_hang() -> None:
    app = report_of(Script().but(Stage.GREETING, CLOSE)).app
    assert (app.verdict, app.send.code) == (Verdict.FAILS, None)
    assert app.sentence == "The app (nodemailer 6.6.3) will fail: Connection closed before the greeting."


@pytest.mark.parametrize(
    ("script", "fields", "title", "left_out"),
    [
        (REFUSING, {"require_tls": "true"}, "TLS required of a port without it", "mail__options__requireTLS"),
        (STARTTLS, {"ignore_tls": "true"}, "STARTTLS left alone", "mail__options__ignoreTLS"),
    ],
)
def test_the_survey_proposes_the_mode_of_the_same_port(
    script: Script, fields: dict[str, str], title: str, left_out: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smtpwizard.probe.engine.is_private_address", lambda _: False)  # else clear text does not leak
    bench = Bench()
    with bench.server(script) as server:
        login = {"username": LOGIN["username"], "password": Secret(LOGIN["password"])}
        settings = Settings(
            GHOST, host="localhost", port=str(server.port), sender="a@example.com", security="false", **login, **fields
        )  # type: ignore[arg-type]  # each field of its own type
        proposal = bench.look(settings).proposals[0]
        changed = settings.with_changes(proposal.changes)
    assert (proposal.title, proposal.changes[left_out]) == (title, None)
    assert "None" not in f"{proposal.remedy} {proposal.label}"
    assert not changed.ignore_tls
    if script is STARTTLS:
        assert changed.require_tls == "true"


def test_clear_text_is_spoken_of_only_where_tls_is_not_required() -> None:
    base = Settings(
        GHOST,
        host="mail.acme.dev",
        port="587",
        sender="a@acme.dev",
        username="a",
        password=Secret("b"),
        url="https://a",
    )
    found = {
        mode: {(item.id, item.variable) for item in findings(base.with_changes(GHOST.mode_changes(mode)))}
        for mode in (Security.STARTTLS, Security.OPPORTUNISTIC, Security.NONE)
    }
    fallback, ignored = ("starttls-fallback", "mail__options__port"), ("clear-text-login", "mail__options__ignoreTLS")
    assert not {fallback, ignored} & found[Security.STARTTLS]
    assert fallback in found[Security.OPPORTUNISTIC]
    assert ignored in found[Security.NONE]
    assert fallback not in found[Security.NONE]
