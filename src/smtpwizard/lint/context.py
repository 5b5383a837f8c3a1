"""What a rule judges: settings, provider and origin, what is meant by each text, and the app's own names for a role.

Pure and total: any text gives an answer. Whether to tell the operator is decided in the rules.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from smtpwizard.addresses import bare_address, is_private_host, meant_mailbox
from smtpwizard.apps.parse import number
from smtpwizard.apps.profile import SECRET_ROLES, AppProfile, Role, Security
from smtpwizard.clients.transport import Origin, refused, security
from smtpwizard.presets.schema import Kind, PortChoice, Provider, TlsMode
from smtpwizard.presets.values import IMPLICIT_PORTS, MATCHED
from smtpwizard.problems import NO_CHANGES, Changes, Problem, Severity, repair_label
from smtpwizard.records import NamedTuple
from smtpwizard.secret import Secret
from smtpwizard.settings import Settings
from smtpwizard.text import INVISIBLE, safe

_QUOTES: Final = {'"': '"', "'": "'", "`": "`", "“": "”", "„": "“", "‘": "’", "‚": "‘", "«": "»", "”": "”", "’": "’"}
_ALL_QUOTES: Final = "\"'`“”„‘’‚«»"
_SCHEME: Final = r"[A-Za-z][A-Za-z0-9+.-]*:/+"
_LABEL: Final = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_PORT_LIMIT: Final = 65536
_MAX_NAME: Final = 253
"""Characters of the longest host name (RFC 1035)."""


class HostParts(NamedTuple):
    """What stands in the host, taken apart."""

    name: str
    """The host alone; empty where none can be made out."""
    port: int | None = None
    """The port behind it, where there is one."""


def trim_ends(text: str) -> str:
    """Return `text` without blanks, line ends, control and invisible characters at its ends."""
    start, end = 0, len(text)
    while start < end and _is_blank(text[start]):
        start += 1
    while end > start and _is_blank(text[end - 1]):
        end -= 1
    return text[start:end]


def _is_blank(char: str) -> bool:
    return char.isspace() or char in INVISIBLE or char < " " or char == "\x7f"


def tidy(text: str) -> str:
    """Return `text` trimmed, and without quotes that stand around the whole of it."""
    text = trim_ends(text)
    while len(text) > 1 and _QUOTES.get(text[0]) == text[-1]:
        text = trim_ends(text[1:-1])
    return text


def one_line(text: str) -> str:
    """Return `text` without control and invisible characters anywhere in it."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(char for char in text if char >= " " and char != "\x7f" and char not in INVISIBLE)


def _compatible(text: str) -> str:
    """Return `text` with letters that look like others (full width, ligatures) as those: Unicode's form NFKC."""
    if text.isascii():
        return text
    from unicodedata import normalize

    return normalize("NFKC", text)


def host_parts(text: str) -> HostParts:
    """Take a host name out of what people paste: quotes, `smtp://`, `host:port`, a path, trailing punctuation."""
    name = _compatible(one_line(tidy(text))).strip(_ALL_QUOTES + "<> \t")
    scheme = re.match(_SCHEME, name)
    if scheme:
        name = name[scheme.end() :].rpartition("@")[2]
    name = re.split(r"[/?#]", name, maxsplit=1)[0].strip(" ,;.")
    if name.startswith("["):
        inner, _, rest = name[1:].partition("]")
        return HostParts(inner, meant_port(rest[1:]) if rest.startswith(":") else None)
    if name.count(":") == 1:
        name, _, tail = name.partition(":")
        return HostParts(name.strip(" ,;."), meant_port(tail))
    return HostParts(name)


def is_host_name(name: str) -> bool:
    """Say whether `name` can be looked up as it stands: labels of letters, digits, hyphens, underscores (RFC 1123)."""
    return 0 < len(name) <= _MAX_NAME and all(re.fullmatch(_LABEL, label) for label in name.split("."))


def meant_port(text: str) -> int | None:
    """Return the port that `text` means, or None where it names none: `587abc`, `'587'`, `0x24B`, `smtp.host:587`."""
    digits = _compatible(one_line(tidy(text)))
    value = number(digits)
    if isinstance(value, float) and 1 <= value < _PORT_LIMIT:
        return int(value)
    if re.fullmatch(r"0[xX][0-9a-fA-F]{1,4}", digits):
        return int(digits, 16) or None
    groups = re.findall(r"[0-9]+", digits.rpartition(":")[2], re.ASCII)
    if len(groups) != 1 or len(groups[0]) > 5:
        return None
    found = int(groups[0])
    return found if 0 < found < _PORT_LIMIT else None


def has_shape(pattern: str, text: str) -> bool:
    """Say whether `text` as a whole matches a preset's pattern. An empty one matches nothing."""
    return pattern != "" and re.fullmatch(pattern, text[:MATCHED]) is not None


_YES: Final = frozenset({"true", "yes", "y", "t", "1", "on", "enabled", "enable", "ssl", "tls", "smtps", "implicit"})
_NO: Final = frozenset({"false", "no", "n", "f", "0", "off", "disabled", "disable", "none", "null", "starttls"})


def meant_boolean(text: str) -> bool | None:
    """Return what a switch is meant to say, in words that other apps take; None where it is a guess."""
    word = tidy(text).lower()
    return True if word in _YES else False if word in _NO else None


STARTTLS_PORTS = frozenset({25, 587, 2525, 2587})
LOCAL_KINDS = frozenset({Kind.LOCAL, Kind.PRACTICE})
CAPTURE_KINDS = LOCAL_KINDS | {Kind.TEST}
"""Kinds of provider that deliver nothing to the outside."""


class Repair(NamedTuple):
    """A change that a machine can make."""

    changes: Changes = NO_CHANGES
    label: str = ""


NO_REPAIR: Final = Repair()
"""A person has to decide."""


class Context(NamedTuple):
    """What is judged, what is meant by it, and the app's names for it."""

    settings: Settings
    provider: Provider | None
    """None for a custom server: nothing is known about it."""
    origin: Origin
    in_container: bool
    host: str
    """What is meant by the host; empty where nothing is."""
    host_port: int | None
    """The port that stood in the host."""
    port: int | None
    """What is meant by the port, or by the port in the host."""
    mode: Security | None
    """How the app uses TLS, as things stand; None where it refuses what is set."""
    username: str
    password: str
    """Trimmed, for judging its shape; never goes into a message."""
    sender: str
    """The mail address in the sender; empty where there is none."""
    misnamed: Mapping[Role, str | Secret]
    """Role → value that lies under an old name while the variable itself is not set."""

    @property
    def secure(self) -> bool:
        """Whether the app opens TLS from the first byte, as things stand."""
        return self.mode is Security.IMPLICIT

    @property
    def app(self) -> AppProfile:
        """The app whose settings they are."""
        return self.settings.app

    @property
    def public(self) -> bool:
        """Whether mail goes out to a host on the public internet."""
        return self.host != "" and not is_private_host(self.host)

    @property
    def captured(self) -> bool:
        """Whether the provider only catches mail, so that nobody outside gets any."""
        return self.provider is not None and self.provider.kind in CAPTURE_KINDS

    @property
    def local(self) -> bool:
        """Whether the provider is a server of the operator's own, whose ports are his to choose."""
        return self.provider is not None and self.provider.kind in LOCAL_KINDS

    @property
    def listed_mode(self) -> TlsMode | None:
        """How the port speaks TLS according to the provider, or None where it does not list the port."""
        ports = self.provider.ports if self.provider else ()
        return next((choice.tls for choice in ports if choice.port == self.port), None)

    @property
    def foreign_port(self) -> bool:
        """Whether the provider is known not to have this port, which the rules of `server` tell."""
        ports = self.provider.ports if self.provider and not self.local else ()
        return bool(ports) and self.port is not None and self.listed_mode is None

    @property
    def port_mode(self) -> TlsMode | None:
        """How the port speaks TLS, by the provider or else by its number; None where neither tells."""
        if self.listed_mode or self.foreign_port:
            return self.listed_mode
        if self.port in IMPLICIT_PORTS:
            return TlsMode.IMPLICIT
        return TlsMode.STARTTLS if self.port in STARTTLS_PORTS else None

    @property
    def fitting_mode(self) -> TlsMode | None:
        """The mode that fits the port, or the port that replaces it; None where the port tells nothing."""
        return self.provider.port_choice().tls if self.provider and self.foreign_port else self.port_mode

    def variable(self, role: Role) -> str:
        """Return the app's name for a role."""
        return self.app.variable(role)

    def refuses(self, role: Role, text: str) -> bool:
        """Say whether the app refuses to start with `text`, which the rules of `startup` tell."""
        spec = self.app.spec(role)
        return spec is not None and refused(spec, text) is not None

    def put(self, role: Role, value: str | Secret, label: str = "") -> Repair:
        """Return the repair that sets a role; a Secret does not show in its label."""
        name = self.variable(role)
        words = f"Set {name}" if isinstance(value, Secret) else f"Set {name}={shown(value)}"
        return Repair({name: value}, label or words)

    def drop(self, role: Role) -> Repair:
        """Return the repair that leaves a role out."""
        name = self.variable(role)
        return Repair({name: None}, f"Leave out {name}")

    def put_or_drop(self, role: Role, value: str | None) -> Repair:
        """Return the repair that sets a role, or leaves it out where the value is None."""
        return self.drop(role) if value is None else self.put(role, value)

    def use_mode(self, tls: TlsMode) -> Repair:
        """Return the repair that gives the app a TLS mode."""
        mode = self.app.mode_for(tls)
        changes = self.mode_changes(mode)
        return Repair(changes, repair_label(changes))

    def mode_changes(self, mode: Security) -> dict[str, str | Secret | None]:
        """Return the variables of a mode; what is to be absent only where it is there now."""
        changes = self.app.mode_changes(mode)
        return {name: text for name, text in changes.items() if text is not None or self.settings.get(name) is not None}

    def switch_port(self, choice: PortChoice) -> Repair:
        """Return the repair that goes over to another port, with the TLS mode that belongs to it."""
        implicit = choice.tls is TlsMode.IMPLICIT
        changes = {self.variable(Role.PORT): str(choice.port), **self.mode_changes(self.app.mode_for(choice.tls))}
        guide = self.app.guided(self.provider)
        if guide and guide.opportunistic and self.settings.opportunistic:
            changes[self.variable(Role.OPPORTUNISTIC)] = "false" if implicit else guide.opportunistic
        mode = {TlsMode.IMPLICIT: " with TLS", TlsMode.STARTTLS: " with STARTTLS", TlsMode.NONE: ""}[choice.tls]
        return Repair(changes, f"Switch to {choice.port}{mode}")

    def best_tls(self, text: str) -> str | None:
        """Return what the variable for TLS should say in place of `text`: what fits the port, else what was meant.

        None means that the line is best left out.
        """
        fitting = None if self.fitting_mode is None else self._tls_text(self.fitting_mode)
        if self.fitting_mode is TlsMode.IMPLICIT:
            return fitting
        meant = meant_boolean(text)
        if meant is None:
            return None
        return fitting or self._tls_text(TlsMode.IMPLICIT if meant else TlsMode.STARTTLS)

    def _tls_text(self, tls: TlsMode) -> str | None:
        return (self.app.mode(self.app.mode_for(tls)) or {}).get(self.variable(Role.SECURITY))

    def finding(
        self, name: str, severity: Severity, role: Role | None, message: str, repair: Repair = NO_REPAIR
    ) -> Problem:
        """Make a finding about a role."""
        variable = None if role is None else self.variable(role)
        made = Problem.of(name, severity, variable, message, repair.changes, repair.label)
        return made if role is None else made._replace(roles=(role.value,))


def misspelt(address: str) -> tuple[str, str]:
    """Return the address that is meant, and the question, where its domain is a slip of a large mailbox provider's."""
    user, _, domain = address.rpartition("@")
    meant = meant_mailbox(domain)
    right = f"{user}@{meant}"
    return (
        (right, f"{shown(domain)} is one slip away from {meant}. Did you mean {shown(right)}?") if meant else ("", "")
    )


def meant_host(settings: Settings) -> str:
    """Return the host that is meant without quotes, `smtp://`, a port and the like; empty where none is.

    With it a provider is recognised although the value still has to be repaired.
    """
    return host_parts(settings.host or "").name


def make_context(settings: Settings, provider: Provider | None, origin: Origin, in_container: bool) -> Context:
    """Work out what is meant."""
    parts = host_parts(settings.host or "")
    mode = security(settings, origin)
    return Context(
        settings=settings,
        provider=None if provider is not None and provider.kind is Kind.CUSTOM else provider,
        origin=origin,
        in_container=in_container,
        host=parts.name,
        host_port=parts.port,
        port=_port(settings, parts, mode),
        mode=mode,
        username=tidy(settings.username or ""),
        password=tidy(settings.password.reveal() if settings.password else ""),
        sender=bare_address(settings.sender or ""),
        misnamed=_under_old_names(settings),
    )


def _port(settings: Settings, parts: HostParts, mode: Security | None) -> int | None:
    if settings.port:
        return meant_port(settings.port)
    default = settings.app.default(Role.PORT)
    own: int | None = getattr(settings.app.modes, mode.value).port if mode else None
    return parts.port or (meant_port(default) if default else own)


def _under_old_names(settings: Settings) -> dict[Role, str | Secret]:
    """Return what could be moved to its right name; the first old name that holds anything wins."""
    found: dict[Role, str | Secret] = {}
    old = settings.app.old
    for name, value in settings.old_names:
        role = old[name]
        if value.reveal().strip() and not settings.of(role) and role not in found:
            found[role] = value if role in SECRET_ROLES else value.reveal()
    return found


_SHOWN: Final = 48
"""Characters of a value in a sentence or label; a key on a screen of 80 columns holds no more."""


def shown(text: str) -> str:
    """Return a foreign value as it may stand in a sentence; blanks other than a plain space as `␣`."""
    text = safe(text, limit=_SHOWN)
    return text if text.isascii() else "".join("␣" if char.isspace() and char != " " else char for char in text)
