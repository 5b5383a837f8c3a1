"""SMTP_HOST: debris of a paste, names that cannot be looked up, localhost in a container, another provider's host."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from smtpwizard.app.case import Case
from smtpwizard.app.hosts import is_address as is_ip_address
from smtpwizard.app.hosts import is_loopback
from smtpwizard.app.repair import NO_REPAIR, Repair, finding, put, shown
from smtpwizard.app.values import is_host_name, tidy, trim_ends
from smtpwizard.findings import Finding, Severity
from smtpwizard.preset_schema import Kind, Provider
from smtpwizard.secret import Secret

_VARIABLE: Final = "SMTP_HOST"
_READING: Final = r"(?i)(imap4?|imaps|pop3?|pop3s)\.(.+)"


def check(case: Case) -> Iterator[Finding]:
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
        yield finding("host-reads-mail", Severity.WARNING, _VARIABLE, message, put(_VARIABLE, right))
    elif is_loopback(case.host):
        yield from _localhost(case)
    elif case.provider is not None and not case.local:
        yield from _belonging(case, case.provider)


def _form(case: Case, text: str) -> Iterator[Finding]:
    if "@" in text and "://" not in text:
        own = put(_VARIABLE, case.provider.host) if case.provider and case.provider.host else NO_REPAIR
        message = "SMTP_HOST holds a mail address. It wants the name of the server, such as smtp.gmail.com."
        yield finding("host-is-address", Severity.ERROR, _VARIABLE, message, own)
    elif not _can_be_looked_up(case.host):
        yield from _no_name(case)
    elif text.rstrip(".") == case.host and text != case.host:
        message = "SMTP_HOST ends in a dot: certificates are made out to the name without it. Take the dot off."
        yield finding("host-trailing-dot", Severity.WARNING, _VARIABLE, message, put(_VARIABLE, case.host))
    elif text != case.host:
        message = (
            f"SMTP_HOST holds more than a host name ({_debris(text)}); the app looks up all of it and finds nothing. "
            f"Write {shown(case.host)} alone."
        )
        yield finding("host-junk", Severity.ERROR, _VARIABLE, message, _clean(case))


def _no_name(case: Case) -> Iterator[Finding]:
    ascii_name = _to_ascii(case.host)
    if ascii_name and ascii_name != case.host:
        message = "SMTP_HOST has letters outside ASCII, which certificates do not carry. Write the name's ASCII form."
        yield finding("host-not-ascii", Severity.WARNING, _VARIABLE, message, put(_VARIABLE, ascii_name))
        return
    message = "SMTP_HOST is not a host name, and looking it up fails. Write the server's name or address alone."
    yield finding("host-not-name", Severity.ERROR, _VARIABLE, message)


def _localhost(case: Case) -> Iterator[Finding]:
    if not case.in_container or (case.provider is not None and case.provider.kind is Kind.PRACTICE):
        return
    own = case.provider.host if case.provider else ""
    yield finding(
        "host-localhost",
        Severity.WARNING,
        _VARIABLE,
        f"Inside the app's container, {shown(case.host)} is the container itself, where no mail server runs. "
        "Use the compose service's name, or host.docker.internal for a server on this machine.",
        put(_VARIABLE, own) if own and not is_loopback(own) else NO_REPAIR,
    )


def _belonging(case: Case, provider: Provider) -> Iterator[Finding]:
    host = case.host.lower()
    region = _region(host, provider)
    if region and region in provider.regions_without_smtp:
        message = f"{provider.name} has no SMTP endpoint in {region}. Choose another region."
        yield finding("region-without-smtp", Severity.ERROR, _VARIABLE, message)
    elif provider.host and not region and host not in _hosts(provider):
        message = f"{shown(case.host)} is none of the hosts that are known for {provider.name}."
        yield finding("host-not-of-provider", Severity.INFO, _VARIABLE, message)


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
    changes: dict[str, str | Secret | None] = {_VARIABLE: case.host}
    if case.host_port and not case.settings.port:
        changes["SMTP_PORT"] = str(case.host_port)
    return Repair(changes, f"Set {_VARIABLE}={shown(case.host)}")


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


def _to_ascii(name: str) -> str:
    """Return an internationalised name in its ASCII form, or nothing where it has none."""
    try:
        encoded = name.encode("idna").decode("ascii")
    except UnicodeError:
        return ""
    return encoded if is_host_name(encoded) else ""
