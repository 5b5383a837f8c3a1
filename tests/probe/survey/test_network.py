"""Ports that do not answer: what is blocked, what is dead, and where no more is claimed than was seen."""

from __future__ import annotations

from pathlib import Path

import pytest

from smtpwizard.clients.transport import transport
from smtpwizard.presets.schema import PortChoice, Provider, TlsMode
from smtpwizard.probe.survey.advice import cloud_provider, proposals
from smtpwizard.probe.survey.facts import Evidence, PortFacts, Reach, candidates, expected_modes, ports_to_ask
from smtpwizard.sandbox.scripted import Script
from smtpwizard.secret import Secret
from smtpwizard.settings import Settings
from smtpwizard.smtp.results import Status, Step, StepResult, TlsFacts
from support.apps import ABC
from support.looking import Bench, black_hole, closed_port, provider_with, settings_for

HOST = "smtp.acme-relay.net"
RELAY = provider_with(
    PortChoice(587, TlsMode.STARTTLS), PortChoice(465, TlsMode.IMPLICIT), PortChoice(2525, TlsMode.STARTTLS), host=HOST
)
LATE = StepResult(Step.CONNECT, Status.FAILED, "Connection timeout", 10000.0, error="ETIMEDOUT")


def seen(
    *ports: PortFacts,
    provider: Provider | None = RELAY,
    web: Reach | None = Reach.ANSWERS,
    failed: StepResult | None = LATE,
    cloud: str = "",
    **fields: str,
) -> Evidence:
    settings = Settings(ABC, HOST, "587", "a@acme.com", username="you", password=Secret("p4ssw0rd"), **fields)  # type: ignore[arg-type]
    handed = transport(settings)
    assert handed is not None
    return Evidence(settings, handed, provider, failed, ports, web=web, cloud=cloud)


def silent(*ports: int) -> list[PortFacts]:
    return [PortFacts(port, False, error="ETIMEDOUT") for port in ports]


def answering(port: int, mode: TlsMode) -> PortFacts:
    facts = TlsFacts("TLSv1.3", "", (HOST,), verified=True)
    tls = None if mode is TlsMode.NONE else facts
    return PortFacts(port, True, mode, ("PLAIN",), 20.0, tls_facts=tls, address="142.250.27.109", login=True)


def test_all_mail_ports_silent_while_the_web_port_answers_is_a_block(bench: Bench) -> None:
    (proposal,) = proposals(seen(*silent(587, 465, 2525, 25)))
    assert (proposal.id, proposal.changes) == ("mail-ports-blocked", {})
    assert "587, 465, 2525 and 25" in proposal.cause
    assert "2525 at SendGrid, Mailgun, Postmark" in proposal.remedy


def test_the_cloud_is_named_where_it_is_known() -> None:
    (proposal,) = proposals(seen(*silent(587, 465), cloud="DigitalOcean"))
    assert "DigitalOcean blocks outgoing mail" in proposal.cause
    assert proposal.remedy.startswith("Ask DigitalOcean ")


def test_the_escape_port_that_answers_leads_and_says_why() -> None:
    (proposal,) = proposals(seen(*silent(587, 465, 25), answering(2525, TlsMode.STARTTLS)))
    assert proposal.changes == {"SMTP_PORT": "2525"}
    assert "The network lets nothing out to 587, 465 and 25; 2525 gets through." in proposal.cause


def test_an_unknown_host_may_have_dropped_the_packets_itself() -> None:
    (proposal,) = proposals(seen(*silent(587, 465), provider=None))
    assert proposal.id == "mail-ports-silent"
    assert "either" in proposal.cause


@pytest.mark.parametrize(
    ("web", "name"), [(Reach.SILENT, "host-silent"), (Reach.REFUSES, "mail-ports-blocked"), (None, None)]
)
def test_a_block_is_claimed_only_where_the_host_is_reached(web: Reach | None, name: str | None) -> None:
    assert [item.id for item in proposals(seen(*silent(587, 465), web=web))] == ([name] if name else [])


def test_refused_ports_are_told_as_refused() -> None:
    refused = [PortFacts(port, False, error="ECONNREFUSED", ms=9.0) for port in (587, 465)]
    assert [item.id for item in proposals(seen(*refused))] == ["ports-refused"]


def test_clear_text_over_a_public_network_is_never_proposed() -> None:
    plain = answering(25, TlsMode.NONE)
    assert candidates(seen(*silent(587), plain)) == ()
    assert candidates(seen(answering(587, TlsMode.NONE), plain, failed=None)) == ()


def test_a_leak_is_mended_by_the_port_with_tls() -> None:
    leaking = seen(answering(587, TlsMode.NONE), answering(465, TlsMode.IMPLICIT), failed=None, security="false")
    (proposal,) = proposals(leaking)
    assert proposal.changes == {"SMTP_PORT": "465", "SMTP_TLS": "true"}
    assert proposal.cause.startswith("On port 587 the app goes on in clear text.")
    assert proposal.remedy.endswith("It cannot fall back to clear text.")


def test_port_25_comes_last_among_equals() -> None:
    found = candidates(
        seen(*silent(587), answering(25, TlsMode.STARTTLS), answering(2587, TlsMode.STARTTLS), provider=None)
    )
    assert [item.port for item in found] == [2587, 25]


def test_silent_ports_and_a_web_port_are_found_out_over_the_network(bench: Bench) -> None:
    with black_hole() as dead, bench.server(Script()) as web:
        found = bench.look(settings_for(dead), web_port=web.port)
    assert [item.id for item in found.proposals] == ["no-server"]  # a loopback address is never behind a cloud's block
    assert f"{dead}: no answer (ETIMEDOUT)" in found.facts
    assert f"{web.port} (web) of the same host: answers" in found.facts


@pytest.mark.parametrize("silent_web", [False, True])
def test_a_web_port_that_refuses_or_keeps_silent_is_told_as_such(bench: Bench, silent_web: bool) -> None:
    with black_hole() as hole:
        found = bench.look(settings_for(closed_port()), web_port=hole if silent_web else closed_port())
    said = "no answer" if silent_web else "refused, so the host is reached"
    assert found.facts[-1].endswith(said)


def test_a_host_that_vanished_since_the_first_try_is_told(bench: Bench) -> None:
    report = bench.first_try(settings_for(closed_port()))
    found = bench.look(settings_for(587, "nowhere.invalid"), report=report)
    assert found.proposals == ()
    assert found.facts[0].startswith("nowhere.invalid: no ")


@pytest.mark.parametrize(
    ("file", "word", "name"),
    [
        ("sys_vendor", "DigitalOcean\n", "DigitalOcean"),
        ("sys_vendor", "Hetzner\n", "Hetzner"),
        ("product_name", "Google Compute Engine\n", "Google Cloud"),
        ("chassis_asset_tag", "7783-7084-3265-9085-8269-3286-77\n", "Azure"),
        ("sys_vendor", "LENOVO\n", ""),
        ("sys_vendor", "\xff\xfe", ""),
    ],
)
def test_the_firmware_names_the_cloud(tmp_path: Path, file: str, word: str, name: str) -> None:
    (tmp_path / file).write_text(word, encoding="latin-1")
    assert cloud_provider(tmp_path) == name


def test_without_firmware_to_read_no_cloud_is_named(tmp_path: Path) -> None:
    (tmp_path / "sys_vendor").mkdir()
    assert cloud_provider(tmp_path) == ""
    assert cloud_provider(tmp_path / "missing") == ""


def test_ports_are_the_settings_own_the_providers_and_the_usual_ones() -> None:
    odd = provider_with(PortChoice(8025, TlsMode.STARTTLS), PortChoice(587, TlsMode.STARTTLS))
    assert ports_to_ask(odd, 1025) == (1025, 8025, 587, 465, 2525, 2587, 2465, 25)
    assert ports_to_ask(None, 70000, None) == (587, 465, 2525, 2587, 2465, 25)
    assert expected_modes(odd)[8025] is TlsMode.STARTTLS
    assert expected_modes()[2465] is TlsMode.IMPLICIT
