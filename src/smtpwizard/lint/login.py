"""User name and password: half a login, none, both swapped, debris of a paste, what the provider would not give out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from smtpwizard.addresses import domain_of, is_address, is_freemail
from smtpwizard.apps.profile import Role
from smtpwizard.lint.context import NO_REPAIR, Context, Repair, has_shape, misspelt, one_line, shown, tidy, trim_ends
from smtpwizard.presets.schema import Kind, PasswordType, Provider, SenderRule, UsernameRule
from smtpwizard.problems import Problem, Severity
from smtpwizard.secret import Secret
from smtpwizard.text import safe

_LOGIN_OPTIONAL: Final = frozenset({UsernameRule.NONE, UsernameRule.EMAIL_OPTIONAL})


def check_login(context: Context) -> Iterator[Problem]:
    """Yield what is wrong with the pair."""
    if Role.USERNAME in context.misnamed or Role.PASSWORD in context.misnamed:
        return  # half of it lies under an old name: `startup` tells it
    settings = context.settings
    if context.public:
        yield from _misspelt(context)
    has_user, has_word = (bool(settings.of(role)) or settings.in_file(role) for role in (Role.USERNAME, Role.PASSWORD))
    if has_user and has_word and not (settings.username and settings.password):
        return  # one of them is in a file, which is not looked into
    if has_user and has_word:
        yield from _both(context)
    elif has_user or has_word:
        yield _half(context, has_user)
    else:
        yield from _none(context)


def _misspelt(context: Context) -> Iterator[Problem]:
    """Tell a slip in a mailbox's domain, which is often the sender's too."""
    right, question = misspelt(context.username)
    if not right:
        return
    repair = context.put(Role.USERNAME, right)
    if context.sender == context.username:
        also = context.put(Role.SENDER, right)
        repair = repair._replace(changes={**repair.changes, **also.changes}, label=f"Write {shown(right)}")
    yield context.finding("username-domain-misspelt", Severity.WARNING, Role.USERNAME, question, repair)


def _half(context: Context, has_user: bool) -> Problem:
    provider = context.provider
    given, lacking = (Role.USERNAME, Role.PASSWORD) if has_user else (Role.PASSWORD, Role.USERNAME)
    then = "the app then does not log in at all, and does not say so"
    if context.app.client.login == "any":
        then = "the app's mail client then cannot log in (`Missing credentials`)"
    elif context.app.client.login != "both":
        then = "the app's mail client then has half a login, and logs in with that or not at all"
    fact = f"{context.variable(given)} is set and {context.variable(lacking)} is not: {then}."
    severity = Severity.ERROR if _needs_login(provider) else Severity.WARNING
    repair = _other_half(context, provider, has_user) if provider else NO_REPAIR
    name = "password-missing" if has_user else "username-missing"
    return context.finding(name, severity, lacking, f"{fact} Set both or neither.", repair)


def _other_half(context: Context, provider: Provider, has_user: bool) -> Repair:
    rule = provider.username.rule
    if rule is UsernameRule.NONE:
        return context.drop(Role.USERNAME if has_user else Role.PASSWORD)
    if rule is UsernameRule.SAME_AS_PASSWORD:
        lacking, token = (Role.PASSWORD, context.username) if has_user else (Role.USERNAME, context.password)
        return context.put(lacking, Secret(token)) if _is_token(token) else NO_REPAIR
    if has_user:
        return NO_REPAIR
    if rule is UsernameRule.LITERAL:
        return context.put(Role.USERNAME, provider.username.value)
    own = rule is UsernameRule.EMAIL and provider.sender.rule is SenderRule.ACCOUNT
    return context.put(Role.USERNAME, context.sender) if own and context.sender else NO_REPAIR


def _none(context: Context) -> Iterator[Problem]:
    provider = context.provider
    if provider is not None and _needs_login(provider):
        literal = provider.username.rule is UsernameRule.LITERAL
        repair = context.put(Role.USERNAME, provider.username.value) if literal else NO_REPAIR
        message = (
            f"{provider.name} takes mail only after a login. Set {context.variable(Role.USERNAME)} and "
            f"{context.variable(Role.PASSWORD)}."
        )
        yield context.finding("login-missing", Severity.ERROR, Role.USERNAME, message, repair)
    elif provider is None and context.public:
        message = "The app will not log in. That works only with a server that takes mail from this machine's address."
        yield context.finding("no-login", Severity.INFO, Role.USERNAME, message)


def _needs_login(provider: Provider | None) -> bool:
    return (
        provider is not None
        and provider.kind not in (Kind.LOCAL, Kind.PRACTICE)
        and provider.username.rule not in _LOGIN_OPTIONAL
        and provider.password.type is not PasswordType.NONE
        and not provider.password.optional
    )


def _both(context: Context) -> Iterator[Problem]:
    if looks_swapped(context.username, context.password, context.provider):
        message = (
            "User name and password look swapped: the password is what belongs into "
            f"{context.variable(Role.USERNAME)}. Swap them."
        )
        exchanged = {
            context.variable(Role.USERNAME): Secret(context.password),
            context.variable(Role.PASSWORD): Secret(context.username),
        }
        swap = Repair(exchanged, "Swap user name and password")
        yield context.finding("login-swapped", Severity.WARNING, Role.USERNAME, message, swap)
    elif context.provider is not None:
        yield from _user(context, context.provider)


def looks_swapped(user: str, word: str, provider: Provider | None) -> bool:
    """Recognise a swap by what only one of the two can be (failure A44). False once they are swapped back."""
    if provider and provider.username.rule is UsernameRule.LITERAL:
        pattern = provider.password.pattern
        if user == provider.username.value:
            return False
        return word == provider.username.value or (has_shape(pattern, user) and not has_shape(pattern, word))
    return is_address(word) and "@" not in user and user != ""


def _user(context: Context, provider: Provider) -> Iterator[Problem]:
    rule, user, hint = provider.username.rule, context.username, safe(provider.username.hint)
    if rule is UsernameRule.LITERAL and user != provider.username.value:
        message = f"{provider.name} wants the user name `{provider.username.value}`, that word for everybody."
        repair = context.put(Role.USERNAME, provider.username.value)
        yield context.finding("username-not-literal", Severity.WARNING, Role.USERNAME, message, repair)
    elif rule is UsernameRule.EMAIL and "@" not in user:
        message = f"The user name is no mail address. What {provider.name} wants: {hint}"
        yield context.finding(
            "username-not-address", Severity.WARNING, Role.USERNAME, message, _full_address(context, provider)
        )
    elif rule is UsernameRule.LOCALPART and "@" in user:
        message = f"{provider.name} may want the part before the @ alone: {hint}"
        yield context.finding("username-not-localpart", Severity.INFO, Role.USERNAME, message)
    elif rule is UsernameRule.SAME_AS_PASSWORD and "@" in user:
        message = f"{provider.name} wants the same token in both fields, not an address: {hint}"
        token = context.password
        repair = (
            context.put(Role.USERNAME, Secret(token), "Use the password as user name")
            if _is_token(token)
            else NO_REPAIR
        )
        yield context.finding("username-not-token", Severity.WARNING, Role.USERNAME, message, repair)
    elif provider.kind is Kind.MAILBOX and _of_another(domain_of(user), provider):
        message = f"{provider.name} has no accounts at {safe(domain_of(user), limit=48)}. Check user name and host."
        yield context.finding("username-other-provider", Severity.WARNING, Role.USERNAME, message)


def _is_token(text: str) -> bool:
    return text != "" and "@" not in text


def _of_another(domain: str, provider: Provider) -> bool:
    return bool(provider.mail_domains) and is_freemail(domain) and domain not in provider.mail_domains


def _full_address(context: Context, provider: Provider) -> Repair:
    """Complete the user name where only one address is likely: the sender's, or the provider's main domain."""
    user = context.username
    if provider.sender.rule is SenderRule.ACCOUNT and context.sender.partition("@")[0].lower() == user.lower():
        return context.put(Role.USERNAME, context.sender)
    if provider.kind is Kind.MAILBOX and provider.mail_domains:
        address = f"{user}@{provider.mail_domains[0]}"
        return context.put(Role.USERNAME, address) if is_address(address) else NO_REPAIR
    return NO_REPAIR


_LONGEST: Final = 1000
"""Characters; the longest credential of the presets has under 200, and AUTH lines end at 12,288 octets (RFC 4954)."""
_SMART_QUOTES: Final = "“”„‘’‚"
_PLACEHOLDER: Final = (
    r"(?i)(your|my)[-_ .]?([a-z0-9]+[-_ .]?)*(password|passwd|key|token|secret)|(smtp|app)[-_ ]?(password|key)|"
    r"change[-_ ]?me|password|secret|placeholder|todo|<.*>|x{3,}|\*{3,}|•{3,}|\.{3,}|…"
)


def check_credential(context: Context) -> Iterator[Problem]:
    """Yield the debris of both, then what the password is by its shape."""
    if context.settings.username:
        yield from _debris(context, Role.USERNAME, "username", context.settings.username)
    text = context.settings.password.reveal() if context.settings.password else ""
    if not text:
        return
    if len(text) > _LONGEST:
        message = (
            f"{context.variable(Role.PASSWORD)} has more than {_LONGEST} characters; servers cut such a login off. "
            "Paste it again."
        )
        yield context.finding("password-long", Severity.WARNING, Role.PASSWORD, message)
        return
    provider = context.provider
    grouped = provider is not None and provider.password.strip_spaces
    if grouped and _without_blanks(text) != text:
        message = "The blanks in the app password only show its groups and are not part of it. Remove them."
        repair = context.put(Role.PASSWORD, Secret(tidy(_without_blanks(text))), "Remove the blanks")
        yield context.finding("password-spaces", Severity.WARNING, Role.PASSWORD, message, repair)
    else:
        yield from _debris(context, Role.PASSWORD, "password", text)
    swapped = context.settings.username and looks_swapped(context.username, context.password, provider)
    if provider is not None and not swapped:
        yield from _shape(context, provider, _without_blanks(context.password) if grouped else context.password)


def _debris(context: Context, role: Role, slug: str, text: str) -> Iterator[Problem]:
    """Tell what came along with a paste. The change holds the text as a Secret where it is one."""
    variable = context.variable(role)
    if trim_ends(text) != text:
        message = f"{variable} has blanks or line ends around it, and the app sends them along. Trim it."
        yield _cleaned(context, role, f"{slug}-blanks", message, tidy(text), f"Trim {variable}")
    elif tidy(text) != text:
        message = f"{variable} is in quotes, and the app sends them along. Take them off."
        yield _cleaned(context, role, f"{slug}-quotes", message, tidy(text), f"Unquote {variable}")
    elif one_line(text) != text:
        message = f"{variable} holds a line end or an invisible character, as copies from web pages do. Remove it."
        yield _cleaned(context, role, f"{slug}-invisible", message, one_line(text), f"Clean {variable}")
    elif any(char.isspace() and char != " " for char in text):
        message = f"{variable} holds a blank that is not a plain space. Paste it again without formatting."
        yield context.finding(f"{slug}-blank-inside", Severity.WARNING, role, message)
    elif any(char in _SMART_QUOTES for char in text):
        message = f"{variable} holds curly quotes; word processors put them for plain ones. Compare with the original."
        yield context.finding(f"{slug}-smart-quotes", Severity.WARNING, role, message)


def _cleaned(context: Context, role: Role, name: str, message: str, text: str, label: str) -> Problem:
    value = Secret(text) if role is Role.PASSWORD else text
    return context.finding(name, Severity.WARNING, role, message, context.put(role, value, label))


def _shape(context: Context, provider: Provider, text: str) -> Iterator[Problem]:
    spec = provider.password
    if not text or context.local or spec.type in (PasswordType.OAUTH2_ONLY, PasswordType.NONE):
        return
    if re.fullmatch(_PLACEHOLDER, text):
        message = f"{context.variable(Role.PASSWORD)} is a placeholder. Put in the real one. {safe(spec.hint)}"
        yield context.finding("password-placeholder", Severity.WARNING, Role.PASSWORD, message)
        return
    for mistake in spec.mistakes:
        if has_shape(mistake.pattern, text):
            yield context.finding("password-mistake", Severity.WARNING, Role.PASSWORD, safe(mistake.message))
            return
    if spec.pattern and not has_shape(spec.pattern, text):
        label = spec.label or spec.type.value.replace("_", " ")
        label = label if label[:2].isupper() else label[:1].lower() + label[1:]
        page = f" Where to get one: {spec.url}" if spec.url else ""
        message = f"It has {len(text)} characters. {provider.name}'s {label}: {spec.shape}.{page}"
        yield context.finding("password-shape", Severity.WARNING, Role.PASSWORD, message, NO_REPAIR)


def _without_blanks(text: str) -> str:
    return "".join(one_line(text).split())
