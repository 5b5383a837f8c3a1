"""What stands in a profile: the tables of `presets/apps/<id>.toml`, and the roles and modes of which they speak."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Final

from smtpwizard.apps.parse import BOOLEANS, CHECKS, FORMS, PORTS, WORDS
from smtpwizard.presets.values import (
    MATCHED,
    Faults,
    Identifier,
    OneOf,
    Port,
    Shape,
    TlsMode,
    pattern,
    rule,
    shown,
    verbatim,
)
from smtpwizard.records import NamedTuple

_PLAIN: Final = ("on", "off", "set", "missing", "absent", "empty")


class Value(NamedTuple):
    """What is known of a variable."""

    text: str | None
    """As it stands; None where it is absent."""
    on: bool | None
    """What the app makes of a switch; None for everything else."""
    word: str
    """As the app reads it: the default where it is absent, in small letters where the app does not tell them apart."""


def holds(test: str, value: Value) -> bool:
    """Say whether a test of a table `when` holds; all tests of a table must.

        when = { SMTP_SECURITY = "=tls|ssl", port = "!=465", username = "set" }

    A key is a variable, a role, or `mode`.

    | test | holds where |
    |---|---|
    | `on`, `off` | the app reads a switch so; what it makes of an absent one counts |
    | `set`, `missing` | there is a text; there is none: absent or empty |
    | `absent`, `empty` | the variable is not there; it is there with nothing in it |
    | `=word|word` | the text as the app reads it, its default too, is one of the words |
    | `~pattern` | the text as it stands matches as a whole |
    | `!` before any | it does not hold |
    """
    if test.startswith("!"):
        return not holds(test[1:], value)
    if test.startswith("="):
        return value.word in test[1:].split("|")
    if test.startswith("~"):
        return value.text is not None and re.fullmatch(test[1:], value.text[:MATCHED]) is not None
    return {
        "on": value.on is True,
        "off": value.on is False,
        "set": bool(value.text),
        "missing": not value.text,
        "absent": value.text is None,
        "empty": value.text == "",
    }[test]


def _is_test(text: str) -> str:
    test = text.removeprefix("!")
    if test.startswith("~"):
        return pattern(test[1:]) if len(test) > 1 else "has no pattern behind the ~"
    if test.startswith("=") or test in _PLAIN:
        return ""
    return f"must be one of {', '.join(_PLAIN)}, =word or ~pattern, with ! before it if need be, not {shown(text)}"


Test = Annotated[str, _is_test]


class Role(StrEnum):
    """What a setting is for, whatever an app calls it. In the order in which files and screens show them."""

    HOST = "host"
    PORT = "port"
    SENDER = "sender"
    SENDER_NAME = "sender_name"
    REPLY_TO = "reply_to"
    USERNAME = "username"
    PASSWORD = "password"  # noqa: S105  # the name of a role
    AUTH = "auth"
    """Whether the app logs in at all."""
    AUTH_MECHANISM = "auth_mechanism"
    SECURITY = "security"
    """Whether TLS is spoken from the first byte, or the one word for the mode."""
    STARTTLS = "starttls"
    """How STARTTLS is used, where one variable says that alone."""
    REQUIRE_TLS = "require_tls"
    """Whether STARTTLS is insisted on."""
    IGNORE_TLS = "ignore_tls"
    """Whether STARTTLS is left alone though it is offered."""
    CIPHERS = "ciphers"
    OPPORTUNISTIC = "opportunistic"
    """A switch for STARTTLS that the app reads and does nothing with."""
    VERIFY = "verify"
    """Whether the certificate is checked."""
    VERIFY_NAME = "verify_name"
    """Whether the name in the certificate is checked, where that is a switch of its own."""
    CA = "ca"
    """The file, or the text, of a private certificate authority."""
    CLIENT_NAME = "client_name"
    """The name in EHLO."""
    TIMEOUT = "timeout"
    OPTIONS = "options"
    """What else stands in a URL behind the question mark."""
    URL = "url"
    """The app's own address, with which links in mails begin."""

    @property
    def words(self) -> str:
        """Return the role in words, for an app that has no variable for it."""
        return _WORDS.get(self, f"the {self.value.replace('_', ' ')}")


_WORDS: Final = {
    Role.USERNAME: "the user name",
    Role.SECURITY: "TLS",
    Role.STARTTLS: "STARTTLS",
    Role.CIPHERS: "the cipher list",
    Role.OPPORTUNISTIC: "a variable for opportunistic TLS",
    Role.URL: "the app's address",
}

SECRET_ROLES: Final = frozenset({Role.PASSWORD})


class Security(StrEnum):
    """How an app can be told to use TLS."""

    IMPLICIT = "implicit"
    """From the first byte."""
    STARTTLS = "starttls"
    """STARTTLS, and nothing in clear where it is not offered."""
    OPPORTUNISTIC = "opportunistic"
    """STARTTLS where it is offered, else in clear."""
    NONE = "none"
    """Always in clear."""


NEAREST: Final[Mapping[Security, tuple[Security, ...]]] = {
    Security.IMPLICIT: (Security.STARTTLS, Security.OPPORTUNISTIC),
    Security.STARTTLS: (Security.OPPORTUNISTIC, Security.IMPLICIT),
    Security.OPPORTUNISTIC: (Security.STARTTLS, Security.NONE),
    Security.NONE: (Security.OPPORTUNISTIC, Security.STARTTLS),
}
"""Mode → what comes nearest where an app cannot express it, the best first."""

FOR_PORT: Final[Mapping[TlsMode, tuple[Security, ...]]] = {
    TlsMode.IMPLICIT: (Security.IMPLICIT,),
    TlsMode.STARTTLS: (Security.STARTTLS, Security.OPPORTUNISTIC),
    TlsMode.NONE: (Security.OPPORTUNISTIC, Security.NONE, Security.STARTTLS),
}
"""What an app is told for a port: with STARTTLS the strictest that it can express, and never clear text unasked."""

STANDARD_PORTS: Final[Mapping[Security, int]] = {
    Security.IMPLICIT: 465,
    Security.STARTTLS: 587,
    Security.OPPORTUNISTIC: 587,
    Security.NONE: 25,
}

VARIABLE: Final = "[A-Za-z_][A-Za-z0-9_]*"
Name = Annotated[str, Shape(r"[^\s=\"`][^=\"`]*", "the name of a variable")]
"""A variable, a part of one, or the label of a field on a page."""
Slot = Annotated[str, Shape(r"[^\s=\"`][^=\"`]*", "a variable or a role")]


class Variable(NamedTuple):
    """A variable that the app reads, or a part of one."""

    name: Name
    role: Role
    help: str
    required: bool = False
    default: str = ""
    """What the app takes where the variable is absent."""
    example: str = ""
    format: Annotated[str, OneOf(("address", "mailbox"))] = ""
    """Of the sender and reply-to: a bare address alone, or `Name <address>` as well."""
    check: Annotated[str, OneOf(tuple(CHECKS))] = ""
    """The app's check of the text at its start; empty where it has none."""
    choices: tuple[str, ...] = ()
    """The words that the app takes, where it stops at any other."""
    read: Annotated[str, OneOf((*BOOLEANS, *PORTS, *WORDS))] = ""
    """How the text becomes what the client is given; empty: word for word."""
    inverted: bool = False
    """Whether on means that the role's business is not done: a switch that accepts invalid certificates."""
    empty: Annotated[str, OneOf(("absent", "refused"))] = ""
    """What the app makes of `NAME=`: as if absent, or a stop at its start; empty: a text like any other."""
    file_variant: Annotated[str, Shape(VARIABLE, "the name of a variable")] = ""
    """The variable that names a file with the value: `SMTP_PASSWORD_FILE`."""
    literal: bool = False
    """In a fragment of a file: written without quotes."""

    @property
    def secret(self) -> bool:
        """Whether the value is a secret."""
        return self.role in SECRET_ROLES


class Composed(NamedTuple):
    """Variables in which several roles stand, or in which one role stands in several."""

    form: Annotated[str, OneOf(tuple(FORMS))]
    names: tuple[Name, ...]


class Extra(NamedTuple):
    """A variable that the app reads beside the roles: it has a say in the readings or in a trap."""

    name: Name
    help: str
    read: Annotated[str, OneOf((*BOOLEANS, *WORDS))] = ""
    default: str = ""
    role: Role | None = None
    """The role that it decides in the variable's place, such as EMAIL_SSL beside EMAIL_TLS."""


class OldName(NamedTuple):
    """A name that people write, and that the app does not read."""

    name: Name
    role: Role
    fact: str = ""
    """What the app does with it, up to the name that counts, where it is more than not reading it."""
    of: str = ""
    """The other app or framework whose name it is: its line is left alone, and told only where ours is not set."""


class Constant(NamedTuple):
    """A variable without whose text the app does not use its mail settings."""

    name: Name
    text: str
    """What is written."""
    default: str = ""
    """What the app takes where it is absent; where that will do, nothing is written."""
    read: Annotated[str, OneOf((*BOOLEANS, *WORDS))] = "lower"
    """How it is compared with what is written: texts that the app reads alike will do."""
    literal: bool = False
    """In a fragment of a file: written without quotes."""

    def is_met(self, text: str | None) -> bool:
        """Say whether the app uses its mail settings with a text; None where the variable is absent."""
        reading = BOOLEANS.get(self.read) or WORDS[self.read]
        return reading(self.default if text is None else text) == reading(self.text)


class Mode(NamedTuple):
    """How the app is told to use TLS in one way."""

    set: Mapping[Slot, str] = {}
    """Variable or role → text, exactly; what another mode sets and this one does not has to be absent."""
    possible: bool = True
    port: Port | None = None
    """The port that the app takes where none is set."""
    verify: bool = True
    """Whether the certificate is checked where no variable says anything of it."""
    note: str = ""
    """What is to be known of it, such as why it is not possible."""
    options: Mapping[Identifier, str] = {}
    """What reaches the client in this mode alone, beside the roles."""


class Modes(NamedTuple):
    """The four ways of using TLS."""

    implicit: Mode
    starttls: Mode
    opportunistic: Mode
    none: Mode


class Reading(NamedTuple):
    """What the app makes of its variables for TLS. The first whose tests hold counts."""

    mode: Security | None = None
    when: Mapping[Slot, Test] = {}
    refused: str = ""
    """Why there is no mode: what the app does instead, in a sentence."""


@rule(Reading)
def _a_reading_is_a_mode_or_a_refusal(reading: Reading) -> Faults:
    if (reading.mode is None) != bool(reading.refused):
        yield ("mode",), "is wanted, or `refused`, and not both"


class Trap(NamedTuple):
    """What goes wrong with certain settings; one without tests is only told where the app is shown."""

    id: Identifier
    sentence: str
    """With `{host}` for the app's name of a role."""
    when: Mapping[Slot, Test] = {}
    severity: Annotated[str, OneOf(("error", "warning", "info"))] = "warning"
    role: Role | None = None
    """The role that it concerns."""
    set: Mapping[Slot, str] = {}
    """The repair: variable or role → text."""
    drop: tuple[Slot, ...] = ()
    """The repair: what is left out."""
    source: str = ""


class Client(NamedTuple):
    """The app's mail client and what the app hands to it beside the roles."""

    model: Identifier
    version: str = ""
    login: Annotated[str, OneOf(("both", "username", "either", "present", "any", "always", "switch"))] = "both"
    """When credentials are used.

    `both`, `username`, `either`: where these are set and not empty; `present`: where the user name is set, be it empty;
    `any`: where either is set, be it empty; `always`; `switch`: as the role `auth` says.
    """
    login_on: str = "true"
    """What the switch is set to with a login; `login_off` without one."""
    login_off: str = "false"
    pool: bool = False
    """Whether the client keeps connections for the mails to come."""
    implicit_ciphers: str = ""
    """The cipher list where none is given and TLS from the first byte is asked for."""
    converted: bool = False
    """Whether values from the app's own .env count as its check has converted them, and not as text."""
    options: Mapping[Identifier, str] = {}
    """What else reaches the client, as its model names it."""


class Guide(NamedTuple):
    """What the app's own guide gives for a provider."""

    provider: Identifier
    opportunistic: str = ""


class Suggested(NamedTuple):
    """A provider that the app's guide names: offered first."""

    provider: Identifier
    """Id of a preset, or `custom`."""
    reason: str
    """For what, in a few words: `for tests`."""


class AppMail(NamedTuple):
    """A mail that the app sends."""

    name: Identifier
    """As in `--mail`: verification, reset-password, invitation."""
    title: str
    subject: str
    template: Annotated[str, Shape(r"[a-z0-9-]+\.hbs", "a file name such as verification.hbs")]
    """File name under presets/mails; empty for a mail of our own, in plain text."""
    carries: Annotated[str, OneOf(("code", "link"))]
    """What the reader must act on: `code` or `link`."""
    link_path: Annotated[str, Shape("/.*", "a path that begins with a slash")] = ""
    """Path and query of the link below the app's address, with {code} and {email}."""


@rule(AppMail)
def _a_link_has_a_path(mail: AppMail) -> Faults:
    if bool(mail.link_path) != (mail.carries == "link"):
        yield ("link_path",), "is for a mail that carries a link, and wanted there"


class Place(NamedTuple):
    """Where an app is set up whose settings are no variables."""

    where: str
    """The page, as one gets there, or the file."""
    line: Annotated[str, verbatim] = "{name}: {value}"
    """A setting of a fragment."""
    head: Annotated[str, verbatim] = ""
    """What stands above them."""
    quote: Annotated[str, OneOf(("double", "single", ""))] = ""
    """The quotes around a value that is not `literal`."""


class Wins(NamedTuple):
    """Something that counts in the place of what is written."""

    what: str
    """A file, a page, a table."""
    sentence: str
    path: str = ""
    """Where the file lies, beside the compose file, as the app's own one mounts it."""


def whole(name: str) -> tuple[str, ...]:
    """Return the variables of which a name tells: one, the one that a part stands in, or several."""
    return tuple(re.sub(r"\[[a-z_]+\]\Z", "", name).split("+")) if name[-1:] == "]" or "+" in name else (name,)
