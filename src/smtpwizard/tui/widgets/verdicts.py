"""The foot of a test: the verdict on the server, the verdict on the app, and what the test did not prove."""

from __future__ import annotations

from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from smtpwizard.probe.results import Report, Verdict
from smtpwizard.tui.content import plain
from smtpwizard.tui.steps.test_lines import Mark
from smtpwizard.tui.steps.test_verdict import app_verdict, server_verdict

_STYLES = {
    Mark.OK: "$text-success",
    Mark.WARNING: "$text-warning",
    Mark.FAILED: "$text-error bold",
}


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
        rows += _side_by_side(
            _verdict("Server", *server_verdict(self._report)), _verdict("The app", *app_verdict(self._report)), width
        )
        if app.verdict is not Verdict.FAILS:  # there the sentence only says the line above once more
            rows += _wrapped(app.sentence, width)
        if self._report.not_proved and self._report.failed is None:
            words = "Not proved: " + "; ".join(item.rstrip(".") for item in self._report.not_proved) + "."
            rows += [row.stylize("$foreground-muted") for row in _wrapped(words, width)]
        return rows


def _verdict(of: str, mark: Mark, words: str) -> Content:
    style = _STYLES.get(mark, "$foreground-muted")
    return Content.assemble((f"{of:<7}  ", "bold"), (f"{mark.symbol} ", style), plain(words, newlines=False))


def _side_by_side(left: Content, right: Content, width: int) -> list[Content]:
    column = max(width * 2 // 5, left.cell_length + 2)
    if column + right.cell_length <= width:
        return [left.pad_right(column - left.cell_length) + right]
    return [row.rstrip() for part in (left, right) for row in part.wrap(width)]  # below each other, labels aligned


def _wrapped(text: str, width: int) -> list[Content]:
    return [row.rstrip() for row in plain(text).wrap(width)] if text else []
