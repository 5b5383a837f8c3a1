"""What was meant by a text: blanks, quotes and web debris taken off host names, ports and addresses.

Pure and total: any text gives an answer. Whether to tell the operator is decided in `rules`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from smtpwizard.addresses import bare_address
from smtpwizard.clients.nestjs import number
from smtpwizard.clients.transport import Origin, implicit_tls
from smtpwizard.hosts import is_private_host
from smtpwizard.presets.schema import Kind, PortChoice, Provider, TlsMode
from smtpwizard.problems import Problem, Severity
from smtpwizard.secret import Secret
from smtpwizard.settings import LEGACY, Settings
from smtpwizard.text import INVISIBLE, safe

_QUOTES: Final = {'"': '"', "'": "'", "`": "`", "“": "”", "„": "“", "‘": "’", "‚": "‘", "«": "»", "”": "”", "’": "’"}
_ALL_QUOTES: Final = "\"'`“”„‘’‚«»"
_SCHEME: Final = r"[A-Za-z][A-Za-z0-9+.-]*:/+"
_LABEL: Final = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_PORT_LIMIT: Final = 65536
_SHAPE_LIMIT: Final = 1000
"""Characters of a credential that are matched: no pattern of a user's preset may take long."""
_MAX_NAME: Final = 253
"""Characters of the longest host name (RFC 1035)."""


class HostParts(NamedTuple):
    """What stands in SMTP_HOST, taken apart."""

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
    return "".join(char for char in text if char >= " " and char != "\x7f" and char not in INVISIBLE)


def host_parts(text: str) -> HostParts:
    """Take a host name out of what people paste: quotes, `smtp://`, `host:port`, a path, trailing punctuation."""
    name = unicodedata.normalize("NFKC", one_line(tidy(text))).strip(_ALL_QUOTES + "<> \t")
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
    digits = unicodedata.normalize("NFKC", one_line(tidy(text)))
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
    """Say whether `text` as a whole matches a preset's pattern. One that is empty or no expression matches nothing."""
    try:
        return pattern != "" and re.fullmatch(pattern, text[:_SHAPE_LIMIT]) is not None
    except re.error:
        return False


_YES: Final = frozenset({"true", "yes", "y", "t", "1", "on", "enabled", "enable", "ssl", "tls", "smtps", "implicit"})
_NO: Final = frozenset({"false", "no", "n", "f", "0", "off", "disabled", "disable", "none", "null", "starttls"})


def meant_boolean(text: str) -> bool | None:
    """Return what SMTP_TLS is meant to say, in words that other apps take; None where it is a guess."""
    word = tidy(text).lower()
    return True if word in _YES else False if word in _NO else None


IMPLICIT_PORTS = frozenset({465, 2465})
"""Submissions (RFC 8314), and its double at Amazon SES and Resend for clouds that block 465."""
STARTTLS_PORTS = frozenset({25, 587, 2525, 2587})
LOCAL_KINDS = frozenset({Kind.LOCAL, Kind.PRACTICE})
CAPTURE_KINDS = LOCAL_KINDS | {Kind.TEST}
"""Kinds of provider that deliver nothing to the outside."""


class Case(NamedTuple):
    """What is judged."""

    settings: Settings
    provider: Provider | None
    """None for a custom server: nothing is known about it."""
    origin: Origin
    in_container: bool
    host: str
    """What is meant by SMTP_HOST; empty where nothing is."""
    host_port: int | None
    """The port that stood in SMTP_HOST."""
    port: int | None
    """What is meant by SMTP_PORT, or by the port in SMTP_HOST."""
    secure: bool
    """Whether the app opens TLS from the first byte, as things stand."""
    username: str
    password: str
    """Trimmed, for judging its shape; never goes into a message."""
    sender: str
    """The mail address in SMTP_SENDER; empty where there is none."""
    legacy: Mapping[str, str | Secret]
    """Variable → value that lies under an old name while the variable itself is not set."""

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
        """Whether the provider is known not to have this port, which the rules of `port` tell."""
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
    def fitting_tls(self) -> str | None:
        """The value of SMTP_TLS that fits the port, or the one that replaces it; None where the port tells nothing."""
        mode = self.provider.port_choice().tls if self.provider and self.foreign_port else self.port_mode
        if mode is None:
            return None
        return "true" if mode is TlsMode.IMPLICIT else "false"


def meant_host(settings: Settings) -> str:
    """Return the host that SMTP_HOST means without quotes, `smtp://`, a port and the like; empty where it means none.

    With it a provider is recognised although the value still has to be repaired.
    """
    return host_parts(settings.host or "").name


def make_case(settings: Settings, provider: Provider | None, origin: Origin, in_container: bool) -> Case:
    """Work out the case."""
    parts = host_parts(settings.host or "")
    return Case(
        settings=settings,
        provider=None if provider is not None and provider.kind is Kind.CUSTOM else provider,
        origin=origin,
        in_container=in_container,
        host=parts.name,
        host_port=parts.port,
        port=meant_port(settings.port) if settings.port else parts.port,
        secure=implicit_tls(settings, origin),
        username=tidy(settings.username or ""),
        password=tidy(settings.password.reveal() if settings.password else ""),
        sender=bare_address(settings.sender or ""),
        legacy=_under_old_names(settings),
    )


def _under_old_names(settings: Settings) -> dict[str, str | Secret]:
    """Return what could be moved to its right name; the first old name that holds anything wins."""
    found: dict[str, str | Secret] = {}
    for name, value in settings.legacy:
        right = LEGACY[name]
        if value.reveal().strip() and not settings.get(right) and right not in found:
            found[right] = value if right == "SMTP_PASSWORD" else value.reveal()
    return found


_SHOWN: Final = 48
"""Characters of a value in a sentence or label; a key on a screen of 80 columns holds no more."""


class Repair(NamedTuple):
    """A change that a machine can make."""

    changes: Mapping[str, str | Secret | None] = MappingProxyType({})
    label: str = ""


NO_REPAIR: Final = Repair()
"""A person has to decide."""


def shown(text: str) -> str:
    """Return a foreign value as it may stand in a sentence; blanks other than a plain space as `␣`."""
    return "".join("␣" if char.isspace() and char != " " else char for char in safe(text, limit=_SHOWN))


def put(variable: str, value: str | Secret, label: str = "") -> Repair:
    """Return the repair that sets a variable; a Secret does not show in its label."""
    words = f"Set {variable}" if isinstance(value, Secret) else f"Set {variable}={shown(value)}"
    return Repair({variable: value}, label or words)


def drop(variable: str) -> Repair:
    """Return the repair that leaves a variable out."""
    return Repair({variable: None}, f"Leave out {variable}")


def put_or_drop(variable: str, value: str | None) -> Repair:
    """Return the repair that sets a variable, or leaves it out where the value is None."""
    return drop(variable) if value is None else put(variable, value)


def best_tls(case: Case, text: str) -> str | None:
    """Return what SMTP_TLS should say where `text` stands there now: what fits the port, else what was meant.

    None means that the line is best left out, which the app takes as false.
    """
    if case.fitting_tls == "true":
        return "true"
    meant = meant_boolean(text)
    if meant is None:
        return None
    return case.fitting_tls or ("true" if meant else "false")


def switch_port(case: Case, choice: PortChoice) -> Repair:
    """Return the repair that goes over to another port, with the TLS mode that belongs to it."""
    implicit = choice.tls is TlsMode.IMPLICIT
    changes: dict[str, str | Secret | None] = {
        "SMTP_PORT": str(choice.port),
        "SMTP_TLS": "true" if implicit else "false",
    }
    if case.provider and case.provider.opportunistic_tls and case.settings.opportunistic_tls:
        changes["SMTP_OPPORTUNISTIC_TLS"] = "false" if implicit else case.provider.opportunistic_tls
    mode = {TlsMode.IMPLICIT: " with TLS", TlsMode.STARTTLS: " with STARTTLS", TlsMode.NONE: ""}[choice.tls]
    return Repair(changes, f"Switch to {choice.port}{mode}")


def finding(name: str, severity: Severity, variable: str | None, message: str, repair: Repair = NO_REPAIR) -> Problem:
    """Make a finding."""
    return Problem.of(name, severity, variable, message, repair.changes, repair.label)
