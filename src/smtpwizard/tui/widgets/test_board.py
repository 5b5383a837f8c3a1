"""What the Test step shows: the lines, the opened failure, the verdicts. Shows; the step decides."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult

from smtpwizard.probe.results import Report, Verdict
from smtpwizard.tui.content import plain
from smtpwizard.tui.steps.test_explain import Explanation
from smtpwizard.tui.steps.test_lines import StageLine
from smtpwizard.tui.widgets.diagnosis_card import DiagnosisCard
from smtpwizard.tui.widgets.fitted import Fitted, Scroll
from smtpwizard.tui.widgets.step_lines import StepLines
from smtpwizard.tui.widgets.verdicts import Verdicts


class TestBoard(Fitted):
    """The box of the Test step. Lines and card scroll; the verdicts stand at the foot."""

    __test__ = False  # not a test, whatever its name begins with

    DEFAULT_CSS = """
    TestBoard > Verdicts { margin-top: 1; }
    """

    def compose(self) -> ComposeResult:
        with Scroll():
            yield StepLines()
            yield DiagnosisCard()
        yield Verdicts()

    def on_mount(self) -> None:
        self.add_class("box", "-acting")
        self.card.show(())

    @property
    def card(self) -> DiagnosisCard:
        """The opened failure."""
        return self.query_one(DiagnosisCard)

    def head(self, words: str) -> None:
        """Put `words` into the border."""
        self.border_title = plain(words, newlines=False)

    def show(
        self,
        lines: Sequence[StageLine],
        *,
        explanations: Sequence[Explanation] = (),
        report: Report | None = None,
        note: str = "",
    ) -> None:
        """Show a test: under way with `lines` alone, ended with all of it. A card that opens takes the focus."""
        with self.app.batch_update():
            self.query_one(StepLines).show(lines)
            if not explanations and self.card.has_focus:
                self.scroll.focus()  # a widget that is hidden hands its focus to whatever comes next
            self.card.set_class(report is not None and report.app.verdict is Verdict.WORKS, "-remark")
            opened = self.card.show(explanations) and bool(explanations)
            self.query_one(Verdicts).show(report, note)
        self.fit()
        if opened and self.scroll.has_focus_within:
            self.card.focus(scroll_visible=False)
            self.call_after_refresh(self.card.scroll_visible, animate=False)
