"""What the parts of the screen know of each other: the wizard as a step sees it, and a step as the wizard sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple, Protocol, cast

from textual import events, on
from textual.containers import Vertical
from textual.dom import DOMNode
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input

if TYPE_CHECKING:
    from smtpwizard.wizard.session import Services, Session, WizardState


STEPS: Final[tuple[tuple[str, str], ...]] = (
    ("provider", "Provider"),
    ("settings", "Settings"),
    ("test", "Test"),
    ("save", "Save"),
    ("send", "Send"),
)
"""Id and title of the steps, in the order of the walk. The opening pane stands before the first and has no number."""

_LOW: Final = 16
"""Lines of a pane below which the less needed parts of it are left out."""


class Wizard(Protocol):
    """The app, as its steps and screens see it: none of them imports it."""

    session: Session
    state: WizardState

    @property
    def services(self) -> Services:
        """What is used of the world."""

    def go(self, step_id: str, *, variable: str | None = None) -> None:
        """Show a step; with `variable`, focus and mark its field."""

    def next_step(self) -> None:
        """Show the step after this one, unless this one lacks an answer."""

    def back(self) -> None:
        """Show the step before this one."""

    def focus_variable(self, variable: str) -> None:
        """Go to Settings with the field of `variable` focused and marked."""

    def refresh_shell(self) -> None:
        """Draw header, rail, preview and key bar again."""

    def copy(self, text: str, *, what: str = "Text", secret: bool = False) -> None:
        """Hand `text` to the terminal's clipboard, secrets cleared unless `secret`."""

    def action_open_page(self, url: str) -> None:
        """Have the desktop open a page; where it cannot, show the address."""

    def action_app_log(self) -> None:
        """Read what the app itself says of its mail."""

    def action_quit_wizard(self) -> None:
        """Leave; ask first when something that was entered is not saved."""


def wizard_of(node: DOMNode) -> Wizard:
    """Return the app to which a widget or screen belongs, typed."""
    return cast("Wizard", node.app)


class Hint(NamedTuple):
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


class Command(NamedTuple):
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
    def wizard(self) -> Wizard:
        """The app, typed."""
        return wizard_of(self)

    @property
    def session(self) -> Session:
        """The walk that the step shows."""
        return self.wizard.session

    @property
    def state(self) -> WizardState:
        """What is known now. Change it with `self.session.update(...)`."""
        return self.wizard.session.state

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

    def missing(self) -> tuple[tuple[str, str], ...]:
        """(Variable, sentence) of each answer without which the step cannot be left forwards."""
        return ()

    def focus_variable(self, variable: str) -> bool:
        """Focus and mark the field of a variable; False where the step has no such field."""
        return False

    def action_repair(self, finding_id: str = "") -> None:
        """Make the repair of a finding, or the one that stands beside the key; nothing where the step shows none."""

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
