"""docs/apps.md, made of the profiles: for each app its variables, the four ways to use TLS, and what goes wrong.

`PYTHONPATH=tests python -m support.apps_page` writes it anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from smtpwizard.apps.loading import AppFiles
from smtpwizard.apps.profile import AppProfile, Role, Security
from smtpwizard.apps.schema import STANDARD_PORTS, Mode
from smtpwizard.clients.registry import label
from smtpwizard.presets.files import presets_root
from smtpwizard.report.apps import MODES

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "apps.md"
_HEAD: Final = """# Apps

Made of `presets/apps/*.toml` by `PYTHONPATH=tests python -m support.apps_page`; [apps-adding.md](apps-adding.md) says
how one is added. `smtpwizard apps show ID` tells the same in the terminal, and whether there is a model of the client:
without one, `check` tells the server's half, and gives no verdict for the app.
"""
_EVIDENCE: Final = {
    "tested": "its own reader or client runs in the tests",
    "source": "read in its source",
    "docs": "its manual",
}
_WHERE: Final = {"environment": "variables", "file": "a file", "admin-page": "a page"}


def page() -> str:
    """Return the text of the page."""
    apps = AppFiles((presets_root(),)).all()
    parts = [_HEAD, "| app | `--app` | mail client | set up in |", "|---|---|---|---|"]
    parts += [f"| [{app.name}](#{anchor(app)}) | `{app.id}` | {label(app)} | {_WHERE[app.config]} |" for app in apps]
    parts += [line for app in apps for line in section(app)]
    return "\n".join(parts) + "\n"


def anchor(app: AppProfile) -> str:
    """Return the anchor that GitHub makes of an app's heading."""
    kept = (char for char in app.name.lower() if char.isalnum() or char in " -_")
    return "".join(kept).replace(" ", "-")


def section(app: AppProfile) -> Iterator[str]:
    """Yield the lines about one app."""
    yield f"\n## {app.name}\n"
    where = app.place.where if app.place else f"services {', '.join(f'`{name}`' for name in app.services)}"
    images = f"; images {', '.join(f'`{name}`' for name in app.images)}" if app.images else ""
    checked = f"[Manual]({app.docs_url}), checked {app.checked}: {_EVIDENCE[app.evidence]}"
    yield f"`--app {app.id}`; {where}{images}. {checked}.\n"
    yield "| setting | for | |\n|---|---|---|"
    for item in app.variables:
        notes = [cell(item.help), *(["Required."] if item.required else [])]
        notes += [f"Absent: `{cell(item.default)}`."] if item.default else []
        notes += [f"From a file: `{item.file_variant}`."] if item.file_variant else []
        yield f"| `{item.name}` | {item.role.value.replace('_', ' ')} | {' '.join(notes)} |"
    for constant in app.constants:
        more = "; it is that where it is absent" if constant.is_met(None) else ""
        yield f"| `{constant.name}` | | Must be `{constant.text}`{more}. |"
    for extra in app.extras:
        yield f"| `{extra.name}` | | {cell(extra.help)} |"
    yield "\n| TLS | |\n|---|---|"
    for mode in Security:
        yield f"| {MODES[mode]} | {_mode(app, mode)} |"
    told = [item.sentence for item in app.wins] + [app.fill(trap.sentence) for trap in app.traps]
    told += [f"Not known: {text}." for text in app.unknown]
    if app.old_names:
        told.append(
            "Not read: " + ", ".join(f"`{item.name}` ({app.variable(item.role)})" for item in app.old_names) + "."
        )
    if told:
        yield ""
    for text in told:
        yield f"- {text}"
    if app.test:
        yield f"- Its own test: {app.test}"


def _mode(app: AppProfile, mode: Security) -> str:
    said: Mode = getattr(app.modes, mode.value)
    if not said.possible:
        return f"cannot be said. {cell(said.note)}".strip()
    texts = {**(app.mode(mode) or {}), app.variable(Role.PORT): str(STANDARD_PORTS[mode])}
    return ", ".join(f"`{name}={text}`" for name, text in texts.items()) + (f". {cell(said.note)}" if said.note else "")


def cell(text: str) -> str:
    """Return a text as it may stand in a cell of a table."""
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
