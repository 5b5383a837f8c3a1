"""One choice of several, a line each: `(•)` chosen, `( )` not. Moving chooses: Enter stays the step's own key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.widget import Widget

from smtpwizard.tui.content import plain

_LABEL_WIDTH: Final = 27
"""`docker-compose.override.yml`; longer names push their words to the right."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One line."""

    label: str
    words: str = ""
    """What is to know of it, muted at the right of the label."""
    variants: tuple[str, ...] = ()
    """Kinds among which ← and → choose; shown instead of words."""


class TargetPicker(Widget, can_focus=True):
    """A radio group. Textual's RadioSet takes Enter for itself and shows the choice by colour alone."""

    DEFAULT_CSS = """
    TargetPicker { height: auto; width: 1fr; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "Previous", show=False),
        Binding("down", "move(1)", "Next", show=False),
        Binding("left", "turn(-1)", "Previous kind", show=False),
        Binding("right", "turn(1)", "Next kind", show=False),
    ]

    class Picked(Message):
        """Another line was chosen, or another kind in it."""

        def __init__(self, index: int, variant: int) -> None:
            super().__init__()
            self.index = index
            self.variant = variant

    def __init__(self) -> None:
        super().__init__()
        self._choices: tuple[Choice, ...] = ()
        self._chosen = 0
        self._variant = 0

    def show(self, choices: Sequence[Choice], chosen: int, variant: int = 0) -> None:
        """Show `choices` with the line `chosen` taken, and its kind `variant`; tells nobody."""
        self._choices, self._chosen, self._variant = tuple(choices), chosen, variant
        self.refresh(layout=True)

    @property
    def choices(self) -> tuple[Choice, ...]:
        """What is shown."""
        return self._choices

    @property
    def chosen(self) -> int:
        """Index of the line that is taken."""
        return self._chosen

    def help_page(self) -> tuple[str, str]:
        """Say what the choices are."""
        return (
            "Where to save",
            "↑ and ↓ choose, ← and → the kind of block. In a .env file only the lines of these variables change, all "
            "else stays byte for byte, and the file as it was is kept. A compose file is not edited: what to paste is "
            "shown.",
        )

    def action_move(self, by: int) -> None:
        """Choose the line below or above; stays at the ends."""
        self._choose(min(max(self._chosen + by, 0), len(self._choices) - 1))

    def action_turn(self, by: int) -> None:
        """Choose the next or the previous kind of the chosen line."""
        kinds = len(self._choices[self._chosen].variants) if self._choices else 0
        if kinds:
            self._variant = (self._variant + by) % kinds
            self.refresh()
            self.post_message(self.Picked(self._chosen, self._variant))

    def on_click(self, event: events.Click) -> None:
        if event.y < len(self._choices):
            self._choose(event.y)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._choices)

    def render(self) -> Content:
        width = self.content_size.width
        return Content("\n").join(self._row(index, width) for index in range(len(self._choices)))

    def _choose(self, index: int) -> None:
        if index != self._chosen and 0 <= index < len(self._choices):
            self._chosen = index
            self.refresh()
            self.scroll_to_region(Region(0, index, 1, 1), animate=False)
            self.post_message(self.Picked(index, self._variant))

    def _row(self, index: int, width: int) -> Content:
        choice = self._choices[index]
        taken = index == self._chosen
        style = ("$text-primary bold" if self.has_focus else "bold") if taken else ""
        column = 4 + min(max(len(item.label) for item in self._choices), _LABEL_WIDTH)
        head = plain(f"{'(•)' if taken else '( )'} {choice.label}".ljust(column), newlines=False)
        row = head.stylize(style) if style else head
        words = self._kinds(choice, taken) if choice.variants else plain(choice.words, newlines=False)
        words = words.stylize_before("$foreground-muted")
        return (row + Content(" ") + words).truncate(width, ellipsis=True)

    def _kinds(self, choice: Choice, taken: bool) -> Content:
        parts = []
        for index, name in enumerate(choice.variants):
            mine = taken and index == self._variant
            parts.append(Content.styled(f"‹{name}›", "$foreground bold") if mine else Content(name))
        return Content(" · ").join(parts)
