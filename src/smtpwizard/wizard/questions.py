"""From answers to Settings: pure functions."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from smtpwizard.addresses import is_address
from smtpwizard.presets.schema import Kind, PasswordType, Provider, SenderRule, UsernameRule
from smtpwizard.secret import Secret
from smtpwizard.settings import FIELDS, Settings

REGION: Final = "region"
"""Id of the one question that is not a variable."""

Validator = Callable[[str], str | None]
"""Takes the cleaned answer; returns the sentence that says what is wrong with it, or None."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a closed set of answers."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Question:
    """One question. `id` is the variable it sets, or REGION."""

    id: str
    label: str
    help: str
    """Prose for whoever asks what this is."""
    placeholder: str = ""
    """An example of an answer."""
    note: str = ""
    """One line on what to have ready; empty where the label says it all."""
    url: str = ""
    """The page where the answer is to be had."""
    optional: bool = False
    secret: bool = False
    advanced: bool = False
    """The preset has answered it; it can be opened."""
    strip_spaces: bool = False
    """Blanks inside are for reading only."""
    choices: tuple[Choice, ...] = ()
    validator: Validator | None = None

    def check(self, text: str) -> str | None:
        """Return why `text` cannot be an answer, as a sentence, or None."""
        value, _ = clean(self, text)
        if not value:
            return None if self.optional else f"{self.label} is missing."
        return self.validator(value) if self.validator else None


def clean(question: Question, text: str) -> tuple[str, str]:
    """Return the answer in `text`, and a sentence on what was left out of it (empty: nothing).

    A typed password is taken as it is, blanks at its ends included, unless its provider shows it in groups.
    """
    if question.strip_spaces:
        value = re.sub(r"\s+", "", text)
        return value, f"{len(text) - len(value)} blanks were removed." if value != text else ""
    if question.secret:
        return text, ""
    value = text.strip()
    return value, "Blanks around the text were removed." if value != text else ""


_ADDRESS_RULES = (UsernameRule.EMAIL, UsernameRule.EMAIL_OPTIONAL)


def answer(settings: Settings, question: Question, text: str, provider: Provider | None) -> Settings:
    """Return `settings` with one answer in. The sender follows the account where the provider wants that.

    KeyError for a region that the provider does not have.
    """
    value, _ = clean(question, text)
    if question.id == REGION:
        assert provider is not None
        return settings.with_changes({"SMTP_HOST": provider.region_host(value)})
    result = settings.with_changes({question.id: value or None})
    if question.id == "SMTP_TLS" and settings.opportunistic_tls is not None:
        # The app ignores it; as in the guide it is true on STARTTLS ports only.
        result = result.with_changes({"SMTP_OPPORTUNISTIC_TLS": "false" if value == "true" else "true"})
    if provider is None:
        return result
    if question.id == "SMTP_USERNAME" and follows_account(provider):
        if settings.sender in (None, settings.username):
            result = result.with_changes({"SMTP_SENDER": value if "@" in value else None})
    elif question.id == "SMTP_SENDER" and not value and follows_account(provider) and "@" in (settings.username or ""):
        result = result.with_changes({"SMTP_SENDER": settings.username})
    elif question.id == "SMTP_PASSWORD" and provider.username.rule is UsernameRule.SAME_AS_PASSWORD:
        result = result.with_changes({"SMTP_USERNAME": value or None})
    return result


def begin(
    provider: Provider | None,
    *,
    region: str | None = None,
    before: Settings | None = None,
    previous: Provider | None = None,
    address: str = "",
) -> Settings:
    """Return the settings with which the questions start once a provider is chosen. KeyError for an unknown region.

    `before` is what was entered or found for `previous`. User and password stay only with the same provider: one
    provider's credential must not be sent to another. `address` is a mail address that was typed to find the provider.
    """
    before = before or Settings()
    same = provider is not None and previous is not None and provider.id == previous.id
    if provider is None or provider.kind is Kind.CUSTOM:
        start = before if same or previous is None else _kept(before, previous)
        start = start.with_changes({"SMTP_PORT": start.port or "587", "SMTP_TLS": start.tls or "false"})
        return start.with_changes({"SMTP_SENDER": address}) if address and not start.sender else start
    if same and before.host:
        return before.with_changes({"SMTP_HOST": provider.region_host(region)} if region else {})
    start = (before if same else _kept(before, previous)).with_changes(dict(provider.defaults(region=region)))
    if address and provider.username.rule in _ADDRESS_RULES and not start.username:
        start = start.with_changes({"SMTP_USERNAME": address})
    if address and not start.sender:
        start = start.with_changes({"SMTP_SENDER": address})
    return start


def follows_account(provider: Provider) -> bool:
    """Say whether the sender is the account itself: then it is filled in from the user name."""
    return provider.sender.rule is SenderRule.ACCOUNT and provider.username.rule in _ADDRESS_RULES


def missing(settings: Settings, asked: tuple[Question, ...]) -> tuple[tuple[str, str], ...]:
    """Return (variable, sentence) of each answer that is missing or cannot be one, in the order of the questions."""
    found = []
    for question in asked:
        if question.id in FIELDS:
            value = settings.get(question.id)
            text = value.reveal() if isinstance(value, Secret) else value or ""
            sentence = question.check(text)
            if sentence:
                found.append((question.id, sentence))
    return tuple(found)


def _kept(before: Settings, previous: Provider | None) -> Settings:
    """Return what outlives a change of provider: a sender of one's own, the app's address, lines under old names."""
    own = before.sender != before.username and (previous is None or previous.kind is not Kind.PRACTICE)
    return Settings(sender=before.sender if own else None, admin_web_url=before.admin_web_url, legacy=before.legacy)


def port_number(text: str) -> str | None:
    if text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) < 65536:
        return None
    return "A port is a number from 1 to 65535."


def mail_address(text: str) -> str | None:
    if is_address(text) or re.search(r"[<>]", text):
        return None  # a display name is a finding with a repair
    return "The sender is a mail address: name@domain."


def web_address(text: str) -> str | None:
    return None if re.match(r"https?://[^/\s]+", text) else "The address starts with http:// or https:// and a host."


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


def questions(provider: Provider | None) -> tuple[Question, ...]:
    """Return what is to be asked for `provider` (None: an unknown server), in order; the advanced ones last."""
    asked = (*_username(provider), *_password(provider), _sender(provider))
    server = (HOST, PORT, TLS)
    if provider is None or provider.kind is Kind.CUSTOM or not provider.host:
        opened = tuple(replace(question, advanced=False) for question in server)
        return (*opened, *asked, CIPHER, ADMIN_URL)
    region = (_region(provider),) if provider.regions else ()
    return (*asked, *region, *server, CIPHER, ADMIN_URL)


def _username(provider: Provider | None) -> tuple[Question, ...]:
    if provider is None or provider.kind is Kind.CUSTOM:
        note = "Leave user name and password empty for a server without login."
        return (Question("SMTP_USERNAME", "User name", ABOUT_USERNAME, "you@example.com", note, optional=True),)
    rule, hint = provider.username.rule, provider.username.hint
    if rule in (UsernameRule.LITERAL, UsernameRule.SAME_AS_PASSWORD, UsernameRule.NONE):
        return ()
    domain = provider.mail_domains[0] if provider.mail_domains else "example.com"
    if rule in (UsernameRule.EMAIL, UsernameRule.EMAIL_OPTIONAL):
        label, example = "Mail address", f"you@{domain}"
    elif rule is UsernameRule.LOCALPART:
        label, example = "User name", f"you, without @{domain}"
    else:
        label, example = "SMTP user name", "as the provider shows it"
    optional = rule is UsernameRule.EMAIL_OPTIONAL or provider.password.optional
    return (Question("SMTP_USERNAME", label, _prose(hint, ABOUT_USERNAME), example, hint, optional=optional),)


def _password(provider: Provider | None) -> tuple[Question, ...]:
    if provider is None or provider.kind is Kind.CUSTOM:
        return (Question("SMTP_PASSWORD", "Password", ABOUT_CREDENTIAL, "paste it here", optional=True, secret=True),)
    spec = provider.password
    if spec.type is PasswordType.NONE:
        return ()
    return (
        Question(
            "SMTP_PASSWORD",
            spec.label or LABELS[spec.type],
            _prose(spec.hint, f"Made at {spec.url}" if spec.url else "", ABOUT_CREDENTIAL),
            spec.shape or "paste it here",
            spec.hint,
            spec.url,
            optional=spec.optional,
            secret=True,
            strip_spaces=spec.strip_spaces,
        ),
    )


def _sender(provider: Provider | None) -> Question:
    hint = provider.sender.hint if provider else ""
    follows = provider is not None and follows_account(provider)
    return Question(
        "SMTP_SENDER",
        "Sender",
        _prose(hint, ABOUT_SENDER),
        "noreply@example.com",
        hint,
        optional=follows,
        validator=mail_address,
    )


def _region(provider: Provider) -> Question:
    noun = provider.region_kind.capitalize() or "Region"
    choices = tuple(Choice(region.id, region.label) for region in provider.regions)
    text = f"{provider.name} has a host for each {noun.lower()}. An account usually works on one of them only."
    return Question(REGION, noun, text, choices=choices, optional=True, advanced=True)


def _prose(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part)
