"""The lines as they will stand in the target, secrets masked: live, at the right of a wide terminal."""

from __future__ import annotations

from textual import events
from textual.content import Content

from smtpwizard.app import masked_settings
from smtpwizard.secret import BULLETS, MASK, Secret, redact
from smtpwizard.settings import Settings
from smtpwizard.text import safe
from smtpwizard.tui.content import lines, styled
from smtpwizard.tui.state import WizardState
from smtpwizard.tui.steps.base import StepPane
from smtpwizard.tui.widgets.plain_text import PlainText


class Preview(PlainText):
    """Never shows a secret: a screenshot must not hold one."""

    def __init__(self, *, id: str) -> None:  # noqa: A002  # Textual's own name
        super().__init__("", id=id, classes="shell box")
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
        self.border_title = styled(state.target.label, "", limit=28)
        if not state.settings.to_variables():
            self.update(styled("The lines appear here once a provider is chosen.", "$text-muted"), layout=False)
            return
        self.update(masked_lines(state.settings, max(self.content_size.width, 20)), layout=False)


def masked_lines(settings: Settings, width: int) -> Content:
    """Return `NAME=value` lines cut to `width` cells, every secret as bullets of one width."""
    shown: list[Content] = []
    masked = masked_settings(settings)
    for name, value in settings.to_variables().items():
        hidden = (isinstance(value, Secret) and value) or masked[name] == MASK
        text = BULLETS if hidden else redact(safe(masked[name]), settings.secrets())
        room = width - len(name) - 1
        cut = text if len(text) <= room else text[: max(room - 1, 0)] + "…"
        shown.append(Content.assemble((f"{name}=", "$text-muted"), cut))
    return lines(*shown)
