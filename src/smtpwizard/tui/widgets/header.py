"""The line at the top: for which app, into which target, and the five steps as numbers."""

from __future__ import annotations

from textual import events
from textual.content import Content

from smtpwizard.text import safe
from smtpwizard.tui.content import clickable
from smtpwizard.tui.progress import Mark, mark
from smtpwizard.tui.state import WizardState
from smtpwizard.tui.steps.base import STEPS, StepPane
from smtpwizard.tui.widgets.plain_text import PlainText


class HeaderLine(PlainText):
    """One line. `✓ 2 Settings 3 4 5`: walked, the one shown with its title, and those to come as numbers."""

    DEFAULT_CLASSES = "shell"

    def __init__(self, *, id: str) -> None:  # noqa: A002  # Textual's own name
        super().__init__("", id=id)
        self._state = WizardState()
        self._app_name = ""

    def refresh_from(self, state: WizardState, pane: StepPane | None) -> None:
        """Show `state`."""
        self._state = state
        self._app_name = self.app.services.app_name  # type: ignore[attr-defined]  # the wizard's
        self._draw()

    def on_resize(self, event: events.Resize) -> None:
        self._draw()

    def _draw(self) -> None:
        width = self.content_size.width
        if not width:
            return
        target = safe(self._state.target.label, limit=30)
        right = steps(self._state)
        name = f" · {safe(self._app_name, limit=40)}" if self._app_name else ""
        for words in (f"smtpwizard{name} → {target}", f"smtpwizard → {target}", f"→ {target}", ""):
            gap = width - Content(words).cell_length - right.cell_length
            if gap >= 2 or not words:
                self.update(Content.assemble((words, "$text-muted"), " " * max(gap, 0), right), layout=False)
                return


def steps(state: WizardState) -> Content:
    """Return the steps as they stand in the header, each a click away."""
    parts: list[Content] = []
    for number, (step_id, title) in enumerate(STEPS, 1):
        found = mark(state, step_id)
        if found is Mark.HERE:
            text, style = f"{number} {title}", "bold $accent"
        elif found is Mark.AHEAD:
            text, style = str(number), "$text-muted"
        else:
            text, style = found.shape, found.style
        parts.append(clickable(Content.styled(text, style), "app.step", step_id))
    return Content("  ").join(parts)
