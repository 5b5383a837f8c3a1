"""What the app hands to its mail client, made from the settings as the app's profile says.

Pure; nothing is judged here. The client's own default for a missing port is applied, so that a probe can take the
values as they are.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from smtpwizard.apps.parse import BOOLEANS, CHECKS, PORTS, Reason
from smtpwizard.apps.profile import Role
from smtpwizard.secret import Secret
from smtpwizard.settings import Settings


class Origin(StrEnum):
    """The way by which the variables reach the app.

    An app may check all of them and write a converted value back only for variables that its environment does not hold
    yet (@nestjs/config 4, assignVariablesToProcess). Then `True` becomes `true` when it comes from the app's own .env,
    and stays `True`, which is not `true`, when it comes from the container's environment.
    """

    ENV_FILE = "env-file"
    """The app's own .env, in its working directory: converted values count, where the app converts."""
    COMPOSE = "compose"
    """A compose file's `environment:` or `env_file:`: the text counts."""
    ENVIRON = "environ"
    """The environment of a process: the text counts."""
    ANSWERS = "answers"
    """The wizard's answers, not yet in any file: judged like an environment, the stricter reading."""


class Transport(NamedTuple):
    """The client's options as the app fills them."""

    host: str
    """Word for word: the app trims nothing."""
    port: int
    """May lie outside 1-65535: the client then fails before it connects."""
    secure: bool
    """Implicit TLS, from the first byte."""
    username: str | None = None
    """None with the password: the app does not log in."""
    password: Secret | None = None
    ciphers: str = ""
    """The cipher list, for implicit TLS and STARTTLS alike; empty where the client's own list counts."""
    require_tls: bool = False
    """Whether the client insists on STARTTLS."""
    ignore_tls: bool = False
    """Whether the client leaves STARTTLS alone though it is offered."""
    verify: bool = True
    """Whether the client checks the certificate."""
    name: str = ""
    """The name in EHLO; empty: the client's own choice."""
    pool: bool = False
    """Whether the client keeps connections for the mails to come."""

    @property
    def logs_in(self) -> bool:
        """Whether the client has credentials to log in with."""
        return self.username is not None


class Refusal(NamedTuple):
    """One variable over which the app refuses to start."""

    role: Role
    reason: Reason


def refusals(settings: Settings) -> tuple[Refusal, ...]:
    """Return everything over which the app refuses to start; it names only the first of them itself."""
    missing, wrong = [], []
    for item in settings.app.variables:
        value = settings.of(item.role)
        if value is None:
            missing += [Refusal(item.role, Reason.MISSING)] if item.required and item.check else []
        elif item.check:
            checked = CHECKS[item.check](str(value))
            wrong += [Refusal(item.role, checked)] if isinstance(checked, Reason) else []
    return (*missing, *wrong)


def unusable(settings: Settings) -> tuple[str, ...]:
    """Return why the app hands nothing to its client, in words: what it refuses to start with, or goes without."""
    name = settings.app.variable
    found = [f"{name(item.role)} is {item.reason.value.replace('-', ' ')}" for item in refusals(settings)]
    found += [f"{switch} is not {text}" for switch, text in settings.lacking.items()]
    if settings.host is None and not found:
        found.append(f"{name(Role.HOST)} is {Reason.MISSING.value}")
    return tuple(found)


def transport(settings: Settings, *, origin: Origin = Origin.ANSWERS) -> Transport | None:
    """Return what the app hands to its client, or None where it would refuse to start."""
    if unusable(settings) or settings.host is None:
        return None
    client = settings.app.client
    secure = implicit_tls(settings, origin)
    logs_in = settings.username is not None or settings.password is not None
    if client.login == "both":
        logs_in = bool(settings.username and settings.password)
    listed = settings.ciphers or ""
    if not listed and client.implicit_ciphers and is_on(settings, Role.SECURITY, Origin.ENV_FILE):
        listed = client.implicit_ciphers
    return Transport(
        host=settings.host,
        port=effective_port(settings, origin) or (465 if secure else 587),
        secure=secure,
        username=settings.username or "" if logs_in else None,
        password=settings.password or Secret("") if logs_in else None,
        ciphers=listed,
        require_tls=is_on(settings, Role.REQUIRE_TLS, origin),
        ignore_tls=is_on(settings, Role.IGNORE_TLS, origin),
        verify=settings.verify is None or is_on(settings, Role.VERIFY, origin),
        name=settings.client_name or "",
        pool=client.pool,
    )


def implicit_tls(settings: Settings, origin: Origin = Origin.ANSWERS) -> bool:
    """Return whether the app has its client open with TLS."""
    if settings.security is None and settings.app.client.implicit_on_465:
        return effective_port(settings, origin) == 465
    return is_on(settings, Role.SECURITY, origin)


def is_on(settings: Settings, role: Role, origin: Origin = Origin.ANSWERS) -> bool:
    """Return what the app makes of a switch."""
    value, spec = settings.of(role), settings.app.spec(role)
    if spec is None or not spec.read:
        return False
    return BOOLEANS[spec.read](_converted(settings, role, spec.default if value is None else str(value), origin))


def effective_port(settings: Settings, origin: Origin) -> int | None:
    """Return the port that the client is given; None where it takes its own default."""
    spec = settings.app.spec(Role.PORT)
    if spec is None or not settings.port:
        return None
    parse = PORTS[spec.read or "parse-int"]
    return parse(_converted(settings, Role.PORT, settings.port, origin)) or None


def _converted(settings: Settings, role: Role, text: str, origin: Origin) -> str:
    """Return the text as the app's check leaves it, where that is what counts."""
    spec = settings.app.spec(role)
    if spec is None or not spec.check or not settings.app.client.converted or origin is not Origin.ENV_FILE:
        return text
    checked = CHECKS[spec.check](text)
    return "" if isinstance(checked, Reason) else checked
