"""SMTP_HOST: debris of a paste, names that cannot be looked up, localhost in a container, another provider's host."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from smtpwizard.clients.nestjs import Reason, number
from smtpwizard.clients.transport import Origin, effective_port
from smtpwizard.hosts import is_address as is_ip_address
from smtpwizard.hosts import is_loopback, to_ascii
from smtpwizard.lint.context import (
    NO_REPAIR,
    Case,
    Repair,
    finding,
    is_host_name,
    put,
    shown,
    switch_port,
    tidy,
    trim_ends,
)
from smtpwizard.presets.schema import Kind, PortChoice, Provider, TlsMode
from smtpwizard.problems import Problem, Severity
from smtpwizard.secret import Secret

_HOST_VARIABLE: Final = "SMTP_HOST"
_READING: Final = r"(?i)(imap4?|imaps|pop3?|pop3s)\.(.+)"


def check_host(case: Case) -> Iterator[Problem]:
    """Yield what is wrong with the name, then what is unlikely about it."""
    if not case.settings.host:
        return
    yield from _form(case, case.settings.host)
    if not _can_be_looked_up(case.host):
        return
    reading = re.fullmatch(_READING, case.host)
    if reading:
        right = case.provider.host if case.provider and case.provider.host else f"smtp.{reading[2]}"
        message = f"{shown(case.host)} is for reading mail, not for sending. The host to send through is another one."
        yield finding("host-reads-mail", Severity.WARNING, _HOST_VARIABLE, message, put(_HOST_VARIABLE, right))
    elif is_loopback(case.host):
        yield from _localhost(case)
    elif case.provider is not None and not case.local:
        yield from _belonging(case, case.provider)


def _form(case: Case, text: str) -> Iterator[Problem]:
    if "@" in text and "://" not in text:
        own = put(_HOST_VARIABLE, case.provider.host) if case.provider and case.provider.host else NO_REPAIR
        message = "SMTP_HOST holds a mail address. It wants the name of the server, such as smtp.gmail.com."
        yield finding("host-is-address", Severity.ERROR, _HOST_VARIABLE, message, own)
    elif not _can_be_looked_up(case.host):
        yield from _no_name(case)
    elif text.rstrip(".") == case.host and text != case.host:
        message = "SMTP_HOST ends in a dot: certificates are made out to the name without it. Take the dot off."
        yield finding("host-trailing-dot", Severity.WARNING, _HOST_VARIABLE, message, put(_HOST_VARIABLE, case.host))
    elif text != case.host:
        message = (
            f"SMTP_HOST holds more than a host name ({_debris(text)}); the app looks up all of it and finds nothing. "
            f"Write {shown(case.host)} alone."
        )
        yield finding("host-junk", Severity.ERROR, _HOST_VARIABLE, message, _clean(case))


def _no_name(case: Case) -> Iterator[Problem]:
    ascii_name = to_ascii(case.host)
    if not case.host.isascii() and is_host_name(ascii_name):
        message = "SMTP_HOST has letters outside ASCII, which certificates do not carry. Write the name's ASCII form."
        yield finding("host-not-ascii", Severity.WARNING, _HOST_VARIABLE, message, put(_HOST_VARIABLE, ascii_name))
        return
    message = "SMTP_HOST is not a host name, and looking it up fails. Write the server's name or address alone."
    yield finding("host-not-name", Severity.ERROR, _HOST_VARIABLE, message)


def _localhost(case: Case) -> Iterator[Problem]:
    if not case.in_container or (case.provider is not None and case.provider.kind is Kind.PRACTICE):
        return
    own = case.provider.host if case.provider else ""
    yield finding(
        "host-localhost",
        Severity.WARNING,
        _HOST_VARIABLE,
        f"Inside the app's container, {shown(case.host)} is the container itself, where no mail server runs. "
        "Use the compose service's name, or host.docker.internal for a server on this machine.",
        put(_HOST_VARIABLE, own) if own and not is_loopback(own) else NO_REPAIR,
    )


def _belonging(case: Case, provider: Provider) -> Iterator[Problem]:
    host = case.host.lower()
    region = _region(host, provider)
    if region and region in provider.regions_without_smtp:
        message = f"{provider.name} has no SMTP endpoint in {region}. Choose another region."
        yield finding("region-without-smtp", Severity.ERROR, _HOST_VARIABLE, message)
    elif provider.host and not region and host not in _hosts(provider):
        message = f"{shown(case.host)} is none of the hosts that are known for {provider.name}."
        yield finding("host-not-of-provider", Severity.INFO, _HOST_VARIABLE, message)


def _hosts(provider: Provider) -> frozenset[str]:
    return frozenset(map(str.lower, (provider.host, *provider.alt_hosts, *(item.host for item in provider.regions))))


def _region(host: str, provider: Provider) -> str:
    before, found, after = provider.host_template.partition("{region}")
    if not found or not (host.startswith(before) and host.endswith(after)):
        return ""
    return host.removeprefix(before).removesuffix(after)


def _can_be_looked_up(name: str) -> bool:
    return is_host_name(name) or is_ip_address(name)


def _clean(case: Case) -> Repair:
    changes: dict[str, str | Secret | None] = {_HOST_VARIABLE: case.host}
    if case.host_port and not case.settings.port:
        changes["SMTP_PORT"] = str(case.host_port)
    return Repair(changes, f"Set {_HOST_VARIABLE}={shown(case.host)}")


def _debris(text: str) -> str:
    """Name what does not belong there."""
    inner = tidy(text)
    scheme = re.match(r"[a-z][a-z0-9+.-]*:/+", inner, re.IGNORECASE)
    if scheme:
        return f"`{shown(scheme[0])}`"
    if trim_ends(text) != text:
        return "blanks or invisible characters"
    if inner != text:
        return "quotes"
    if re.search(r"[^:]:[0-9]+$", inner):
        return "a port"
    return f"`{inner[-1]}` at its end" if inner[-1:] in tuple(",;.") else "other characters"


_PORT_VARIABLE: Final = "SMTP_PORT"
_OTHER_PROTOCOLS: Final = {22: "SSH", 80: "HTTP", 110: "POP3", 143: "IMAP", 443: "HTTPS", 993: "IMAP", 995: "POP3"}
_MAIL_PORTS: Final = {
    110: PortChoice(587, TlsMode.STARTTLS),
    143: PortChoice(587, TlsMode.STARTTLS),
    993: PortChoice(465, TlsMode.IMPLICIT),
    995: PortChoice(465, TlsMode.IMPLICIT),
}
"""Port for reading mail → the port for sending with the same TLS mode (RFC 8314)."""


def check_port(case: Case) -> Iterator[Problem]:
    """Yield how the text is read; where that is plain, what is unlikely about the port."""
    text = case.settings.port
    if not text or isinstance(number(text), Reason):
        return  # `start` tells it
    if text == str(case.port):
        yield from _meaning(case, case.port)
    else:
        yield from _reading(case, text)


def _reading(case: Case, text: str) -> Iterator[Problem]:
    environ, file = effective_port(text, Origin.ENVIRON), effective_port(text, Origin.ENV_FILE)
    meant = put(_PORT_VARIABLE, str(case.port)) if case.port else NO_REPAIR
    if environ != file:
        message = (
            f"SMTP_PORT is `{shown(text)}`: from the container's environment the app reads port {environ or 'none'}, "
            f"from its own .env {file or 'none'}. Write plain digits."
        )
        yield finding("port-misread", Severity.WARNING, _PORT_VARIABLE, message, meant)
    elif environ is None:
        taken = "465" if case.secure else "587"
        message = f"SMTP_PORT is `{shown(text)}`, which the mail client takes for no port: it connects to {taken}."
        right = put(_PORT_VARIABLE, taken)
        yield finding("port-zero", Severity.WARNING, _PORT_VARIABLE, f"{message} Write the port that is meant.", right)
    elif not 0 < environ < 65536:
        if not case.port and case.provider:
            meant = put(_PORT_VARIABLE, str(case.provider.recommended_port))
        message = f"SMTP_PORT is `{shown(text)}`; ports go from 1 to 65535, and every connection fails. Correct it."
        yield finding("port-out-of-range", Severity.ERROR, _PORT_VARIABLE, message, meant)
    else:
        message = f"SMTP_PORT is `{shown(text)}`. The app reads {environ}; other readers may not. Write plain digits."
        yield finding("port-spelling", Severity.INFO, _PORT_VARIABLE, message, put(_PORT_VARIABLE, str(environ)))


def _meaning(case: Case, port: int | None) -> Iterator[Problem]:
    provider = case.provider
    if port in _OTHER_PROTOCOLS and case.listed_mode is None:
        severity = Severity.ERROR if case.public else Severity.WARNING
        message = f"Port {port} is for {_OTHER_PROTOCOLS[port]}, not for sending mail. Usual are 465 and 587."
        yield finding("port-other-protocol", severity, _PORT_VARIABLE, message, _instead(case, port))
    elif provider and case.foreign_port:
        message = f"{provider.name} is not known to answer on port {port}; it has {_offered(provider)}."
        yield finding("port-not-of-provider", Severity.WARNING, _PORT_VARIABLE, message, _recommended(case, provider))
    elif port == 25 and case.public:
        message = "Most clouds and many networks block outgoing port 25. Use the server's submission port: 465 or 587."
        better = _recommended(case, provider) if provider and provider.recommended_port != 25 else NO_REPAIR
        yield finding("port-25", Severity.INFO, _PORT_VARIABLE, message, better)


def _instead(case: Case, port: int) -> Repair:
    if case.provider and case.provider.ports:
        return _recommended(case, case.provider)
    return switch_port(case, _MAIL_PORTS[port]) if port in _MAIL_PORTS else NO_REPAIR


def _recommended(case: Case, provider: Provider) -> Repair:
    return switch_port(case, provider.port_choice())


def _offered(provider: Provider) -> str:
    words = {TlsMode.IMPLICIT: " with TLS", TlsMode.STARTTLS: " with STARTTLS", TlsMode.NONE: ""}
    return ", ".join(f"{choice.port}{words[choice.tls]}" for choice in provider.ports)
