"""One set of settings, with everything the rules need to know worked out once. Judges nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from smtpwizard.app.client import implicit_tls
from smtpwizard.app.hosts import is_private_host
from smtpwizard.app.origin import Origin
from smtpwizard.app.values import bare_address, host_parts, meant_port, tidy
from smtpwizard.preset_schema import Kind, Provider, TlsMode
from smtpwizard.secret import Secret
from smtpwizard.settings import LEGACY, Settings

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
