"""AppProfile: an app as data. Which variable holds which role, how the app reads it, and which client it hands it to.

The rooms above speak of roles; the profile gives the app's own names where a sentence, a file or a JSON object needs
them. `presets/apps/<id>.toml` has one profile each; docs/apps-adding.md tells how one is written and proved.

A role that has no variable of its own is a part: `MAILER_DSN[port]` is the port in MAILER_DSN, `A+B` what stands in two
variables together. Parts have such names wherever a variable's name is wanted; `forms` says how they are put together.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Final

from smtpwizard.apps.parse import FORMS
from smtpwizard.apps.schema import (
    FOR_PORT,
    NEAREST,
    SECRET_ROLES,
    STANDARD_PORTS,
    VARIABLE,
    AppMail,
    Client,
    Composed,
    Constant,
    Extra,
    Guide,
    Mode,
    Modes,
    OldName,
    Place,
    Reading,
    Role,
    Security,
    Suggested,
    Trap,
    Variable,
    Wins,
    whole,
)
from smtpwizard.presets.values import (
    Day,
    Faults,
    Folder,
    Identifier,
    OneOf,
    ServiceName,
    Source,
    Title,
    TlsMode,
    Url,
    VariableName,
    listed_twice,
    rule,
)
from smtpwizard.records import NamedTuple

if TYPE_CHECKING:
    from smtpwizard.presets.schema import Provider


__all__ = [
    "SECRET_ROLES",
    "AppMail",
    "AppProfile",
    "Mode",
    "Modes",
    "OldName",
    "Role",
    "Security",
    "Variable",
    "placeholders",
]


class AppProfile(NamedTuple):
    """An app for which settings are made."""

    id: Identifier
    name: Title
    services: tuple[ServiceName, ...]
    """The compose services that read the variables, the one that sends first."""
    docs_url: Url
    variables: tuple[Variable, ...]
    modes: Modes
    reads: tuple[Reading, ...]
    client: Client
    sources: tuple[Source, ...]
    checked: Day
    images: tuple[str, ...] = ()
    """Without registry where that is docker.io, and without tag. None: a family of apps, which any image may have."""
    signs: tuple[VariableName, ...] = ()
    """Variables of no mail setting that this app alone reads: they tell it where no image does."""
    common: tuple[VariableName, ...] = ()
    """Variables of this app that others read as well: they do not tell it."""
    config: Annotated[str, OneOf(("environment", "file", "admin-page"))] = "environment"
    place: Place | None = None
    from_name: str = ""
    """The display name that the app puts before a bare sender; empty where the sender may have one of its own."""
    evidence: Annotated[str, OneOf(("tested", "source", "docs"))] = "source"
    """`tested`: its own reader or client runs in the tests; `source`: read in its source; `docs`: by its manual."""
    unknown: tuple[str, ...] = ()
    """What was not found out, a clause each."""
    constants: tuple[Constant, ...] = ()
    forms: tuple[Composed, ...] = ()
    extras: tuple[Extra, ...] = ()
    old_names: tuple[OldName, ...] = ()
    traps: tuple[Trap, ...] = ()
    wins: tuple[Wins, ...] = ()
    private_ca: str = ""
    """How the app is made to trust a private certificate authority."""
    test: str = ""
    """How the app itself can be made to send a mail."""
    restart: str = ""
    """What makes it read changed settings, where that is more than creating its containers anew."""
    log: tuple[str, ...] = ()
    """How its log tells of a failed mail: the words with which such a line begins."""
    marks: tuple[str, ...] = ()
    """What stands in its log and in no other program's: it tells whose log a pasted text is."""
    guide: tuple[Guide, ...] = ()
    suggested: tuple[Suggested, ...] = ()
    mails: tuple[AppMail, ...] = ()
    templates_path: Folder = ""
    """Where the app's own mail templates lie, below the root of its source tree."""

    def __hash__(self) -> int:
        return hash(self.id)

    @property
    def sendable(self) -> tuple[AppMail, ...]:
        """The mails that can be sent: the app's own, or where those are not shipped one plain mail with a code."""
        return self.mails or (AppMail("test", "Test mail", f"Test mail for {self.name}", "", "code"),)

    def __repr__(self) -> str:
        """Return the id alone: a profile is pages long."""
        return f"AppProfile({self.id!r})"

    @property
    def service(self) -> str:
        """The compose service that sends the mails."""
        return self.services[0]

    def spec(self, role: Role) -> Variable | None:
        """Return the variable of a role, or None where the app has none."""
        for item in self.variables:
            if item.role == role:  # a plain text will do
                return item
        return None

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

    def form(self, name: str) -> Composed | None:
        """Return the form in which a variable, or a part, stands; None where it holds one role alone."""
        return next((item for item in self.forms if name in item.names or whole(name) == item.names), None)

    def parts(self, form: Composed) -> tuple[Variable, ...]:
        """Return the variables' parts of a form."""
        return tuple(item for item in self.variables if whole(item.name) == form.names)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the variables, in the order in which files and screens show them."""
        if not self.forms:
            return tuple(item.name for item in self.variables)
        return tuple(dict.fromkeys(name for item in self.variables for name in whole(item.name)))

    @property
    def secrets(self) -> frozenset[str]:
        """The names of the variables that hold secrets."""
        return frozenset(name for item in self.variables if item.secret for name in whole(item.name))

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

    @property
    def wanted(self) -> dict[str, str]:
        """The constants that have to be written: the app's default is another one."""
        return {item.name: item.text for item in self.constants if not item.is_met(None)}

    def constant(self, name: str) -> Constant | None:
        """Return the constant of a name."""
        return next((item for item in self.constants if item.name == name), None)

    def further(self, name: str) -> Extra | None:
        """Return the further variable of a name."""
        return next((item for item in self.extras if item.name == name), None)

    @property
    def beside(self) -> tuple[str, ...]:
        """The variables that are read beside the roles: the further ones, and those that name a file."""
        return (*(item.name for item in self.extras), *(v.file_variant for v in self.variables if v.file_variant))

    def reads_name(self, name: str) -> bool:
        """Say whether the app reads a variable of this name."""
        return name in self.names or self.constant(name) is not None or name in self.beside

    def knows(self, name: str) -> bool:
        """Say whether a variable is one of the app's, under its right or an old name."""
        return self.reads_name(name) or any(item.name == name for item in self.old_names)

    def is_mail_setting(self, name: str) -> bool:
        """Say whether a name looks like one of the app's mail settings, known or not."""
        return bool(self.prefix) and name.startswith(self.prefix)

    def slot(self, name: str) -> str:
        """Return the variable, or part, of a name that may be a role's."""
        return self.variable(Role(name)) if name in _ROLES else name

    def mode(self, mode: Security) -> Mapping[str, str] | None:
        """Return the variables of a mode exactly; None where the app cannot express it."""
        found: Mode = getattr(self.modes, mode.value)
        return {self.slot(name): text for name, text in found.set.items()} if found.possible else None

    def mode_for(self, tls: TlsMode) -> Security:
        """Return the mode that the app is given for a port: with STARTTLS the strictest that it can express."""
        wanted = (*FOR_PORT[tls], *Security)
        return next(Security(mode) for mode in wanted if self.mode(mode) is not None)

    def nearest(self, mode: Security) -> Security:
        """Return the mode itself, or what comes nearest where the app cannot express it."""
        wanted = (mode, *NEAREST[mode], *Security)
        return next(Security(item) for item in wanted if self.mode(item) is not None)

    @property
    def mode_variables(self) -> tuple[str, ...]:
        """The variables that a mode sets or leaves out."""
        names = [self.slot(name) for mode in self.modes for name in mode.set]
        names += [item.name for item in self.extras if any(item.name in reading.when for reading in self.reads)]
        return tuple(dict.fromkeys(names))

    def mode_changes(self, mode: Security) -> dict[str, str | None]:
        """Return variable → text of a mode, None for each variable that has to be absent. KeyError: not expressible."""
        wanted = self.mode(mode)
        if wanted is None:
            raise KeyError(mode)
        return {name: wanted.get(name) for name in self.mode_variables}

    def assignment(self, mode: Security) -> str:
        """Return the mode's setting of the variable for TLS, for a sentence: `NAME=true`."""
        name = self.variable(Role.SECURITY)
        texts = self.mode(mode) or {}
        if self.spec(Role.SECURITY) is None:
            name = next(iter(texts), self.variable(Role.PORT))
            texts = {self.variable(Role.PORT): str(STANDARD_PORTS[mode]), **texts}
        return f"{name}={texts[name]}" if name in texts else f"{name} left out"

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
    yield from listed_twice("variables", (item.name for item in profile.variables), "name")
    for key in ("constants", "extras", "old_names"):
        for index, item in enumerate(getattr(profile, key)):
            if item.name in profile.names or (key != "constants" and profile.constant(item.name)):
                yield (key, index, "name"), f"{item.name} is a name that the app reads"
    for index, item in enumerate(profile.old_names):
        if profile.spec(item.role) is None and not profile.constants:
            yield ("old_names", index, "role"), f"no variable holds {item.role}"


@rule(AppProfile)
def _the_main_roles_are_there(profile: AppProfile) -> Faults:
    for role in (Role.HOST, Role.PORT, Role.SENDER, Role.USERNAME, Role.PASSWORD):
        if profile.spec(role) is None:
            yield ("variables",), f"no variable holds {role}"
    if profile.client.login == "switch" and profile.spec(Role.AUTH) is None:
        yield ("client", "login"), "is a switch, and no variable holds auth"


@rule(AppProfile)
def _names_are_variables_where_the_environment_is_read(profile: AppProfile) -> Faults:
    if (profile.config == "environment") != (profile.place is None):
        yield ("place",), "is wanted where the app is set up in a file or on a page, and only there"
    if profile.config != "environment":
        return
    for index, item in enumerate(profile.variables):
        if any(not re.fullmatch(VARIABLE, name) for name in whole(item.name)):
            yield ("variables", index, "name"), f"{item.name} is not the name of a variable"


@rule(AppProfile)
def _parts_belong_to_a_form(profile: AppProfile) -> Faults:
    for index, form in enumerate(profile.forms):
        made = FORMS[form.form]
        if len(form.names) != made.variables:
            yield ("forms", index, "names"), f"{form.form} is written in {made.variables} of them"
        for item in profile.parts(form):
            if item.role not in made.roles:
                yield ("forms", index, "form"), f"{form.form} has no {item.role}"
    for index, item in enumerate(profile.variables):
        if "[" in item.name or "+" in item.name:
            if profile.config == "environment" and profile.form(item.name) is None:
                yield ("variables", index, "name"), f"no form has {', '.join(whole(item.name))}"
            if "[" in item.name and not item.name.endswith(f"[{item.role}]"):
                yield ("variables", index, "name"), f"must end in [{item.role}]"


@rule(AppProfile)
def _modes_set_known_variables(profile: AppProfile) -> Faults:
    known = {*(item.name for item in profile.variables), *(item.name for item in profile.extras)}
    known |= {item.role.value for item in profile.variables} | {item.name for item in profile.constants}
    for name in Security:
        mode: Mode = getattr(profile.modes, name.value)
        for variable in mode.set:
            if variable not in known:
                yield ("modes", name.value, "set", variable), "is no variable of the app"
        if mode.set and not mode.possible:
            yield ("modes", name.value, "set"), "is for a mode that is possible"
    if not any(mode.possible for mode in profile.modes):
        yield ("modes",), "has none that is possible"


@rule(AppProfile)
def _conditions_ask_for_what_is_known(profile: AppProfile) -> Faults:
    known = {*(item.name for item in profile.variables), *(item.name for item in profile.extras)}
    known |= {item.role.value for item in profile.variables} | {item.name for item in profile.constants}
    known |= {item.file_variant for item in profile.variables if item.file_variant}
    for key in ("reads", "traps"):
        for index, row in enumerate(getattr(profile, key)):
            for name in row.when:
                if name not in known and (key, name) != ("traps", "mode"):
                    yield (
                        (key, index, "when", name),
                        "is no variable of the app: one that is only asked for is an extra",
                    )
    for index, trap in enumerate(profile.traps):
        for name in (*trap.set, *trap.drop):
            if name not in known:
                yield ("traps", index, "set" if name in trap.set else "drop"), f"{name} is no variable of the app"
    for index, reading in enumerate(profile.reads):
        last = index == len(profile.reads) - 1
        if bool(reading.when) == last:
            yield ("reads", index, "when"), "must be there in all but the last reading, which counts for the rest"


@rule(AppProfile)
def _traps_have_their_own_ids(profile: AppProfile) -> Faults:
    yield from listed_twice("traps", (item.id for item in profile.traps), "id")


def repository(image: str) -> str:
    """Return an image's name without tag and digest, and without Docker Hub's own host: `rnwood/smtp4dev`.

    `${NAME:-text}` counts as its text, any other `${…}` as nothing.
    """
    if "$" in image:
        image = re.sub(r"\$\{\w+:?-([^{}]*)\}", r"\1", image)
        image = re.sub(r"\$(?:\w+|\{[^{}]*\})", "", image)
    head, slash, last = image.partition("@")[0].rpartition("/")
    return f"{head}{slash}{last.partition(':')[0]}".removeprefix("docker.io/").removeprefix("library/").lower()


def is_image(image: str, known: Collection[str]) -> bool:
    """Say whether an image is one of `known`, be it from another registry's copy of it."""
    bare = repository(image)
    return any(bare == (name := repository(item)) or _is_copy(bare, name) for item in known)


def _is_copy(bare: str, name: str) -> bool:
    """Say whether it is the same image from another registry; `someone/ghost` is another image than `ghost`."""
    head = bare.removesuffix(f"/{name}")
    return head != bare and ("/" in name or "." in head or ":" in head)
