"""Host and port: debris of a paste, names that cannot be looked up, localhost in a container, another provider's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from smtpwizard.addresses import is_ip_address, is_loopback, to_ascii
from smtpwizard.apps.profile import Role
from smtpwizard.clients.transport import Origin, effective_port
from smtpwizard.lint.context import NO_REPAIR, Context, Repair, is_host_name, shown, tidy, trim_ends
from smtpwizard.presets.schema import Kind, PortChoice, Provider, TlsMode
from smtpwizard.problems import Problem, Severity
from smtpwizard.secret import Secret

_READING: Final = r"(?i)(imap4?|imaps|pop3?|pop3s)\.(.+)"


def check_host(context: Context) -> Iterator[Problem]:
    """Yield what is wrong with the name, then what is unlikely about it."""
    if not context.settings.host:
        return
    yield from _form(context, context.settings.host)
    if not _can_be_looked_up(context.host):
        return
    reading = context.host.lower().startswith(("imap", "pop")) and re.fullmatch(_READING, context.host)
    if reading:
        right = context.provider.host if context.provider and context.provider.host else f"smtp.{reading[2]}"
        message = (
            f"{shown(context.host)} is for reading mail, not for sending. The host to send through is another one."
        )
        yield context.finding("host-reads-mail", Severity.WARNING, Role.HOST, message, context.put(Role.HOST, right))
    elif is_loopback(context.host):
        yield from _localhost(context)
    elif context.provider is not None and not context.local:
        yield from _belonging(context, context.provider)


def _form(context: Context, text: str) -> Iterator[Problem]:
    if "@" in text and "://" not in text:
        own = context.put(Role.HOST, context.provider.host) if context.provider and context.provider.host else NO_REPAIR
        message = (
            f"{context.variable(Role.HOST)} holds a mail address. It wants the name of the server, such as "
            "smtp.gmail.com."
        )
        yield context.finding("host-is-address", Severity.ERROR, Role.HOST, message, own)
    elif not _can_be_looked_up(context.host):
        yield from _no_name(context)
    elif text.rstrip(".") == context.host and text != context.host:
        message = (
            f"{context.variable(Role.HOST)} ends in a dot: certificates are made out to the name without it. Take the "
            "dot off."
        )
        yield context.finding(
            "host-trailing-dot", Severity.WARNING, Role.HOST, message, context.put(Role.HOST, context.host)
        )
    elif text != context.host:
        message = (
            f"{context.variable(Role.HOST)} holds more than a host name ({_debris(text)}); the app looks up all of it "
            "and finds nothing. "
            f"Write {shown(context.host)} alone."
        )
        yield context.finding("host-junk", Severity.ERROR, Role.HOST, message, _clean(context))


def _no_name(context: Context) -> Iterator[Problem]:
    ascii_name = to_ascii(context.host)
    if not context.host.isascii() and is_host_name(ascii_name):
        message = (
            f"{context.variable(Role.HOST)} has letters outside ASCII, which certificates do not carry. Write the "
            "name's ASCII form."
        )
        yield context.finding(
            "host-not-ascii", Severity.WARNING, Role.HOST, message, context.put(Role.HOST, ascii_name)
        )
        return
    message = (
        f"{context.variable(Role.HOST)} is not a host name, and looking it up fails. Write the server's name or "
        "address alone."
    )
    yield context.finding("host-not-name", Severity.ERROR, Role.HOST, message)


def _localhost(context: Context) -> Iterator[Problem]:
    if not context.in_container or (context.provider is not None and context.provider.kind is Kind.PRACTICE):
        return
    own = context.provider.host if context.provider else ""
    yield context.finding(
        "host-localhost",
        Severity.WARNING,
        Role.HOST,
        f"Inside the app's container, {shown(context.host)} is the container itself, where no mail server runs. "
        "Use the compose service's name, or host.docker.internal for a server on this machine.",
        context.put(Role.HOST, own) if own and not is_loopback(own) else NO_REPAIR,
    )


def _belonging(context: Context, provider: Provider) -> Iterator[Problem]:
    host = context.host.lower()
    region = _region(host, provider)
    if region and region in provider.regions_without_smtp:
        message = f"{provider.name} has no SMTP endpoint in {region}. Choose another region."
        yield context.finding("region-without-smtp", Severity.ERROR, Role.HOST, message)
    elif provider.host and not region and host not in _hosts(provider):
        message = (
            f"{shown(context.host)} is none of the hosts that are known for {provider.name}. Compare it with "
            f"{provider.docs_url or 'the one on its page'}."
        )
        yield context.finding("host-not-of-provider", Severity.INFO, Role.HOST, message)


def _hosts(provider: Provider) -> frozenset[str]:
    return frozenset(map(str.lower, (provider.host, *provider.alt_hosts, *(item.host for item in provider.regions))))


def _region(host: str, provider: Provider) -> str:
    before, found, after = provider.host_template.partition("{region}")
    if not found or not (host.startswith(before) and host.endswith(after)):
        return ""
    return host.removeprefix(before).removesuffix(after)


def _can_be_looked_up(name: str) -> bool:
    return is_host_name(name) or is_ip_address(name)


def _clean(context: Context) -> Repair:
    changes: dict[str, str | Secret | None] = {context.variable(Role.HOST): context.host}
    if context.host_port and not context.settings.port:
        changes[context.variable(Role.PORT)] = str(context.host_port)
    return Repair(changes, f"Set {context.variable(Role.HOST)}={shown(context.host)}")


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


_OTHER_PROTOCOLS: Final = {22: "SSH", 80: "HTTP", 110: "POP3", 143: "IMAP", 443: "HTTPS", 993: "IMAP", 995: "POP3"}
_MAIL_PORTS: Final = {
    110: PortChoice(587, TlsMode.STARTTLS),
    143: PortChoice(587, TlsMode.STARTTLS),
    993: PortChoice(465, TlsMode.IMPLICIT),
    995: PortChoice(465, TlsMode.IMPLICIT),
}
"""Port for reading mail → the port for sending with the same TLS mode (RFC 8314)."""


def check_port(context: Context) -> Iterator[Problem]:
    """Yield how the text is read; where that is plain, what is unlikely about the port."""
    text = context.settings.port
    if not text or context.refuses(Role.PORT, text):
        return  # `startup` tells it
    if text == str(context.port):
        yield from _meaning(context, context.port)
    else:
        yield from _reading(context, text)


def _reading(context: Context, text: str) -> Iterator[Problem]:
    environ, file = (effective_port(context.settings, origin) for origin in (Origin.ENVIRON, Origin.ENV_FILE))
    meant = context.put(Role.PORT, str(context.port)) if context.port else NO_REPAIR
    if environ != file:
        message = (
            f"{context.variable(Role.PORT)} is `{shown(text)}`: from the container's environment the app reads port "
            f"{environ or 'none'}, "
            f"from its own .env {file or 'none'}. Write plain digits."
        )
        yield context.finding("port-misread", Severity.WARNING, Role.PORT, message, meant)
    elif environ is None:
        taken = "465" if context.secure else "587"
        message = (
            f"{context.variable(Role.PORT)} is `{shown(text)}`, which the mail client takes for no port: it connects "
            f"to {taken}."
        )
        right = context.put(Role.PORT, taken)
        yield context.finding(
            "port-zero", Severity.WARNING, Role.PORT, f"{message} Write the port that is meant.", right
        )
    elif not 0 < environ < 65536:
        if not context.port and context.provider:
            meant = context.put(Role.PORT, str(context.provider.recommended_port))
        message = (
            f"{context.variable(Role.PORT)} is `{shown(text)}`; ports go from 1 to 65535, and every connection fails. "
            "Correct it."
        )
        yield context.finding("port-out-of-range", Severity.ERROR, Role.PORT, message, meant)
    else:
        message = (
            f"{context.variable(Role.PORT)} is `{shown(text)}`. The app reads {environ}; other readers may not. Write "
            "plain digits."
        )
        yield context.finding("port-spelling", Severity.INFO, Role.PORT, message, context.put(Role.PORT, str(environ)))


def _meaning(context: Context, port: int | None) -> Iterator[Problem]:
    provider = context.provider
    if port in _OTHER_PROTOCOLS and context.listed_mode is None:
        severity = Severity.ERROR if context.public else Severity.WARNING
        message = f"Port {port} is for {_OTHER_PROTOCOLS[port]}, not for sending mail. Usual are 465 and 587."
        yield context.finding("port-other-protocol", severity, Role.PORT, message, _instead(context, port))
    elif provider and context.foreign_port:
        message = f"{provider.name} is not known to answer on port {port}; it has {_offered(provider)}."
        yield context.finding(
            "port-not-of-provider", Severity.WARNING, Role.PORT, message, _recommended(context, provider)
        )
    elif port == 25 and context.public:
        message = "Most clouds and many networks block outgoing port 25. Use the server's submission port: 465 or 587."
        better = _recommended(context, provider) if provider and provider.recommended_port != 25 else NO_REPAIR
        yield context.finding("port-25", Severity.INFO, Role.PORT, message, better)


def _instead(context: Context, port: int) -> Repair:
    if context.provider and context.provider.ports:
        return _recommended(context, context.provider)
    return context.switch_port(_MAIL_PORTS[port]) if port in _MAIL_PORTS else NO_REPAIR


def _recommended(context: Context, provider: Provider) -> Repair:
    return context.switch_port(provider.port_choice())


def _offered(provider: Provider) -> str:
    words = {TlsMode.IMPLICIT: " with TLS", TlsMode.STARTTLS: " with STARTTLS", TlsMode.NONE: ""}
    return ", ".join(f"{choice.port}{words[choice.tls]}" for choice in provider.ports)
