"""Apps as text and as JSON: the table of all, the page of one. Pure; `apps` prints them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from smtpwizard.apps.profile import AppProfile, Role, Security, Variable
from smtpwizard.apps.schema import STANDARD_PORTS, Constant, Mode
from smtpwizard.clients.registry import label, model_of
from smtpwizard.report.lines import Line, LineRole, Mark
from smtpwizard.report.presets import fields, section
from smtpwizard.targets.recognise import AppMatch

MODES: Final = {
    Security.IMPLICIT: "TLS from the first byte",
    Security.STARTTLS: "STARTTLS, nothing in clear",
    Security.OPPORTUNISTIC: "STARTTLS if offered",
    Security.NONE: "no TLS",
}
_WHERE: Final = {"environment": "variables", "file": "a file", "admin-page": "a page"}


def summary(app: AppProfile) -> dict[str, Any]:
    """Return the JSON object of an app in the list."""
    return {
        "id": app.id,
        "name": app.name,
        "client": label(app),
        "modelled": model_of(app) is not None,
        "evidence": app.evidence,
        "config": app.config,
    }


def record(app: AppProfile) -> dict[str, Any]:
    """Return the JSON object of one app: identity, roles, modes, client, traps."""
    return {
        **summary(app),
        "services": list(app.services),
        "images": list(app.images),
        "docs_url": app.docs_url,
        "checked": app.checked,
        "sources": list(app.sources),
        "unknown": list(app.unknown),
        "roles": {item.role.value: _variable(item) for item in app.variables},
        "constants": {item.name: item.text for item in app.constants},
        "modes": {mode.value: None if (found := app.mode(mode)) is None else dict(found) for mode in Security},
        "client": {
            "model": app.client.model,
            "version": app.client.version,
            "login": app.client.login,
            "modelled": model_of(app) is not None,
        },
        "old_names": {item.name: item.role.value for item in app.old_names},
        "traps": [
            {"id": item.id, "severity": item.severity, "role": item.role, "sentence": app.fill(item.sentence)}
            for item in app.traps
        ],
        "wins": [{"what": item.what, "sentence": item.sentence} for item in app.wins],
    }


def _variable(item: Variable) -> dict[str, Any]:
    return {
        "variable": item.name,
        "required": item.required,
        "default": item.default or None,
        "form": item.format or None,
        "parse": item.read or item.check or None,
        "choices": list(item.choices),
        "file_variant": item.file_variant or None,
        "help": item.help,
    }


def match_record(folder: str, found: Sequence[AppMatch]) -> dict[str, Any]:
    """Return the JSON object of `apps match`."""
    rows = [{"app": item.app.id, "file": item.file.name, "service": item.service, "by": item.by} for item in found]
    return {"schema": 1, "folder": folder, "matches": rows}


def table(apps: Sequence[AppProfile]) -> list[str]:
    """Return the lines of the list, one app a line."""
    wide_id = max((len(app.id) for app in apps), default=0)
    wide_name = max((len(app.name) for app in apps), default=0)
    return [
        f"{app.id:<{wide_id}}  {app.name:<{wide_name}}  {label(app)}"
        + ("" if model_of(app) else ", not modelled")
        + ("" if app.config == "environment" else f"; set up in {_WHERE[app.config]}")
        for app in apps
    ]


def page(app: AppProfile) -> list[Line | str]:
    """Return everything that an operator should know of an app, wrapped to the terminal."""
    lines: list[Line | str] = [Line(f"{app.name} ({app.id})", role=LineRole.TITLE)]
    lines += section("Settings", fields([(item.name, _told(item)) for item in app.variables]))
    lines += section("Also", fields([(item.name, _constant(item)) for item in app.constants]))
    lines += section("TLS", fields([(MODES[mode], _mode(app, mode)) for mode in Security]))
    lines += section("Know", [Line(text, Mark.WARNING, indent=1) for text in _knows(app)])
    lines += section("Not read", fields([(item.name, f"it is {app.variable(item.role)}") for item in app.old_names]))
    return lines + section("Facts", fields(list(_facts(app))))


def _told(item: Variable) -> str:
    default = f" Absent: {item.default}." if item.default else ""
    return f"{item.help}{' Required.' if item.required else ''}{default}"


def _constant(item: Constant) -> str:
    return f"{item.text}; it is that where it is absent" if item.is_met(None) else f"{item.text} must be there"


def _mode(app: AppProfile, mode: Security) -> str:
    said: Mode = getattr(app.modes, mode.value)
    if not said.possible:
        return f"cannot be said{f': {said.note}' if said.note else ''}"
    texts = [f"{name}={text}" for name, text in (app.mode(mode) or {}).items()]
    port = app.variable(Role.PORT)
    return ", ".join([*texts, f"{port}={STANDARD_PORTS[mode]}"]) + (f". {said.note}" if said.note else "")


def _knows(app: AppProfile) -> Iterator[str]:
    for item in app.wins:
        yield item.sentence
    for trap in app.traps:
        yield app.fill(trap.sentence)


def _facts(app: AppProfile) -> Iterator[tuple[str, str]]:
    yield "Services", ", ".join(app.services)
    yield "Images", ", ".join(app.images)
    yield "Set up in", app.place.where if app.place else ""
    modelled = "" if model_of(app) else "; no model of it: the server's half is told alone"
    yield "Mail client", label(app) + modelled
    yield "Private CA", app.private_ca
    yield "Its own test", app.test
    yield "Changes", app.restart
    yield "Manual", app.docs_url
    words = {
        "tested": "its own reader or client runs in our tests",
        "source": "read in its source",
        "docs": "its manual",
    }
    yield "Checked", f"{app.checked}; {words[app.evidence]}"
    for index, text in enumerate(app.unknown):
        yield "" if index else "Not known", text
    for index, text in enumerate(app.sources):
        yield "" if index else "Sources", text
