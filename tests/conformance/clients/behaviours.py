"""The servers of the nodemailer suite, with settings that any client has: a mode, a login, a sender. Data only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from conformance import envelope_behaviours, login_behaviours, opening_behaviours, tls_behaviours
from conformance.behaviour import Behaviour
from smtpwizard.apps.profile import Security
from smtpwizard.sandbox.scripted import Script


@dataclass(frozen=True, slots=True)
class Case:
    """One server met in one mode."""

    behaviour: str
    script: Script
    mode: Security
    user: str = ""
    password: str = ""
    sender: str = "app@example.com"
    to: str = "to@example.com"
    certificate: str = "trusted"
    host: str = "localhost"
    port: str | None = None
    timeout: float | None = None
    """Seconds that the app sets; None: it sets none."""
    verify: bool = True
    """Whether the app has the certificate checked."""
    options: Mapping[str, str] = field(default_factory=dict)
    """What else reaches the client, by the names of a profile's [client]."""

    @property
    def settings(self) -> str:
        """The mode, the login and the rest in words."""
        login = "login" if self.user and self.password else "half a login" if self.user or self.password else "no login"
        sender = f", sender {self.sender}" if self.sender != "app@example.com" else ""
        wrong = ", wrong password" if self.password == "not this one" else ""
        more = [f"{name.replace('_', ' ')} {text}" for name, text in self.options.items()]
        more += [*(["time limit"] if self.timeout else []), *([] if self.verify else ["certificate unchecked"])]
        return ", ".join([f"{self.mode.value}, {login}{wrong}{sender}", *more])


_SUITES: Final = (opening_behaviours, login_behaviours, envelope_behaviours, tls_behaviours)
_REQUIRED_TOO: Final = ("all is well", "EHLO: nothing", "EHLO: 502", "STARTTLS: named", "STARTTLS: written")
"""How behaviours of servers without STARTTLS begin that are met with STARTTLS required as well."""
_INSIDE_TLS_TOO: Final = ("login: ", "MAIL: ", "RCPT: ", "DATA: ", "DOT: ")
"""How behaviours begin that are met with TLS from the first byte as well."""
_BEFORE_ANY_LOGIN: Final = ("greeting: ", "connect: ", "STARTTLS: 220", "STARTTLS: closed", "implicit TLS: ")
"""How behaviours begin that end before a login, so that they are met with one alone."""
_WAITING: Final = ("silen", "never", "endless", "silent")
"""What is in the name of a behaviour at which a time limit counts."""
LIMIT: Final = 1.2
"""Seconds of an app's time limit: between a server's pauses (0.4 s) and what the suite may take."""


def cases(modes: tuple[Security, ...], *, limited: bool) -> Iterator[Case]:
    """Yield every case for a client that can be told to use `modes`; `limited`: once more with a time limit.

    In clear text the client is in its laxest mode: none, or STARTTLS where offered.
    """
    for suite in _SUITES:
        for item in suite.ALL:
            seen = set()
            for extra in item.settings.values():
                for case in _met(item, extra, modes):
                    if case.settings in seen:
                        continue
                    seen.add(case.settings)
                    yield case
                    if limited and any(word in case.behaviour for word in _WAITING) and case.user:
                        yield Case(**{name: getattr(case, name) for name in Case.__slots__} | {"timeout": LIMIT})


def _met(item: Behaviour, extra: Mapping[str, str], modes: tuple[Security, ...]) -> Iterator[Case]:
    if extra.get("SMTP_CIPHER_SPEC", "TLSv1.2") != "TLSv1.2":
        return
    if not extra.get("SMTP_USERNAME") and item.name.startswith(_BEFORE_ANY_LOGIN):
        return
    implicit = extra.get("SMTP_TLS", str(item.script.implicit).lower()) == "true"
    lax = Security.NONE if Security.NONE in modes else Security.OPPORTUNISTIC
    if implicit:
        chosen = {Security.IMPLICIT}
    elif item.script.starttls or item.name.startswith(_REQUIRED_TOO):
        chosen = set(modes) - {Security.IMPLICIT}
    else:
        chosen = {lax}
    both = item.name.startswith(_INSIDE_TLS_TOO) and not item.name.endswith(("silent", "reset"))
    for mode in sorted(chosen.union({Security.IMPLICIT} if both else ()).intersection(modes)):
        yield Case(
            item.name,
            replace(item.script, implicit=item.script.implicit or (both and mode is Security.IMPLICIT)),
            mode,
            extra.get("SMTP_USERNAME", ""),
            extra.get("SMTP_PASSWORD", ""),
            extra.get("SMTP_SENDER", "app@example.com"),
            item.to,
            item.certificate,
            item.host,
            item.port,
        )
