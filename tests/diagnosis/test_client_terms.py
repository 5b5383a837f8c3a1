"""An answer speaks the language of the client that the text shows, and names no setting where it shows none."""

from __future__ import annotations

import re

import pytest

from smtpwizard.diagnosis.client_terms import TERMS, client_of
from smtpwizard.diagnosis.logs import app_shown, explain_text
from smtpwizard.diagnosis.sentence_places import ANY, NODE
from support.apps import ABC

STARTTLS_FIRST = {
    "python": (
        "smtplib.SMTPSenderRefused: (530, b'5.7.0 Must issue a STARTTLS command first', 'sender@example.edu')",
        "EMAIL_USE_TLS=True",
    ),
    "java": (
        "com.sun.mail.smtp.SMTPSendFailedException: 530 5.7.0 Must issue a STARTTLS command first",
        "mail.smtp.starttls.enable=true",
    ),
    "phpmailer": (
        "SMTP ERROR: MAIL FROM command failed: 530 5.7.0 Must issue a STARTTLS command first (PHPMailer)",
        "SMTPSecure",
    ),
    "php": (
        'Expected response code 250 but got code "530", with message "530 5.7.0 Must issue a STARTTLS command first"',
        "`tls` with port 587",
    ),
    "ruby": ("Net::SMTPAuthenticationError: 530 5.7.0 Must issue a STARTTLS command first", "enable_starttls_auto"),
    "mail-program": (
        "Server Response: '530 5.7.0 Must issue a STARTTLS command first', Port: 25, Error Number: 0x800CCC79",
        "connection security",
    ),
}
"""Client → its text, and what its remedy names."""


@pytest.mark.parametrize("client", STARTTLS_FIRST)
def test_a_remedy_names_the_setting_of_the_client_that_the_text_shows(client: str) -> None:
    text, wanted = STARTTLS_FIRST[client]
    first = explain_text(text)[0]
    assert client_of(text) == client
    assert wanted in first.remedy
    assert "SMTP_" not in first.message.replace("SMTP_SSL", ""), first.message
    assert not first.changes
    assert not first.variables


def test_the_default_app_keeps_its_names_and_its_repair() -> None:
    first = explain_text(
        "[Nest] 1  - ERROR [ExceptionsHandler] Mail command failed: 530 5.7.0 Must issue a STARTTLS command first\n"
        "    at SMTPConnection._formatError (/app/node_modules/nodemailer/lib/smtp-connection/index.js:809:19)"
    )[0]
    assert "SMTP_PORT=465" in first.remedy
    assert first.changes


@pytest.mark.parametrize(
    "text",
    [
        "530 5.7.0 Must issue a STARTTLS command first",
        "535 5.7.8 Authentication failed",
        "self-signed certificate (smtp)",
    ],
)
def test_an_answer_to_a_text_that_shows_no_client_names_no_apps_settings(text: str) -> None:
    first = explain_text(text)[0]
    assert not re.search(r"SMTP_[A-Z]|NODE_|docker compose", first.message)
    assert not first.changes


def test_an_app_that_was_named_keeps_its_names_whoever_speaks() -> None:
    assert "SMTP_PORT=465" in explain_text(STARTTLS_FIRST["python"][0], app=ABC)[0].remedy


def test_what_a_client_calls_differently_is_a_place_that_every_client_has_words_for() -> None:
    assert not {place for terms in TERMS for place in terms.words} - set(ANY)
    assert set(NODE) <= set(ANY)
    places = {place for terms in TERMS for words in terms.words.values() for place in re.findall(r"\{(\w+)\}", words)}
    assert places <= set(ANY)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (
            "Hostname/IP does not match certificate's altnames: Host: mail.example.org. is not in the cert's altnames: "
            "DNS:*.hosting.example, DNS:server7.hosting.example",
            "for *.hosting.example, server7.hosting.example and not for",
        ),
        (
            "x509: certificate is valid for *.a.example, b.example, not localhost (smtp)",
            "for *.a.example, b.example and",
        ),
        (
            "stream_socket_enable_crypto(): Peer certificate CN=`*.srv.example' did not match expected CN=`192.0.2.4'",
            "for *.srv.example and not for",
        ),
    ],
)
def test_the_names_in_a_certificate_are_told_where_the_client_tells_them(text: str, names: str) -> None:
    assert names in explain_text(text)[0].cause


def test_an_apps_own_refusal_gets_no_word_of_a_mail_server_that_took_the_mail() -> None:
    text = (
        "Mail delivery failed via SMTP server 'box.example.com'.\n"
        "SMTPRecipientsRefused: {'someone@example.com': (550, 'The mail server could not deliver mail to "
        "sender@192.0.2.14. The account or domain may not exist\\nSender verify failed')}"
    )
    assert "Your mail server took the mail" not in explain_text(text)[0].cause


def test_what_postfix_notes_of_every_mail_is_no_failure() -> None:
    text = "May  7 06:01:12 mx postfix/cleanup[27417]: 1234567890: message-id=<1234567890@mail.example.de>"
    assert not explain_text(text)


def test_an_answer_names_the_settings_of_the_app_whose_log_it_is() -> None:
    shown = {
        "[vaultwarden::mail][ERROR] SMTP error: tls error: received corrupt message of type InvalidContentType": (
            "SMTP_SECURITY=starttls"
        ),
        'err="ops/email[0]: notify retry canceled after 7 attempts: establish connection to server: EOF"': (
            "smtp_smarthost"
        ),
        "Error: Invalid login: 535 Authentication failed [error-email-send-failed]": "SMTP_Password",
        "535 5.7.8 Error: authentication failed\n\tat org.keycloak.email.DefaultEmailSenderProvider.send": "Username",
    }
    for text, setting in shown.items():
        assert setting in explain_text(text)[0].remedy, text


@pytest.mark.parametrize(
    "text",
    [
        "535 5.7.8 Error: authentication failed",
        "postfix/smtpd[7]: NOQUEUE: reject: RCPT from vaultwarden[172.18.0.3]: 554 5.7.1 Relay access denied",
        "550 5.1.1 <gitea@example.com>: Recipient address rejected: User unknown",
    ],
)
def test_a_text_that_only_names_an_app_shows_none(text: str) -> None:
    assert app_shown(text) is None


def test_another_app_of_nodes_is_not_told_the_default_apps_names() -> None:
    text = "@calcom/web:start:   code: 'EAUTH',\n@calcom/web:start:   response: '535 Authentication failed'"
    told = explain_text(text)[0]
    assert "SMTP_" not in told.remedy + told.cause
    assert "SMTP_USERNAME" in explain_text(text.replace("@calcom/web:start:", ""))[0].remedy


IN_AN_APPS_LOG = [
    "[NLP]: [2025-06-14] :: [20:23:22] - [ERR] System.Net.Mail.SmtpFailedRecipientException: Mailbox name not allowed. "
    "The server response was: 5.7.1 <a@example.com>: Sender address rejected: not logged in",
    "2019-04-09 07:25:45 [Error] MailKit.Net.Smtp.SmtpCommandException: 530 5.7.0 Must issue a STARTTLS command first",
    "2017-01-29 10:11:12 WordPress mailer: SMTP Error: 530 5.7.0 Must issue a STARTTLS command first",
    "production.ERROR: PHPMailer: SMTP Error: MAIL FROM command failed: 530 Authentication required",
    "ERROR [stderr] (EJB) com.sun.mail.smtp.SMTPSendFailedException: 530 5.7.0 Must issue a STARTTLS command first",
    "sidekiq_1 | [ActiveJob] Net::SMTPAuthenticationError: 530 5.7.0 Must issue a STARTTLS command first",
    "[ERROR] celery: SMTPSenderRefused: (530, b'5.7.0 Must issue a STARTTLS command first', 'a@example.com')",
    "** (Bamboo.SMTPAdapter.SMTPError) 530 5.7.0 Must issue a STARTTLS command first",
]
CODE = [
    ("$mail->SMTPAuth = true;\nSMTP Error: 530 5.7.0 Must issue a STARTTLS command first", "Set SMTPSecure to"),
    (
        "var client = new SmtpClient(host);\nThe server response was: 5.7.0 Must issue a STARTTLS command first",
        "Set EnableSsl to true",
    ),
    (
        "import smtplib\n"
        "smtplib.SMTPSenderRefused: (530, b'5.7.0 Must issue a STARTTLS command first', 'a@example.com')",
        "Call starttls()",
    ),
    (
        "config.action_mailer.smtp_settings = {}\n"
        "Net::SMTPAuthenticationError: 530 5.7.0 Must issue a STARTTLS command first",
        "Set enable_starttls_auto: true",
    ),
]


@pytest.mark.parametrize("text", IN_AN_APPS_LOG)
def test_who_uses_an_app_is_sent_to_its_mail_settings_and_a_librarys_word_stands_in_brackets(text: str) -> None:
    remedy = explain_text(text)[0].remedy
    assert "mail settings" in remedy
    bare = re.sub(r"\([^()]*\)", "", remedy)
    assert not re.search(r"UseDefaultCredentials|EnableSsl|SMTPSecure|starttls\(\)|mail\.smtp\.|_auto|:always", bare)


@pytest.mark.parametrize(("text", "wanted"), CODE)
def test_who_shows_code_is_told_what_to_write_there(text: str, wanted: str) -> None:
    assert wanted in explain_text(text)[0].remedy
