"""Runs all rules on a set of settings, the gravest finding first, and keeps their repairs from contradicting.

The rules on the app's start, its old names and its provider stand here too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from smtpwizard.addresses import is_address
from smtpwizard.apps.parse import Reason
from smtpwizard.apps.profile import OldName, Role
from smtpwizard.apps.schema import Value, holds
from smtpwizard.clients.transport import Origin, Refusal, refusals, value_of
from smtpwizard.lint import login, mail, server, tls
from smtpwizard.lint.context import (
    NO_REPAIR,
    Context,
    Repair,
    has_shape,
    make_context,
    meant_boolean,
    meant_port,
    shown,
    tidy,
)
from smtpwizard.presets.schema import Kind, Provider, ProviderStatus, SenderRule
from smtpwizard.problems import Problem, Severity, gravest_first, opened, repair_label
from smtpwizard.secret import MASK, Secret, sentence_clearer
from smtpwizard.settings import Settings
from smtpwizard.text import listed, safe

_SLUGS: Final = {
    Role.SECURITY: "tls",
    Role.CIPHERS: "cipher",
    Role.OPPORTUNISTIC: "opportunistic-tls",
    Role.URL: "admin-web-url",
}
"""Role → how a finding's id begins, where that is not the role's own name: scripts know these."""
_WANTED: Final = {
    Role.HOST: "Set it to the name of the mail server.",
    Role.PORT: "Set it to the server's port: 587 for STARTTLS, 465 for TLS from the first byte.",
    Role.SENDER: "Set it to the address that mails are to come from.",
}
_ENDINGS: Final = {
    Reason.MISSING: "missing",
    Reason.EMPTY: "empty",
    Reason.NOT_A_BOOLEAN: "not-boolean",
    Reason.NOT_A_NUMBER: "not-number",
    Reason.UNSAFE_NUMBER: "not-number",
    Reason.NOT_A_CHOICE: "not-a-choice",
    Reason.NOT_VALID: "not-valid",
}


def check_startup(context: Context) -> Iterator[Problem]:
    """Yield an error for each refusal, of which the app names only the first, then what it needs and does not check."""
    refused = refusals(context.settings)
    for refusal in refused:
        name = f"{_slug(refusal.role)}-{_ENDINGS[refusal.reason]}"
        yield context.finding(
            name, Severity.ERROR, refusal.role, _sentence(context, refusal), _repair(context, refusal.role)
        )
    for item in context.app.variables:
        there = context.settings.of(item.role) or context.settings.in_file(item.role)
        told = any(refusal.role is item.role for refusal in refused)
        if item.required and not there and not told and not (item.role is Role.URL and item.default):  # `check_links`
            message = f"{item.name} is not set, and the app needs it. {_WANTED.get(item.role, item.help)}"
            severity = Severity.ERROR if item.role in _WANTED else Severity.WARNING
            yield context.finding(
                f"{_slug(item.role)}-missing", severity, item.role, message, _repair(context, item.role)
            )
    for name, text in context.settings.lacking.items():
        message = f"{name} is not {text}, and the app then uses none of its mail settings. Set {name}={text}."
        yield Problem.of("switch-missing", Severity.ERROR, name, message, {name: text}, f"Set {name}={text}")


def _slug(role: Role) -> str:
    return _SLUGS.get(role, role.value.replace("_", "-"))


def _sentence(context: Context, refusal: Refusal) -> str:
    name = context.variable(refusal.role)
    if refusal.reason is Reason.MISSING:
        return f"{name} is missing, and the app refuses to start. {_wanted(context, refusal.role)}"
    if refusal.reason is Reason.EMPTY:
        then = _WANTED.get(refusal.role, "Leave the line out instead.")
        return f"{name} is empty, and the app refuses to start. {then}"
    value = shown(str(context.settings.of(refusal.role)))
    if refusal.reason is Reason.NOT_A_BOOLEAN:
        return f"{name} is `{value}`, and the app refuses to start. It takes `true` or `false`."
    if refusal.reason is Reason.NOT_A_CHOICE:
        spec = context.app.spec(refusal.role)
        words = listed([f"`{word}`" for word in (spec.choices if spec else ())], last="or")
        return f"{name} is `{value}`, and the app refuses to start. It takes {words}, and nothing else."
    if refusal.reason is Reason.NOT_VALID:
        wanted = "Write https:// and the name" if refusal.role is Role.URL else "Write a bare address"
        return f"{name} is `{value}`, and the app refuses to start. {wanted}."
    return f"{name} is `{value}`, which is no number, and the app refuses to start. Write the digits alone."


def _wanted(context: Context, role: Role) -> str:
    spec = context.app.spec(role)
    return _WANTED.get(role) or (spec.help if spec else "")


def _repair(context: Context, role: Role) -> Repair:
    if role is Role.SECURITY:
        text = str(context.misnamed.get(role, context.settings.security or ""))
        return context.put_or_drop(role, context.best_tls(text))
    if role in context.misnamed:
        return context.put(role, context.misnamed[role])
    if role is Role.OPPORTUNISTIC:
        meant = meant_boolean(context.settings.opportunistic or "")
        return context.put_or_drop(role, None if meant is None else str(meant).lower())
    if role is Role.HOST:
        provider = context.provider
        known = provider and provider.host and len(provider.regions) < 2
        return context.put(role, provider.host) if provider and known else NO_REPAIR
    if role is Role.PORT:
        return _port(context)
    if role is Role.SENDER:
        if is_address(context.sender):
            return context.put(role, context.sender)
        known = context.provider is None or context.provider.sender.rule is SenderRule.ACCOUNT
        return context.put(role, context.username) if known and is_address(context.username) else NO_REPAIR
    unknown = context.settings.of(role) is None or (role is Role.URL and context.settings.url)  # see `check_links`
    return NO_REPAIR if unknown else context.drop(role)


def _port(context: Context) -> Repair:
    if context.port is not None:
        return context.put(Role.PORT, str(context.port))
    if context.provider is not None:
        return context.put(Role.PORT, str(context.provider.recommended_port))
    return context.put(Role.PORT, "465" if context.secure else "587") if context.public else NO_REPAIR


def check_traps(context: Context) -> Iterator[Problem]:
    """Yield what the profile knows to go wrong with such settings."""
    for trap in context.app.traps:
        if trap.when and all(_is_so(context, name, test) for name, test in trap.when.items()):
            changes: dict[str, str | Secret | None] = {context.app.slot(name): text for name, text in trap.set.items()}
            changes |= {context.app.slot(name): None for name in trap.drop}
            repair = Repair(changes, repair_label(changes)) if changes else NO_REPAIR
            message = context.app.fill(trap.sentence)
            yield context.finding("app-trap", Severity(trap.severity), trap.role, message, repair)


def _is_so(context: Context, name: str, test: str) -> bool:
    if name == "mode":
        word = context.mode.value if context.mode else ""
        return holds(test, Value(word, None, word))
    return holds(test, value_of(context.settings, name, context.origin))


def check_old_names(context: Context) -> Iterator[Problem]:
    """Yield one finding for each such name: a warning where its value is needed, else a note.

    A name of another app is told only where its value is needed: the line may be there for that app.
    """
    known = {item.name: item for item in context.app.old_names}
    moved: set[Role] = set()
    for name, value in context.settings.old_names:
        old = known[name]
        role, right = old.role, context.variable(old.role)
        if role in context.misnamed and role not in moved and value.reveal().strip():
            moved.add(role)
            severity, (then, repair) = Severity.WARNING, _moved(context, old)
            then = f"and that one is not set. {then}"
        elif old.of:
            continue
        else:
            is_set = context.settings.of(role) or role in context.misnamed
            severity, then = (
                Severity.INFO,
                f"which {'is set and counts' if is_set else 'is not set either'}. Drop the line.",
            )
            repair = Repair({name: None}, f"Drop {name}")
        message = f"{_fact(old, right)} {then}"
        made = Problem.of("legacy-name", severity, name, message, repair.changes, repair.label)
        yield made._replace(roles=(role.value,))


_LOGIN: Final = frozenset({Role.USERNAME, Role.PASSWORD})
"""Another app's login is copied by a person alone: it may be meant for that app, and half of one is no login."""


def _moved(context: Context, old: OldName) -> tuple[str, Repair]:
    """Return what to do with the value under an old name: it moves, or what is meant by it, but never a refused one."""
    right, found = context.variable(old.role), context.misnamed[old.role]
    value = _value(context, old.role)
    dropped: dict[str, str | Secret | None] = {} if old.of else {old.name: None}
    if isinstance(value, str) and context.refuses(old.role, value):
        return f"Its value is none that {right} takes.", NO_REPAIR
    if value is None:
        return "Leave it out.", Repair(dropped, f"Drop {old.name}") if dropped else NO_REPAIR
    put = context.put(old.role, value)
    if value != found:
        label = f"{put.label}, drop {old.name}" if dropped else put.label
        return f"{put.label}.", Repair({**put.changes, **dropped}, label)
    if old.of:
        return f"Set {right} to the same value.", NO_REPAIR if old.role in _LOGIN else put
    return "Rename the variable.", Repair({**put.changes, **dropped}, f"Rename {old.name} to {right}")


def _fact(old: OldName, right: str) -> str:
    if old.fact:
        return f"{old.name} {old.fact} {right},"
    if old.of:
        return f"{old.name} is {old.of}'s name; the app reads {right},"
    return f"The app does not read {old.name}; it reads {right},"


def _value(context: Context, role: Role) -> str | Secret | None:
    value = context.misnamed[role]
    if role is Role.SECURITY:
        port = context.port or meant_port(str(context.misnamed.get(Role.PORT, "")))  # it moves as well
        return context._replace(port=port).best_tls(str(value))
    if role is Role.OPPORTUNISTIC:
        meant = meant_boolean(str(value))
        return None if meant is None else str(meant).lower()
    if role is Role.PORT and context.refuses(role, str(value)):
        port = meant_port(str(value))
        return value if port is None else str(port)
    return value


def check_provider(context: Context) -> Iterator[Problem]:
    """Yield at most one finding: the preset's status in words."""
    provider = context.provider
    if provider is None:
        return
    caveat = safe(provider.caveats[0]) if provider.caveats else ""
    if provider.status is ProviderStatus.BLOCKED or not provider.password_auth:
        fact = f"{provider.name} {provider.status_note or 'takes no login with a password'}"
        message = f"{fact}, so the app cannot send through it. Choose another provider."
        yield context.finding("provider-blocked", Severity.ERROR, Role.HOST, message)
    elif provider.status is ProviderStatus.WARN:
        severity = Severity.INFO if context.captured else Severity.WARNING
        note = f"{provider.name}: {provider.status_note}." if provider.status_note else caveat
        yield context.finding("provider-warning", severity, Role.HOST, note)


RULES: Final[tuple[Callable[[Context], Iterator[Problem]], ...]] = (
    check_provider,
    check_startup,
    server.check_host,
    server.check_port,
    tls.check_tls,
    tls.check_cipher,
    login.check_login,
    login.check_credential,
    mail.check_sender,
    mail.check_links,
    check_traps,
    check_old_names,
)


def findings(
    settings: Settings,
    *,
    provider: Provider | None = None,
    origin: Origin = Origin.ANSWERS,
    in_container: bool = True,
) -> tuple[Problem, ...]:
    """Return what the app would refuse, ignore or misread, and what is likely wrong; errors first. Pure and instant.

    `in_container` says that the app runs in one, where localhost is the container itself. The repairs of all findings
    can be applied together: no two of them set a variable differently.
    """
    context = make_context(settings, provider, origin, in_container)
    found = gravest_first(item for rule in RULES for item in rule(context))
    if not found:
        return ()
    clear = sentence_clearer(secrets(settings, provider))  # a value that is quoted may be one, or hold one
    return tuple(
        item._replace(
            title=clear(item.title), cause=clear(item.cause), remedy=clear(item.remedy), label=clear(item.label)
        )
        for item in _without_contradictions(found)
    )


def _without_contradictions(found: Iterable[Problem]) -> Iterable[Problem]:
    """Take the repair off a finding where a graver one sets the same variable differently; it comes back afterwards."""
    decided: dict[str, str | Secret | None] = {}
    for item in found:
        if any(name in decided and opened(decided[name]) != opened(value) for name, value in item.changes.items()):
            yield item._replace(changes={}, label="")
        else:
            decided.update(item.changes)
            yield item


def secrets(settings: Settings, provider: Provider | None = None) -> tuple[Secret, ...]:
    """Return every secret of the settings, a token in the user name's place too."""
    token = settings.username and _is_secret(settings, provider)
    return (*settings.secrets(), *([Secret(settings.username or "")] if token else ()))


def masked_settings(settings: Settings, provider: Provider | None = None) -> dict[str, str]:
    """Return `settings.masked()` with further secrets masked.

    A user name that is the password (Postmark's token), that was swapped with it, or that has the shape of the
    provider's credential.
    """
    shown = settings.masked()
    if settings.username and _is_secret(settings, provider):
        shown[settings.app.variable(Role.USERNAME)] = MASK
    return shown


def _is_secret(settings: Settings, provider: Provider | None) -> bool:
    user, word = tidy(settings.username or ""), tidy(settings.password.reveal() if settings.password else "")
    known = None if provider is None or provider.kind is Kind.CUSTOM else provider
    if user == word or (known and has_shape(known.password.pattern, user)):
        return True
    return bool(settings.password) and login.looks_swapped(user, word, known)
