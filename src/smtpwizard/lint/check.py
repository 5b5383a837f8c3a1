"""All findings about a set of settings: runs the rules, puts the gravest first, keeps repairs from contradicting."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from smtpwizard.clients.transport import Origin
from smtpwizard.lint import login, tls
from smtpwizard.lint import login as credential
from smtpwizard.lint import mail as links
from smtpwizard.lint import mail as sender
from smtpwizard.lint import server as host
from smtpwizard.lint import server as port
from smtpwizard.lint import startup as legacy
from smtpwizard.lint import startup as provider
from smtpwizard.lint import startup as start
from smtpwizard.lint import tls as cipher
from smtpwizard.lint.context import Case, has_shape, make_case
from smtpwizard.lint.login import looks_swapped
from smtpwizard.presets.schema import Provider
from smtpwizard.problems import Problem, Severity
from smtpwizard.secret import MASK, Secret
from smtpwizard.settings import Settings

RULES: Final[tuple[Callable[[Case], Iterator[Problem]], ...]] = (
    provider.check_provider,
    start.check_startup,
    host.check_host,
    port.check_port,
    tls.check_tls,
    cipher.check_cipher,
    login.check_login,
    credential.check_credential,
    sender.check_sender,
    links.check_links,
    legacy.check_legacy,
)


_ORDER: Final = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}


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
    case = make_case(settings, provider, origin, in_container)
    found = [item for rule in RULES for item in rule(case)]
    found.sort(key=lambda item: _ORDER[item.severity])  # stable: within a severity the order of RULES
    return tuple(_without_contradictions(found))


def _without_contradictions(found: Iterable[Problem]) -> Iterable[Problem]:
    """Take the repair off a finding where a graver one sets the same variable differently; it comes back afterwards."""
    decided: dict[str, str | Secret | None] = {}
    for item in found:
        if any(name in decided and not _same(decided[name], value) for name, value in item.changes.items()):
            yield item._replace(changes={}, label="")
        else:
            decided.update(item.changes)
            yield item


def _same(one: str | Secret | None, other: str | Secret | None) -> bool:
    return _text(one) == _text(other)


def _text(value: str | Secret | None) -> str | None:
    return value.reveal() if isinstance(value, Secret) else value


_USERINFO = r"//\S*@"
"""`user:password@` of a URL that was pasted as a host."""


def masked_settings(settings: Settings, provider: Provider | None = None) -> dict[str, str]:
    """Return `settings.masked()` with further secrets masked.

    A user name that is the password (Postmark's token), that was swapped with it, or that has the shape of the
    provider's credential; and the login inside a URL in SMTP_HOST.
    """
    shown = settings.masked()
    if settings.username and _is_secret(settings, provider):
        shown["SMTP_USERNAME"] = MASK
    if "SMTP_HOST" in shown:
        shown["SMTP_HOST"] = re.sub(_USERINFO, f"//{MASK}@", shown["SMTP_HOST"])
    return shown


def _is_secret(settings: Settings, provider: Provider | None) -> bool:
    case = make_case(settings, provider, Origin.ANSWERS, in_container=True)
    if case.username == case.password:
        return True
    if case.provider and has_shape(case.provider.password.pattern, case.username):
        return True
    return bool(settings.password) and looks_swapped(case)
