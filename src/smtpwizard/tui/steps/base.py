"""What a step is: a pane with an id, a title, one primary action, and keys for the key bar. Holds no truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, cast

from textual import events, on
from textual.containers import Vertical
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input

from smtpwizard.problems import Problem

if TYPE_CHECKING:
    from smtpwizard.tui.app import SmtpWizard
    from smtpwizard.wizard.state import WizardState


STEPS: tuple[tuple[str, str], ...] = (
    ("provider", "Provider"),
    ("settings", "Settings"),
    ("test", "Test"),
    ("save", "Save"),
    ("send", "Send"),
)
"""Id and title of the steps, in the order of the walk. The opening pane stands before the first and has no number."""

_LOW = 16
"""Lines of a pane below which the less needed parts of it are left out."""


@dataclass(frozen=True, slots=True)
class Hint:
    """A key of the key bar. Clicking it presses the key."""

    key: str
    """As bound: `ctrl+o`."""
    label: str
    """A verb, and its object where it is not plain."""

    @property
    def shown(self) -> str:
        """The key as people write it: `Ctrl+O`."""
        names = {"escape": "Esc", "enter": "Enter", "ctrl": "Ctrl", "shift": "Shift", "alt": "Alt"}
        return "+".join(
            names.get(part, part.upper() if len(part) <= 3 else part.title()) for part in self.key.split("+")
        )


@dataclass(frozen=True, slots=True)
class Command:
    """An entry of the command palette: `area: Verb object`, help text, and a method of the step."""

    title: str
    help: str
    action: str
    """Name of an action of the step, without `action_`."""


APP_LOG: Final = Command("app: Read its log", "What the app says of its mail, explained (F9)", "app_log")
"""For the steps after which the app may have been started."""


class StepPane(Vertical):
    """Base of all steps. Enter in any Input runs the primary action; Escape goes back and never validates."""

    class HintsChanged(Message):
        """The primary action's words or the keys have changed: the key bar is to be drawn again."""

    step_id: ClassVar[str] = ""
    title: ClassVar[str] = ""

    def __init__(self) -> None:
        super().__init__(id=self.step_id)

    @property
    def wizard(self) -> SmtpWizard:
        """The app, typed."""
        return cast("SmtpWizard", self.app)

    @property
    def state(self) -> WizardState:
        """The truth. Change it with `self.wizard.update(...)`."""
        return self.wizard.state

    @property
    def primary(self) -> str:
        """What Enter does, for the key bar; empty where it does nothing now."""
        return "Next"

    def hints(self) -> tuple[Hint, ...]:
        """The step's own keys for the key bar, the most wanted first, at most three."""
        return ()

    def commands(self) -> tuple[Command, ...]:
        """Palette entries that make sense now."""
        return ()

    async def entered(self) -> None:
        """Called each time after the step was shown, before the focus is set."""

    async def leaving(self) -> None:
        """Called each time before the step is hidden or the app closes: hide secrets, stop workers."""

    def first_focus(self) -> Widget | None:
        """The widget that gets the focus on entry; None for no focus (Enter and Escape still work)."""
        return None

    def problems(self) -> tuple[Problem, ...]:
        """What keeps the step from being left forwards."""
        return ()

    def focus_variable(self, variable: str) -> bool:
        """Focus and mark the field of a variable; False where the step has no such field."""
        return False

    def action_primary(self) -> None:
        """What Enter does."""
        self.wizard.next_step()

    def on_resize(self, event: events.Resize) -> None:
        # On the pane and not the screen's breakpoint: a 24-line terminal under tmux has 23 lines, and room enough.
        self.set_class(event.size.height < _LOW, "-low")

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_primary()

    def action_app_log(self) -> None:
        """Read what the app itself says of its mail."""
        self.wizard.action_app_log()

    def hints_changed(self) -> None:
        """Have the key bar drawn again."""
        self.post_message(self.HintsChanged())
