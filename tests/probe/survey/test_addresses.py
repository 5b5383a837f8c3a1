"""Several addresses of one host: none keeps the others waiting, and IPv4 and IPv6 are told apart."""

from __future__ import annotations

import socket

import pytest

from smtpwizard.probe.survey.port import spread
from smtpwizard.sandbox.scripted import CLOSE, Script, ScriptedServer, Stage
from smtpwizard.smtp import net as resolve
from support.looking import LOGIN, Bench, black_hole, closed_port, settings_for


def has_ipv6_loopback() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


needs_ipv6 = pytest.mark.skipif(not has_ipv6_loopback(), reason="this machine has no IPv6 loopback")


def name_for(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> str:
    monkeypatch.setattr(resolve, "look_up", lambda host: addresses)
    return "mail.example.test"


def test_families_take_turns_and_ipv4_leads() -> None:
    assert spread(["::1", "::2", "10.0.0.1", "10.0.0.2", "::3"]) == ("10.0.0.1", "::1", "10.0.0.2", "::2")
    assert spread(["::1"]) == ("::1",)


def test_a_refused_address_does_not_hide_the_next(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    host = name_for(monkeypatch, "127.0.0.9", "127.0.0.1")
    facts = bench.ask(Script(), host=host)
    assert (facts.usable, facts.address) == (True, "127.0.0.1")


def test_a_silent_address_does_not_keep_the_next_waiting(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    host = name_for(monkeypatch, "127.0.0.9", "127.0.0.1")
    with black_hole("127.0.0.9") as port, ScriptedServer(Script(), port=port):
        (facts,) = bench.scan(port, host=host)
    assert (facts.usable, facts.address) == (True, "127.0.0.1")


def test_where_no_address_answers_the_first_ones_word_is_told(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    host = name_for(monkeypatch, "127.0.0.9", "127.0.0.1")
    with black_hole("127.0.0.9") as port:
        (facts,) = bench.scan(port, host=host)
    assert (facts.open, facts.error, facts.ms) == (False, "ETIMEDOUT", None)


@needs_ipv6
def test_a_literal_ipv6_address_is_asked(bench: Bench) -> None:
    with bench.server(Script(), host="::1") as server:
        (facts,) = bench.scan(server.port, host="::1")
    assert (facts.usable, facts.address) == (True, "::1")


@needs_ipv6
def test_a_host_that_drops_ipv4_clients_and_serves_ipv6_is_told_by_family(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = name_for(monkeypatch, "127.0.0.1", "::1")
    with (
        bench.server(Script().but(Stage.GREETING, CLOSE)) as dead,
        ScriptedServer(Script(), host="::1", port=dead.port),
    ):
        found = bench.look(settings_for(dead.port, host, **{**LOGIN, "password": None}))
    (proposal,) = found.proposals
    assert (proposal.id, proposal.changes) == ("ipv4-dead", {})
    assert "over IPv4 (127.0.0.1): closed before a greeting (EOF); over IPv6 (::1) it answers" in proposal.cause
    assert f"IPv6 (::1) port {dead.port}: no TLS, AUTH PLAIN LOGIN" in found.facts


@needs_ipv6
@pytest.mark.parametrize(("wrong", "right"), [("::1", "127.0.0.1"), ("127.0.0.1", "::1")])
def test_a_server_on_the_other_loopback_address_is_found_and_proposed(bench: Bench, wrong: str, right: str) -> None:
    with bench.server(Script(), host=right) as server:
        found = bench.look(settings_for(server.port, wrong))
    assert found.proposals[0].changes == {"SMTP_HOST": right}
    assert found.ports[0].error == "ECONNREFUSED"


@needs_ipv6
def test_both_families_dead_gives_no_word_on_families(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    host = name_for(monkeypatch, "127.0.0.1", "::1")
    found = bench.look(settings_for(closed_port(), host))
    assert not {"ipv4-dead", "ipv6-dead"} & {item.id for item in found.proposals}
