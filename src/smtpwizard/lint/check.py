"""Runs all rules on a set of settings, puts the gravest findings first, and keeps their repairs from contradicting."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from smtpwizard.apps.profile import Role
from smtpwizard.clients.transport import Origin
from smtpwizard.lint import login, mail, server, startup, tls
from smtpwizard.lint.context import Context, has_shape, make_context
from smtpwizard.presets.schema import Provider
from smtpwizard.problems import Problem, gravest_first, opened
from smtpwizard.secret import MASK, Secret
from smtpwizard.settings import Settings

RULES: Final[tuple[Callable[[Context], Iterator[Problem]], ...]] = (
    startup.check_provider,
    startup.check_startup,
    server.check_host,
    server.check_port,
    tls.check_tls,
    tls.check_cipher,
    login.check_login,
    login.check_credential,
    mail.check_sender,
    mail.check_links,
    startup.check_old_names,
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
    hidden = [item.reveal() for item in secrets(settings, provider) if len(item) >= _SHORTEST]
    return tuple(_without_secrets(item, hidden) for item in _without_contradictions(found))


_SHORTEST: Final = 4
"""A secret with fewer characters is not looked for in sentences: it could be part of any word."""
_LONGEST_WORD: Final = 12
"""Letters alone, and fewer than this: the sentences of the rules have such words of their own."""


def _without_secrets(item: Problem, hidden: Iterable[str]) -> Problem:
    """Return the problem with its texts cleared of secrets, as values that are quoted may hold them."""
    texts = {name: getattr(item, name) for name in ("title", "cause", "remedy", "label")}
    for secret in sorted(hidden, key=len, reverse=True):
        # What could be a word is one of the sentence's own, unless it stands in a value.
        value = r"(?<=[`=])" if secret.isalpha() and len(secret) < _LONGEST_WORD else r"(?<!\w)"
        for name, text in texts.items():
            texts[name] = re.sub(rf"{value}{re.escape(secret)}(?!\w)", MASK, text)
    return item if all(getattr(item, name) == text for name, text in texts.items()) else item._replace(**texts)


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
    context = make_context(settings, provider, Origin.ANSWERS, in_container=True)
    if context.username == context.password:
        return True
    if context.provider and has_shape(context.provider.password.pattern, context.username):
        return True
    return bool(settings.password) and login.looks_swapped(context)
