"""F1: what the focused field is for, and the keys that work here."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widget import Widget

from smtpwizard.tui.content import plain
from smtpwizard.tui.steps.base import StepPane
from smtpwizard.tui.widgets.plain_text import PlainText


class HelpScreen(ModalScreen[None]):
    """Prose first, then the keys. Escape, Enter or F1 closes."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,enter,f1,q", "dismiss", "Close", show=False)]

    def __init__(self, title: str, prose: str, keys: tuple[tuple[str, str], ...]) -> None:
        super().__init__()
        self._page = (title, prose, keys)

    @classmethod
    def of(cls, focused: Widget | None, pane: StepPane | None) -> HelpScreen:
        """Make the page for the focused widget: `help_page()` (title, prose) of it or of its nearest ancestor."""
        title, prose = pane.title if pane else "Help", ""
        for node in focused.ancestors_with_self if focused else ():
            page = getattr(node, "help_page", None)
            if callable(page):
                title, prose = page()
                break
        else:
            if pane is not None and pane.HELP:
                prose = pane.HELP
        own: list[tuple[str, str]] = []
        if pane is not None:
            own = [("Enter", pane.primary)] if pane.primary else []
            own += [(hint.shown, hint.label) for hint in pane.hints()]
        always = (("Esc", "Back"), ("Tab", "Next field"), ("Alt+1…5", "Go to a step"), ("F1", "Help"),
                  ("Ctrl+P", "Commands"), ("Ctrl+Q", "Quit"))  # fmt: skip
        return cls(title, prose, (*own, *(item for item in always if item[0] not in dict(own))))

    def compose(self) -> ComposeResult:
        title, prose, keys = self._page
        with VerticalScroll(classes="dialog") as box:
            box.border_title = plain(title)
            box.border_subtitle = "Esc Close"
            if prose:
                yield PlainText(plain(prose), classes="prose")
            yield PlainText(plain("\n".join(f"{key:<12}{label}" for key, label in keys)), classes="muted")
