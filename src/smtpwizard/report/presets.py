"""Presets as text and as JSON: the table of all, the page of one. Pure; `presets` prints them."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, Final

from smtpwizard.apps.profile import AppProfile
from smtpwizard.presets.schema import DkimSelector, ErrorReply, Kind, PasswordType, Provider, ProviderStatus, TlsMode
from smtpwizard.report.lines import Line, LineRole, Mark, columns, wrapped

GROUPS: Final = {
    Kind.RELAY: "Sending services",
    Kind.MAILBOX: "Mailboxes",
    Kind.HOSTING: "Company and hosting",
    Kind.TEST: "Test inboxes",
    Kind.LOCAL: "Local servers",
    Kind.PRACTICE: "Practice",
    Kind.CUSTOM: "Any other server",
}

_TLS: Final = {TlsMode.IMPLICIT: "TLS", TlsMode.STARTTLS: "STARTTLS", TlsMode.NONE: "no TLS"}
_STATUS: Final = {ProviderStatus.OK: "", ProviderStatus.WARN: "caution", ProviderStatus.BLOCKED: "blocked"}
_NAMES: Final = {
    PasswordType.APP_PASSWORD: "App password",
    PasswordType.API_KEY: "API key",
    PasswordType.SMTP_CREDENTIAL: "SMTP password",
}
_LABEL: Final = 12
"""Width of the labels at least."""


def summary(provider: Provider, app: AppProfile) -> dict[str, Any]:
    """Return the JSON object of a preset in the list."""
    choice = provider.port_choice()
    return {
        "id": provider.id,
        "name": provider.name,
        "kind": provider.kind.value,
        "status": provider.status.value,
        "status_note": provider.status_note,
        "host": provider.host,
        "port": choice.port,
        "tls": choice.tls.value,
        "guide": app.guided(provider) is not None,
        "checked": provider.checked,
        "verified": provider.verified,
    }


def record(provider: Provider, app: AppProfile) -> dict[str, Any]:
    """Return the JSON object of one preset: every field, and the variables that it decides."""
    guide = app.guided(provider)
    of_guide = {"opportunistic_tls": guide.opportunistic if guide else "", "guide": guide is not None}
    return {**_plain(provider), **of_guide, "variables": app.defaults(provider)}


def _plain(item: Any) -> Any:
    """Return a NamedTuple as an object, and so every one inside it."""
    if hasattr(item, "_asdict"):
        return {name: _plain(value) for name, value in item._asdict().items()}
    return [_plain(value) for value in item] if isinstance(item, tuple) else item


def table(providers: Sequence[Provider]) -> list[Line | str]:
    """Return the lines of the list: groups in the order given, one preset a line."""
    wide_id = max((len(provider.id) for provider in providers), default=0)
    wide_name = max((len(provider.name) for provider in providers), default=0)
    lines: list[Line | str] = []
    for kind, members in groupby(providers, key=lambda provider: provider.kind):
        lines += [*([""] if lines else []), Line(GROUPS[kind], role=LineRole.TITLE)]
        for provider in members:
            choice = provider.port_choice()
            where = f"{provider.host}:{choice.port} {_TLS[choice.tls]}"
            note = f"  {_STATUS[provider.status]}: {provider.status_note}" if provider.status_note else ""
            lines.append(f"  {provider.id:<{wide_id}}  {provider.name:<{wide_name}}  {where}{note}")
    return lines


def page(provider: Provider, app: AppProfile) -> list[Line | str]:
    """Return everything that an operator should know of a preset, wrapped to the terminal."""
    lines: list[Line | str] = [Line(f"{provider.name} ({provider.id})", role=LineRole.TITLE)]
    if provider.status_note:
        lines.append(Line(f"{_STATUS[provider.status].capitalize()}: {provider.status_note}.", Mark.WARNING))
    lines += section("Server", fields(_server(provider, app)))
    lines += section("Have ready", fields(_ready(provider)))
    lines += section("Know", [Line(text, Mark.WARNING, indent=1) for text in provider.caveats])
    lines += section("Limits", [Line(text, Mark.NOTE, indent=1) for text in provider.limits])
    lines += section("Mail domain", fields(_domain(provider)))
    lines += section("Replies", [line for error in provider.errors for line in _reply(error)])
    lines += section("Pages", fields(_pages(provider)))
    return lines + section("Facts", fields(_facts(provider)))


def _server(provider: Provider, app: AppProfile) -> list[tuple[str, str]]:
    entries = [("Host", provider.host or "asked for")]
    for choice in sorted(provider.ports, key=lambda item: item.port != provider.recommended_port):
        notes = []
        if choice.port == provider.recommended_port:
            notes.append("the app's guide" if app.guided(provider) else "default")
        elif choice == provider.stricter_port():
            notes.append("cannot fall back to clear text")
        if not choice.verified:
            notes.append("not confirmed")
        entries.append((f"Port {choice.port}", _TLS[choice.tls] + (f" ({', '.join(notes)})" if notes else "")))
    entries += [(region.id, f"{region.host}  {region.label}") for region in provider.regions]
    entries.append(("No SMTP in", ", ".join(provider.regions_without_smtp)))
    entries.append(("Also", ", ".join(provider.alt_hosts)))
    return [*entries, ("Old names", ", ".join(provider.old_hosts))]


def _ready(provider: Provider) -> list[tuple[str, str]]:
    password = provider.password
    fixed = f" Value: {provider.username.value}" if provider.username.value else ""
    shape = f" ({password.shape})" if password.shape else ""
    return [
        ("User name", provider.username.hint + fixed),
        (password.label or _NAMES.get(password.type, "Password"), password.hint + shape),
        ("", password.url),
        ("Sender", provider.sender.hint),
    ]


def _domain(provider: Provider) -> list[tuple[str, str]]:
    return [
        ("Addresses", ", ".join(provider.mail_domains)),
        ("MX", ", ".join(provider.mx_suffixes)),
        ("" if provider.mx_suffixes else "MX", provider.mx_note),
        ("SPF", " ".join(f"include:{name}" for name in provider.spf_include)),
        ("" if provider.spf_include else "SPF", provider.spf_note),
        ("DKIM", ", ".join(_selector(item) for item in provider.dkim.selectors)),
        ("" if provider.dkim.selectors else "DKIM", provider.dkim.where),
    ]


def _selector(item: DkimSelector) -> str:
    return f"{item.selector}._domainkey ({item.type}{'' if item.verified else ', not confirmed'})"


def _pages(provider: Provider) -> list[tuple[str, str]]:
    return [
        ("Vendor", provider.docs_url),
        ("Activity", provider.activity_url),
        ("Web page", provider.web_ui),
        ("Image", provider.docker_image),
    ]


def _facts(provider: Provider) -> list[tuple[str, str]]:
    """A value counts as documented if the vendor, Thunderbird's ISPDB or an established library has it."""
    if not provider.checked:
        return []
    state = "documented by the vendor or an established list" if provider.verified else "known from third parties only"
    return [
        ("Checked", f"{provider.checked}; host, port, TLS and user name are {state}"),
        *_series("Not confirmed", provider.unverified),
        *_series("Sources", provider.sources),
    ]


def _series(label: str, texts: Iterable[str]) -> list[tuple[str, str]]:
    return [("" if index else label, text) for index, text in enumerate(texts)]


def _reply(error: ErrorReply) -> list[str]:
    said = " ".join(part for part in (error.code, error.enhanced, error.text) if part)
    return [*_wrap("  ", said), *_wrap("      ", error.meaning)]


def section(title: str, lines: Sequence[Line | str]) -> list[Line | str]:
    """Return the lines with a title and a blank line above; nothing where there are none."""
    return ["", Line(title, role=LineRole.TITLE), *lines] if lines else []


def fields(entries: Sequence[tuple[str, str]]) -> list[str]:
    """Return label and text side by side, the labels as wide as the widest; entries without a text are left out."""
    wide = max([_LABEL, *(len(label) for label, _ in entries)])
    return [line for label, text in entries if text for line in _wrap(f"  {label:<{wide}}  ", text)]


def _wrap(first: str, text: str) -> list[str]:
    return wrapped(text, columns(sys.stdout), first, " " * len(first)).split("\n")


def provider_lines(provider: Provider) -> Iterator[str]:
    """Yield what to have ready and what to know, before anything is asked."""
    if provider.status is ProviderStatus.BLOCKED:
        yield f"{provider.name} cannot work with this app."
    if provider.kind is not Kind.PRACTICE:
        yield f"Have ready: {provider.username.hint}"
        yield f"Have ready: {provider.password.hint}"
    if provider.password.url:
        yield f"Page: {provider.password.url}"
    yield f"Sender: {provider.sender.hint}"
    for caveat in provider.caveats:
        yield f"Know: {caveat}"
    yield f"Checked {provider.checked}." + (f" Documentation: {provider.docs_url}" if provider.docs_url else "")
