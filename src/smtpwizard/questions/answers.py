"""From answers to Settings: pure functions."""

from __future__ import annotations

from smtpwizard.preset_schema import Kind, Provider, SenderRule, UsernameRule
from smtpwizard.questions.model import REGION, Question, clean
from smtpwizard.secret import Secret
from smtpwizard.settings import FIELDS, Settings

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
