"""What versions do that the conformance suites cannot run: after their source, on a real socket."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Final

import pytest

from smtpwizard.apps.loading import shipped
from smtpwizard.apps.profile import AppProfile
from smtpwizard.probe.engine import Probe
from smtpwizard.probe.verdict import Options
from smtpwizard.sandbox.scripted import CLOSE, SILENCE, Script, ScriptedServer, Stage, reply
from smtpwizard.smtp.results import OutgoingMessage, Report, Verdict
from support.tls_kinds import Certificates

LOGIN: Final = {"username": "app@example.com", "password": "correct-horse-9"}
MESSAGE: Final = OutgoingMessage("<1@example.com>", b"Subject: x\r\n\r\nx\r\n", "to@example.com")


@pytest.fixture(scope="module")
def certificates() -> Certificates:
    return Certificates()


def app(model: str, version: str, **more: str) -> AppProfile:
    ghost = shipped("ghost")
    used = ghost.client._replace(model=model, version=version, login="any", options={"timeout": "60", **more})
    return ghost._replace(client=used, name="App")


def send(
    model: str,
    version: str,
    script: Script,
    *,
    tls: ssl.SSLContext | None = None,
    authority: str = "",
    to: str = MESSAGE.recipient,
    **fields: str,
) -> Report:
    """Send a mail to a server as an app with this client does."""
    with ScriptedServer(script, host="127.0.0.1", tls=tls) as server:
        settings = server.settings(app(model, version), **{"host": "localhost", "security": "false", **fields})
        options = Options(timeout=0.5, extra_ca_pem=authority or None, trust_extra_env=False, app_name="App")
        return Probe(settings, options, message=MESSAGE._replace(recipient=to)).run_blocking()


def told(report: Report) -> tuple[str | None, str | None]:
    return report.app.send.code, report.app.send.log


BROKEN: Final = Script(mechanisms=("PLAIN", "LOGIN")).but(Stage.AUTH, CLOSE)


def test_symfony_6_ends_with_a_connection_that_breaks_during_the_login() -> None:
    assert "Failed to authenticate" in str(told(send("symfony-mailer", "5.4", BROKEN, **LOGIN)))
    code, log = told(send("symfony-mailer", "7.4.15", BROKEN, **LOGIN))
    assert code == "TransportException"
    assert log is not None
    assert log.endswith("has been closed unexpectedly.")


@pytest.mark.parametrize(("version", "error"), [("5.4", "TransportException"), ("6.4", "UnexpectedResponseException")])
def test_symfony_6_names_a_refused_command_otherwise(version: str, error: str) -> None:
    report = send("symfony-mailer", version, Script().but(Stage.MAIL, reply("550 5.7.1 no")))
    assert told(report) == (error, 'Expected response code "250" but got code "550", with message "550 5.7.1 no".')


@pytest.mark.parametrize(("version", "verdict"), [("5.4", Verdict.WORKS), ("7.0", Verdict.FAILS)])
def test_symfony_6_has_no_helo_behind_ehlo_inside_tls(
    version: str, verdict: Verdict, certificates: Certificates
) -> None:
    script = Script(starttls=True).but(Stage.SECURE_EHLO, reply("502 no"))
    report = send("symfony-mailer", version, script, tls=certificates.context("trusted"), authority=certificates.ca_pem)
    assert report.app.verdict is verdict


def test_symfony_7_sends_nothing_where_tls_is_required_and_not_offered() -> None:
    report = send("symfony-mailer", "7.4", Script(), require_tls="true", **LOGIN)
    assert told(report)[1] == "TLS required but neither TLS or STARTTLS are in use."
    assert not any("AUTH" in line.line for line in report.transcript if line.sender == "client")


def test_symfony_7_forgets_that_tls_is_required_where_ehlo_is_refused() -> None:
    report = send("symfony-mailer", "7.4", Script().but(Stage.EHLO, reply("502 no")), require_tls="true")
    assert report.app.verdict is Verdict.WORKS


def test_symfony_7_asks_for_smtputf8() -> None:
    offered = send("symfony-mailer", "7.4", Script(keywords=("SMTPUTF8",)), to="büro@example.com")
    assert "SMTPUTF8" in offered.transcript_text()
    refused = send("symfony-mailer", "7.4", Script(), to="büro@example.com")
    assert "non-ASCII characters not supported" in str(told(refused)[1])


RUBY: Final[Mapping[str, tuple[str | None, str | None]]] = {
    "0.3": ("ArgumentError", "mail destination not given"),
    "0.5.1": ("Net::SMTPAuthenticationError", "530 5.7.1 log in first"),
}


@pytest.mark.parametrize("version", RUBY)
def test_net_smtp_0_4_reports_a_recipient_refused_for_want_of_a_login(version: str) -> None:
    report = send("net-smtp", version, Script().but(Stage.RCPT, reply("530 5.7.1 log in first")))
    assert told(report) == RUBY[version]


@pytest.mark.parametrize(("version", "socket"), [("0.3", "Socket"), ("2.9.1", "TCPSocket")])
def test_net_smtp_0_4_waits_on_another_kind_of_socket(version: str, socket: str) -> None:
    report = send("net-smtp", version, Script().but(Stage.MAIL, SILENCE))
    assert told(report) == ("Net::ReadTimeout", f"Net::ReadTimeout with #<{socket}:(closed)>")


@pytest.mark.parametrize(("version", "asked"), [("0.3", False), ("0.5", True)])
def test_net_smtp_0_4_asks_for_smtputf8(version: str, asked: bool) -> None:
    report = send("net-smtp", version, Script(keywords=("SMTPUTF8",)), to="büro@example.com")
    assert ("SMTPUTF8" in report.transcript_text().partition("MAIL FROM")[2]) is asked


@pytest.mark.parametrize(("model", "verdict"), [("jakarta-mail", Verdict.WORKS), ("angus-mail", Verdict.FAILS)])
def test_angus_mail_looks_at_the_certificates_name(model: str, verdict: Verdict, certificates: Certificates) -> None:
    report = send(
        model,
        "",
        Script(implicit=True),
        tls=certificates.context("wrong-name"),
        authority=certificates.ca_pem,
        security="true",
    )
    assert report.app.verdict is verdict
    if verdict is Verdict.WORKS:
        assert "that this is the right server: the app does not check its certificate" in report.not_proved
    else:
        assert "No subject alternative DNS name matching localhost found." in str(told(report)[1])


@pytest.mark.parametrize(
    ("model", "version", "name"),
    [
        ("jakarta-mail", "1.6.2", "com.sun.mail.smtp.SMTPSendFailedException"),
        ("angus-mail", "2.0.3", "org.eclipse.angus.mail.smtp.SMTPSendFailedException"),
    ],
)
def test_each_java_mail_has_its_own_packages(model: str, version: str, name: str) -> None:
    report = send(model, version, Script().but(Stage.DATA, reply("554 5.5.1 no")))
    assert str(told(report)[1]).startswith(f"{name}: 554 5.5.1 no")
    closed = send(model, version, Script().but(Stage.GREETING, reply("554 no")))
    assert str(told(closed)[1]).startswith("javax.mail." if version.startswith("1.") else "jakarta.mail.")


@pytest.mark.parametrize(
    ("options", "verdict"),
    [({}, Verdict.FAILS), ({"auth_mechanism": "none"}, Verdict.WORKS), ({"auth_mechanism": "login"}, Verdict.FAILS)],
    ids=str,
)
def test_net_smtp_0_4_refuses_a_mechanism_without_a_user_name(options: dict[str, str], verdict: Verdict) -> None:
    mastodon = app("net-smtp", "0.5", authentication="always", **options)
    with ScriptedServer(Script()) as server:
        settings = server.settings(mastodon, host="localhost", security="false")
        report = Probe(settings, Options(trust_extra_env=False), message=MESSAGE).run_blocking()
        assert server.connections == (verdict is Verdict.WORKS)
    assert report.app.verdict is verdict
    if verdict is Verdict.FAILS:
        assert told(report) == ("ArgumentError", "SMTP-AUTH requested but missing user name")


def test_a_mail_that_was_taken_before_quit_failed_is_said_to_be_taken() -> None:
    report = send("net-smtp", "2.9.1", Script().but(Stage.QUIT, CLOSE))
    assert told(report) == ("EOFError", "end of file reached")
    assert report.app.sentence.endswith("The server has taken the message all the same, so the app may send it twice.")
    assert report.message is not None
    assert report.message.accepted


@pytest.mark.parametrize("mechanism", ["NTLM", "DIGEST-MD5"])
def test_a_login_that_the_model_does_not_play_is_said_to_be_unknown(mechanism: str) -> None:
    report = send("jakarta-mail", "2.0", Script(mechanisms=(mechanism,)), **LOGIN)
    assert told(report) == (None, None)
    assert f"would log in by {mechanism}, which is not tried here" in report.app.sentence
    assert not any(line.line.startswith("AUTH") for line in report.transcript if line.sender == "client")


def test_a_verdict_says_which_client_was_compared() -> None:
    sentence = send("symfony-mailer", "7.4.15", Script()).app.sentence
    assert sentence.startswith("App (symfony-mailer 7.4.15, compared as 5.4) will send")
    assert send("symfony-mailer", "5.4", Script()).app.sentence.startswith("App (symfony-mailer 5.4) will send")
