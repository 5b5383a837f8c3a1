"""The line at the bottom: at most six keys, Help and Quit always among them; clicking one presses it."""

from __future__ import annotations

from textual import events
from textual.content import Content

from smtpwizard.text import safe
from smtpwizard.tui.content import clickable
from smtpwizard.tui.state import WizardState
from smtpwizard.tui.steps.base import Hint, StepPane
from smtpwizard.tui.widgets.plain_text import PlainText

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
