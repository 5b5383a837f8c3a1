"""How far the walk is: for each step a mark, and in a few words what became of it. Pure."""

from __future__ import annotations

from enum import Enum

from smtpwizard.secret import redact
from smtpwizard.settings import Settings
from smtpwizard.text import safe
from smtpwizard.tui.state import TargetKind, WizardState


class Mark(Enum):
    """What stands before a step: its shape, and the colour that goes with it."""

    DONE = ("✓", "$success")
    FAILED = ("✗", "$error")
    HERE = ("●", "$accent")
    AHEAD = ("·", "$text-muted")

    @property
    def shape(self) -> str:
        """One character."""
        return self.value[0]

    @property
    def style(self) -> str:
        """A theme variable."""
        return self.value[1]


def mark(state: WizardState, step_id: str) -> Mark:
    """Return the mark of a step. The step that is shown is HERE whatever became of it."""
    shown = "provider" if state.step == "opening" else state.step
    if step_id == shown:
        return Mark.HERE
    report = state.fresh_report
    if step_id == "test" and report is not None and not state.proved:
        return Mark.FAILED
    return Mark.DONE if _done(state, step_id) else Mark.AHEAD


def outcome(state: WizardState, step_id: str) -> str:
    """Return what became of a step, in a few words; '' where there is nothing to say yet."""
    settings = state.settings
    if step_id == "provider":
        return safe(state.provider.name, limit=40) if state.provider else ""
    if step_id == "settings":
        return redact(safe(settings.username or settings.shown_host, limit=40), settings.secrets())
    if step_id == "test":
        report = state.fresh_report
        return (
            "" if report is None else {"works": "app will work"}.get(report.app.verdict.value, report.app.verdict.value)
        )
    if step_id == "save":
        if not saved(state):
            return ""
        return (
            "block handed over"
            if state.target.kind is TargetKind.PRINT
            else f"{safe(state.target.label, limit=20)} written"
        )
    accepted = len({mail.name for mail in state.sent if mail.message.accepted})
    if not accepted:
        return ""
    return f"{len(state.confirmed)} of {accepted} arrived" if state.confirmed else f"{accepted} accepted"


def saved(state: WizardState) -> bool:
    """Say whether the settings as they are now are in the target."""
    return state.saved is not None and state.saved == state.settings


def _done(state: WizardState, step_id: str) -> bool:
    if step_id == "provider":
        return state.provider is not None
    if step_id == "settings":
        settings: Settings = state.settings
        return "settings" in state.visited and bool(settings.host and settings.port and settings.sender)
    if step_id == "test":
        return state.proved
    if step_id == "save":
        return saved(state)
    return any(mail.message.accepted for mail in state.sent)
