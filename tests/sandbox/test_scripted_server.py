"""The scripted server is a proper server where nothing is scripted, and exactly what was scripted where it is."""

from __future__ import annotations

import smtplib
import socket
import ssl
import time

import pytest

from smtpwizard.sandbox.scripted import (
    CLOSE,
    RESET,
    SILENCE,
    Script,
    ScriptedServer,
    Stage,
    drip,
    endless,
    raw,
    reply,
    wait,
)
from smtpwizard.secret import Secret
from support.probing import certificates, serving


def trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.load_verify_locations(cadata=certificates().ca_pem)
    return context


def first_octets(script: Script) -> bytes:
    with serving(script) as server, socket.create_connection(("127.0.0.1", server.port), timeout=30) as client:
        return client.recv(100)


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
def test_pythons_own_client_logs_in_and_sends(mechanism: str) -> None:
    script = Script(
        starttls=True, mechanisms=(mechanism,), username="me", password=Secret("right"), login_required=True
    )
    with serving(script) as server, smtplib.SMTP("localhost", server.port) as client:
        client.starttls(context=trusting())
        client.login("me", "right")
        client.sendmail("a@example.com", ["b@example.com"], "hello\n.dot\n")
        assert server.messages == [b"hello\r\n.dot\r\n"]


def test_a_wrong_password_is_refused_and_mail_needs_a_login() -> None:
    script = Script(username="me", password=Secret("right"), login_required=True)
    with serving(script) as server, smtplib.SMTP("127.0.0.1", server.port) as client:
        with pytest.raises(smtplib.SMTPAuthenticationError):
            client.login("me", "wrong")
        assert client.docmd("MAIL FROM:<a@example.com>")[0] == 530


def test_implicit_tls() -> None:
    with (
        serving(Script(implicit=True)) as server,
        smtplib.SMTP_SSL("localhost", server.port, context=trusting()) as client,
    ):
        assert client.noop()[0] == 250


def test_a_play_replaces_the_usual_reply() -> None:
    assert first_octets(Script().but(Stage.GREETING, reply("one", "554 two"))) == b"554-one\r\n554 two\r\n"
    assert first_octets(Script().but(Stage.GREETING, raw(b"\x00\xff"))) == b"\x00\xff"


def test_turns_are_played_once_each_over_all_connections_and_then_the_usual() -> None:
    script = Script().but(Stage.RCPT, reply("450 later")).turn(Stage.RCPT, None, reply("550 no"), reply("251 yes"))
    seen = []
    with serving(script) as server:
        for _ in range(2):
            with smtplib.SMTP("127.0.0.1", server.port, timeout=30) as client:
                client.ehlo()
                client.mail("a@example.com")
                seen += [client.rcpt("b@example.com")[0] for _ in range(2)]
    assert seen == [450, 550, 251, 450]


def test_dripping_sends_octet_by_octet() -> None:
    assert first_octets(Script().but(Stage.GREETING, drip("220 x\r\n", pause=0.05))) == b"2"


def test_closing_is_an_end_and_resetting_an_error() -> None:
    assert first_octets(Script().but(Stage.GREETING, CLOSE)) == b""
    with pytest.raises(ConnectionResetError):
        first_octets(Script().but(Stage.GREETING, RESET))


@pytest.mark.parametrize("play", [SILENCE, wait(60), endless("220-x\r\n", pause=0.01), drip("220 x\r\n", pause=30)])
def test_stopping_waits_for_nothing(play: tuple) -> None:  # type: ignore[type-arg]
    server = ScriptedServer(Script().but(Stage.GREETING, play)).start()
    with socket.create_connection(("127.0.0.1", server.port), timeout=30):
        began = time.monotonic()
        server.stop()
        assert time.monotonic() - began < 10


def test_a_client_that_never_answers_the_handshake_does_not_keep_the_server() -> None:
    server = ScriptedServer(Script(implicit=True), tls=certificates().context("trusted")).start()
    with socket.create_connection(("127.0.0.1", server.port), timeout=30):
        began = time.monotonic()
        server.stop()
        assert time.monotonic() - began < 10


async def test_it_serves_beside_a_running_loop() -> None:
    async with ScriptedServer(Script()) as server:
        assert server.port > 0


def test_settings_reach_the_server_and_hide_the_password() -> None:
    server = ScriptedServer(Script(implicit=True), port=2525)
    settings = server.settings(username="me", password="right")
    assert (settings.port, settings.security, settings.username) == ("2525", "true", "me")
    assert "right" not in repr(settings)
