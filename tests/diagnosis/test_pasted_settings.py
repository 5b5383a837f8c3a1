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


TLS_ERROR = "Error: 140:error:0A00010B:SSL routines:ssl3_get_record:wrong version number"
NO_GREETING = "smtplib.SMTPServerDisconnected: Connection unexpectedly closed: timed out"
NO_LOGIN = "SMTP AUTH extension not supported by server."
EMPTY_LOGIN = 'Missing credentials for "PLAIN"'

ADVISED = {
    "both TLS modes": (
        f"{TLS_ERROR}\nX_MAIL_HOST=smtp.example.com\nX_MAIL_PORT=587\nX_MAIL_TLS=true\nX_MAIL_STARTTLS=true",
        "Set X_MAIL_TLS=false and keep X_MAIL_STARTTLS=true",
    ),
    "both, in Python's spelling": (
        f"{TLS_ERROR}\nEMAIL_PORT = 587\nEMAIL_USE_TLS = True\nEMAIL_USE_SSL = True",
        "Set EMAIL_USE_SSL=False and keep EMAIL_USE_TLS=True",
    ),
    "TLS at once on 587": (
        f'{TLS_ERROR}\n  "mail": {{\n    "host": "smtp.example.com",\n    "port": 587,\n    "secure": true',
        "Set `secure: false`",
    ),
    "TLS at once on 587, by docker": (
        f"{TLS_ERROR}\ndocker run -e SMTP_HOST=smtp.example.com -e SMTP_PORT=587 -e SMTP_SSL=true app",
        "Set SMTP_SSL=false",
    ),
    "a TLS switch that means TLS at once": (
        f"{TLS_ERROR}\nMAIL_HOST: smtp.example.com\nMAIL_PORT: 587\nMAIL_TLS: true",
        "port 465 with `MAIL_TLS: true`",
    ),
    "STARTTLS on 465": (
        f"{NO_GREETING}\nMAIL_PORT=465\nMAIL_STARTTLS=true\nMAIL_SSL=false",
        "Set MAIL_PORT to 587 and keep MAIL_STARTTLS=true, or keep MAIL_PORT=465",
    ),
    "STARTTLS on 465, in Elixir": (
        '  server: "smtp.example.com",\n  port: 465,\n  username: "app",\n  tls: :always\n'
        '{:network_failure, "smtp.example.com", {:error, :timeout}} Bamboo.SMTPAdapter.handle_response/1',
        "Set `port` to 587 and keep `tls: :always`",
    ),
    "no TLS on 465": (
        f"{NO_GREETING}\nspring.mail.port=465\nspring.mail.host=smtp.example.com\nspring.mail.ssl.enable=false",
        "Set `spring.mail.ssl.enable=true` with `spring.mail.port=465`",
    ),
    "settings that fit": (
        f"{TLS_ERROR}\nSMTP_HOST=smtp.example.com\nSMTP_PORT=587\nSMTP_STARTTLS=true",
        "see that it reads this file",
    ),
    "STARTTLS that is on": (
        "530 5.7.0 Must issue a STARTTLS command first\nAPP_SMTP_PORT=587\nAPP_SMTP_STARTTLS=true",
        "see that it reads this file",
    ),
    "port 25 with TLS": (f"{NO_LOGIN}\nsmtp_port: 25\nsmtp_host: mx.example.com\nsmtp_ssl: TLS", "submission server's"),
    "a relay of one word": (f"{NO_LOGIN}\nMAIL_HOST=mailserver\nMAIL_PORT=25\nMAIL_USER=a\nMAIL_PASS=b", "For mails"),
    "a relay in a form": (f"Host\nsmtp:25\n{NO_LOGIN}", "For smtp leave user name and password empty"),
    "a login that is set": (
        "530 5.7.0 Authentication Required\nX_MAIL_HOST=a.example.com\nX_MAIL_USER=app\nX_MAIL_PASS=kQ7-marked",
        "See that the program reads these names",
    ),
    "a login of which half is missing": (
        "530 5.7.0 Authentication Required\nX_MAIL_HOST=a.example.com\nX_MAIL_USER=app\nX_MAIL_PASS=",
        "give user name and password",
    ),
    "a first word a letter off": (
        f"{EMPTY_LOGIN}\nEMAIL_SMTP_HOST: a.example.com\nEMAIL_SMTP_USER: app\nEMAL_SMTP_PASSWORD: 'kQ7-marked'",
        "exactly as the code or the app reads it",
    ),
    "a last word a letter off": (f"{EMPTY_LOGIN}\nSMTP_USERNAME=app\nSMTP_PASWORD=kQ7-marked", "exactly as"),
    "another host than its own machine": (
        "Error: connect ECONNREFUSED 127.0.0.1:587\nAPP_MAIL_HOST=smtp.example.com\nAPP_MAIL_PORT=587",
        "Compare the names with those that the program reads",
    ),
    "two families of names": (
        "connect ECONNREFUSED 127.0.0.1:2500\nSMTP_HOST=a.example.com\nSMTP_PORT=587\nNEXT_PRIVATE_SMTP_SECURE=false",
        "the longer prefix",
    ),
    "a default in production": (
        "production.ERROR: Connection could not be established with host localhost :stream_socket_client(): Unable to "
        "connect to localhost:1025 (Connection refused)",
        "to the real mail server",
    ),
    "names and values": (
        "CRM_MAIL_HOST=smtp.example.com\nCRM_MAIL_PORT=588\nConnection refused while connecting to the SMTP server",
        "Compare CRM_MAIL_HOST (smtp.example.com) and CRM_MAIL_PORT (588)",
    ),
    "another server's greeting": (
        "Connection: opening to ssl://smtp.gmail.com:465\nSERVER -> CLIENT: 220-host7.example.net ESMTP Exim 4.95\n"
        "SERVER -> CLIENT: 535 Incorrect authentication data",
        "SMTP Restrictions",
    ),
}  # fmt: skip
"""What a text shows beside its error → what the first remedy has in it."""


ANOTHER_NAME = {
    "certificate is valid for smtp.example.com, not smtp.example.com:587": "Put smtp.example.com alone",
    "certificate is valid for web7.example.com, not mail.example.com": "Put web7.example.com into",
    "certificate is valid for web7.example.net, not mail.example.com": "if both names lead to one server",
    "certificate is valid for *.example.net, example.net, not mail.example.com": "it ends in .example.net",
    "certificate is valid for *.smtp.example.net, smtp.example.net, not mail.example.com": "Put smtp.example.net",
    "certificate is valid for *.example.net, example.net, not smtp.gmail.com": "SMTP Restrictions",
    "certificate is valid for smtp.gmail.com, not smtp.google.com": "Put smtp.gmail.com into the SMTP host. Where",
    "certificate is valid for 127.0.0.1, not mail.example.com": "Where none of them",
    "certificate is valid for Root, not mail.example.com": "Where none of them",
}
"""What Go says of a certificate → what the remedy has in it."""


@pytest.mark.parametrize(("text", "wanted"), ANOTHER_NAME.items())
def test_a_certificates_name_tells_an_alias_from_a_diverted_connection(text: str, wanted: str) -> None:
    assert wanted in explain_text(f"mail: x509: {text}")[0].remedy


@pytest.mark.parametrize("case", ADVISED)
def test_settings_beside_an_error_are_compared_with_it(case: str) -> None:
    text, wanted = ADVISED[case]
    first = explain_text(text)[0]
    assert wanted in first.remedy, (first.id, first.cause, first.remedy)
    assert "kQ7" not in f"{first.title} {first.cause} {first.remedy}"


UNMOVED = {
    "a connection that did not come about": (
        "connect ETIMEDOUT 192.0.2.7:465\nMAIL_HOST=smtp.example.com\nMAIL_PORT=465\nMAIL_STARTTLS=true",
        "both wait",
    ),
    "TLS at once on 465": (f"{TLS_ERROR}\nSMTP_HOST=a.example.com\nSMTP_PORT=465\nSMTP_SSL=true", "SMTP_SSL=false"),
    "a reply of the server": (
        "535 5.7.8 Error: authentication failed\nSMTP_HOST=a.example.com\nSMTP_PORT=587\nSMTP_SSL=true",
        "SMTP_SSL=false",
    ),
    "settings of a database": (
        f"{EMPTY_LOGIN}\nhost: db.example.com\nport: 5432\nuser: app\npassword: b",
        "db.example.com",
    ),
    "an error's own fields": (
        "Error: connect ECONNREFUSED 192.0.2.7:587 { errno: -111, syscall: 'connect', host: 'a.example.com', "
        "port: 587, secure: false, user: 'app' }",
        "`host`",
    ),
    "a relay with a dot": (f"{NO_LOGIN}\nMAIL_HOST=mail.example.com\nMAIL_PORT=25\nMAIL_USER=a", "without a dot"),
    "its own machine by wish": (
        "Error: connect ECONNREFUSED 127.0.0.1:25\nAPP_MAIL_HOST=127.0.0.1\nAPP_MAIL_PORT=25",
        "did not take them up",
    ),
    "names that are alike and right": (f"{EMPTY_LOGIN}\nMAIL_HOST=a.example.com\nEMAIL_USER=app", "misspelt"),
    "two prefixes of the same role": (
        f"{EMPTY_LOGIN}\nAPP_SMTP_HOST=${{SMTP_HOST}}\nSMTP_HOST=a.example.com",
        "two kinds of names",
    ),
    "the provider's own greeting": (
        "opening to ssl://smtp.gmail.com:465\nSERVER -> CLIENT: 220 smtp.gmail.com ESMTP a1-2 - gsmtp\n"
        "535 5.7.8 Username and Password not accepted",
        "diverted",
    ),
    "one's own relay, which hands on to a provider": (
        "relayhost = [smtp.gmail.com]:587\nConnected to localhost\n220 mail.example.com ESMTP Postfix\n"
        "454 4.7.1 <a@example.org>: Relay access denied",
        "diverts",
    ),
    "a server of one's own": (
        "opening to ssl://mail.example.com:465\nSERVER -> CLIENT: 220 host7.example.net ESMTP Exim 4.95\n"
        "535 Incorrect authentication data",
        "diverted",
    ),
}  # fmt: skip
"""A text → what must not be said to it."""


@pytest.mark.parametrize("case", UNMOVED)
def test_settings_that_have_nothing_to_do_with_it_change_no_answer(case: str) -> None:
    text, unwanted = UNMOVED[case]
    first = explain_text(text)[0]
    assert unwanted not in f"{first.title} {first.cause} {first.remedy}", first.remedy


@pytest.mark.parametrize(
    "line",
    [
        "MAIL_PASSWORD=kQ7-marked,mail_host=kq7marked",
        "MAIL_PASSWORD=kQ7{smtp_port=25}",
        "MAIL_HOST=kQ7-Marked-Secret",
        "MAIL_SECURE=kQ7-marked.ssl",
        "SMTP_URL=smtp://app:kQ7-marked@smtp.example.com:587",
        "MAIL_PORT=kQ7587",
    ],
)
def test_of_a_value_that_may_be_a_secret_nothing_is_shown(line: str) -> None:
    text = f"MAIL_PORT=587\nMAIL_USER=app\n{line}\nConnection refused while connecting to the SMTP server"
    for problem in explain_text(text):
        assert "kq7" not in f"{problem.title} {problem.cause} {problem.remedy}".lower()


def test_an_app_that_the_text_shows_keeps_its_own_names() -> None:
    text = "535 5.7.8 Error: authentication failed\n\tat org.keycloak.email.DefaultEmailSenderProvider.send"
    remedy = explain_text(f"{text}\nMAIL_USER=app\nMAIL_HOST=smtp.example.com")[0].remedy
    assert "MAIL_USER" not in remedy
    assert "Username" in remedy
