"""The command palette's entries: `area: Verb object`, only those that make sense now. Does nothing itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from textual.app import SystemCommand

from smtpwizard.text import safe
from smtpwizard.tui import playing
from smtpwizard.tui.steps.base import STEPS

if TYPE_CHECKING:
    from smtpwizard.tui.app import SmtpWizard


def commands(app: SmtpWizard) -> Iterable[SystemCommand]:
    """Yield what can be done now: the step's own entries, the steps visited, help, theme, quit."""
    pane = app.current
    if pane is not None:
        for command in pane.commands():
            yield _entry(command.title, command.help, getattr(pane, f"action_{command.action}"))
    for command, callback in playing.commands(app):
        yield _entry(command.title, command.help, callback)
    for number, (step_id, title) in enumerate(STEPS, 1):
        if step_id in app.state.visited and step_id != app.state.step:
            yield _entry(f"go: {title}", f"Show step {number} (Alt+{number})", partial(app.go, step_id))
    yield _entry("help: Explain this field", "What the focused field is for, and its keys (F1)", app.action_help)
    yield _entry("view: Choose theme", "For this run", app.action_change_theme)
    yield _entry("view: Save picture", "An SVG in the downloads folder, secrets hidden", app.action_picture)
    yield _entry("wizard: Quit", "Leave; asks first if something is not saved (Ctrl+Q)", app.action_quit_wizard)


def _entry(title: str, text: str, callback: Callable[[], Any]) -> SystemCommand:
    # The palette reads markup in titles and help, and a finding's label may quote a value.
    return SystemCommand(_without_markup(title), _without_markup(text), callback)


def _without_markup(text: str) -> str:
    return safe(text, limit=120).replace("[", "(").replace("]", ")")
