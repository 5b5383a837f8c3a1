"""What would be written: a diff or a block, and the sentences about it at the foot. Shows what it is given."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content

from smtpwizard.tui.content import plain
from smtpwizard.tui.steps.save_words import Sentence
from smtpwizard.tui.steps.test_lines import Mark
from smtpwizard.tui.widgets.diff_view import DiffView
from smtpwizard.tui.widgets.fitted import Fitted, Scroll
from smtpwizard.tui.widgets.plain_text import PlainText

_STYLES: Final = {
    Mark.OK: "$text-success",
    Mark.WARNING: "$text-warning",
    Mark.FAILED: "$text-error bold",
    Mark.RUNNING: "$text-primary bold",
}


class ChangeView(Fitted):
    """The lower box of the Save step."""

    DEFAULT_CSS = """
    ChangeView > #change-foot { height: auto; max-height: 60%; margin-top: 1; scrollbar-size-vertical: 1; }
    ChangeView #change-words { height: auto; }
    """

    def compose(self) -> ComposeResult:
        with Scroll():
            yield DiffView()
            yield PlainText("", id="change-text")
        with VerticalScroll(id="change-foot"):
            yield PlainText("", id="change-words")

    def on_mount(self) -> None:
        self.add_class("box")

    def show_diff(self, diffs: Sequence[tuple[str, str]], sentences: Iterable[Sentence]) -> None:
        """Show unified, masked diffs, each with its file's name."""
        self._show("Change", diffs, "", sentences)

    def show_block(self, title: str, text: str, sentences: Iterable[Sentence]) -> None:
        """Show a block of lines to paste."""
        self._show(title, (), text, sentences)

    def _show(self, title: str, diffs: Sequence[tuple[str, str]], text: str, sentences: Iterable[Sentence]) -> None:
        self.border_title = plain(title, newlines=False)
        with self.app.batch_update():
            view = self.query_one(DiffView)
            view.show(diffs)
            view.display = any(diff for _, diff in diffs)
            block = self.query_one("#change-text", PlainText)
            block.update(plain(text, limit=20_000))
            block.display = bool(text)
            rows = [_row(mark, words) for mark, words in sentences if words]
            self.query_one("#change-words", PlainText).update(Content("\n").join(rows))
            self.query_one("#change-foot").display = bool(rows)
        self.fit()


def _row(mark: Mark | None, words: str) -> Content:
    if mark is None:
        return plain(words).stylize("$foreground-muted")
    return Content.styled(f"{mark.symbol} ", _STYLES.get(mark, "")) + plain(words)
