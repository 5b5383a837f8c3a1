"""Settings: the SMTP_* variables of an app, frozen. Holds what was given, word for word; judging it is `app`'s work.

Every field is the text of its variable, or None where the variable is absent: to the app an empty `SMTP_TLS=` and
no SMTP_TLS at all are different things (reference: app-semantics, "Variables → transport").
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from smtpwizard.secret import MASK, Secret

FIELDS: Final[Mapping[str, str]] = {
    "SMTP_HOST": "host",
    "SMTP_PORT": "port",
    "SMTP_SENDER": "sender",
    "SMTP_USERNAME": "username",
    "SMTP_PASSWORD": "password",
    "SMTP_TLS": "tls",
    "SMTP_CIPHER_SPEC": "cipher_spec",
    "SMTP_OPPORTUNISTIC_TLS": "opportunistic_tls",
    "ADMIN_WEB_URL": "admin_web_url",
}
"""Variable → field of Settings, in the order in which files and screens show them."""

SECRET_VARIABLES: Final = frozenset({"SMTP_PASSWORD"})

LEGACY: Final[Mapping[str, str]] = {
    "SMTP_BASE_URL": "ADMIN_WEB_URL",
    "SMTP_USER": "SMTP_USERNAME",
    "SMTP_LOGIN": "SMTP_USERNAME",
    "SMTP_PASS": "SMTP_PASSWORD",
    "SMTP_PWD": "SMTP_PASSWORD",
    "SMTP_FROM": "SMTP_SENDER",
    "SMTP_MAIL_FROM": "SMTP_SENDER",
    "SMTP_FROM_EMAIL": "SMTP_SENDER",
    "SMTP_SERVER": "SMTP_HOST",
    "SMTP_HOSTNAME": "SMTP_HOST",
    "SMTP_SECURE": "SMTP_TLS",
    "SMTP_SSL": "SMTP_TLS",
    "SMTP_CIPHERSPEC": "SMTP_CIPHER_SPEC",
    "SMTP_OPPORTUNISTICTLS": "SMTP_OPPORTUNISTIC_TLS",
}
"""Old and misspelt names found in the wild → the name that the app reads."""


_LOGIN_IN_HOST: Final = r"(?s)(?:[^/@]*//(?P<url>.*)|(?P<bare>[^/]*:.*))@"
"""A URL's `user:password@` in SMTP_HOST, or the same without a scheme; a password may hold `/` and `@` itself."""


class Settings(NamedTuple):
    """One configuration. `_replace()` and `with_changes()` make the next one."""

    host: str | None = None
    port: str | None = None
    sender: str | None = None
    username: str | None = None
    password: Secret | None = None
    tls: str | None = None
    cipher_spec: str | None = None
    opportunistic_tls: str | None = None
    admin_web_url: str | None = None
    legacy: tuple[tuple[str, Secret], ...] = ()
    """Variables present under an old or misspelt name (LEGACY), with their values, which may be secrets."""

    def __repr__(self) -> str:
        """Return the fields that are set, without secrets; a user name without an `@` may be a token, too."""
        shown = self.masked()
        if self.username and "@" not in self.username:
            shown["SMTP_USERNAME"] = MASK
        fields = [f"{FIELDS[variable]}={value!r}" for variable, value in shown.items()]
        return f"Settings({', '.join([*fields, *(name for name, _ in self.legacy)])})"

    @classmethod
    def from_variables(cls, variables: Mapping[str, str]) -> Settings:
        """Take the variables of FIELDS and LEGACY out of `variables`; everything else is ignored."""
        found = {name: variables[variable] for variable, name in FIELDS.items() if variable in variables}
        password = found.pop("password", None)
        return cls(
            **found,
            password=None if password is None else Secret(password),
            legacy=tuple((name, Secret(variables[name])) for name in LEGACY if name in variables),
        )

    def to_variables(self) -> dict[str, str | Secret]:
        """Return the variables that are set, in the order of FIELDS, without legacy names.

        SMTP_PASSWORD is a Secret; so is SMTP_USERNAME where it holds the same token (Postmark takes it in both fields).
        """
        values = {variable: getattr(self, name) for variable, name in FIELDS.items()}
        if self.password and self.username == self.password.reveal():
            values["SMTP_USERNAME"] = self.password
        return {variable: value for variable, value in values.items() if value is not None}

    def masked(self) -> dict[str, str]:
        """Return the variables for display and JSON: the secret as MASK, and so a login inside SMTP_HOST."""
        shown = {variable: str(value) for variable, value in self.to_variables().items()}
        return shown if self.host is None else shown | {"SMTP_HOST": self.shown_host}

    def get(self, variable: str) -> str | Secret | None:
        """Return the value of a variable of FIELDS, or None where it is not set. KeyError for other names."""
        value: str | Secret | None = getattr(self, FIELDS[variable])
        return value

    def with_changes(self, changes: Mapping[str, str | Secret | None]) -> Settings:
        """Return the settings with `changes` applied: a variable's new value, or None to leave the variable out.

        A change of a LEGACY name can only be None. KeyError for a name that is neither.
        """
        result = self
        for variable, value in changes.items():
            if variable in LEGACY and value is None:
                result = result._replace(legacy=tuple(item for item in result.legacy if item[0] != variable))
                continue
            name = FIELDS[variable]
            if name == "password" and isinstance(value, str):
                value = Secret(value)
            elif name != "password" and isinstance(value, Secret):
                value = value.reveal()
            result = result._replace(**{name: value})  # type: ignore[arg-type]  # one field, of its own type
        return result

    def secrets(self) -> tuple[Secret, ...]:
        """Return every secret in these settings, for `redact()`; of a login inside SMTP_HOST all and its password."""
        own = (self.password,) if self.password else ()
        login = self._login_in_host
        hosts = tuple(Secret(text) for text in (login, login.partition(":")[2]) if text)
        return own + hosts + tuple(value for name, value in self.legacy if LEGACY[name] in SECRET_VARIABLES and value)

    @property
    def shown_host(self) -> str:
        """SMTP_HOST for display, a login inside it as MASK; empty where it is not set."""
        host, login = self.host or "", self._login_in_host
        return host.replace(f"{login}@", f"{MASK}@", 1) if login else host

    @property
    def _login_in_host(self) -> str:
        """The login that came into SMTP_HOST with a URL or before an `@`; empty where there is none."""
        found = re.match(_LOGIN_IN_HOST, self.host or "")
        return (found["url"] or found["bare"] or "") if found else ""

    @property
    def port_number(self) -> int | None:
        """SMTP_PORT as a port (1–65535), or None where it is not one."""
        text = (self.port or "").strip()
        if not (text.isascii() and text.isdigit()):
            return None
        number = int(text) if len(text) <= 6 else 0
        return number if 0 < number < 65536 else None
