"""Settings: one configuration of an app, frozen, by role. Holds what was given, word for word; `lint` judges it.

Every field is the text of its variable, or None where the variable is absent: to an app an empty `NAME=` and no
NAME at all are different things. The app's profile goes along and gives the names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from smtpwizard.apps.parse import FORMS
from smtpwizard.apps.profile import AppProfile, Role
from smtpwizard.apps.schema import SECRET_ROLES, Composed
from smtpwizard.presets.values import TlsMode
from smtpwizard.problems import Changes
from smtpwizard.records import NamedTuple
from smtpwizard.secret import MASK, Secret

_SHORTEST: Final = 4
"""Characters below which a secret is not looked for inside of other values."""

_ROLES: Final = frozenset(Role)

_QUOTED_MASK: Final = MASK.replace("*", "%2A")
"""The mask as it stands in a URL."""

_QUERY: Final = r"(?i)[?&;](?:pass(?:word|wd)?|pwd|secret|token|auth|api[-_]?key|key)=([^&;\s'\"]+)"
_OPAQUE: Final = r"(?=.*\d)(?=.*[A-Za-z])[\w.-]{16,}"
"""What no mailbox is called: it tells a token before the `@` of a host from a mail address that was pasted there."""


def logins_in(text: str, role: Role | None = None) -> Iterator[str]:
    """Yield what is secret within a value: the login of a URL, alone and its password; a password in its query.

    A password may hold `/` and `@` itself, so a login goes to the last `@`. In a host it may stand without a scheme.
    """
    if not ("@" in text or "=" in text or role is Role.USERNAME):
        return  # most values by far
    start, slashes, rest = text.partition("//")
    before = rest if slashes and "@" not in start else text if role is Role.HOST else ""
    login, at, host = before.rpartition("@")
    head, slash, _ = login.partition("/")
    in_path = (
        role is not Role.HOST and slash and not re.fullmatch(r"[^:]*:(?!\d+\Z).*|.*@.*", head)
    )  # https://example.com/@name
    address = not slashes and ":" not in login and not (re.fullmatch(_OPAQUE, login) or _is_numeric(host))
    if at and login and not in_path and not address:
        user, _, password = login.partition(":")
        yield from (login, password, password.rpartition(":")[2])
        if "%" in login:
            from urllib.parse import unquote

            yield unquote(password or user)
    if "=" in text:
        yield from re.findall(_QUERY, text)
    if role is Role.USERNAME:
        yield text.partition(":")[2]  # `user@example.com:password`, copied as one


def _is_numeric(host: str) -> bool:
    return re.match(r"[\d.]+(?::\d+)?\Z", host) is not None


def _read_form(form: Composed, texts: Sequence[str | None]) -> dict[str, str]:
    return FORMS[form.form].read(texts) if any(text is not None for text in texts) else {}


class Settings(NamedTuple):
    """One configuration. `_replace()` and `with_changes()` make the next one."""

    app: AppProfile
    host: str | None = None
    port: str | None = None
    sender: str | None = None
    sender_name: str | None = None
    reply_to: str | None = None
    username: str | None = None
    password: Secret | None = None
    auth: str | None = None
    auth_mechanism: str | None = None
    security: str | None = None
    starttls: str | None = None
    require_tls: str | None = None
    ignore_tls: str | None = None
    ciphers: str | None = None
    opportunistic: str | None = None
    verify: str | None = None
    verify_name: str | None = None
    ca: str | None = None
    client_name: str | None = None
    timeout: str | None = None
    options: str | None = None
    url: str | None = None
    old_names: tuple[tuple[str, Secret], ...] = ()
    """Variables present under an old or misspelt name, with their values, which may be secrets."""
    constants: tuple[tuple[str, str], ...] | None = None
    """What was found of the profile's constants; None: as the profile wants them."""
    extras: tuple[tuple[str, Secret], ...] = ()
    """What was found of the profile's further variables, which may hold secrets."""

    def __repr__(self) -> str:
        """Return the roles that are set, without secrets; a user name without an `@` may be a token, too."""
        shown = {self.app.role(name) or name: value for name, value in self.masked().items()}
        if self.username and "@" not in self.username:
            shown[Role.USERNAME] = MASK
        fields = [f"{role}={value!r}" for role, value in shown.items()]
        return f"Settings({', '.join([*fields, *(name for name, _ in self.old_names)])})"

    @classmethod
    def from_variables(cls, app: AppProfile, variables: Mapping[str, str]) -> Settings:
        """Take the variables of the app, old names too, out of `variables`; everything else is ignored."""
        found = {item.role.value: variables[item.name] for item in app.variables if item.name in variables}
        for form in app.forms:
            found |= _read_form(form, [variables.get(name) for name in form.names])
        constants = {item.name: variables[item.name] for item in app.constants if item.name in variables}
        return cls(
            app,
            **{role: Secret(text) if role in SECRET_ROLES else text for role, text in found.items()},  # type: ignore[arg-type]  # each field of its own type
            old_names=tuple((name, Secret(variables[name])) for name in app.old if name in variables),
            constants=None if constants == app.wanted else tuple(constants.items()),
            extras=tuple((name, Secret(variables[name])) for name in app.beside if name in variables),
        )

    def to_variables(self) -> dict[str, str | Secret]:
        """Return the variables that are set, in the app's order, without old names; nothing where no role is set.

        The password is a Secret, and so is a variable that holds more than the password; so is the user name where it
        holds the same token (Postmark takes it in both fields).
        """
        values = {item.name: self.of(item.role) for item in self.app.variables}
        if self.password and self.username == self.password.reveal():
            values[self.app.variable(Role.USERNAME)] = self.password
        found: dict[str, str | Secret] = {name: value for name, value in values.items() if value is not None}
        if self.app.forms:
            found = self._composed(found)
        extras = {name: value.reveal() for name, value in self.extras}
        return {**self._own_constants, **found, **extras} if found else {}

    @property
    def _own_constants(self) -> dict[str, str]:
        return dict(self.app.wanted if self.constants is None else self.constants)

    def _composed(self, found: Mapping[str, str | Secret]) -> dict[str, str | Secret]:
        """Return variable → text, each form put together where its first part stands."""
        made: dict[str, str | Secret] = {}
        for item in self.app.variables:
            form = self.app.form(item.name)
            if form is None:
                made |= {item.name: found[item.name]} if item.name in found else {}
            elif form.names[0] not in made:
                texts = zip(form.names, self._texts(form), strict=True)
                secret = bool(self.password) and self._holds_password(form)
                made |= {name: Secret(text) if secret else text for name, text in texts if text is not None}
        return made

    def _holds_password(self, form: Composed) -> bool:
        return any(part.role is Role.PASSWORD for part in self.app.parts(form))

    def _texts(self, form: Composed, *, hidden: bool = False) -> tuple[str | None, ...]:
        """Return the texts of a form's variables; `hidden`: with MASK in the password's place."""
        made = FORMS[form.form]
        values = {role: self.of(Role(role)) for role in made.roles}
        texts = {
            role: (MASK if hidden else value.reveal()) if isinstance(value, Secret) else value
            for role, value in values.items()
            if value is not None
        }
        return made.write(texts)

    def in_file(self, role: Role) -> bool:
        """Say whether a role's value is in a file that its `_FILE` variable names."""
        spec = self.app.spec(role)
        return spec is not None and spec.file_variant != "" and bool(dict(self.extras).get(spec.file_variant))

    @property
    def lacking(self) -> dict[str, str]:
        """The profile's constants that are not as the app needs them: without them it uses no mail settings."""
        found = self._own_constants
        return {item.name: item.text for item in self.app.constants if not item.is_met(found.get(item.name))}

    @property
    def has_mail(self) -> bool:
        """Whether there is anything beside the app's own address."""
        return bool(self.old_names) or self._replace(url=None) != Settings(self.app, constants=self.constants)

    def masked(self) -> dict[str, str]:
        """Return the variables for display and JSON: a secret as MASK, and so where another value is or holds it."""
        hide = self._hiding()
        shown = {name: hide(str(value)) for name, value in self.to_variables().items()}
        for form in self.app.forms:
            if self._holds_password(form) and form.names[0] in shown:
                (text,) = self._texts(form, hidden=True)
                shown[form.names[0]] = (text or "").replace(_QUOTED_MASK, MASK)
        return shown

    def of(self, role: Role) -> str | Secret | None:
        """Return the value of a role, or None where it is not set."""
        value: str | Secret | None = getattr(self, role.value)
        return value

    def get(self, name: str) -> str | Secret | None:
        """Return the value of one of the app's variables, or None where it is not set. KeyError for other names."""
        if self.app.constant(name):
            return self._own_constants.get(name)
        if name in self.app.beside:
            return dict(self.extras).get(name)
        role = self.app.role(name)
        if role is not None:
            return self.of(role)
        if self.app.form(name):
            return self.to_variables().get(name)
        raise KeyError(name)

    def with_changes(self, changes: Changes) -> Settings:
        """Return the settings with `changes` applied: a role's or variable's new value, or None to leave it out.

        A change of an old name can only be None. KeyError for a name that the app does not have.
        """
        result = self
        for name, value in changes.items():
            text = value.reveal() if isinstance(value, Secret) else value
            if name in self.app.old and value is None:
                result = result._replace(old_names=tuple(item for item in result.old_names if item[0] != name))
            elif self.app.constant(name):
                kept = result._own_constants
                kept.pop(name, None)
                kept |= {name: text} if text is not None else {}
                result = result._replace(constants=None if kept == self.app.wanted else tuple(kept.items()))
            elif name in self.app.beside:
                result = result._without_extra(name)
                if text is not None:
                    result = result._replace(extras=(*result.extras, (name, Secret(text))))
            elif (role := self.app.role(name)) is not None:
                result = result._with(role, text)
                spec = self.app.spec(role)
                if text and spec is not None and spec.file_variant:  # with both, some apps do not start
                    result = result._without_extra(spec.file_variant)
                if role is Role.USERNAME and self.app.client.login == "switch":
                    client = self.app.client
                    result = result._replace(auth=client.login_on if text else client.login_off)
            elif form := self.app.form(name):
                texts = [text if own == name else old for own, old in zip(form.names, result._texts(form), strict=True)]
                parts = _read_form(form, texts)
                for own_role in FORMS[form.form].roles:
                    result = result._with(Role(own_role), parts.get(own_role))
            elif text is not None or name not in _ROLES:  # a role that the app does not have is left out already
                raise KeyError(name)
        return result

    def _without_extra(self, name: str) -> Settings:
        return self._replace(extras=tuple(item for item in self.extras if item[0] != name))

    def _with(self, role: Role, text: str | None) -> Settings:
        value = Secret(text) if role in SECRET_ROLES and text is not None else text
        return self._replace(**{role.value: value})  # type: ignore[arg-type]  # one field, of its own type

    def in_mode(self, tls: TlsMode) -> Settings:
        """Return the settings with the TLS mode that a port wants."""
        return self.with_changes(self.app.mode_changes(self.app.mode_for(tls)))

    def secrets(self) -> tuple[Secret, ...]:
        """Return every secret in these settings, wherever it stands: under its name, an old one, or within a value."""
        found = [self.password] if self.password else []
        values = [(item.role, self.of(item.role)) for item in self.app.variables]
        others = ((self.app.old[name], value) for name, value in self.old_names)
        further = ((None, value) for _, value in self.extras)
        for role, value in (*values, *others, *further):
            text = value.reveal() if isinstance(value, Secret) else value
            if not text:
                continue
            if role is Role.PASSWORD:
                found.append(Secret(text))
            else:
                found += [Secret(part) for part in logins_in(text, role) if part]
        return tuple(dict.fromkeys(found))

    def shown(self, value: str) -> str:
        """Return a value for display, with the secrets of these settings that it is or holds as MASK."""
        return self._hiding()(value)

    def _hiding(self) -> Callable[[str], str]:
        """Return `shown` for many values: to find the secrets is most of it."""
        words = sorted((word.reveal() for word in self.secrets() if len(word) >= _SHORTEST), key=len, reverse=True)

        def hide(value: str) -> str:
            for word in words:
                value = value.replace(word, MASK)
            return value

        return hide

    @property
    def shown_host(self) -> str:
        """The host for display, a login inside it as MASK; empty where it is not set."""
        return self.shown(self.host or "")

    @property
    def port_number(self) -> int | None:
        """The port as a number (1–65535), or None where it is not one."""
        text = (self.port or "").strip()
        if not (text.isascii() and text.isdigit()):
            return None
        number = int(text) if len(text) <= 6 else 0
        return number if 0 < number < 65536 else None
