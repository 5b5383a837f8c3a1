"""What is pasted may hold secrets: none comes back, in any form that a log knows."""

from __future__ import annotations

import base64

import pytest

from smtpwizard.diagnosis.logs import explain_log
from smtpwizard.secret import hide_secrets

SECRET = "kQ7-marked-secret-Zx"
TOKEN = base64.b64encode(f"\0app@example.com\0{SECRET}".encode()).decode()
ALONE = base64.b64encode(SECRET.encode()).decode()
FORMS = (SECRET, TOKEN, ALONE, TOKEN.rstrip("="), ALONE.rstrip("="))

LINES = [
    f"AUTH PLAIN {TOKEN}",
    f"C: AUTH PLAIN {TOKEN}",
    f"DEBUG [x] C: AUTH LOGIN {ALONE}",
    f"C: {ALONE}",
    f"{ALONE}",
    f"SMTP_PASSWORD={SECRET}",
    f"SMTP_PASSWORD='{SECRET} with blanks'",
    f"      - SMTP_PASSWORD={SECRET}",
    f'      SMTP_PASSWORD: "{SECRET}"',
    f'"SMTP_PASSWORD=\\"{SECRET}\\"",',
    f"auth: {{ user: 'app', pass: '{SECRET}' }}",
    f'{{"auth":{{"user":"app","pass":"{SECRET}"}}}}',
    f"password={SECRET}, host=smtp.example.com",
    f"password: {SECRET}",
    f"smtp://app:{SECRET}@smtp.example.com:587",
    f"Authorization: Bearer {SECRET}",
    f"api_key={SECRET}",
    f"MAIL_TOKEN={SECRET}",
    f"'MailPass' => '{SECRET}',",
    f"'pass' => '{SECRET}'",
    f"smtpPass: '{SECRET}'",
    f"$CFG->smtppass = '{SECRET}';",
    f"config['smtp_pass'] = '{SECRET}'",
    f"define('SMTP_PASS', '{SECRET}');",
    f'<add key="mailPwd" value="{SECRET}"/>',
    f"mail.host: smtp\nmail.password: ‘{SECRET}’",
]


@pytest.mark.parametrize("line", LINES)
def test_a_secret_is_hidden_in_every_form(line: str) -> None:
    hidden = hide_secrets(line)
    assert not [form for form in FORMS if form in hidden]


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("place", ["{} 535 5.7.8 Error: authentication failed", "535 5.7.8 no\n{}", "535 5.7.8 no {}"])
def test_no_explanation_repeats_a_secret(line: str, place: str) -> None:
    shown = repr(explain_log(place.format(line))) + repr(explain_log(line))
    assert not [form for form in FORMS if form in shown]


@pytest.mark.parametrize(
    "key", ["SG.abcdefghijklmnop.qrstuvwxyz", "xsmtpsib-0123456789abcdef", "re_AbCdEf123456", "AKIAIOSFODNN7EXAMPLE"]
)
def test_a_key_is_hidden_by_its_shape(key: str) -> None:
    assert key not in hide_secrets(f"535 the key {key} is not valid")


def test_words_about_passwords_stay() -> None:
    text = "535-5.7.8 Username and Password not accepted. Authentication failed: Bad username / password"
    assert hide_secrets(text) == text
