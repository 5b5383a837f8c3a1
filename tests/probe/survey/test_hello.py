"""The hello inside the faithful dialogue: over both kinds of network, without waiting for a greeting."""

from __future__ import annotations

import asyncio

import pytest

from smtpwizard.clients.nodemailer.dialogue import NODEMAILER
from smtpwizard.clients.transport import Transport
from smtpwizard.probe.connection import HELLO_SECONDS, SILENT_SECONDS, probe_implicit_tls
from smtpwizard.probe.survey.facts import CONNECT_SECONDS, GRACE_SECONDS, STAGE_SECONDS, TOTAL_SECONDS
from smtpwizard.sandbox.scripted import SILENCE, Script, Stage
from smtpwizard.secret import Secret
from smtpwizard.smtp.net import BlockingNet
from smtpwizard.smtp.net_asyncio import AsyncioNet
from smtpwizard.smtp.results import TlsFacts
from support.looking import LOGIN, Bench, closed_port


def says_hello(port: int, *, blocking: bool) -> TlsFacts | None:
    asked = Transport(
        "127.0.0.1", port, secure=False, username="u", password=Secret(LOGIN["password"]), ciphers="nonsense"
    )
    if not blocking:

        async def ask() -> TlsFacts | None:
            return await probe_implicit_tls(NODEMAILER, AsyncioNet(), "127.0.0.1", asked)

        return asyncio.run(ask())
    try:
        probe_implicit_tls(NODEMAILER, BlockingNet(), "127.0.0.1", asked).send(None)
    except StopIteration as done:
        facts: TlsFacts | None = done.value
        return facts
    raise AssertionError("waited for an event loop")


@pytest.mark.parametrize("blocking", [False, True])
def test_a_tls_port_answers_a_hello_whatever_its_certificate(bench: Bench, blocking: bool) -> None:
    with bench.server(Script(implicit=True), "expired") as server:
        facts = says_hello(server.port, blocking=blocking)
        assert server.received == []
    assert facts is not None
    assert (facts.protocol, facts.names) == ("TLSv1.3", ("localhost",))


@pytest.mark.parametrize("blocking", [False, True])
@pytest.mark.parametrize("play", ["greets", "silent", "closed"])
def test_any_other_port_does_not(bench: Bench, play: str, blocking: bool) -> None:
    script = Script() if play == "greets" else Script().but(Stage.GREETING, SILENCE)
    with bench.server(script) as server:
        port = closed_port() if play == "closed" else server.port
        assert says_hello(port, blocking=blocking) is None


def test_the_limits_add_up_to_less_than_3_s_where_the_app_waits_30() -> None:
    assert SILENT_SECONDS + 2 * HELLO_SECONDS <= 3
    assert SILENT_SECONDS + GRACE_SECONDS < 3
    assert CONNECT_SECONDS < STAGE_SECONDS < TOTAL_SECONDS == 10
