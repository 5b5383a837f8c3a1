"""Refused certificates: which other name would do, whose store trusts them, and whether it is the provider at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from smtpwizard.presets.schema import Kind, PortChoice, TlsMode
from smtpwizard.probe.survey.advice import compose_lines, is_foreign
from smtpwizard.probe.survey.facts import PortFacts
from smtpwizard.probe.survey.port import system_bundle
from smtpwizard.sandbox.scripted import Script, Stage, reply
from smtpwizard.secret import Secret
from smtpwizard.smtp import net as resolve
from smtpwizard.smtp.results import TlsFacts, Verdict
from support.looking import LOGIN, Bench, provider_with, settings_for

IMPLICIT = Script(implicit=True)
STARTTLS = Script(starttls=True)
HOSTER = reply(
    "220-server214.web-hosting.example ESMTP Exim 4.97.1 #2 Sun, 22 Nov 2026 02:13:07 -0500",
    "220-We do not authorize the use of this system to transport unsolicited,",
    "220 and/or bulk e-mail.",
)


@pytest.mark.parametrize("script", [IMPLICIT, STARTTLS])
def test_a_host_given_as_an_address_gets_the_name_in_the_certificate(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, script: Script
) -> None:
    monkeypatch.setattr(resolve, "look_up", lambda host: ("127.0.0.1",))
    with bench.server(script, "wrong-name") as server:
        settings = server.settings()
        found = bench.look(settings)
        first = found.proposals[0]
        assert (first.id, first.changes) == ("another-name", {"SMTP_HOST": "mail.example.com"})
        assert bench.first_try(settings.with_changes(first.changes)).app.verdict is Verdict.WORKS


def test_a_name_that_leads_elsewhere_is_not_proposed(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolve, "look_up", lambda host: ("127.0.0.7",))
    with bench.server(IMPLICIT, "wrong-name") as server:
        assert bench.look(server.settings()).proposals == ()


def test_a_name_under_which_the_certificate_is_not_trusted_either_is_not_proposed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resolve, "look_up", lambda host: ("127.0.0.1",))
    with bench.server(IMPLICIT, "wrong-name") as server:
        report = bench.first_try(server.settings())
    with bench.server(IMPLICIT, "untrusted") as other:
        assert not any(item.changes for item in bench.look(other.settings(), report=report).proposals)


def test_a_known_providers_host_is_never_exchanged_for_a_foreign_name(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resolve, "look_up", lambda host: ("127.0.0.1",))
    with bench.server(IMPLICIT, "wrong-name") as server:
        settings = settings_for(server.port, "smtp.acme-relay.net", security="true")
        provider = provider_with(PortChoice(server.port, TlsMode.IMPLICIT), host="smtp.acme-relay.net")
        found = bench.look(settings, provider=provider)
        own = provider_with(
            PortChoice(server.port, TlsMode.IMPLICIT), host="smtp.acme-relay.net", old_hosts=("mail.example.com",)
        )
        renamed = bench.look(settings, provider=own)
    assert [(item.id, item.changes) for item in found.proposals] == [("another-server", {})]
    assert "its certificate is for mail.example.com" in found.proposals[0].cause
    assert renamed.proposals[0].changes == {"SMTP_HOST": "mail.example.com"}


@pytest.mark.parametrize("script", [IMPLICIT, STARTTLS])
def test_what_this_machines_store_trusts_leads_to_the_lines_for_the_compose_file(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: Script
) -> None:
    bundle = tmp_path / "authorities.crt"
    with bench.server(script, "untrusted-with-intermediate") as server:
        bundle.write_text(bench.certificates._other.cert_pem.bytes().decode())
        monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
        found = bench.look(server.settings(host="localhost"), service="mailer")
    (proposal,) = found.proposals
    assert (proposal.id, proposal.changes) == ("system-store-trusts", {})
    assert "NODE_EXTRA_CA_CERTS" in proposal.remedy
    assert proposal.facts == compose_lines("mailer", str(bundle), "NODE_EXTRA_CA_CERTS")
    assert "this machine's own store trusts the certificate" in found.facts


def test_the_file_in_those_lines_makes_the_app_work(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bundle = tmp_path / "authorities.crt"
    bundle.write_text(bench.certificates._other.cert_pem.bytes().decode())
    with bench.server(IMPLICIT, "untrusted") as server:
        settings = server.settings(host="localhost")
        assert bench.first_try(settings).app.verdict is Verdict.FAILS
        monkeypatch.setenv("NODE_EXTRA_CA_CERTS", str(bundle))
        assert bench.first_try(settings).app.verdict is Verdict.WORKS


@pytest.mark.parametrize(("kind", "single"), [("untrusted", True), ("untrusted-with-intermediate", False)])
def test_what_nobody_trusts_is_told_as_a_fact_with_the_length_of_the_chain(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str, single: bool
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.crt"))
    with bench.server(IMPLICIT, kind) as server:
        found = bench.look(server.settings(host="localhost"))
    assert found.proposals == ()
    assert "this machine's own store does not trust the certificate either" in found.facts
    assert any("one certificate only" in line for line in found.facts) is single


def test_compose_lines_are_yaml_that_mounts_the_file_it_names() -> None:
    assert compose_lines("api", "/etc/pki/tls/certs/ca-bundle.crt", "NODE_EXTRA_CA_CERTS") == (
        "services:",
        "  api:",
        "    environment:",
        "      NODE_EXTRA_CA_CERTS: /etc/ssl/certs/ca-certificates.crt",
        "    volumes:",
        "      - /etc/pki/tls/certs/ca-bundle.crt:/etc/ssl/certs/ca-certificates.crt:ro",
    )


def test_the_bundle_of_this_machine_is_a_file_that_exists(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "own.pem").write_text("")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "own.pem"))
    assert system_bundle() == str(tmp_path / "own.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "missing.pem"))
    assert system_bundle() != str(tmp_path / "missing.pem")


def test_a_web_hosts_greeting_in_the_providers_place_is_told_with_its_words(bench: Bench) -> None:
    with bench.server(STARTTLS.but(Stage.GREETING, HOSTER), "untrusted") as server:
        provider = provider_with(PortChoice(server.port, TlsMode.STARTTLS), host="localhost")
        settings = server.settings(host="localhost", **LOGIN)
        found = bench.look(settings, provider=provider)
        custom = bench.look(settings)
    assert [item.id for item in found.proposals] == ["another-server"]
    assert found.proposals[0].facts[0].startswith(f"{server.port}: 220-server214.web-hosting.example ESMTP Exim")
    assert "given the password" not in found.proposals[0].remedy
    assert custom.proposals == ()


def test_a_web_host_that_was_logged_in_to_is_told_as_such(bench: Bench) -> None:
    must_upgrade = reply("530 5.7.0 Must issue a STARTTLS command first")
    with bench.server(Script().but(Stage.GREETING, HOSTER).but(Stage.MAIL, must_upgrade)) as server:
        provider = provider_with(PortChoice(server.port, TlsMode.STARTTLS))
        found = bench.look(server.settings(**LOGIN), provider=provider)
    (proposal,) = found.proposals
    assert (proposal.id, "change it" in proposal.remedy) == ("another-server", True)


def test_beside_an_interceptor_the_port_with_the_providers_own_certificate_leads(bench: Bench) -> None:
    with bench.server(STARTTLS.but(Stage.GREETING, HOSTER), "wrong-name") as foreign, bench.server(IMPLICIT) as true:
        provider = provider_with(
            PortChoice(foreign.port, TlsMode.STARTTLS), PortChoice(true.port, TlsMode.IMPLICIT), host="localhost"
        )
        settings = foreign.settings(host="localhost", **LOGIN)
        found = bench.look(settings, (true.port,), provider=provider)
    assert [item.id for item in found.proposals] == [f"port-{true.port}", "another-server"]


@pytest.mark.parametrize(
    ("names", "verified", "banner", "foreign"),
    [
        (("server7.hosting.example",), False, "", True),
        (("*.acme.com",), False, "", False),
        ((), False, "", False),
        (("smtp.acme.com",), True, "220-We do not authorize the use of this system to transport unsolicited", False),
        (("smtp.acme.com",), False, "220-We do not authorize the use of this system to transport unsolicited,", True),
    ],
)
def test_only_plain_signs_make_a_server_a_foreign_one(
    names: tuple[str, ...], verified: bool, banner: str, foreign: bool
) -> None:
    facts = TlsFacts("TLSv1.3", "", names, verified=verified)
    error = None if verified else "ERR_TLS_CERT_ALTNAME_INVALID"
    item = PortFacts(587, True, TlsMode.STARTTLS, error=error, banner=banner, tls_facts=facts)
    assert is_foreign(item, "smtp.acme.com", "ERR_TLS_CERT_ALTNAME_INVALID") is foreign


def test_a_local_servers_preset_is_nobody_who_can_be_impersonated(bench: Bench) -> None:
    with bench.server(STARTTLS.but(Stage.GREETING, HOSTER), "untrusted") as server:
        provider = provider_with(PortChoice(server.port, TlsMode.STARTTLS), kind=Kind.LOCAL)
        settings = settings_for(server.port, "localhost", username="u", password=Secret("p4ssw0rd"))
        assert bench.look(settings, provider=provider).proposals == ()
