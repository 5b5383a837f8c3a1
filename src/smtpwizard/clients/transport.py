"""What the app hands to its mail client, made from the settings as the app's profile says.

Pure; nothing is judged here. The client's own default for a missing port is applied, so that a probe can take the
values as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from smtpwizard.apps.parse import BOOLEANS, CHECKS, PORTS, WORDS, Reason
from smtpwizard.apps.profile import Role, Security
from smtpwizard.apps.schema import Reading, Value, Variable, holds
from smtpwizard.records import NamedTuple
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
    verify_name: bool = True
    """Whether it checks the name in it as well."""
    name: str = ""
    """The name in EHLO; empty: the client's own choice."""
    pool: bool = False
    """Whether the client keeps connections for the mails to come."""
    options: Mapping[str, str] = {}
    """What else reaches the client, as its model names it: the profile's options, those of the mode, the settings'."""

    @property
    def security(self) -> Security:
        """How the client is told to use TLS."""
        if self.secure:
            return Security.IMPLICIT
        if self.ignore_tls:
            return Security.NONE
        return Security.STARTTLS if self.require_tls else Security.OPPORTUNISTIC

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
            # The app's own address is no mail setting: where only those are read, it stands elsewhere.
            stops = item.required and item.check and not item.default and item.role is not Role.URL
            missing += [Refusal(item.role, Reason.MISSING)] if stops else []
            continue
        text = str(value.reveal() if isinstance(value, Secret) else value)
        reason = refused(item, text)
        wrong += [Refusal(item.role, reason)] if reason else []
    return (*missing, *wrong)


def refused(item: Variable, text: str) -> Reason | None:
    """Return why the app does not start with a variable's text, or None where it does."""
    if not text and item.empty:
        return Reason.EMPTY if item.empty == "refused" else None
    if item.check and isinstance(checked := CHECKS[item.check](text), Reason):
        return checked
    if item.choices:
        read = WORDS.get(item.read, str)
        return None if read(text) in item.choices else Reason.NOT_A_CHOICE
    return None


def unusable(settings: Settings) -> tuple[str, ...]:
    """Return why the app hands nothing to its client, in words: what it refuses to start with, or goes without."""
    name = settings.app.variable
    found = [f"{name(item.role)} is {item.reason.value.replace('-', ' ')}" for item in refusals(settings)]
    found += [f"{switch} is not {text}" for switch, text in settings.lacking.items()]
    if not settings.host and not settings.app.default(Role.HOST) and not found:
        found.append(f"{name(Role.HOST)} is {Reason.MISSING.value if settings.host is None else Reason.EMPTY.value}")
    if not found and (why := reading(settings).refused):
        found.append(why[:1].lower() + why[1:].rstrip("."))
    return tuple(found)


def transport(settings: Settings, *, origin: Origin = Origin.ANSWERS) -> Transport | None:
    """Return what the app hands to its client, or None where it would refuse to start."""
    app, mode = settings.app, security(settings, origin)
    if unusable(settings) or mode is None:
        return None
    client, said = app.client, getattr(app.modes, mode.value)
    logs_in = _logs_in(settings, origin)
    listed = settings.ciphers or ""
    if not listed and client.implicit_ciphers and is_on(settings, Role.SECURITY, Origin.ENV_FILE):
        listed = client.implicit_ciphers
    roles = {role.value: settings.of(role) for role in (Role.AUTH_MECHANISM, Role.TIMEOUT, Role.CA)}
    return Transport(
        host=app.default(Role.HOST) if settings.host is None else settings.host,
        port=effective_port(settings, origin) or said.port or (465 if mode is Security.IMPLICIT else 587),
        secure=mode is Security.IMPLICIT,
        username=settings.username or "" if logs_in else None,
        password=settings.password or Secret("") if logs_in else None,
        ciphers=listed,
        require_tls=mode is Security.STARTTLS or _asks_for(settings, Role.REQUIRE_TLS, origin),
        ignore_tls=mode is Security.NONE or _asks_for(settings, Role.IGNORE_TLS, origin),
        verify=_verifies(settings, Role.VERIFY, origin, said.verify),
        verify_name=_verifies(settings, Role.VERIFY_NAME, origin, default=True),
        name=settings.client_name or "",
        pool=client.pool,
        options={**client.options, **said.options, **{role: str(text) for role, text in roles.items() if text}},
    )


def _logs_in(settings: Settings, origin: Origin) -> bool:
    """Return whether the app gives its client a login."""
    user, password = settings.username, settings.password
    return {
        "both": bool(user and password),
        "username": bool(user),
        "either": bool(user or password),
        "present": user is not None,
        "any": user is not None or password is not None,
        "always": True,
        "switch": is_on(settings, Role.AUTH, origin),
    }[settings.app.client.login]


def _verifies(settings: Settings, role: Role, origin: Origin, default: bool) -> bool:
    """Return whether a certificate, or the name in it, is checked."""
    spec = settings.app.spec(role)
    if spec is None or (settings.of(role) is None and not spec.default):
        return default
    on = _switch(settings, spec.name, origin)
    return default if on is None else on != spec.inverted


def _asks_for(settings: Settings, role: Role, origin: Origin) -> bool:
    """Return whether a switch asks for what its role is, which counts beside the mode that comes of it."""
    spec = settings.app.spec(role)
    if spec is None or spec.read not in BOOLEANS:
        return False
    on = _switch(settings, spec.name, origin)
    return on is not None and on != spec.inverted


def reading(settings: Settings, origin: Origin = Origin.ANSWERS) -> Reading:
    """Return what the app makes of its variables for TLS: the first of the profile's readings that holds."""
    return next(
        item
        for item in settings.app.reads
        if all(holds(test, value_of(settings, name, origin)) for name, test in item.when.items())
    )


def security(settings: Settings, origin: Origin = Origin.ANSWERS) -> Security | None:
    """Return how the app tells its client to use TLS; None where it refuses what is set."""
    return reading(settings, origin).mode


def implicit_tls(settings: Settings, origin: Origin = Origin.ANSWERS) -> bool:
    """Return whether the app has its client open with TLS."""
    return security(settings, origin) is Security.IMPLICIT


def is_on(settings: Settings, role: Role, origin: Origin = Origin.ANSWERS) -> bool:
    """Return what the app makes of a switch."""
    spec = settings.app.spec(role)
    return spec is not None and spec.read in BOOLEANS and _switch(settings, spec.name, origin) is True


def value_of(settings: Settings, name: str, origin: Origin = Origin.ANSWERS) -> Value:
    """Return what is known of one of the app's variables, or of a role. KeyError for other names."""
    slot = settings.app.slot(name)
    value = settings.get(slot)
    text = value.reveal() if isinstance(value, Secret) else value
    spec = _spec(settings, slot)
    if spec.read in PORTS or settings.app.role(slot) is Role.PORT:
        port = effective_port(settings, origin)
        return Value(text, None, "" if port is None else str(port))
    if spec.read in BOOLEANS:
        return Value(text, _switch(settings, slot, origin), text or "")
    counted = spec.default if text is None or (not text and spec.empty == "absent") else text
    return Value(text, None, WORDS.get(spec.read, str)(_converted(settings, slot, counted, origin)))


def effective_port(settings: Settings, origin: Origin) -> int | None:
    """Return the port that the client is given; None where it takes its own default."""
    spec = settings.app.spec(Role.PORT)
    text = settings.port or (spec.default if spec else "")
    if spec is None or not text:
        return None
    parse = PORTS.get(spec.read, PORTS["parse-int"])
    return parse(_converted(settings, spec.name, text, origin)) or None


class _Spec(NamedTuple):
    """What counts of a variable here, be it one of a role, a further one or a constant."""

    read: str
    default: str
    check: str = ""
    empty: str = ""


def _spec(settings: Settings, name: str) -> _Spec:
    app = settings.app
    if variable := next((item for item in app.variables if item.name == name), None):
        return _Spec(variable.read, variable.default, variable.check, variable.empty)
    if other := app.further(name) or app.constant(name):
        return _Spec(other.read, other.default)
    return _Spec("", "")


def _switch(settings: Settings, name: str, origin: Origin) -> bool | None:
    """Return what the app makes of a switch; None where it makes nothing of it."""
    spec, value = _spec(settings, name), settings.get(name)
    text = value.reveal() if isinstance(value, Secret) else value
    read = BOOLEANS[spec.read]
    if text is not None and (text or spec.empty != "absent"):
        found = read(_converted(settings, name, text, origin))
        if found is not None:
            return found
    return read(spec.default) if spec.default else False


def _converted(settings: Settings, name: str, text: str, origin: Origin) -> str:
    """Return the text as the app's check leaves it, where that is what counts."""
    check = _spec(settings, name).check
    if not check or not settings.app.client.converted or origin is not Origin.ENV_FILE:
        return text
    checked = CHECKS[check](text)
    return "" if isinstance(checked, Reason) else checked
