"""Named repairs of catalogue entries: what to change depends on the settings. Pure functions; nothing is written here.

A repair returns changes by role, empty where a machine cannot tell what is right; `in_names` puts the app's names in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from smtpwizard.addresses import bare_address, is_address
from smtpwizard.apps.profile import AppProfile, Role
from smtpwizard.clients.transport import implicit_tls
from smtpwizard.diagnosis.event import Event
from smtpwizard.diagnosis.schema import Failure
from smtpwizard.presets.values import IMPLICIT_PORTS, TlsMode
from smtpwizard.secret import Secret
from smtpwizard.settings import Settings

Changes = dict[Role, str | Secret | None]
"""Role → value; of `security` the TLS mode that is wanted. None leaves it out."""

IMPLICIT: Final = TlsMode.IMPLICIT.value
STARTTLS: Final = TlsMode.STARTTLS.value


_INVISIBLE: Final = "[\0-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
_QUOTES: Final = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'", "\u00a0": " "})
_SCHEME: Final = r"(?i)^[a-z][a-z0-9+.-]{0,20}://?"
_HOST: Final = r"(?i)[a-z0-9_](?:[a-z0-9_.-]{0,251}[a-z0-9_])?"
_DNS_NAME: Final = r"(?i)DNS:([a-z0-9*][a-z0-9.*-]{0,252})"


def clean_host(event: Event, settings: Settings) -> Changes:
    """Take scheme, port, quotes, blanks and punctuation off the host."""
    host = (settings.host or "").translate(_QUOTES)
    host = re.sub(_SCHEME, "", re.sub(_INVISIBLE, "", host).strip(" \t'\"`<>();,"))
    host = host.rpartition("@")[2].split("/")[0].strip(" \t'\"`<>();,")
    name, colon, port = host.partition(":")
    changes: Changes = {}
    if colon and port.isascii() and port.isdigit() and port != settings.port:
        changes[Role.PORT] = port
    host = name.strip(" .;,")
    return changes | {Role.HOST: host} if re.fullmatch(_HOST, host) else {}


def swap_tls(event: Event, settings: Settings) -> Changes:
    """Go to the other mode: TLS from the first byte where the port speaks it at once, STARTTLS where it does not."""
    return {Role.SECURITY: STARTTLS if implicit_tls(settings) else IMPLICIT}


def to_implicit(event: Event, settings: Settings) -> Changes:
    """Go to the provider's port with TLS from the first byte, 465 where the provider is not known."""
    if event.provider is None:
        return {Role.PORT: "465", Role.SECURITY: IMPLICIT}
    for choice in sorted(event.provider.ports, key=lambda item: (item.port != 465, item.port)):
        if choice.tls == IMPLICIT:
            return {Role.PORT: str(choice.port), Role.SECURITY: IMPLICIT}
    return {}


def offered_port(event: Event, settings: Settings) -> Changes:
    """Go to the port that the provider recommends, with its TLS mode."""
    if event.provider is None or event.provider.recommended_port == settings.port_number:
        return {}
    choice = event.provider.port_choice()
    return {Role.PORT: str(choice.port), Role.SECURITY: choice.tls.value}


def escape_port(event: Event, settings: Settings) -> Changes:
    """Go to a port of the provider that clouds rarely block: 2525, 2587 or 2465."""
    return open_port(event, settings, (2525, 2587, 2465))


def open_port(event: Event, settings: Settings, ports: tuple[int, ...]) -> Changes:
    """Go to the first of `ports` that the provider has and the settings do not use."""
    if event.provider is None:
        return {}
    for wanted in ports:
        for choice in event.provider.ports:
            if choice.port == wanted and wanted != settings.port_number:
                return {Role.PORT: str(wanted), Role.SECURITY: choice.tls.value}
    return {}


def certificate_name(event: Event, settings: Settings) -> Changes:
    """Take the one host name that the certificate has. Several, or a wildcard, are a person's choice."""
    names = {name.lower() for name in event.names or re.findall(_DNS_NAME, event.raw)}
    if len(names) != 1:
        return {}
    name = names.pop()
    return {Role.HOST: name} if re.fullmatch(_HOST, name) and "." in name else {}


def sender_is_login(event: Event, settings: Settings) -> Changes:
    """Send as the account that logs in, where its user name is an address."""
    user = (settings.username or "").strip()
    return {Role.SENDER: user} if is_address(user) else {}


def bare_sender(event: Event, settings: Settings) -> Changes:
    """Take the address out of `Name <address>`, quotes or blanks; the user name where the sender holds none."""
    sender = settings.sender or ""
    address = bare_address(sender)
    return {Role.SENDER: address} if address else sender_is_login(event, settings) if "@" not in sender else {}


def swap_login(event: Event, settings: Settings) -> Changes:
    """Exchange user name and password."""
    if not settings.username or not settings.password:
        return {}
    return {Role.USERNAME: settings.password.reveal(), Role.PASSWORD: Secret(settings.username)}


def strip_password_spaces(event: Event, settings: Settings) -> Changes:
    """Take the blanks out of the password."""
    password = settings.password.reveal() if settings.password else ""
    return {Role.PASSWORD: Secret("".join(password.split()))} if password else {}


def _each(settings: Settings, mend: Callable[[str], str]) -> Changes:
    changes: Changes = {}
    for item in settings.app.variables:
        value = settings.of(item.role)
        token = item.role is Role.USERNAME and settings.password and value == settings.password.reveal()
        text = value.reveal() if isinstance(value, Secret) else value or ""
        mended = mend(text)
        if mended != text and mended:
            changes[item.role] = Secret(mended) if token or isinstance(value, Secret) else mended
    return changes


def strip_quotes(event: Event, settings: Settings) -> Changes:
    """Take one pair of quotes off every value that is wrapped in them."""
    return _each(settings, lambda text: text[1:-1] if len(text) > 2 and text[0] == text[-1] in "\"'" else text)


def strip_comments(event: Event, settings: Settings) -> Changes:
    """Take ` # …` off every value except the password, where a # may be meant."""
    changes = _each(settings, lambda text: text.split(" #")[0].rstrip() if " #" in text else text)
    return {role: value for role, value in changes.items() if role is not Role.PASSWORD}


def clean_values(event: Event, settings: Settings) -> Changes:
    """Take blanks, line ends and invisible characters off every value; curly quotes become straight ones."""
    return _each(settings, lambda text: re.sub(_INVISIBLE, "", text).translate(_QUOTES).strip())


def tls_word(event: Event, settings: Settings) -> Changes:
    """Write TLS as the app reads it: as it was meant, else by the port: from the first byte on 465 and 2465."""
    word = (settings.security or "").strip().lower()
    if word in ("true", "false"):
        return {Role.SECURITY: IMPLICIT if word == "true" else STARTTLS}
    return {Role.SECURITY: IMPLICIT if settings.port_number in IMPLICIT_PORTS else STARTTLS}


REPAIRS: Final[Mapping[str, Callable[[Event, Settings], Changes]]] = {
    "clean-host": clean_host,
    "swap-tls": swap_tls,
    "implicit-tls": to_implicit,
    "offered-port": offered_port,
    "escape-port": escape_port,
    "certificate-name": certificate_name,
    "sender-is-login": sender_is_login,
    "bare-sender": bare_sender,
    "swap-login": swap_login,
    "strip-password-spaces": strip_password_spaces,
    "strip-quotes": strip_quotes,
    "strip-comments": strip_comments,
    "clean-values": clean_values,
    "tls-word": tls_word,
}
"""Every value of `repair`."""

_WITHOUT_SETTINGS: Final = frozenset({"implicit-tls", "certificate-name", "escape-port", "offered-port"})
"""Repairs that say something even where the settings are not known: from the provider or the message."""


def computed(failure: Failure, event: Event) -> Changes:
    """Return the changes of an entry that depend on settings, provider or message."""
    settings = event.settings or Settings(event.profile)
    changes = open_port(event, settings, failure.open_ports)
    if failure.repair and (event.settings is not None or failure.repair in _WITHOUT_SETTINGS):
        changes |= REPAIRS[failure.repair](event, settings)
    return changes


def in_names(changes: Changes, app: AppProfile, settings: Settings | None) -> dict[str, str | Secret | None]:
    """Return changes in the app's own names; the variables of the wanted TLS mode in place of its name.

    What the mode wants absent is left out only where the settings have it.
    """
    found: dict[str, str | Secret | None] = {}
    for role, value in changes.items():
        if role is Role.SECURITY and isinstance(value, str) and value in tuple(TlsMode):  # else the text, tidied up
            mode = app.mode_changes(app.mode_for(TlsMode(value)))
            present = [name for name in mode if settings is not None and settings.get(name) is not None]
            found |= {name: text for name, text in mode.items() if text is not None or name in present}
        elif app.spec(role):
            found[app.variable(role)] = value
    return found
