"""AppProfile: an app as data. Which variable holds which role, how the app reads it, and which client it hands it to.

The rooms above speak of roles; the profile gives the app's own names where a sentence, a file or a JSON object needs
them. `presets/apps/<id>.toml` has one profile each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple

from smtpwizard.apps.parse import BOOLEANS, CHECKS, PORTS
from smtpwizard.presets.values import (
    Day,
    Faults,
    Folder,
    Identifier,
    OneOf,
    Shape,
    Source,
    TlsMode,
    Url,
    VariableName,
    listed_twice,
    rule,
)

if TYPE_CHECKING:
    from smtpwizard.presets.schema import Provider


class Role(StrEnum):
    """What a setting is for, whatever an app calls it. In the order in which files and screens show them."""

    HOST = "host"
    PORT = "port"
    SENDER = "sender"
    SENDER_NAME = "sender_name"
    REPLY_TO = "reply_to"
    USERNAME = "username"
    PASSWORD = "password"  # noqa: S105  # the name of a role
    SECURITY = "security"
    """Whether TLS is spoken from the first byte."""
    REQUIRE_TLS = "require_tls"
    """Whether STARTTLS is insisted on."""
    IGNORE_TLS = "ignore_tls"
    """Whether STARTTLS is left alone though it is offered."""
    CIPHERS = "ciphers"
    OPPORTUNISTIC = "opportunistic"
    """A switch for STARTTLS that the app reads and does nothing with."""
    VERIFY = "verify"
    """Whether the certificate is checked."""
    CLIENT_NAME = "client_name"
    """The name in EHLO."""
    URL = "url"
    """The app's own address, with which links in mails begin."""

    @property
    def words(self) -> str:
        """Return the role in words, for an app that has no variable for it."""
        return _WORDS.get(self, f"the {self.value.replace('_', ' ')}")


_WORDS: Final = {
    Role.USERNAME: "the user name",
    Role.SECURITY: "TLS",
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
    Security.IMPLICIT: (),
    Security.STARTTLS: (Security.OPPORTUNISTIC,),
    Security.OPPORTUNISTIC: (Security.STARTTLS,),
    Security.NONE: (Security.OPPORTUNISTIC,),
}
"""Mode → what comes nearest where an app cannot express it: against the same server it does the same, or more."""


class Variable(NamedTuple):
    """A variable that the app reads."""

    name: VariableName
    role: Role
    help: str
    required: bool = False
    default: str = ""
    """What the app takes where the variable is absent."""
    example: str = ""
    check: Annotated[str, OneOf(tuple(CHECKS))] = ""
    """The app's check of the text at its start; empty where it has none."""
    read: Annotated[str, OneOf((*BOOLEANS, *PORTS))] = ""
    """How the text becomes what the client is given; empty: word for word."""

    @property
    def secret(self) -> bool:
        """Whether the value is a secret."""
        return self.role in SECRET_ROLES


class OldName(NamedTuple):
    """A name that people write, and that the app does not read."""

    name: VariableName
    role: Role
    fact: str = ""
    """What the app does with it, up to the name that counts, where it is more than not reading it."""
    of: str = ""
    """The other app or framework whose name it is: its line is left alone, and told only where ours is not set."""


class Mode(NamedTuple):
    """How the app is told to use TLS in one way."""

    set: Mapping[str, str] = {}
    """Variable → text, exactly; a variable of another mode that is not here has to be absent."""
    possible: bool = True


class Modes(NamedTuple):
    """The four ways of using TLS."""

    implicit: Mode
    starttls: Mode
    opportunistic: Mode
    none: Mode


class Client(NamedTuple):
    """The app's mail client and what the app hands to it beside the roles."""

    model: Identifier
    version: str
    login: Annotated[str, OneOf(("both", "any"))] = "both"
    """When credentials are used: only if `both` are set and not empty, or where `any` is set, be it empty."""
    pool: bool = False
    """Whether the client keeps connections for the mails to come."""
    implicit_on_465: bool = False
    """Whether the client decides by the port where the variable for TLS is absent."""
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
    """File name under presets/mails."""
    carries: Annotated[str, OneOf(("code", "link"))]
    """What the reader must act on: `code` or `link`."""
    link_path: Annotated[str, Shape("/.*", "a path that begins with a slash")] = ""
    """Path and query of the link below the app's address, with {code} and {email}."""


@rule(AppMail)
def _a_link_has_a_path(mail: AppMail) -> Faults:
    if bool(mail.link_path) != (mail.carries == "link"):
        yield ("link_path",), "is for a mail that carries a link, and wanted there"


class AppProfile(NamedTuple):
    """An app for which settings are made."""

    id: Identifier
    name: str
    service: str
    """The compose service that sends the mails."""
    docs_url: Url
    variables: tuple[Variable, ...]
    modes: Modes
    client: Client
    sources: tuple[Source, ...]
    checked: Day
    images: tuple[str, ...] = ()
    from_name: str = ""
    """The display name that the app puts before a bare sender; empty where the sender may have one of its own."""
    evidence: Annotated[str, OneOf(("tested", "source", "docs"))] = "source"
    """`tested`: its own reader or client runs in the tests; `source`: read in its source; `docs`: by its manual."""
    constants: Mapping[str, str] = {}
    """Variable → text without which the app does not use its mail settings."""
    old_names: tuple[OldName, ...] = ()
    guide: tuple[Guide, ...] = ()
    suggested: tuple[Suggested, ...] = ()
    mails: tuple[AppMail, ...] = ()
    templates_path: Folder = ""
    """Where the app's own mail templates lie, below the root of its source tree."""

    def __hash__(self) -> int:
        return hash(self.id)

    def spec(self, role: Role) -> Variable | None:
        """Return the variable of a role, or None where the app has none."""
        return next((item for item in self.variables if item.role == role), None)  # a plain text will do

    def variable(self, role: Role) -> str:
        """Return the app's name for a role, or the role in words where the app has none."""
        found = self.spec(role)
        return found.name if found else Role(role).words

    def default(self, role: Role) -> str:
        """Return what the app takes where a role is not set; empty where it takes nothing."""
        found = self.spec(role)
        return found.default if found else ""

    def role(self, name: str) -> Role | None:
        """Return the role that one of the app's variables holds; a role's own name is taken too."""
        found = next((item.role for item in self.variables if item.name == name), None)
        if found is None and name in _ROLES and self.spec(Role(name)):
            return Role(name)
        return found

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the variables, in the order in which files and screens show them."""
        return tuple(item.name for item in self.variables)

    @property
    def secrets(self) -> frozenset[str]:
        """The names of the variables that hold secrets."""
        return frozenset(item.name for item in self.variables if item.secret)

    @property
    def old(self) -> dict[str, Role]:
        """Old and misspelt names → the role that is meant."""
        return {item.name: item.role for item in self.old_names}

    @property
    def prefix(self) -> str:
        """What the names of the mail settings begin with: `SMTP_`."""
        names = [item.name for item in self.variables if item.role is not Role.URL]
        first, last = min(names), max(names)  # what these two share, all of them share
        return next((first[:at] for at, pair in enumerate(zip(first, last, strict=False)) if pair[0] != pair[1]), first)

    def reads(self, name: str) -> bool:
        """Say whether a variable is one of the app's, under its right or an old name."""
        return name in self.names or name in self.constants or any(item.name == name for item in self.old_names)

    def is_mail_setting(self, name: str) -> bool:
        """Say whether a name looks like one of the app's mail settings, known or not."""
        return bool(self.prefix) and name.startswith(self.prefix)

    def mode(self, mode: Security) -> Mapping[str, str] | None:
        """Return the variables of a mode exactly; None where the app cannot express it."""
        found: Mode = getattr(self.modes, mode.value)
        return found.set if found.possible else None

    def mode_for(self, tls: TlsMode) -> Security:
        """Return the mode that the app is given for a port: with STARTTLS the strictest that it can express."""
        if tls is TlsMode.IMPLICIT:
            return Security.IMPLICIT
        wanted = Security.STARTTLS if tls is TlsMode.STARTTLS else Security.OPPORTUNISTIC
        return wanted if self.mode(wanted) is not None else NEAREST[wanted][0]

    @property
    def mode_variables(self) -> tuple[str, ...]:
        """The variables that a mode sets or leaves out."""
        return tuple(dict.fromkeys(name for mode in self.modes for name in mode.set))

    def mode_changes(self, mode: Security) -> dict[str, str | None]:
        """Return variable → text of a mode, None for each variable that has to be absent. KeyError: not expressible."""
        wanted = self.mode(mode)
        if wanted is None:
            raise KeyError(mode)
        return {name: wanted.get(name) for name in self.mode_variables}

    def assignment(self, mode: Security) -> str:
        """Return the mode's setting of the variable for TLS, for a sentence: `NAME=true`."""
        name = self.variable(Role.SECURITY)
        text = (self.mode(mode) or {}).get(name)
        return f"{name}={text}" if text is not None else f"{name} left out"

    def guided(self, provider: Provider | None) -> Guide | None:
        """Return what the app's guide gives for a provider, if it is in there."""
        return next((item for item in self.guide if provider is not None and item.provider == provider.id), None)

    def defaults(self, provider: Provider, *, region: str | None = None, port: int | None = None) -> dict[str, str]:
        """Return the variables that a preset decides: host, port, TLS, and a literal user name.

        KeyError for an unknown region.
        """
        choice = provider.port_choice(port)
        values: dict[str, str] = {
            self.variable(Role.HOST): provider.region_host(region),
            self.variable(Role.PORT): str(choice.port),
        }
        if provider.username.rule == "literal":
            values[self.variable(Role.USERNAME)] = provider.username.value
        values |= self.mode(self.mode_for(choice.tls)) or {}
        guide = self.guided(provider)
        if guide and guide.opportunistic:
            implicit = choice.tls is TlsMode.IMPLICIT
            values[self.variable(Role.OPPORTUNISTIC)] = "false" if implicit else guide.opportunistic
        return values

    def fill(self, text: str) -> str:
        """Put the app's names into a sentence: `{host}` for a role, `{implicit}` for a mode's setting."""
        if "{" not in text:
            return text
        for place in placeholders(text):
            mode = _MODES.get(place)
            value = self.assignment(self.mode_for(mode)) if mode else self.variable(Role(place))
            text = text.replace(f"{{{place}}}", value)
        return text


_ROLES: Final = frozenset(Role)
_MODES: Final = {"implicit": TlsMode.IMPLICIT, "starttls": TlsMode.STARTTLS}
"""Words in braces that stand for the app's setting of a mode."""


def placeholders(text: str) -> Iterator[str]:
    """Yield the roles and modes that a sentence names in braces; other braces are none of ours."""
    for piece in text.split("{")[1:]:
        place, end, _ = piece.partition("}")
        if end and (place in _ROLES or place in _MODES):
            yield place


@rule(AppProfile)
def _a_role_has_one_variable(profile: AppProfile) -> Faults:
    yield from listed_twice("variables", (item.role for item in profile.variables), "role")


@rule(AppProfile)
def _a_name_means_one_thing(profile: AppProfile) -> Faults:
    names = [*profile.names, *profile.constants]
    yield from listed_twice("variables", profile.names, "name")
    for index, item in enumerate(profile.old_names):
        if item.name in names:
            yield ("old_names", index, "name"), f"{item.name} is a name that the app reads"
    for index, item in enumerate(profile.old_names):
        if profile.spec(item.role) is None:
            yield ("old_names", index, "role"), f"no variable holds {item.role}"


@rule(AppProfile)
def _the_main_roles_are_there(profile: AppProfile) -> Faults:
    for role in (Role.HOST, Role.PORT, Role.SENDER, Role.USERNAME, Role.PASSWORD, Role.SECURITY):
        if profile.spec(role) is None:
            yield ("variables",), f"no variable holds {role}"


@rule(AppProfile)
def _modes_set_known_variables(profile: AppProfile) -> Faults:
    for name in Security:
        mode: Mode = getattr(profile.modes, name.value)
        for variable in mode.set:
            if variable not in profile.names:
                yield ("modes", name.value, "set", variable), "is no variable of the app"
        if mode.set and not mode.possible:
            yield ("modes", name.value, "set"), "is for a mode that is possible"
