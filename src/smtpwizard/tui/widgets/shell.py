"""The line at the bottom: at most six keys, Help and Quit always among them; clicking one presses it."""

from __future__ import annotations

from textual import events
from textual.content import Content

from smtpwizard.lint.check import masked_settings
from smtpwizard.secret import BULLETS, MASK, Secret, redact
from smtpwizard.settings import Settings
from smtpwizard.text import safe
from smtpwizard.tui.steps.base import STEPS, Hint, StepPane
from smtpwizard.tui.style import clickable, lines, styled
from smtpwizard.tui.widgets.inputs import PlainText
from smtpwizard.wizard.progress import Mark, mark, outcome
from smtpwizard.wizard.state import WizardState


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


_HELP = Hint("f1", "Help")
_PALETTE = Hint("ctrl+p", "Commands")
_QUIT = Hint("ctrl+q", "Quit")
_MOST = 6


class KeyBar(PlainText):
    """Textual's own Footer scrolls sideways without a mark when too long; this one leaves out the least wanted."""

    DEFAULT_CLASSES = "shell"

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__("", id=id)
        self._hints: tuple[Hint, ...] = ()

    def refresh_from(self, state: WizardState, pane: StepPane | None) -> None:
        """Show the keys of `pane`."""
        own: list[Hint] = []
        if pane is not None:
            if pane.primary:
                own.append(Hint("enter", pane.primary))
            own.extend(pane.hints())
        self._hints = tuple(own)
        self._draw()

    def on_resize(self, event: events.Resize) -> None:
        self._draw()

    def _draw(self) -> None:
        if self.content_size.width:
            hints = fitting(self._hints, self.content_size.width)
            self.update(Content("   ").join([self._shown(hint) for hint in hints]), layout=False)

    def _shown(self, hint: Hint) -> Content:
        style = "bold $accent" if hint.key == "enter" else "bold"
        words = Content.assemble((hint.shown, style), " ", (safe(hint.label, limit=60), "$text-muted"))
        return clickable(words, "app.primary") if hint.key == "enter" else clickable(words, "app.press", hint.key)


def fitting(own: tuple[Hint, ...], width: int) -> tuple[Hint, ...]:
    """Return the hints that fit into `width` cells: `own` from the front, Help and Quit; Commands goes first."""
    chosen = [*own[: _MOST - 2], _HELP, _QUIT]
    if len(chosen) < _MOST:
        chosen.insert(-1, _PALETTE)
    while _length(chosen) > width:
        droppable = [hint for hint in chosen[1:] if hint not in (_HELP, _QUIT)]
        if not droppable:
            break
        chosen.remove(_PALETTE if _PALETTE in droppable else droppable[-1])
    over = _length(chosen) - width
    first = chosen[0]
    if over > 0 and first not in (_HELP, _QUIT):
        # Help and Quit stay whole: who is lost needs them most.
        chosen[0] = Hint(first.key, first.label[: max(len(first.label) - over - 1, 1)] + "…")
    return tuple(chosen)


def _length(hints: list[Hint]) -> int:
    return sum(len(hint.shown) + 1 + len(hint.label) for hint in hints) + 3 * (len(hints) - 1)
