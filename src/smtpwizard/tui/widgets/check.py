"""The box of the Check step: stages, the opened cause, verdicts. Shows what it is given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message

from smtpwizard.problems import Problem
from smtpwizard.report.lines import Line, Mark
from smtpwizard.report.probe import app_verdict, badge, server_verdict
from smtpwizard.smtp.results import Report, Verdict
from smtpwizard.tui.base import clickable, plain
from smtpwizard.tui.widgets.inputs import Fitted, Scroll
from smtpwizard.tui.widgets.text import Results, Rows, symbol
from smtpwizard.wizard.check import page_of


class Card(Rows, can_focus=True):
    """Ranked problems of one failure. ← and → turn to another cause."""

    DEFAULT_CSS = """
    Card { padding: 0 1; margin: 0 0 1 0; }
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

    def rows(self, width: int) -> list[Content]:
        shown = self.current
        if shown is None or width < 1:
            return []
        # What to do comes before why: on a low screen it is what must be seen.
        rows = [row.stylize("bold") for row in _wrapped(shown.title, width)]
        rows += [row.stylize("$text-primary") for row in _wrapped(shown.remedy, width)]
        if shown.changes:
            rows += [row.stylize("$text-primary") for row in _wrapped(f"→ {shown.label}", width)]
        if shown.link:
            rows += _link(shown.link, width)
        rows += _wrapped(shown.cause, width)
        rows += [plain(line, newlines=False).truncate(width, ellipsis=True) for line in shown.facts]
        left = ["Ctrl+O opens the page"] if page_of(shown) and not shown.link else []
        left += [f"{self._index + 1} of {len(self._problems)} causes, → next"] if len(self._problems) > 1 else []
        return rows + _foot(" · ".join(left), shown.reference, width)


def way_out(cause: Problem) -> str:
    """Return what Enter does about a cause: its repair and another test, or the field in Settings."""
    return f"{cause.label}{_AGAIN}" if cause.changes else _FIX


def shorter(words: str) -> str:
    """Return the words of `way_out` for a narrow key bar; '' for any others."""
    return f"Repair{_AGAIN}" if words.endswith(_AGAIN) else "Fix" if words == _FIX else ""


_AGAIN: Final = " and test again"
_FIX: Final = "Fix in Settings"


def _wrapped(text: str, width: int) -> list[Content]:
    return [row.rstrip() for row in plain(text).wrap(width)] if text else []


def _link(url: str, width: int) -> list[Content]:
    """Return a page whole, a click away, and the key that opens it where there is room beside."""
    rows = [row.rstrip() for row in plain(url.removeprefix("https://")).wrap(width)]
    rows = [clickable(row.stylize("underline $text-primary"), "app.open_page", url) for row in rows]
    key = Content.styled("  Ctrl+O", "$foreground-muted")
    if rows[-1].cell_length + key.cell_length <= width:
        rows[-1] = rows[-1] + key
    return rows


def _foot(left: str, right: str, width: int) -> list[Content]:
    """Return how many causes there are on the left and what this one rests on at the right, in one row."""
    if not left and not right:
        return []
    gap = max(width - len(left) - len(right), 1)
    return [Content.styled(f"{left}{' ' * gap}{right}", "$foreground-muted").truncate(width, ellipsis=True)]


_NAME_WIDTH: Final = 10
"""The longest stage names, `starttls` and `greeting`, and two columns of air."""


class VerdictLine(Rows):
    """The first line of a test that has ended: what will become of the app's mail, and beside it the server's half."""

    DEFAULT_CSS = """
    VerdictLine { margin-bottom: 1; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._report: Report | None = None

    def show(self, report: Report | None) -> None:
        """Show the verdicts of `report`; hide where there is none."""
        self._report = report
        self.display = report is not None
        self.refresh(layout=True)

    def rows(self, width: int) -> list[Content]:
        report = self._report
        if report is None or width < 1:
            return []
        app, server = app_verdict(report), server_verdict(report)
        left = symbol(app.mark or Mark.NOTE) + plain(f"{app.name} {app.text}", newlines=False).stylize("bold")
        right = Content.assemble(
            f"{server.name}  ", symbol(server.mark or Mark.NOTE), (server.text, "$foreground-muted")
        )
        gap = width - left.cell_length - right.cell_length
        if gap >= 2:
            return [left + Content(" " * gap) + right]
        return [row.rstrip() for part in (left, right) for row in part.wrap(width)]


class Verdicts(Rows):
    """The foot: a sentence on a run without a report, else the app's own and what is not proved."""

    def __init__(self) -> None:
        super().__init__()
        self._report: Report | None = None
        self._note = ""

    def show(self, report: Report | None, note: str = "") -> None:
        """Show what `report` leaves open, and `note`, a sentence on why there is none."""
        self._report, self._note = report, note
        self.display = bool(self.rows(80))
        self.refresh(layout=True)

    def rows(self, width: int) -> list[Content]:
        if width < 1:
            return []
        rows = _wrapped(self._note, width)
        if self._report is None:
            return rows
        app = self._report.app
        if app.verdict is not Verdict.FAILS:  # there the sentence only says the first line once more
            rows += _wrapped(app.sentence, width)
        if self._report.not_proved:
            words = "Not proved: " + "; ".join(item.rstrip(".") for item in self._report.not_proved) + "."
            rows += [row.stylize("$foreground-muted") for row in _wrapped(words, width)]
        return rows


class Board(Fitted):
    """The box of the Test step: the verdict, what to do, then the stages; at the foot what is not proved.

    While a test runs there are the stages alone.
    """

    DEFAULT_CSS = """
    Board > Verdicts { margin-top: 1; }
    """

    def compose(self) -> ComposeResult:
        with Scroll():
            yield VerdictLine()
            yield Card()
            yield Results(name_width=_NAME_WIDTH, folded=True)
        yield Verdicts()

    def on_mount(self) -> None:
        self.add_class("box", "-acting")
        self.card.show(())

    @property
    def card(self) -> Card:
        """The opened failure."""
        return self.query_one(Card)

    def head(self, words: str, report: Report | None) -> None:
        """Put `words` into the border, and behind them the verdict of `report` as a filled badge."""
        title = plain(words, newlines=False)
        self.border_title = title if report is None else Content.assemble(title, "  ", badge_of(badge(report)))

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
            self.query_one(VerdictLine).show(report)
            self.query_one(Verdicts).show(report, note)
        self.fit()
        if opened and self.scroll.has_focus_within:
            self.card.focus(scroll_visible=False)
        if opened:
            self.scroll.scroll_home(animate=False)


def badge_of(line: Line) -> Content:
    """Return a verdict as a filled block: word and sign, not colour alone."""
    mark = line.mark or Mark.NOTE
    ground = {Mark.OK: "$success", Mark.WARNING: "$warning"}.get(mark, "$error")
    return Content.styled(f" {mark.symbol} {line.text} ", f"bold $background on {ground}")
