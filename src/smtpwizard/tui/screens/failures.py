"""The failures that the practice server can play: one input filters them by reference, id or words of the title."""

from __future__ import annotations

from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList

from smtpwizard.background import in_daemon_thread
from smtpwizard.errors import SmtpWizardError
from smtpwizard.sandbox.rehearsal import Playable, matching, playable
from smtpwizard.tui.style import plain
from smtpwizard.tui.widgets.inputs import BarInput, PlainList, PlainText

_READ_SECONDS = 15.0


class FailuresScreen(ModalScreen[Playable | None]):
    """Dismisses with the failure that was chosen, or None. The focus stays in the input; the arrows move the list."""

    DEFAULT_CSS = """
    FailuresScreen { align: center middle; background: $background 60%; }
    FailuresScreen > Vertical {
        width: 96%; max-width: 100; height: 90%; max-height: 30;
        border: round $accent; border-title-style: bold; border-subtitle-color: $text-muted;
        padding: 0 1; background: $surface;
    }
    FailuresScreen PlainList { height: 1fr; margin-top: 1; }
    FailuresScreen #failure-foot { height: 1; color: $text-muted; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "Close", show=False),
        Binding("up", "move('cursor_up')", show=False),
        Binding("down", "move('cursor_down')", show=False),
        Binding("pageup", "move('page_up')", show=False),
        Binding("pagedown", "move('page_down')", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._all: tuple[Playable, ...] = ()
        self._found: tuple[Playable, ...] = ()

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = "Play a failure"
            box.border_subtitle = "Enter Play   Esc Close"
            yield BarInput(placeholder="reference, id or words: A1, greylist, certificate", id="failure-query")
            found = PlainList(id="failures")
            found.can_focus = False
            yield found
            yield PlainText("Reading the catalogue…", id="failure-foot")

    def on_mount(self) -> None:
        self.query_one("#failure-query").focus()
        self._load()

    def action_move(self, action: str) -> None:
        """Move the list's highlight while the focus stays in the input."""
        getattr(self.query_one("#failures", OptionList), f"action_{action}")()

    @work(exclusive=True, group="failures", exit_on_error=False, description="reading the failure catalogue")
    async def _load(self) -> None:
        try:
            self._all = await in_daemon_thread(playable, timeout=_READ_SECONDS, name="failures")
        except SmtpWizardError as error:
            self.query_one("#failure-foot", PlainText).update(plain(f"✗ {error.message}", newlines=False))
            return
        except TimeoutError:
            self.query_one("#failure-foot", PlainText).update(f"✗ Not read within {_READ_SECONDS:.0f} s.")
            return
        self._fill()

    @on(Input.Changed)
    def _typed(self) -> None:
        if self._all:
            self._fill()

    def _fill(self) -> None:
        self._found = matching(self._all, self.query_one("#failure-query", Input).value)
        self.query_one("#failures", PlainList).fill(
            [_row(item) for item in self._found], start=0 if self._found else None
        )
        self._tell()

    @on(OptionList.OptionHighlighted)
    def _tell(self) -> None:
        chosen = self._chosen
        count = f"{len(self._found)} of {len(self._all)}"
        where = " · shows in Send" if chosen is not None and chosen.while_sending else ""
        words = f"{count} · {chosen.id}{where}" if chosen is not None else f"{count}: nothing is called like that."
        self.query_one("#failure-foot", PlainText).update(plain(words, newlines=False))

    @property
    def _chosen(self) -> Playable | None:
        index = self.query_one("#failures", OptionList).highlighted
        return self._found[index] if index is not None and index < len(self._found) else None

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if self._chosen is not None:
            self.dismiss(self._chosen)

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(self._found[event.option_index])


def _row(item: Playable) -> Content:
    return Content.assemble((f"{item.ref:<5}", "bold"), plain(item.title, newlines=False))
