"""Small screens over a step: a question with yes and no, a framed page, the readers of an env file, help."""

from __future__ import annotations

from collections.abc import Collection
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Button

from smtpwizard.targets.env.readers import Reader
from smtpwizard.tui.base import StepPane
from smtpwizard.tui.style import plain
from smtpwizard.tui.widgets.inputs import PlainText, ShapeCheckbox


class ConfirmScreen(ModalScreen[bool]):
    """Dismisses with True for yes, False for no or Escape. The focus starts on no: Enter loses nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(False)", "No", show=False),
        Binding("left,right", "app.focus_next", show=False),
    ]

    def __init__(self, *, title: str, question: str, yes: str, no: str) -> None:
        super().__init__()
        self._words = (title, question, yes, no)

    def compose(self) -> ComposeResult:
        title, question, yes, no = self._words
        with Vertical(classes="dialog") as box:
            box.border_title = plain(title)
            yield PlainText(plain(question), classes="question")
            with Horizontal(classes="buttons"):
                yield Button(plain(no), id="no", compact=True)
                yield Button(plain(yes), id="yes", compact=True)

    def on_mount(self) -> None:
        self.query_one("#no").focus()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "yes")


class FramedScreen(ModalScreen[None]):
    """One VerticalScroll in the middle, as high as its text; title and keys in its border."""

    DEFAULT_CSS = """
    FramedScreen { align: center middle; background: $background 60%; }
    FramedScreen > VerticalScroll {
        width: 98%; max-width: 100; height: auto; max-height: 92%;
        border: round $accent; border-title-style: bold; border-subtitle-color: $text-muted;
        padding: 0 1; background: $surface; scrollbar-size-vertical: 1;
    }
    """


class ReadersScreen(ModalScreen[tuple[str, ...] | None]):
    """Dismisses with the names that are ticked, in the order of their weight; None leaves all as it was."""

    DEFAULT_CSS = """
    ReadersScreen { align: center middle; background: $background 60%; }
    ReadersScreen .dialog { padding: 0 2; }
    ReadersScreen ShapeCheckbox { width: 1fr; }
    ReadersScreen ShapeCheckbox:focus { background: $boost; }
    ReadersScreen #readers-problem { color: $text-error; display: none; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "take", "Take", show=False, priority=True),  # a checkbox would toggle on it
        Binding("escape,f5", "dismiss", "Leave", show=False),
        Binding("up", "app.focus_previous", show=False),
        Binding("down", "app.focus_next", show=False),
    ]

    def __init__(self, file: str, chosen: Collection[str]) -> None:
        super().__init__()
        self._file, self._ticked = file, frozenset(chosen)

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog", can_focus=False) as box:
            box.border_title = plain(f"Who reads {self._file}", newlines=False)
            box.border_subtitle = "Space Tick   Enter Take   Esc Leave"
            yield PlainText("A reader must be ticked: something has to read it.", id="readers-problem")
            for reader in Reader:
                yield ShapeCheckbox(reader.label, reader.value in self._ticked, id=f"reader-{reader.value}")

    def on_mount(self) -> None:
        self.query(ShapeCheckbox).first().focus()

    def action_take(self) -> None:
        """Take what is ticked; nothing at all is no choice."""
        names = tuple(
            reader.value for reader in Reader if self.query_one(f"#reader-{reader.value}", ShapeCheckbox).value
        )
        if names:
            self.dismiss(names)
        else:
            self.query_one("#readers-problem").display = True


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
        always = (("Esc", "Back"), ("Tab", "Next field"), ("F2 F3", "Step before, after"), ("F1", "Help"),
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
