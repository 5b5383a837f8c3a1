"""A failed first try over real sockets, a second look, and proposals that hold: applied, the app works."""

from __future__ import annotations

import base64
import json

import pytest

from smtpwizard.apps.profile import Guide
from smtpwizard.presets.schema import Kind, PortChoice, TlsMode
from smtpwizard.probe.survey import port
from smtpwizard.sandbox.scripted import CLOSE, SILENCE, Script, Stage, endless, reply
from smtpwizard.secret import Secret
from smtpwizard.smtp.results import Verdict
from support.apps import ABC
from support.looking import LOGIN, Bench, closed_port, provider_with, settings_for

IMPLICIT = Script(implicit=True)
STARTTLS = Script(starttls=True, clear_login=False)
WITH_LOGIN = {"username": LOGIN["username"], "password": Secret(LOGIN["password"])}


@pytest.mark.parametrize(
    ("script", "tls", "changes"),
    [
        (IMPLICIT, "false", {"SMTP_TLS": "true"}),
        (IMPLICIT, None, {"SMTP_TLS": "true"}),
        (STARTTLS, "true", {"SMTP_TLS": "false"}),
        (Script(), "true", {"SMTP_TLS": "false"}),
    ],
)
def test_the_wrong_tls_mode_is_turned_round_and_then_the_app_works(
    bench: Bench, script: Script, tls: str | None, changes: dict[str, str]
) -> None:
    with bench.server(script) as server:
        settings = settings_for(server.port, security=tls, **WITH_LOGIN)
        found = bench.look(settings)
        first = found.proposals[0]
        assert (first.id, first.changes, first.label) == ("tls-mode", changes, f"Set SMTP_TLS={changes['SMTP_TLS']}")
        assert bench.first_try(settings.with_changes(first.changes)).app.verdict is Verdict.WORKS


def test_once_the_mode_is_clear_silent_other_ports_are_not_waited_for(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(port, "STAGE_SECONDS", 60.0)
    with bench.server(IMPLICIT) as server, bench.server(Script().but(Stage.GREETING, SILENCE)) as silent:
        found = bench.look(settings_for(server.port, security="false"), (silent.port,))
    assert found.proposals[0].id == "tls-mode"
    assert found.elapsed_ms < 8000  # the silent port alone would take all of the 10 s
    assert found.ports[1].tls is None


def test_of_the_ports_that_answer_the_strictest_leads_and_every_proposal_holds(bench: Bench) -> None:
    with bench.server(Script()) as plain, bench.server(STARTTLS) as starttls, bench.server(IMPLICIT) as implicit:
        settings = settings_for(closed_port(), **WITH_LOGIN)
        found = bench.look(settings, (plain.port, starttls.port, implicit.port))
        assert [item.id for item in found.proposals] == [
            f"port-{server.port}" for server in (implicit, starttls, plain)
        ]
        assert found.proposals[0].changes == {"SMTP_PORT": str(implicit.port), "SMTP_TLS": "true"}
        assert found.proposals[0].label == f"Switch to {implicit.port} with TLS"
        assert found.proposals[1].changes == {"SMTP_PORT": str(starttls.port)}
        for proposal in found.proposals:
            assert bench.first_try(settings.with_changes(proposal.changes)).app.verdict is Verdict.WORKS


def test_the_providers_own_ports_lead_before_stricter_ones(bench: Bench) -> None:
    with bench.server(STARTTLS) as listed, bench.server(IMPLICIT) as other:
        provider = provider_with(PortChoice(listed.port, TlsMode.STARTTLS), kind=Kind.LOCAL)
        found = bench.look(settings_for(closed_port()), (other.port, listed.port), provider=provider)
    assert [item.id for item in found.proposals] == [f"port-{listed.port}", f"port-{other.port}"]


def test_without_ports_named_the_providers_are_asked(bench: Bench) -> None:
    with bench.server(IMPLICIT) as server:
        provider = provider_with(PortChoice(server.port, TlsMode.IMPLICIT), kind=Kind.LOCAL)
        settings = settings_for(closed_port())
        found = bench.look(settings, None, provider=provider)
    assert [item.port for item in found.ports[:2]] == [settings.port_number, server.port]
    assert {465, 587, 2525, 2587, 2465, 25} <= {item.port for item in found.ports}
    assert found.proposals[0].id == f"port-{server.port}"


def test_the_variable_of_the_guide_follows_the_mode(bench: Bench) -> None:
    with bench.server(IMPLICIT) as server:
        provider = provider_with(PortChoice(server.port, TlsMode.IMPLICIT))
        app = ABC._replace(guide=(Guide(provider.id, opportunistic="true"),))
        settings = settings_for(closed_port(), security="false", opportunistic="true")._replace(app=app)
        found = bench.look(settings, (server.port,), provider=provider)
    changes = {"SMTP_PORT": str(server.port), "SMTP_TLS": "true", "SMTP_OPPORTUNISTIC_TLS": "false"}
    assert found.proposals[0].changes == changes
    assert found.proposals[0].label == f"Switch to {server.port} with TLS"


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        (Script(starttls=True, mechanisms=()), "trusted"),
        (Script(implicit=True, mechanisms=("XOAUTH2",)), "trusted"),
        (IMPLICIT, "untrusted"),
        (STARTTLS, "expired"),
        (STARTTLS.but(Stage.STARTTLS, reply("454 4.7.0 not now")), "trusted"),
        (Script().but(Stage.GREETING, reply("554 5.7.1 no")), "trusted"),
        (Script().but(Stage.EHLO, CLOSE), "trusted"),
        (Script().but(Stage.GREETING, endless("220-x\r\n")), "trusted"),
    ],
)
def test_a_port_on_which_the_app_would_fail_is_not_proposed(bench: Bench, script: Script, kind: str) -> None:
    with bench.server(script, kind) as server:
        found = bench.look(settings_for(closed_port(), "localhost", **WITH_LOGIN), (server.port,))
    assert [item for item in found.proposals if item.changes] == []
    assert any(line.startswith(f"{server.port}: ") for line in found.facts)


def test_a_port_without_a_login_will_do_for_who_does_not_log_in(bench: Bench) -> None:
    with bench.server(Script(starttls=True, mechanisms=())) as server:
        found = bench.look(settings_for(closed_port()), (server.port,))
    assert found.proposals[0].changes == {"SMTP_PORT": str(server.port)}


def test_a_login_that_was_not_offered_leads_to_the_port_that_offers_one(bench: Bench) -> None:
    relay = Script(mechanisms=()).but(Stage.RCPT, reply("554 5.7.1 relay access denied"))
    with bench.server(relay) as silent, bench.server(IMPLICIT) as server:
        found = bench.look(settings_for(silent.port, **WITH_LOGIN), (server.port,))
    assert found.proposals[0].id == f"port-{server.port}"
    assert f"Port {silent.port} offers no login that the app can use." in found.proposals[0].cause


def test_an_answer_at_the_second_try_is_told_and_changes_nothing(bench: Bench) -> None:
    settings = settings_for(closed_port())
    report = bench.first_try(settings)
    with bench.server(Script()) as server:
        found = bench.look(settings_for(server.port), report=report)
    (proposal,) = found.proposals
    assert (proposal.id, proposal.changes) == ("answers-now", {})


def test_the_apps_own_cipher_list_decides_over_an_offer(bench: Bench) -> None:
    with bench.server(IMPLICIT, "one-cipher") as server:
        settings = settings_for(closed_port(), "localhost", ciphers="ECDHE-RSA-AES128-GCM-SHA256")
        assert not any(item.changes for item in bench.look(settings, (server.port,)).proposals)
        fitting = settings.with_changes({"SMTP_CIPHER_SPEC": "ECDHE-RSA-AES256-GCM-SHA384"})
        assert any(item.changes for item in bench.look(fitting, (server.port,)).proposals)


def test_the_credentials_never_leave_and_never_show(bench: Bench) -> None:
    secret, user = LOGIN["password"], LOGIN["username"]
    token = base64.b64encode(f"\0{user}\0{secret}".encode()).decode()
    echo = Script().but(Stage.GREETING, reply(f"220 {secret} {token}"))
    with bench.server(IMPLICIT) as implicit, bench.server(echo) as hostile, bench.server(STARTTLS) as starttls:
        settings = settings_for(implicit.port, security="false", **WITH_LOGIN)
        found = bench.look(settings, (hostile.port, starttls.port))
        heard = "\n".join(line for server in (implicit, hostile, starttls) for line in server.received)
    assert not {line.split(" ")[0] for line in heard.splitlines()} - {"EHLO", "STARTTLS", "QUIT"}
    shown = repr(found) + json.dumps([item.as_proposal() for item in found.proposals])
    for form in (secret, token, base64.b64encode(secret.encode()).decode()):
        assert form not in heard + shown
