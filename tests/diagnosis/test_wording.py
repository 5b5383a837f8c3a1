"""The answer fits: the reply's code, the provider's ports, the client's way to trust, the right server's settings."""

from __future__ import annotations

import pytest

from smtpwizard.diagnosis.explain import explain_steps
from smtpwizard.diagnosis.logs import explain_text
from smtpwizard.settings import Settings
from smtpwizard.smtp.results import Reply, Status, Step, StepResult, TlsFacts
from support.apps import ABC

LOGIN = {"SMTP_HOST": "mail.example.com", "SMTP_USERNAME": "app@example.com", "SMTP_PASSWORD": "x"}


def step(name: Step, status: Status, text: str = "", **fields: object) -> StepResult:
    reply = Reply(int(text[:3]), None, text[4:], (text,)) if text[:3].isdigit() else None
    return StepResult(name, status, text, **({"reply": reply} | fields))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("reply", "title"),
    [
        ("554 5.7.1 <a@example.org>: Relay access denied", "Relay access denied (554 5.7.1)"),
        ("454 4.7.1 <a@example.org>: Relay access denied", "Relay access denied (454 4.7.1)"),
        ("550 relay not permitted", "Relay access denied (550)"),
        ("5.7.1 Relay access denied", "Relay access denied (5.7.1)"),
        ("connect ECONNREFUSED 203.0.113.9:587", "Connection refused (ECONNREFUSED)"),
    ],
)
def test_a_title_has_the_replys_own_code(reply: str, title: str) -> None:
    assert explain_text(reply)[0].title == title


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("501 5.1.7 <{sender}>: Sender address syntax error", "“{sender}”"),
        ("smtplib.SMTPSenderRefused: (501, b'bad address', '{username}@localhost')", "“{username}@localhost”"),
        ("554 5.7.1 Blocked by our policy as {its_page} of {host} says", "as {its_page} of {host} says”"),
        (
            "CLIENT -> SERVER: .\nSMTP ERROR: DATA END command failed: \nSMTP Error: data not accepted.\n"
            "CLIENT -> SERVER: QUIT\nSERVER -> CLIENT: 250 OK id={port}-4k",
            "(250 OK id={port}-4k)",
        ),
    ],
)
def test_braces_in_words_that_are_shown_stay_as_they_came(text: str, said: str) -> None:
    assert said in explain_text(text)[0].cause


def test_the_encrypted_port_is_one_that_the_provider_has_whom_the_reply_proves() -> None:
    microsoft = explain_text("451 5.7.3 STARTTLS is required to send mail [DB.eurprd09.prod.outlook.com]")[0]
    assert "465" not in microsoft.remedy
    assert "port 587 with STARTTLS" in microsoft.remedy
    assert "port 465 with SSL/TLS" in explain_text("530 5.7.0 Must issue a STARTTLS command first")[0].remedy


@pytest.mark.parametrize(
    ("text", "provider", "hint"),
    [
        ("Invalid login: 535 Authentication failed", "mailgun", "SMTP login of the sending domain"),
        (
            'Failed to authenticate on SMTP server with username "someone@gmail.com" using 1 authenticators',
            None,
            "app pass",
        ),
    ],
)
def test_a_refused_login_gets_the_hints_of_the_provider_that_is_known(
    text: str, provider: str | None, hint: str
) -> None:
    assert hint in explain_text(text, provider=provider)[0].remedy


def test_nobody_is_told_to_publish_records_for_a_freemail_domain() -> None:
    found = explain_text(
        "550-5.7.26 Unauthenticated email from yahoo.com is not accepted due to domain's DMARC policy."
    )
    assert [item.kind for item in found] == ["dmarc-of-freemail"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("sun.security.validator.ValidatorException: PKIX path building failed", "keytool"),
        ("x509: certificate signed by unknown authority (smtp)", "SSL_CERT_FILE"),
        ("unable to verify the first certificate", "NODE_EXTRA_CA_CERTS"),
    ],
)
def test_a_private_authority_is_made_known_as_the_client_wants_it(text: str, words: str) -> None:
    assert words in explain_text(text)[0].remedy


BOUNCE = (
    "Jul 1 10:00:00 mail postfix/smtp[1]: 1A2B3: to=<a@example.com>, relay=relay.example.net[203.0.113.9]:587, "
    "status=bounced (host relay.example.net[203.0.113.9] said: {} (in reply to MAIL FROM command))"
)


@pytest.mark.parametrize("reply", ["530 Authentication required", "550 5.7.1 Relay access denied", "550 5.9.9 xyzzy"])
def test_a_mail_server_that_hands_on_is_told_of_its_own_settings(reply: str) -> None:
    first = explain_text(BOUNCE.format(reply))[0]
    assert first.cause.startswith("Your mail server took the mail from the app")
    assert not first.changes
    assert not first.variables
    assert "SMTP_USERNAME" not in first.cause + first.remedy
    assert "SMTP_PASSWORD" not in first.cause + first.remedy


def test_the_app_is_asked_for_its_host_where_its_own_machine_refuses() -> None:
    first = explain_text("Error: connect ECONNREFUSED 127.0.0.1:587")[0]
    assert "SMTP_HOST is empty" in first.cause


@pytest.mark.parametrize("reply", ["500 5.5.1 xyzzy", "502 xyzzy", "503 xyzzy", "504 xyzzy"])
def test_an_unknown_command_at_the_login_is_never_a_wrong_password(reply: str) -> None:
    first = explain_text(reply, stage="auth")[0]
    assert first.kind in ("auth-not-offered", "mechanism-mismatch")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("curl: (67) Access denied: 535", "wrong-password"),
        ("curl: (55) MAIL failed: 530", "login-wanted"),
        ("curl: (64) STARTTLS denied, code 454", "starttls-refused"),
        ("Scan to email failed: SMTP server error 535", "wrong-password"),
        ("[SMTP: Invalid response code received from server (code: 535, response: 5.7.8 xyzzy)]", "wrong-password"),
        ("Refused: (530, b'5.7.0 xyzzy\\n5.7.0 xyzzy', 'app@example.com')", "login-wanted"),
    ],
)
def test_a_code_that_stands_alone_at_the_end_is_read(text: str, kind: str) -> None:
    first = explain_text(text)[0]
    assert first.kind == kind
    assert "(5" in first.title or "(4" in first.title


@pytest.mark.parametrize("text", ["mail service health check failed: 503", "POST /api/mail failed with status 500"])
def test_a_status_of_http_at_the_end_is_no_reply(text: str) -> None:
    assert not explain_text(text)


@pytest.mark.parametrize("stage", ["mail", "rcpt", "data"])
def test_a_fault_of_the_server_accuses_nobody(stage: str) -> None:
    first = explain_text("451 4.3.0 xyzzy", stage=stage)[0]
    assert first.kind == "server-trouble"
    assert first.variables == ()


def test_a_sender_other_than_the_login_is_proposed_to_be_the_login() -> None:
    settings = Settings.from_variables(ABC, LOGIN | {"SMTP_SENDER": "noreply@example.org"})
    found = explain_steps([step(Step.RCPT, Status.FAILED, "553 xyzzy")], settings=settings)
    assert found[0].changes == {"SMTP_SENDER": "app@example.com"}
    same = Settings.from_variables(ABC, LOGIN | {"SMTP_SENDER": "App <app@example.com>"})
    assert not explain_steps([step(Step.RCPT, Status.FAILED, "553 xyzzy")], settings=same)[0].changes


def test_a_message_under_way_when_the_connection_ended_may_have_arrived() -> None:
    lost = step(Step.DATA, Status.FAILED, "Connection closed unexpectedly", error="ECONNECTION")
    first = explain_steps([lost])[0]
    assert first.kind == "lost-after-data"
    assert "may have taken it" in first.cause


def test_after_starttls_nobody_says_that_it_was_not_offered_and_the_missing_login_leads() -> None:
    settings = Settings.from_variables(ABC, LOGIN | {"SMTP_PORT": "587", "SMTP_TLS": "false"})
    offer = Reply(250, None, "", ("250-mail.example.com", "250 STARTTLS"))
    steps = [
        StepResult(Step.EHLO, Status.PASSED, "", reply=offer),
        StepResult(Step.STARTTLS, Status.PASSED, "", tls=TlsFacts("TLSv1.3", "x", verified=True)),
        StepResult(Step.EHLO, Status.PASSED, "", reply=Reply(250, None, "", ("250 mail.example.com",))),
        step(Step.AUTH, Status.WARNED, "the app goes on without it"),
        step(Step.MAIL, Status.FAILED, "550 5.7.1 xyzzy"),
    ]
    refs = [item.ref for item in explain_steps(steps, settings=settings)]
    assert refs == ["A42"]


def test_a_private_host_without_a_password_gets_no_warning_of_clear_text() -> None:
    hello = StepResult(Step.EHLO, Status.PASSED, "", reply=Reply(250, None, "", ("250 mailpit",)))
    private = {"SMTP_HOST": "mailpit", "SMTP_PORT": "1025", "SMTP_TLS": "false"}
    assert explain_steps([hello], settings=Settings.from_variables(ABC, private)) == ()
    login = private | {"SMTP_USERNAME": "a", "SMTP_PASSWORD": "b"}
    assert "T4" in [item.ref for item in explain_steps([hello], settings=Settings.from_variables(ABC, login))]


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (
            "550 Closed for the season, see https://example.org/why",
            "“Closed for the season, see https://example.org/why”",
        ),
        ("550-5.0.0 Closed for\n550 5.0.0 the season today.", "“Closed for the season today”"),
        ("550 no", "It gives no reason."),
    ],
)
def test_a_reason_that_no_entry_knows_is_told_in_the_servers_words(reply: str, said: str) -> None:
    assert said in explain_text(f"all recipients were rejected: {reply}")[0].cause


def test_a_reason_in_the_servers_words_shows_no_secret() -> None:
    cause = explain_text("550 Closed for whoever says password=hunter2secret today")[0].cause
    assert "Closed for whoever" in cause
    assert "hunter2secret" not in cause


@pytest.mark.parametrize(
    ("said", "command"),
    [
        ("Failed to connect to mail.example.org:2525, the mail was not sent", "`nc -vz mail.example.org 2525`"),
        ("Failed to send mail: could not connect to smtp server", "`nc -vz smtp.example.com 587`"),
        ("mail.example.org:465: TLS negotiation failed, not sent", "`openssl s_client -connect mail.example.org:465`"),
    ],
)
def test_what_is_to_be_tried_names_the_server_of_the_text(said: str, command: str) -> None:
    assert command in explain_text(said)[0].remedy


def test_an_apps_own_line_is_not_quoted_as_the_servers_words() -> None:
    text = "2026-03-19 19:08:10 [WARN] Transfer failed via 'mx.example.org': No message for this error code [550]"
    assert "own words" not in explain_text(text)[0].cause


def test_the_login_methods_that_a_dialogue_offers_are_named() -> None:
    text = (
        "S: 250-AUTH PLAIN CRAM-MD5\nS: 250 SIZE\nC: AUTH LOGIN\nS: 535 5.7.8 Error: Invalid authentication mechanism"
    )
    assert "Choose PLAIN or CRAM-MD5" in explain_text(text)[0].remedy
