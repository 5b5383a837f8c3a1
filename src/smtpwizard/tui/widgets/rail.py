"""The rail at the left of a wide terminal: the steps, what became of them, and a click to go there."""

from __future__ import annotations

from textual import events
from textual.content import Content

from smtpwizard.tui.content import clickable, lines, styled
from smtpwizard.tui.progress import Mark, mark, outcome
from smtpwizard.tui.state import WizardState
from smtpwizard.tui.steps.base import STEPS, StepPane
from smtpwizard.tui.widgets.plain_text import PlainText

_WIDTH = 18
"""Cells inside the rail."""


class Rail(PlainText):
    """For each step a line with its mark, and below it what became of it."""

    DEFAULT_CLASSES = "shell"

    def __init__(self, *, id: str) -> None:  # noqa: A002  # Textual's own name
        super().__init__("", id=id)
        self._state = WizardState()

    def refresh_from(self, state: WizardState, pane: StepPane | None) -> None:
        """Show `state`."""
        self._state = state
        self._draw()

    def on_resize(self, event: events.Resize) -> None:
        self._draw()

    def _draw(self) -> None:
        state = self._state
        if not self.content_size.width:
            return  # not shown: drawn when the terminal gets wide enough
        parts: list[Content] = []
        for number, (step_id, title) in enumerate(STEPS, 1):
            found = mark(state, step_id)
            style = "bold $accent" if found is Mark.HERE else "" if found is Mark.DONE else "$text-muted"
            line = Content.assemble((f"{number} ", style), (found.shape, found.style), " ", (title, style))
            became = outcome(state, step_id)
            cut = became if len(became) <= _WIDTH - 4 else became[: _WIDTH - 5] + "…"
            parts.append(clickable(lines(line, styled(f"    {cut}", "$text-muted")), "app.step", step_id))
        self.update(lines(*parts), layout=False)
