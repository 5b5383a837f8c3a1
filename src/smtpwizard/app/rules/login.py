"""SMTP_USERNAME and SMTP_PASSWORD together: half a login, none, both swapped, a user name of the wrong kind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from smtpwizard.app.case import Case
from smtpwizard.app.domains import is_freemail
from smtpwizard.app.repair import NO_REPAIR, Repair, drop, finding, put
from smtpwizard.app.values import domain_of, has_shape, is_address
from smtpwizard.findings import Finding, Severity
from smtpwizard.preset_schema import Kind, PasswordType, Provider, SenderRule, UsernameRule
from smtpwizard.secret import Secret
from smtpwizard.text import safe

_USER: Final = "SMTP_USERNAME"
_WORD: Final = "SMTP_PASSWORD"  # the name of a variable
_LOGIN_OPTIONAL: Final = frozenset({UsernameRule.NONE, UsernameRule.EMAIL_OPTIONAL})


def check(case: Case) -> Iterator[Finding]:
    """Yield what is wrong with the pair."""
    if _USER in case.legacy or _WORD in case.legacy:
        return  # half of it lies under an old name: `legacy` tells it
    has_user, has_word = bool(case.settings.username), bool(case.settings.password)
    if has_user and has_word:
        yield from _both(case)
    elif has_user or has_word:
        yield _half(case, has_user)
    else:
        yield from _none(case)


def _half(case: Case, has_user: bool) -> Finding:
    provider = case.provider
    given, lacking = (_USER, _WORD) if has_user else (_WORD, _USER)
    fact = f"{given} is set and {lacking} is not: the app then does not log in at all, and does not say so."
    severity = Severity.ERROR if _needs_login(provider) else Severity.WARNING
    repair = _other_half(case, provider, has_user) if provider else NO_REPAIR
    name = "password-missing" if has_user else "username-missing"
    return finding(name, severity, lacking, f"{fact} Set both or neither.", repair)


def _other_half(case: Case, provider: Provider, has_user: bool) -> Repair:
    rule = provider.username.rule
    if rule is UsernameRule.NONE:
        return drop(_USER if has_user else _WORD)
    if rule is UsernameRule.SAME_AS_PASSWORD:
        lacking, token = (_WORD, case.username) if has_user else (_USER, case.password)
        return put(lacking, Secret(token)) if _is_token(token) else NO_REPAIR
    if has_user:
        return NO_REPAIR
    if rule is UsernameRule.LITERAL:
        return put(_USER, provider.username.value)
    own = rule is UsernameRule.EMAIL and provider.sender.rule is SenderRule.ACCOUNT
    return put(_USER, case.sender) if own and case.sender else NO_REPAIR


def _none(case: Case) -> Iterator[Finding]:
    provider = case.provider
    if provider is not None and _needs_login(provider):
        literal = provider.username.rule is UsernameRule.LITERAL
        repair = put(_USER, provider.username.value) if literal else NO_REPAIR
        message = f"{provider.name} takes mail only after a login. Set SMTP_USERNAME and SMTP_PASSWORD."
        yield finding("login-missing", Severity.ERROR, _USER, message, repair)
    elif provider is None and case.public:
        message = "The app will not log in. That works only with a server that takes mail from this machine's address."
        yield finding("no-login", Severity.INFO, _USER, message)


def _needs_login(provider: Provider | None) -> bool:
    return (
        provider is not None
        and provider.kind not in (Kind.LOCAL, Kind.PRACTICE)
        and provider.username.rule not in _LOGIN_OPTIONAL
        and provider.password.type is not PasswordType.NONE
        and not provider.password.optional
    )


def _both(case: Case) -> Iterator[Finding]:
    if looks_swapped(case):
        message = "User name and password look swapped: the password is what belongs into SMTP_USERNAME. Swap them."
        swap = Repair({_USER: Secret(case.password), _WORD: Secret(case.username)}, "Swap user name and password")
        yield finding("login-swapped", Severity.WARNING, _USER, message, swap)
    elif case.provider is not None:
        yield from _user(case, case.provider)


def looks_swapped(case: Case) -> bool:
    """Recognise a swap by what only one of the two can be (failure A44). False once they are swapped back."""
    user, word, provider = case.username, case.password, case.provider
    if provider and provider.username.rule is UsernameRule.LITERAL:
        pattern = provider.password.pattern
        if user == provider.username.value:
            return False
        return word == provider.username.value or (has_shape(pattern, user) and not has_shape(pattern, word))
    return is_address(word) and "@" not in user and user != ""


def _user(case: Case, provider: Provider) -> Iterator[Finding]:
    rule, user, hint = provider.username.rule, case.username, safe(provider.username.hint)
    if rule is UsernameRule.LITERAL and user != provider.username.value:
        message = f"{provider.name} wants the user name `{provider.username.value}`, that word for everybody."
        repair = put(_USER, provider.username.value)
        yield finding("username-not-literal", Severity.WARNING, _USER, message, repair)
    elif rule is UsernameRule.EMAIL and "@" not in user:
        message = f"The user name is no mail address. What {provider.name} wants: {hint}"
        yield finding("username-not-address", Severity.WARNING, _USER, message, _full_address(case, provider))
    elif rule is UsernameRule.LOCALPART and "@" in user:
        message = f"{provider.name} may want the part before the @ alone: {hint}"
        yield finding("username-not-localpart", Severity.INFO, _USER, message)
    elif rule is UsernameRule.SAME_AS_PASSWORD and "@" in user:
        message = f"{provider.name} wants the same token in both fields, not an address: {hint}"
        token = case.password
        repair = put(_USER, Secret(token), "Use the password as user name") if _is_token(token) else NO_REPAIR
        yield finding("username-not-token", Severity.WARNING, _USER, message, repair)
    elif provider.kind is Kind.MAILBOX and _of_another(domain_of(user), provider):
        message = f"{provider.name} has no accounts at {safe(domain_of(user), limit=48)}. Check user name and host."
        yield finding("username-other-provider", Severity.WARNING, _USER, message)


def _is_token(text: str) -> bool:
    return text != "" and "@" not in text


def _of_another(domain: str, provider: Provider) -> bool:
    return bool(provider.mail_domains) and is_freemail(domain) and domain not in provider.mail_domains


def _full_address(case: Case, provider: Provider) -> Repair:
    """Complete the user name where only one address is likely: the sender's, or the provider's main domain."""
    user = case.username
    if provider.sender.rule is SenderRule.ACCOUNT and case.sender.partition("@")[0].lower() == user.lower():
        return put(_USER, case.sender)
    if provider.kind is Kind.MAILBOX and provider.mail_domains:
        address = f"{user}@{provider.mail_domains[0]}"
        return put(_USER, address) if is_address(address) else NO_REPAIR
    return NO_REPAIR
