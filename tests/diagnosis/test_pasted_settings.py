"""Mail settings that are pasted without an error: what is wrong with them by sight is told, and nothing else is."""

from __future__ import annotations

import pytest

from smtpwizard.diagnosis.logs import explain_log, explain_text

FAULTS = {
    "    - SMTP_HOST=mail.example.com\n    - SMTP_USER=None\n    - SMTP_PASS=None": "generic-setting-none",
    "mail.host: ‘smtp.example.com’\nmail.port: 587": "generic-setting-quotes",
    "EMAIL_SERVER_HOST='[smtp.example.com](http://smtp.example.com/)'\nEMAIL_PORT=587": "generic-setting-quotes",
    "SMTP_HOST: imap.example.com\nSMTP_PORT: 993": "generic-setting-reading-host",
    "SMTP_HOST: smtp.example.com\nSMTP_PORT: 587\nSMTP_SECURE: true": "generic-setting-tls-at-once",
    "'smtp_port' => 587,\n'smtp_encryption' => 'ssl',": "generic-setting-tls-at-once",
    "$x['smtp_crypto'] = 'tls';\n$x['smtp_port'] = 465;\nSMTP connect() failed.": "generic-setting-starttls-on-465",
    "SMTP_PASS='h3t2{{SMTP_PASS}}C52'\nSMTP_USER='app@example.com'": "generic-setting-template",
    "EMAIL_PORT = 465\nEMAIL_USE_SSL = False\nEMAIL_USE_TLS = False": "generic-setting-no-tls",
}
RIGHT = (
    "SMTP_HOST=smtp.example.com\nSMTP_PORT=587\nSMTP_SECURE=false\nSMTP_USER=app@example.com",
    "SMTP_HOST=smtp.example.com\nSMTP_PORT=465\nSMTP_SECURE=true",
    "EMAIL_PORT = 587\nEMAIL_USE_TLS = True\nEMAIL_USE_SSL = False",
    "EMAIL_PORT = 465\nEMAIL_USE_TLS = False\nEMAIL_USE_SSL = True",
    "mail.smtp.port=587\nmail.smtp.starttls.enable=true",
    "mail_port: 587",
    "SMTP_HOST=smtp.example.com\nSMTP_PORT=²\nSMTP_SECURE=true",
    "SMTP_HOST: ${SMTP_HOST}\nSMTP_PASS: ${SMTP_PASS}",
    "SMTP_HOST={{ smtp_host }}\nSMTP_PASS={{SMTP_PASS}}",
    "smtp_user: null\nsmtp_password: null",
    "EMAIL_HOST_USER = None\nEMAIL_HOST_PASSWORD = None",
    "MAIL_HOST=imap.example.com\nMAIL_PORT=993",
    "IMAP_HOST=imap.example.com\nIMAP_PORT=993",
    "DB_USER=None\nDB_PASS=None",
)


@pytest.mark.parametrize(("text", "entry"), FAULTS.items())
def test_a_fault_that_one_sees_is_told(text: str, entry: str) -> None:
    assert explain_text(text)[0].id == entry


@pytest.mark.parametrize("text", RIGHT)
def test_settings_without_one_are_no_failure(text: str) -> None:
    assert not explain_text(text)


def test_a_servers_reply_beside_them_leads() -> None:
    text = "SMTP_USER=None\nSMTP_PASS=None\n535 5.7.8 Username and Password not accepted - gsmtp"
    assert explain_text(text)[0].kind != "login-empty"


def test_only_the_name_of_a_setting_is_shown() -> None:
    said = explain_log("MAIL_USER=‘app@example.com’\nMAIL_PASS=‘kQ7-marked-secret’")[0].said
    assert said == "setting MAIL_USER"
