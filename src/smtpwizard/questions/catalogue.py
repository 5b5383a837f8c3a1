"""Which questions a provider leaves open. What its preset answers is asked as `advanced`: filled in, to be opened."""

from __future__ import annotations

from dataclasses import replace

from smtpwizard.preset_schema import Kind, PasswordType, Provider, UsernameRule
from smtpwizard.questions import words
from smtpwizard.questions.answers import follows_account
from smtpwizard.questions.model import REGION, Choice, Question
from smtpwizard.questions.validators import mail_address


def questions(provider: Provider | None) -> tuple[Question, ...]:
    """Return what is to be asked for `provider` (None: an unknown server), in order; the advanced ones last."""
    asked = (*_username(provider), *_password(provider), _sender(provider))
    server = (words.HOST, words.PORT, words.TLS)
    if provider is None or provider.kind is Kind.CUSTOM or not provider.host:
        opened = tuple(replace(question, advanced=False) for question in server)
        return (*opened, *asked, words.CIPHER, words.ADMIN_URL)
    region = (_region(provider),) if provider.regions else ()
    return (*asked, *region, *server, words.CIPHER, words.ADMIN_URL)


def _username(provider: Provider | None) -> tuple[Question, ...]:
    if provider is None or provider.kind is Kind.CUSTOM:
        note = "Leave user name and password empty for a server without login."
        return (Question("SMTP_USERNAME", "User name", words.ABOUT_USERNAME, "you@example.com", note, optional=True),)
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
    return (Question("SMTP_USERNAME", label, _prose(hint, words.ABOUT_USERNAME), example, hint, optional=optional),)


def _password(provider: Provider | None) -> tuple[Question, ...]:
    if provider is None or provider.kind is Kind.CUSTOM:
        return (
            Question("SMTP_PASSWORD", "Password", words.ABOUT_CREDENTIAL, "paste it here", optional=True, secret=True),
        )
    spec = provider.password
    if spec.type is PasswordType.NONE:
        return ()
    return (
        Question(
            "SMTP_PASSWORD",
            spec.label or words.LABELS[spec.type],
            _prose(spec.hint, f"Made at {spec.url}" if spec.url else "", words.ABOUT_CREDENTIAL),
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
        _prose(hint, words.ABOUT_SENDER),
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
