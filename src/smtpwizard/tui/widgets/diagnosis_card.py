"""The opened failure: what it means, why, what to do; one cause at a time. Shows, and tells when it is turned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.widget import Widget

from smtpwizard.tui.content import plain
from smtpwizard.tui.steps.test_explain import Explanation


class DiagnosisCard(Widget, can_focus=True):
    """Ranked explanations of one failure. ← and → turn to another cause."""

    DEFAULT_CSS = """
    DiagnosisCard { height: auto; width: 1fr; padding: 0 1; margin: 1 0 0 0; }
    DiagnosisCard { border-left: outer $error; background: $surface; }
    DiagnosisCard.-remark { border-left: outer $warning; }
    DiagnosisCard:focus { background: $boost; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right", "turn(1)", "Next cause", show=False),
        Binding("left", "turn(-1)", "Previous cause", show=False),
    ]

    class Turned(Message):
        """Another cause is shown: the repair on the Enter key may be another one too."""

    def __init__(self) -> None:
        super().__init__()
        self._explanations: tuple[Explanation, ...] = ()
        self._index = 0

    def help_page(self) -> tuple[str, str]:
        """Say where the causes come from."""
        return (
            "Cause and remedy",
            "The likeliest cause stands first; ← and → show the others. What was just seen at the server leads; then "
            "come causes from the catalogue of known failures; where nothing there fits the server's words, the "
            "advice is general and says so.",
        )

    def show(self, explanations: Sequence[Explanation]) -> bool:
        """Show `explanations`, the first one open; hide the card where there is none. False where they stood here."""
        if tuple(explanations) == self._explanations:
            return False
        self._explanations, self._index = tuple(explanations), 0
        self.display = bool(explanations)
        self.refresh(layout=True)
        return True

    def on_mount(self) -> None:
        self.display = bool(self._explanations)

    @property
    def current(self) -> Explanation | None:
        """The explanation that is open."""
        return self._explanations[self._index] if self._explanations else None

    def action_turn(self, by: int) -> None:
        """Open the next or the previous cause; at the end it starts again."""
        if len(self._explanations) > 1:
            self._index = (self._index + by) % len(self._explanations)
            self.refresh(layout=True)
            self.post_message(self.Turned())

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._rows(width))

    def render(self) -> Content:
        return Content("\n").join(self._rows(self.content_size.width))

    def _rows(self, width: int) -> list[Content]:
        shown = self.current
        if shown is None or width < 1:
            return []
        rows = [row.stylize("bold") for row in _wrapped(shown.title, width)]
        rows += _wrapped(shown.cause, width)
        rows += [row.stylize("$text-primary") for row in _wrapped(shown.remedy, width)]
        rows += [plain(line, newlines=False).truncate(width, ellipsis=True) for line in shown.facts]
        rows += _foot(shown.link, shown.reference, width)
        if len(self._explanations) > 1:
            rows.append(
                Content.styled(f"{self._index + 1} of {len(self._explanations)} causes, → next", "$foreground-muted")
            )
        return rows


def _wrapped(text: str, width: int) -> list[Content]:
    return [row.rstrip() for row in plain(text).wrap(width)] if text else []


def _foot(link: str, reference: str, width: int) -> list[Content]:
    """Return the page on the left and the reference on the right, on one row where they fit."""
    shown = plain(link.removeprefix("https://"))
    right = Content.styled(reference, "$foreground-muted")
    if not link:
        return [Content(" " * max(width - right.cell_length, 0)) + right] if reference else []
    gap = width - shown.cell_length - right.cell_length
    if gap >= 2:
        return [shown.stylize("underline") + Content(" " * gap) + right]
    rows = [row.rstrip().stylize("underline") for row in shown.wrap(width)]
    return [*rows, Content(" " * max(width - right.cell_length, 0)) + right] if reference else rows
