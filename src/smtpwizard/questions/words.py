"""Help texts, and the questions that are the same for every provider."""

from __future__ import annotations

from typing import Final

from smtpwizard.preset_schema import PasswordType
from smtpwizard.questions.model import Choice, Question
from smtpwizard.questions.validators import port_number, web_address

LABELS: Final = {
    PasswordType.APP_PASSWORD: "App password",
    PasswordType.ACCOUNT_PASSWORD: "Password",
    PasswordType.API_KEY: "API key",
    PasswordType.SMTP_CREDENTIAL: "SMTP password",
    PasswordType.OAUTH2_ONLY: "Password",
}
"""What the secret is called where the preset does not say."""

ABOUT_USERNAME: Final = (
    "SMTP_USERNAME: the name with which the app logs in. The app logs in only if user name and password are both set."
)

ABOUT_CREDENTIAL: Final = (
    "SMTP_PASSWORD: what the app logs in with. It goes to the server during the test and into the target, nowhere "
    "else. It is hidden while you type and masked in every preview, diff and transcript."
)

ABOUT_SENDER: Final = (
    'SMTP_SENDER: the address the mails come from. The app writes "User feedback" before it, so this is a bare address.'
)

HOST: Final = Question(
    "SMTP_HOST",
    "Host",
    "SMTP_HOST: the server's name, without smtp:// and without a port.",
    "smtp.example.com",
    advanced=True,
)

PORT: Final = Question(
    "SMTP_PORT",
    "Port",
    "SMTP_PORT: 587 for STARTTLS, 465 for TLS from the first byte. 25 is for servers among themselves, and many "
    "networks block it.",
    "587",
    advanced=True,
    validator=port_number,
)

TLS: Final = Question(
    "SMTP_TLS",
    "TLS",
    "SMTP_TLS: true speaks TLS from the first byte (port 465). false starts in clear and upgrades with STARTTLS when "
    "the server offers it (port 587); when it does not, the app goes on in clear, password included.",
    choices=(Choice("false", "STARTTLS if offered (587)"), Choice("true", "TLS from the first byte (465)")),
    optional=True,
    advanced=True,
)

CIPHER: Final = Question(
    "SMTP_CIPHER_SPEC",
    "Cipher",
    "SMTP_CIPHER_SPEC: an OpenSSL cipher list for servers that need one. Leave it empty otherwise: `TLSv1.3` or an "
    "unknown word breaks every connection.",
    "default",
    optional=True,
    advanced=True,
)

ADMIN_URL: Final = Question(
    "ADMIN_WEB_URL",
    "Admin web URL",
    "ADMIN_WEB_URL: where people reach the admin web. Every link and picture in the app's mails starts with it; "
    "without it they point to http://localhost:3000.",
    "https://feedback.example.com",
    optional=True,
    advanced=True,
    validator=web_address,
)
