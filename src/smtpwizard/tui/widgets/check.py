"""The box of the Check step: stages, the opened cause, verdicts. Shows what it is given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.widget import Widget

from smtpwizard.problems import Problem
from smtpwizard.report.lines import Line, Mark
from smtpwizard.report.probe import app_verdict, server_verdict
from smtpwizard.smtp.results import Report, Verdict
from smtpwizard.tui.base import plain
from smtpwizard.tui.widgets.inputs import Fitted, Scroll
from smtpwizard.tui.widgets.text import Results, symbol


class Card(Widget, can_focus=True):
    """Ranked problems of one failure. ← and → turn to another cause."""

    DEFAULT_CSS = """
    Card { height: auto; width: 1fr; padding: 0 1; margin: 1 0 0 0; }
    Card { border-left: outer $error; background: $surface; }
    Card.-remark { border-left: outer $warning; }
    Card:focus { background: $boost; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right", "turn(1)", "Next cause", show=False),
        Binding("left", "turn(-1)", "Previous cause", show=False),
    ]

    class Turned(Message):
        """Another cause is shown: the repair on the Enter key may be another one too."""

    def __init__(self) -> None:
        super().__init__()
        self._problems: tuple[Problem, ...] = ()
        self._index = 0

    def help_page(self) -> tuple[str, str]:
        """Say where the causes come from."""
        return (
            "Cause and remedy",
            "The likeliest cause stands first; ← and → show the others. What was just seen at the server leads; then "
            "come causes from the catalogue of known failures; where nothing there fits the server's words, the "
            "advice is general and says so.",
        )

    def show(self, problems: Sequence[Problem]) -> bool:
        """Show `problems`, the first one open; hide the card where there is none. False where they stood here."""
        if tuple(problems) == self._problems:
            return False
        self._problems, self._index = tuple(problems), 0
        self.display = bool(problems)
        self.refresh(layout=True)
        return True

    def on_mount(self) -> None:
        self.display = bool(self._problems)

    @property
    def current(self) -> Problem | None:
        """The explanation that is open."""
        return self._problems[self._index] if self._problems else None

    def action_turn(self, by: int) -> None:
        """Open the next or the previous cause; at the end it starts again."""
        if len(self._problems) > 1:
            self._index = (self._index + by) % len(self._problems)
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
        if len(self._problems) > 1:
            rows.append(
                Content.styled(f"{self._index + 1} of {len(self._problems)} causes, → next", "$foreground-muted")
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


_NAME_WIDTH: Final = 10
"""The longest stage names, `starttls` and `greeting`, and two columns of air."""


class Verdicts(Widget):
    """Two verdicts side by side where they fit, else below each other; a sentence; what is not proved."""

    DEFAULT_CSS = """
    Verdicts { height: auto; width: 1fr; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._report: Report | None = None
        self._note = ""

    def show(self, report: Report | None, note: str = "") -> None:
        """Show the verdicts of `report`; without one, only `note`, a sentence on why there is none."""
        self._report, self._note = report, note
        self.display = report is not None or bool(note)
        self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._rows(width))

    def render(self) -> Content:
        return Content("\n").join(self._rows(self.content_size.width))

    def _rows(self, width: int) -> list[Content]:
        if width < 1:
            return []
        rows = _wrapped(self._note, width)
        if self._report is None:
            return rows
        app = self._report.app
        rows += _side_by_side(_verdict(server_verdict(self._report)), _verdict(app_verdict(self._report)), width)
        if app.verdict is not Verdict.FAILS:  # there the sentence only says the line above once more
            rows += _wrapped(app.sentence, width)
        if self._report.not_proved:
            words = "Not proved: " + "; ".join(item.rstrip(".") for item in self._report.not_proved) + "."
            rows += [row.stylize("$foreground-muted") for row in _wrapped(words, width)]
        return rows


def _verdict(line: Line) -> Content:
    return Content.assemble(
        (f"{line.name:<7}  ", "bold"), symbol(line.mark or Mark.NOTE), plain(line.text, newlines=False)
    )


def _side_by_side(left: Content, right: Content, width: int) -> list[Content]:
    column = max(width * 2 // 5, left.cell_length + 2)
    if column + right.cell_length <= width:
        return [left.pad_right(column - left.cell_length) + right]
    return [row.rstrip() for part in (left, right) for row in part.wrap(width)]  # below each other, labels aligned


class Board(Fitted):
    """The box of the Test step. Lines and card scroll; the verdicts stand at the foot."""

    DEFAULT_CSS = """
    Board > Verdicts { margin-top: 1; }
    """

    def compose(self) -> ComposeResult:
        with Scroll():
            yield Results(name_width=_NAME_WIDTH)
            yield Card()
        yield Verdicts()

    def on_mount(self) -> None:
        self.add_class("box", "-acting")
        self.card.show(())

    @property
    def card(self) -> Card:
        """The opened failure."""
        return self.query_one(Card)

    def head(self, words: str) -> None:
        """Put `words` into the border."""
        self.border_title = plain(words, newlines=False)

    def show(
        self,
        lines: Sequence[Line],
        *,
        problems: Sequence[Problem] = (),
        report: Report | None = None,
        note: str = "",
    ) -> None:
        """Show a test: under way with `lines` alone, ended with all of it. A card that opens takes the focus."""
        with self.app.batch_update():
            self.query_one(Results).show(lines)
            if not problems and self.card.has_focus:
                self.scroll.focus()  # a widget that is hidden hands its focus to whatever comes next
            self.card.set_class(report is not None and report.works, "-remark")
            opened = self.card.show(problems) and bool(problems)
            self.query_one(Verdicts).show(report, note)
        self.fit()
        if opened and self.scroll.has_focus_within:
            self.card.focus(scroll_visible=False)
            self.call_after_refresh(self.card.scroll_visible, animate=False)
