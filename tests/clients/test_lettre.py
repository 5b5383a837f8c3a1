"""lettre's model does what lettre's source says, line for line; there is no running lettre here to compare it with."""

from __future__ import annotations

import pytest

from smtpwizard.apps.loading import shipped
from smtpwizard.probe.engine import Probe
from smtpwizard.sandbox.scripted import CLOSE, SILENCE, UPGRADE, Script, Stage, raw, reply
from smtpwizard.smtp.results import Report, Step, Verdict
from support.probing import MESSAGE, PASSWORD, USERNAME, options, serving

GHOST = shipped("ghost")
APP = GHOST._replace(client=GHOST.client._replace(model="lettre", version="0.11.23"))
PLAIN, LOGIN = Script(mechanisms=("PLAIN",)), Script(mechanisms=("LOGIN",))
STARTTLS = Script(starttls=True)


def sent(script: Script, certificate: str = "trusted", **fields: str) -> Report:
    with serving(script, certificate) as server:
        given = {"host": "localhost", "username": USERNAME, "password": PASSWORD, **fields}
        made = options(app_name="Vaultwarden", timeout=0.8)
        return Probe(server.settings(APP, **given), made, message=MESSAGE).run_blocking()


@pytest.mark.parametrize(
    "script",
    [
        PLAIN,
        LOGIN,
        STARTTLS,
        Script(implicit=True),
        Script().but(Stage.GREETING, reply("250 hello")),
        Script().but(Stage.MAIL, reply("354 go on")),
        Script().but(Stage.RCPT, reply("252 perhaps")),
        PLAIN.but(Stage.PASSWORD, reply("250 fine")),
        LOGIN.but(Stage.AUTH, reply("334 dXNlciBuYW1l")),
        LOGIN.but(Stage.USERNAME, reply("334 UGFzc3dvcmQ=")),
    ],
)
def test_what_its_source_takes_works(script: Script) -> None:
    report = sent(script, security="true" if script.implicit else "false")
    assert report.app.verdict is Verdict.WORKS
    assert report.app.sentence.startswith("Vaultwarden (lettre 0.11.23, as its source says) will log in and send")


@pytest.mark.parametrize(
    ("script", "step", "log"),
    [
        (Script(mechanisms=()), Step.AUTH, "internal client error: No compatible authentication mechanism was found"),
        (
            Script(mechanisms=("CRAM-MD5",)),
            Step.AUTH,
            "internal client error: No compatible authentication mechanism was found",
        ),
        (PLAIN.but(Stage.PASSWORD, reply("535 5.7.8 no")), Step.AUTH, "permanent error (535): 5.7.8 no"),
        (PLAIN.but(Stage.PASSWORD, reply("454 4.7.0 later")), Step.AUTH, "transient error (454): 4.7.0 later"),
        (
            PLAIN.but(Stage.AUTH, reply("334 VXNlcm5hbWU6")),
            Step.AUTH,
            "internal client error: This mechanism does not expect a challenge",
        ),
        (LOGIN.but(Stage.AUTH, reply("334 aGVsbG8=")), Step.AUTH, "internal client error: Unrecognized challenge"),
        (LOGIN.but(Stage.AUTH, raw("334 \r\n")), Step.AUTH, "response error: Could not read auth challenge"),
        (Script().but(Stage.EHLO, reply("502 5.5.1 no")), Step.EHLO, "permanent error (502): 5.5.1 no"),
        (Script().but(Stage.GREETING, CLOSE), Step.GREETING, "response error: incomplete response"),
        (Script().but(Stage.GREETING, raw("220\r\n")), Step.GREETING, "response error"),
        (Script().but(Stage.GREETING, raw("220-one\r\n250 two\r\n")), Step.GREETING, "response error"),
        (
            Script().but(Stage.MAIL, raw("550-5.7.1 no\r\n550 never\r\n")),
            Step.MAIL,
            "permanent error (550): 5.7.1 nonever",
        ),
        (STARTTLS.but(Stage.STARTTLS, reply("454 no TLS")), Step.STARTTLS, "transient error (454): no TLS"),
    ],
)
def test_what_its_source_refuses_fails_in_its_words(script: Script, step: Step, log: str) -> None:
    report = sent(script, security="false")
    assert report.failed is not None
    assert (report.failed.step, report.app.send.log) == (step, log)
    assert f"Its log will say: {log}" in report.app.sentence


def test_the_mechanisms_that_are_wanted_are_taken_in_their_order() -> None:
    app = APP._replace(client=APP.client._replace(options={"auth_mechanism": '"Login"'}))
    with serving(Script(mechanisms=("PLAIN", "LOGIN"))) as server:
        settings = server.settings(app, host="localhost", username=USERNAME, password=PASSWORD)
        Probe(settings, options()).run_blocking()
        assert "AUTH LOGIN" in server.received


def test_starttls_that_is_required_and_not_offered_is_its_own_error() -> None:
    report = sent(Script(), security="false", require_tls="true")
    assert report.app.send.log == "internal client error: STARTTLS is not supported on this server"


def test_nothing_but_the_connection_has_a_time_limit() -> None:
    report = sent(Script().but(Stage.GREETING, SILENCE), security="false")
    assert report.app.verdict is Verdict.HANGS


def test_a_reply_injected_before_the_handshake_is_read_inside_tls() -> None:
    injected = STARTTLS.but(Stage.STARTTLS, raw("220 go\r\n250 injected\r\n"), UPGRADE)
    report = sent(injected, security="false")
    assert report.app.send.log == "internal client error: No compatible authentication mechanism was found"


def test_an_address_beyond_ascii_is_not_sent_without_smtputf8() -> None:
    report = sent(PLAIN, security="false", sender="büro@example.com")
    lacks = "Envelope contains non-ascii chars but server does not support SMTPUTF8"
    assert report.app.send.log == f"internal client error: {lacks}"


@pytest.mark.parametrize("certificate", ["untrusted", "wrong-name", "expired", "common-name-only"])
def test_a_certificate_that_rustls_refuses_fails(certificate: str) -> None:
    report = sent(Script(implicit=True), certificate, security="true")
    assert report.app.send.log == "Connection error: Connection error: invalid peer certificate"
