"""From answers to Settings: pure functions."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from smtpwizard.addresses import is_address
from smtpwizard.apps.profile import AppProfile, Role, Security
from smtpwizard.clients.transport import implicit_tls
from smtpwizard.presets.schema import Kind, PasswordType, Provider, SenderRule, TlsMode, UsernameRule
from smtpwizard.records import NamedTuple
from smtpwizard.secret import Secret
from smtpwizard.settings import Settings

REGION: Final = "region"
CA_FILE: Final = "ca-file"
"""Ids of the two questions that are no variable."""

Validator = Callable[[str], str | None]
"""Takes the cleaned answer; returns the sentence that says what is wrong with it, or None."""


class Choice(NamedTuple):
    """One of a closed set of answers."""

    value: str
    label: str


class Question(NamedTuple):
    """One question. `id` is the variable it sets, REGION or CA_FILE."""

    id: str
    role: Role | None
    """What the variable is for; None for REGION and CA_FILE."""
    label: str
    help: str
    """Prose for whoever asks what this is."""
    placeholder: str = ""
    """What an answer looks like, in words, or the value that holds without one. Never somebody else's value."""
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

    @property
    def about(self) -> str:
        """One or two sentences for the line below the field: the note, else how the help begins."""
        return self.note or self.help.partition("\n\n")[0]

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
    role = question.role
    if role is None:
        assert question.id == REGION
        assert provider is not None
        return settings.with_changes({Role.HOST: provider.region_host(value)})
    if role is Role.SECURITY:
        return _answer_tls(settings, value)
    result = settings.with_changes({role: value or None})
    if provider is None:
        return result
    if role is Role.USERNAME:
        result = result.with_changes({Role.SENDER: derived_sender(result, settings, provider)})
    elif role is Role.SENDER and not value and follows_account(provider) and "@" in (settings.username or ""):
        result = result.with_changes({Role.SENDER: settings.username})
    elif role is Role.PASSWORD and provider.username.rule is UsernameRule.SAME_AS_PASSWORD:
        result = result.with_changes({Role.USERNAME: value or None})
    return result


def _answer_tls(settings: Settings, value: str) -> Settings:
    """Return the settings in the mode of a choice; without an answer they say nothing of TLS."""
    app = settings.app
    tls = next((tls for tls, word in tls_words(app).items() if word == value), None)
    changes: dict[str, str | Secret | None] = {Role.SECURITY: value or None} if app.spec(Role.SECURITY) else {}
    changes |= app.mode_changes(app.mode_for(tls)) if tls else {}
    if settings.opportunistic is not None:
        # The app ignores it; as in the guide it is true on STARTTLS ports only.
        changes[Role.OPPORTUNISTIC] = "false" if tls is TlsMode.IMPLICIT else "true"
    return settings.with_changes(changes)


def tls_words(app: AppProfile) -> dict[TlsMode, str]:
    """Return mode → the answer that means it: the variable's own text, where one variable tells the two apart.

    Empty where the port alone decides: then nothing is asked.
    """
    modes = dict(_modes(app))
    if modes[TlsMode.STARTTLS] == modes[TlsMode.IMPLICIT]:
        return {}
    texts = {tls: mode.get(app.variable(Role.SECURITY), "") for tls, mode in modes.items()}
    told_apart = all(texts.values()) and len({*texts.values()}) == len(texts)
    return texts if told_apart else {tls: tls.value for tls in modes}


def tls_answer(settings: Settings) -> str:
    """Return the answer to the question about TLS that the settings give."""
    words = tls_words(settings.app)
    if not words or TlsMode.IMPLICIT not in words or words[TlsMode.IMPLICIT] != TlsMode.IMPLICIT.value:
        return settings.security or ""
    return words[TlsMode.IMPLICIT if implicit_tls(settings) else TlsMode.STARTTLS]


def _modes(app: AppProfile) -> Iterator[tuple[TlsMode, Mapping[str, str]]]:
    """Yield the modes to choose from, and how the app is told of each."""
    for tls in (TlsMode.STARTTLS, TlsMode.IMPLICIT):
        yield tls, app.mode(app.mode_for(tls)) or {}


def begin(
    provider: Provider | None,
    before: Settings,
    *,
    region: str | None = None,
    previous: Provider | None = None,
    address: str = "",
) -> Settings:
    """Return the settings with which the questions start once a provider is chosen. KeyError for an unknown region.

    `before` is what was entered or found for `previous`. User and password stay only with the same provider: one
    provider's credential must not be sent to another. What makes the app use its mail settings at all is put right.
    `address` is a mail address that was typed to find the provider.
    """
    app = before.app
    before = before.with_changes(before.lacking)
    same = provider is not None and previous is not None and provider.id == previous.id
    if provider is None or provider.kind is Kind.CUSTOM:
        start = before if same or previous is None else _kept(before, previous)
        start = start.with_changes({Role.PORT: start.port or "587"})
        if not any(start.get(name) for name in app.mode_variables):
            start = start.with_changes(app.mode_changes(app.mode_for(TlsMode.STARTTLS)))
        return start.with_changes({Role.SENDER: address}) if address and not start.sender else start
    if same and before.host:
        return before.with_changes({Role.HOST: provider.region_host(region)} if region else {})
    start = (before if same else _kept(before, previous)).with_changes(app.defaults(provider, region=region))
    if address and provider.username.rule in _ADDRESS_RULES and not start.username:
        start = start.with_changes({Role.USERNAME: address})
    if address and not start.sender:
        start = start.with_changes({Role.SENDER: address})
    return start


def follows_account(provider: Provider) -> bool:
    """Say whether the sender is the account itself: then it is filled in from the user name."""
    return provider.sender.rule is SenderRule.ACCOUNT and provider.username.rule in _ADDRESS_RULES


def derived_sender(settings: Settings, before: Settings, provider: Provider) -> str | None:
    """Return the sender: the account where the provider wants that and no other stood `before`, else as it is."""
    if not follows_account(provider) or before.sender not in (None, before.username):
        return settings.sender
    return settings.username if "@" in (settings.username or "") else None


def missing(settings: Settings, asked: tuple[Question, ...]) -> tuple[tuple[str, str], ...]:
    """Return (variable, sentence) of each answer that is missing or cannot be one, in the order of the questions."""
    found = []
    for question in asked:
        if question.role is not None:
            value = settings.of(question.role)
            text = value.reveal() if isinstance(value, Secret) else value or ""
            if question.role is Role.SECURITY:
                text = tls_answer(settings)
            sentence = question.check(text)
            if sentence:
                found.append((question.id, sentence))
    return tuple(found)


def _kept(before: Settings, previous: Provider | None) -> Settings:
    """Return what outlives a change of provider: a sender of one's own, the app's address, lines under old names."""
    own = before.sender != before.username and (previous is None or previous.kind is not Kind.PRACTICE)
    return Settings(before.app, sender=before.sender if own else None, url=before.url, old_names=before.old_names)


def port_number(text: str) -> str | None:
    if text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) < 65536:
        return None
    return "A port is a number from 1 to 65535."


def mail_address(text: str) -> str | None:
    if is_address(text) or re.search(r"[<>]", text):
        return None  # a display name is a finding with a repair
    return "A mail address has an @ and a domain: name@domain."


def account_address(text: str) -> str | None:
    return None if is_address(text) else "The account is a whole mail address: name@domain."


def certificate_file(text: str) -> str | None:
    return None if os.path.isfile(os.path.expanduser(text)) else "There is no such file."


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


def questions(provider: Provider | None, app: AppProfile) -> tuple[Question, ...]:
    """Return what is to be asked for `provider` (None: an unknown server), in order; the advanced ones last."""
    asked = (*_username(provider, app), *_password(provider, app), _sender(provider, app), *_sender_name(app))
    server, url, more = tuple(_server(app)), tuple(_url(app)), (*_ciphers(app), _CA_QUESTION)
    if provider is None or provider.kind is Kind.CUSTOM or not provider.host:
        opened = tuple(question._replace(advanced=False) for question in server)
        return (*opened, *asked, *url, *more)
    region = (_region(provider),) if provider.regions else ()
    return (*asked, *url, *region, *server, *more)


def _question(app: AppProfile, role: Role, label: str, about: str, **more: Any) -> Question:
    """Return the question for a role, its help led by the app's name for it."""
    name = app.variable(role)
    return Question(name, role, label, f"{name}: {about}", **more)


def _sender_name(app: AppProfile) -> Iterator[Question]:
    """Yield the question about the name before the sender's address, where the app has to be given one."""
    spec = app.spec(Role.SENDER_NAME)
    if spec is not None and spec.required and not spec.default:
        yield _question(app, Role.SENDER_NAME, "Sender's name", spec.help, placeholder=spec.example or app.name)


def _server(app: AppProfile) -> Iterator[Question]:
    """Yield the questions about the server: host, port, TLS where the port does not decide it."""
    values = tls_words(app)
    required = app.mode(Security.STARTTLS) is not None
    asked = (
        _question(
            app, Role.HOST, "Host", "the server's name, without smtp:// and without a port.",
            placeholder="the server's name", advanced=True,
        ),
        _question(
            app, Role.PORT, "Port",
            "587 for STARTTLS, 465 for TLS from the first byte. 25 is for servers among themselves, and many "
            "networks block it.",
            placeholder="587", advanced=True, validator=port_number,
        ),
    )  # fmt: skip
    yield from asked
    if values:
        yield _question(
            app, Role.SECURITY, "TLS",
            f"{values[TlsMode.IMPLICIT]} speaks TLS from the first byte (port 465). {values[TlsMode.STARTTLS]} starts "
            "in "
            "clear and upgrades with STARTTLS "
            + (
                f"(port 587); with {app.variable(Role.REQUIRE_TLS)} nothing is sent in clear where the server does not "
                "offer it."
                if required and app.spec(Role.REQUIRE_TLS)
                else "(port 587); nothing is sent in clear where the server does not offer it."
                if required
                else "when the server offers it (port 587); when it does not, the app goes on in clear, password "
                "included."
            ),
            choices=(
                Choice(values[TlsMode.STARTTLS], "STARTTLS (587)" if required else "STARTTLS if offered (587)"),
                Choice(values[TlsMode.IMPLICIT], "TLS from the first byte (465)"),
            ),
            optional=True, advanced=True,
        )  # fmt: skip


_CA_QUESTION: Final = Question(
    CA_FILE, None, "CA file",
    "A file in PEM form with the authority of a company's own certificates, for the test made here. The app itself has "
    "to be given it too, in its container.",
    placeholder="none but the usual authorities", note="For a company's own certificates: its authority, a PEM file.",
    optional=True, advanced=True, validator=certificate_file,
)  # fmt: skip


def _ciphers(app: AppProfile) -> Iterator[Question]:
    """Yield the question about ciphers, where the app has the setting."""
    if app.spec(Role.CIPHERS):
        yield _question(
            app, Role.CIPHERS, "Cipher",
            "an OpenSSL cipher list for servers that need one. Leave it empty otherwise: `TLSv1.3` or an unknown word "
            "breaks every connection.",
            placeholder="default", optional=True, advanced=True,
        )  # fmt: skip


def _url(app: AppProfile) -> Iterator[Question]:
    """Yield the question where people reach the app, where its mails have links."""
    url = app.spec(Role.URL)
    if url is not None:
        without = f" and picture in the app's mails starts with it; without it they point to {url.default}."
        yield _question(
            app, Role.URL, "Address people use" if url.default else "App's address",
            f"where people reach the admin web. Every link{without}" if url.default else url.help,
            placeholder=url.default or "https:// and the name under which people reach it",
            note="Where people open the app: links in its mails lead there." if url.default else "",
            optional=not url.required, validator=web_address,
        )  # fmt: skip


_ONE_LOGIN: Final = "The app logs in only if user name and password are both set."


def _username(provider: Provider | None, app: AppProfile) -> tuple[Question, ...]:
    name = app.variable(Role.USERNAME)
    about = f"{name}: the name with which the app logs in." + (f" {_ONE_LOGIN}" if app.client.login == "both" else "")
    if provider is None or provider.kind is Kind.CUSTOM:
        note = "Leave user name and password empty for a server without login."
        return (Question(name, Role.USERNAME, "User name", about, "none: no login", note, optional=True),)
    rule, hint = provider.username.rule, provider.username.hint
    if rule in (UsernameRule.LITERAL, UsernameRule.SAME_AS_PASSWORD, UsernameRule.NONE):
        return ()
    domain = provider.mail_domains[0] if provider.mail_domains else "example.com"
    validator = account_address if rule in _ADDRESS_RULES else None
    if rule in _ADDRESS_RULES:
        label, example = "Mail address", "the account's whole address"
    elif rule is UsernameRule.LOCALPART:
        label, example = "User name", f"the part before @{domain}"
    else:
        label, example = "SMTP user name", "as the provider shows it"
    optional = rule is UsernameRule.EMAIL_OPTIONAL or provider.password.optional
    prose = _prose(hint, about)
    return (Question(name, Role.USERNAME, label, prose, example, hint, optional=optional, validator=validator),)


def _password(provider: Provider | None, app: AppProfile) -> tuple[Question, ...]:
    name = app.variable(Role.PASSWORD)
    about = (
        f"{name}: what the app logs in with. It goes to the server during the test and into the target, nowhere "
        "else. It is hidden while you type and masked in every preview, diff and transcript."
    )
    if provider is None or provider.kind is Kind.CUSTOM:
        return (Question(name, Role.PASSWORD, "Password", about, "none: no login", optional=True, secret=True),)
    spec = provider.password
    if spec.type is PasswordType.NONE:
        return ()
    return (
        Question(
            name,
            Role.PASSWORD,
            spec.label or LABELS[spec.type],
            _prose(spec.hint, f"Made at {spec.url}" if spec.url else "", about),
            spec.shape or "paste it here",
            spec.hint,
            spec.url,
            optional=spec.optional,
            secret=True,
            strip_spaces=spec.strip_spaces,
        ),
    )


def _sender(provider: Provider | None, app: AppProfile) -> Question:
    name = app.variable(Role.SENDER)
    about = f"{name}: the address the mails come from."
    if app.from_name:
        about += f' The app writes "{app.from_name}" before it, so this is a bare address.'
    hint = provider.sender.hint if provider else ""
    follows = provider is not None and follows_account(provider)
    return Question(
        name,
        Role.SENDER,
        "Sender",
        _prose(hint, about),
        "same as the mail address" if follows else "a mail address",
        hint,
        optional=follows,
        validator=mail_address,
    )


def _region(provider: Provider) -> Question:
    noun = provider.region_kind.capitalize() or "Region"
    choices = tuple(Choice(region.id, region.label) for region in provider.regions)
    text = f"{provider.name} has a host for each {noun.lower()}. An account usually works on one of them only."
    return Question(REGION, None, noun, text, choices=choices, optional=True, advanced=True)


def _prose(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part)
