"""How one port speaks: every mode is found out over real sockets and real TLS, whatever was expected."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from smtpwizard.presets.schema import TlsMode
from smtpwizard.sandbox.scripted import CLOSE, RESET, SILENCE, Script, Stage, raw, reply, wait
from support.looking import Bench, closed_port

STARTTLS = Script(starttls=True, clear_login=False)
IMPLICIT = Script(implicit=True)
PLAIN = Script()


@pytest.mark.parametrize("expected", [None, TlsMode.IMPLICIT, TlsMode.STARTTLS])
@pytest.mark.parametrize(
    ("script", "mode"), [(STARTTLS, TlsMode.STARTTLS), (IMPLICIT, TlsMode.IMPLICIT), (PLAIN, TlsMode.NONE)]
)
def test_the_mode_is_found_out_whatever_was_expected(
    bench: Bench, script: Script, mode: TlsMode, expected: TlsMode | None
) -> None:
    with bench.server(script) as server:
        hints: Mapping[int, TlsMode] = {server.port: expected} if expected else {}
        (facts,) = bench.scan(server.port, expected=hints)
    assert (facts.tls, facts.error, facts.usable) == (mode, None, True)
    assert (facts.auth, facts.login) == (("PLAIN", "LOGIN"), True)
    assert facts.banner == "220 scripted.example ESMTP ready"
    assert (facts.tls_facts is None) == (mode is TlsMode.NONE)
    assert facts.ms is not None
    assert facts.ms < 500


def test_a_server_that_greets_late_is_not_taken_for_one_with_tls(bench: Bench) -> None:
    facts = bench.ask(STARTTLS.but(Stage.GREETING, wait(0.5), reply("220 late.example ESMTP")))
    assert (facts.tls, facts.banner) == (TlsMode.STARTTLS, "220 late.example ESMTP")


def test_a_silent_port_is_asked_in_tls_beside_the_wait_and_stays_without_a_mode(bench: Bench) -> None:
    with bench.server(PLAIN.but(Stage.GREETING, SILENCE)) as server:
        (facts,) = bench.scan(server.port)
        assert server.connections == 2
    assert (facts.open, facts.tls, facts.error) == (True, None, "ETIMEDOUT")


@pytest.mark.parametrize(
    ("script", "error"),
    [
        (PLAIN.but(Stage.GREETING, reply("554 5.7.1 no service for you")), "554 5.7.1 no service for you"),
        (PLAIN.but(Stage.GREETING, raw("HTTP/1.1 400 Bad Request\r\n\r\n")), "HTTP/1.1 400 Bad Request"),
        (PLAIN.but(Stage.GREETING, raw("SSH-2.0-OpenSSH_9.2\r\n")), "SSH-2.0-OpenSSH_9.2"),
        (PLAIN.but(Stage.GREETING, CLOSE), "EOF"),
        (PLAIN.but(Stage.GREETING, RESET), "ECONNRESET"),
        (IMPLICIT.but(Stage.GREETING, reply("421 4.7.0 busy")), "421 4.7.0 busy"),
        (PLAIN.but(Stage.EHLO, reply("421 4.7.0 later")), "421 4.7.0 later"),
    ],
)
def test_what_is_no_mail_server_that_takes_a_client_has_no_mode(bench: Bench, script: Script, error: str) -> None:
    facts = bench.ask(script)
    assert (facts.open, facts.tls, facts.usable) == (True, None, False)
    assert facts.error == error


def test_a_closed_port_is_told_with_the_systems_word(bench: Bench) -> None:
    (facts,) = bench.scan(closed_port())
    assert (facts.open, facts.tls, facts.error, facts.address) == (False, None, "ECONNREFUSED", "")


@pytest.mark.parametrize("implicit", [False, True])
@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("expired", "CERT_HAS_EXPIRED"),
        ("not-yet-valid", "CERT_NOT_YET_VALID"),
        ("untrusted", "UNABLE_TO_VERIFY_LEAF_SIGNATURE"),
        ("untrusted-with-root", "SELF_SIGNED_CERT_IN_CHAIN"),
        ("wrong-name", "ERR_TLS_CERT_ALTNAME_INVALID"),
    ],
)
def test_a_refused_certificate_is_told_in_nodes_word_with_its_facts_and_the_login_behind_it(
    bench: Bench, kind: str, error: str, implicit: bool
) -> None:
    facts = bench.ask(IMPLICIT if implicit else STARTTLS, kind, "localhost")
    assert (facts.error, facts.usable) == (error, False)
    assert facts.tls is (TlsMode.IMPLICIT if implicit else TlsMode.STARTTLS)
    assert facts.tls_facts is not None
    assert not facts.tls_facts.verified
    assert facts.tls_facts.names == (("mail.example.com",) if kind == "wrong-name" else ("localhost",))
    assert facts.auth == ("PLAIN", "LOGIN")


def test_a_refused_starttls_is_told_in_the_servers_words(bench: Bench) -> None:
    facts = bench.ask(STARTTLS.but(Stage.STARTTLS, reply("454 4.7.0 TLS not available")))
    assert (facts.tls, facts.error, facts.usable) == (TlsMode.STARTTLS, "454 4.7.0 TLS not available", False)


@pytest.mark.parametrize(
    ("mechanisms", "login"), [(("XOAUTH2",), False), ((), False), (("NTLM",), True), (("LOGIN", "XOAUTH2"), True)]
)
def test_a_login_counts_only_where_the_apps_client_would_make_one(
    bench: Bench, mechanisms: tuple[str, ...], login: bool
) -> None:
    facts = bench.ask(Script(mechanisms=mechanisms))
    assert (facts.auth, facts.login) == (mechanisms, login)


def test_a_server_that_knows_only_helo_is_asked_so(bench: Bench) -> None:
    facts = bench.ask(PLAIN.but(Stage.EHLO, reply("502 5.5.1 unknown")))
    assert (facts.tls, facts.auth, facts.login) == (TlsMode.NONE, (), True)


def test_nothing_but_hello_starttls_and_quit_is_ever_said(bench: Bench) -> None:
    with bench.server(STARTTLS) as one, bench.server(IMPLICIT) as two, bench.server(STARTTLS, "untrusted") as three:
        bench.scan(one.port, two.port, three.port, host="localhost")
        heard = {line.split(" ")[0] for server in (one, two, three) for line in server.received}
    assert heard == {"EHLO", "STARTTLS", "QUIT"}


def test_ports_come_back_in_the_order_asked_and_once(bench: Bench) -> None:
    with bench.server(PLAIN) as server:
        asked = (closed_port(), server.port, 0, server.port, 70000)
        told: list[int] = []
        found = bench.scan(*asked, on_port=lambda item: told.append(item.port))
    assert [item.port for item in found] == list(asked[:2])
    assert sorted(told) == sorted(asked[:2])


def test_a_host_without_an_address_is_told_for_every_port(bench: Bench) -> None:
    found = bench.scan(587, 465, host="nowhere.invalid")
    assert [(item.port, item.open) for item in found] == [(587, False), (465, False)]
    assert {item.error for item in found} <= {"ENOTFOUND", "EAI_AGAIN"}
