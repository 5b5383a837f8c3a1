"""SMTP_USERNAME and SMTP_PASSWORD together: half a login, none, both swapped, a user name of the wrong kind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from smtpwizard.addresses import domain_of, is_address
from smtpwizard.hosts import is_freemail
from smtpwizard.lint.context import (
    NO_REPAIR,
    Case,
    Repair,
    drop,
    finding,
    has_shape,
    one_line,
    put,
    tidy,
    trim_ends,
)
from smtpwizard.presets.schema import Kind, PasswordType, Provider, SenderRule, UsernameRule
from smtpwizard.problems import Problem, Severity
from smtpwizard.secret import Secret
from smtpwizard.text import safe

_USER: Final = "SMTP_USERNAME"
_LOGIN_WORD: Final = "SMTP_PASSWORD"  # the name of a variable
_LOGIN_OPTIONAL: Final = frozenset({UsernameRule.NONE, UsernameRule.EMAIL_OPTIONAL})


def check_login(case: Case) -> Iterator[Problem]:
    """Yield what is wrong with the pair."""
    if _USER in case.legacy or _LOGIN_WORD in case.legacy:
        return  # half of it lies under an old name: `legacy` tells it
    has_user, has_word = bool(case.settings.username), bool(case.settings.password)
    if has_user and has_word:
        yield from _both(case)
    elif has_user or has_word:
        yield _half(case, has_user)
    else:
        yield from _none(case)


def _half(case: Case, has_user: bool) -> Problem:
    provider = case.provider
    given, lacking = (_USER, _LOGIN_WORD) if has_user else (_LOGIN_WORD, _USER)
    fact = f"{given} is set and {lacking} is not: the app then does not log in at all, and does not say so."
    severity = Severity.ERROR if _needs_login(provider) else Severity.WARNING
    repair = _other_half(case, provider, has_user) if provider else NO_REPAIR
    name = "password-missing" if has_user else "username-missing"
    return finding(name, severity, lacking, f"{fact} Set both or neither.", repair)


def _other_half(case: Case, provider: Provider, has_user: bool) -> Repair:
    rule = provider.username.rule
    if rule is UsernameRule.NONE:
        return drop(_USER if has_user else _LOGIN_WORD)
    if rule is UsernameRule.SAME_AS_PASSWORD:
        lacking, token = (_LOGIN_WORD, case.username) if has_user else (_USER, case.password)
        return put(lacking, Secret(token)) if _is_token(token) else NO_REPAIR
    if has_user:
        return NO_REPAIR
    if rule is UsernameRule.LITERAL:
        return put(_USER, provider.username.value)
    own = rule is UsernameRule.EMAIL and provider.sender.rule is SenderRule.ACCOUNT
    return put(_USER, case.sender) if own and case.sender else NO_REPAIR


def _none(case: Case) -> Iterator[Problem]:
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


def _both(case: Case) -> Iterator[Problem]:
    if looks_swapped(case):
        message = "User name and password look swapped: the password is what belongs into SMTP_USERNAME. Swap them."
        swap = Repair({_USER: Secret(case.password), _LOGIN_WORD: Secret(case.username)}, "Swap user name and password")
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


def _user(case: Case, provider: Provider) -> Iterator[Problem]:
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


_CREDENTIAL_WORD: Final = "SMTP_PASSWORD"  # the name of a variable
_LONGEST: Final = 1000
"""Characters; the longest credential of the presets has under 200, and AUTH lines end at 12,288 octets (RFC 4954)."""
_SMART_QUOTES: Final = "“”„‘’‚"
_PLACEHOLDER: Final = (
    r"(?i)(your|my)[-_ .]?([a-z0-9]+[-_ .]?)*(password|passwd|key|token|secret)|(smtp|app)[-_ ]?(password|key)|"
    r"change[-_ ]?me|password|secret|placeholder|todo|<.*>|x{3,}|\*{3,}|•{3,}|\.{3,}|…"
)


def check_credential(case: Case) -> Iterator[Problem]:
    """Yield the debris of both, then what the password is by its shape."""
    if case.settings.username:
        yield from _debris("SMTP_USERNAME", "username", case.settings.username)
    text = case.settings.password.reveal() if case.settings.password else ""
    if not text:
        return
    if len(text) > _LONGEST:
        message = f"SMTP_PASSWORD has more than {_LONGEST} characters; servers cut such a login off. Paste it again."
        yield finding("password-long", Severity.WARNING, _CREDENTIAL_WORD, message)
        return
    provider = case.provider
    grouped = provider is not None and provider.password.strip_spaces
    if grouped and _without_blanks(text) != text:
        message = "The blanks in the app password only show its groups and are not part of it. Remove them."
        repair = Repair({_CREDENTIAL_WORD: Secret(tidy(_without_blanks(text)))}, "Remove the blanks")
        yield finding("password-spaces", Severity.WARNING, _CREDENTIAL_WORD, message, repair)
    else:
        yield from _debris(_CREDENTIAL_WORD, "password", text)
    if provider is not None and not (case.settings.username and looks_swapped(case)):
        yield from _shape(case, provider, _without_blanks(case.password) if grouped else case.password)


def _debris(variable: str, slug: str, text: str) -> Iterator[Problem]:
    """Tell what came along with a paste. The change holds the text as a Secret, whichever variable it is."""
    if trim_ends(text) != text:
        message = f"{variable} has blanks or line ends around it, and the app sends them along. Trim it."
        yield _cleaned(f"{slug}-blanks", variable, message, tidy(text), f"Trim {variable}")
    elif tidy(text) != text:
        message = f"{variable} is in quotes, and the app sends them along. Take them off."
        yield _cleaned(f"{slug}-quotes", variable, message, tidy(text), f"Unquote {variable}")
    elif one_line(text) != text:
        message = f"{variable} holds a line end or an invisible character, as copies from web pages do. Remove it."
        yield _cleaned(f"{slug}-invisible", variable, message, one_line(text), f"Clean {variable}")
    elif any(char.isspace() and char != " " for char in text):
        message = f"{variable} holds a blank that is not a plain space. Paste it again without formatting."
        yield finding(f"{slug}-blank-inside", Severity.WARNING, variable, message)
    elif any(char in _SMART_QUOTES for char in text):
        message = f"{variable} holds curly quotes; word processors put them for plain ones. Compare with the original."
        yield finding(f"{slug}-smart-quotes", Severity.WARNING, variable, message)


def _cleaned(name: str, variable: str, message: str, text: str, label: str) -> Problem:
    value = Secret(text) if variable == _CREDENTIAL_WORD else text
    return finding(name, Severity.WARNING, variable, message, Repair({variable: value}, label))


def _shape(case: Case, provider: Provider, text: str) -> Iterator[Problem]:
    spec = provider.password
    if not text or case.local or spec.type in (PasswordType.OAUTH2_ONLY, PasswordType.NONE):
        return
    if re.fullmatch(_PLACEHOLDER, text):
        message = f"SMTP_PASSWORD is a placeholder. Put in the real one. {safe(spec.hint)}"
        yield finding("password-placeholder", Severity.WARNING, _CREDENTIAL_WORD, message)
        return
    for mistake in spec.mistakes:
        if has_shape(mistake.pattern, text):
            yield finding("password-mistake", Severity.WARNING, _CREDENTIAL_WORD, safe(mistake.message))
            return
    if spec.pattern and not has_shape(spec.pattern, text):
        label = spec.label or spec.type.value.replace("_", " ")
        shape = f" ({spec.shape})" if spec.shape else ""
        page = f" Where to get one: {spec.url}" if spec.url else ""
        message = f"SMTP_PASSWORD does not look like what {provider.name} gives out: {label}{shape}.{page}"
        yield finding("password-shape", Severity.WARNING, _CREDENTIAL_WORD, message, NO_REPAIR)


def _without_blanks(text: str) -> str:
    return "".join(one_line(text).split())
