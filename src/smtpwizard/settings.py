"""Settings: one configuration of an app, frozen, by role. Holds what was given, word for word; `lint` judges it.

Every field is the text of its variable, or None where the variable is absent: to an app an empty `NAME=` and no
NAME at all are different things. The app's profile goes along and gives the names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from smtpwizard.apps.profile import AppProfile, Role
from smtpwizard.presets.values import TlsMode
from smtpwizard.problems import Changes
from smtpwizard.secret import MASK, Secret

_LOGIN_IN_HOST: Final = r"(?s)(?:[^/@]*//(?P<url>.*)|(?P<bare>[^/]*:.*))@"
"""A URL's `user:password@` in the host, or the same without a scheme; a password may hold `/` and `@` itself."""


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
    security: str | None = None
    require_tls: str | None = None
    ignore_tls: str | None = None
    ciphers: str | None = None
    opportunistic: str | None = None
    verify: str | None = None
    client_name: str | None = None
    url: str | None = None
    old_names: tuple[tuple[str, Secret], ...] = ()
    """Variables present under an old or misspelt name, with their values, which may be secrets."""
    constants: tuple[tuple[str, str], ...] | None = None
    """What was found of the profile's constants; None: as the profile wants them."""

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
        found: dict[str, str | Secret] = {
            item.role.value: Secret(variables[item.name]) if item.secret else variables[item.name]
            for item in app.variables
            if item.name in variables
        }
        constants = {name: variables[name] for name in app.constants if name in variables}
        return cls(
            app,
            **found,  # type: ignore[arg-type]  # each field of its own type
            old_names=tuple((name, Secret(variables[name])) for name in app.old if name in variables),
            constants=None if constants == app.constants else tuple(constants.items()),
        )

    def to_variables(self) -> dict[str, str | Secret]:
        """Return the variables that are set, in the app's order, without old names; nothing where no role is set.

        The password is a Secret; so is the user name where it holds the same token (Postmark takes it in both fields).
        """
        values = {item.name: self.of(item.role) for item in self.app.variables}
        if self.password and self.username == self.password.reveal():
            values[self.app.variable(Role.USERNAME)] = self.password
        found: dict[str, str | Secret] = {name: value for name, value in values.items() if value is not None}
        constants = self.app.constants.items() if self.constants is None else self.constants
        return {**dict(constants), **found} if found else {}

    @property
    def lacking(self) -> dict[str, str]:
        """The profile's constants that are not as the app needs them: without them it uses no mail settings."""
        found = dict(self.app.constants if self.constants is None else self.constants)
        return {name: text for name, text in self.app.constants.items() if found.get(name, "").lower() != text.lower()}

    @property
    def has_mail(self) -> bool:
        """Whether there is anything beside the app's own address."""
        return bool(self.old_names) or self._replace(url=None) != Settings(self.app, constants=self.constants)

    def masked(self) -> dict[str, str]:
        """Return the variables for display and JSON: the secret as MASK, and so a login inside the host."""
        shown = {name: str(value) for name, value in self.to_variables().items()}
        return shown if self.host is None else shown | {self.app.variable(Role.HOST): self.shown_host}

    def of(self, role: Role) -> str | Secret | None:
        """Return the value of a role, or None where it is not set."""
        value: str | Secret | None = getattr(self, role.value)
        return value

    def get(self, name: str) -> str | Secret | None:
        """Return the value of one of the app's variables, or None where it is not set. KeyError for other names."""
        if name in self.app.constants:
            return dict(self.app.constants if self.constants is None else self.constants).get(name)
        role = self.app.role(name)
        if role is None:
            raise KeyError(name)
        return self.of(role)

    def with_changes(self, changes: Changes) -> Settings:
        """Return the settings with `changes` applied: a role's or variable's new value, or None to leave it out.

        A change of an old name can only be None. KeyError for a name that the app does not have.
        """
        result = self
        for name, value in changes.items():
            if name in self.app.old and value is None:
                result = result._replace(old_names=tuple(item for item in result.old_names if item[0] != name))
                continue
            if name in self.app.constants:
                kept = dict(self.app.constants if result.constants is None else result.constants)
                kept.pop(name, None)
                text = value.reveal() if isinstance(value, Secret) else value
                result = result._replace(constants=(*kept.items(), *([(name, text)] if text is not None else [])))
                continue
            role = self.app.role(name)
            if role is None:
                raise KeyError(name)
            if role is Role.PASSWORD and isinstance(value, str):
                value = Secret(value)
            elif role is not Role.PASSWORD and isinstance(value, Secret):
                value = value.reveal()
            result = result._replace(**{role.value: value})  # type: ignore[arg-type]  # one field, of its own type
        return result

    def in_mode(self, tls: TlsMode) -> Settings:
        """Return the settings with the TLS mode that a port wants."""
        return self.with_changes(self.app.mode_changes(self.app.mode_for(tls)))

    def secrets(self) -> tuple[Secret, ...]:
        """Return every secret in these settings, for `redact()`; of a login inside the host all and its password."""
        own = (self.password,) if self.password else ()
        login = self._login_in_host
        hosts = tuple(Secret(text) for text in (login, login.partition(":")[2]) if text)
        old = self.app.old
        return own + hosts + tuple(value for name, value in self.old_names if old[name] is Role.PASSWORD and value)

    @property
    def shown_host(self) -> str:
        """The host for display, a login inside it as MASK; empty where it is not set."""
        host, login = self.host or "", self._login_in_host
        return host.replace(f"{login}@", f"{MASK}@", 1) if login else host

    @property
    def _login_in_host(self) -> str:
        """The login that came into the host with a URL or before an `@`; empty where there is none."""
        found = re.match(_LOGIN_IN_HOST, self.host or "")
        return (found["url"] or found["bare"] or "") if found else ""

    @property
    def port_number(self) -> int | None:
        """The port as a number (1–65535), or None where it is not one."""
        text = (self.port or "").strip()
        if not (text.isascii() and text.isdigit()):
            return None
        number = int(text) if len(text) <= 6 else 0
        return number if 0 < number < 65536 else None
