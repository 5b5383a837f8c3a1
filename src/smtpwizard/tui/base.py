"""What the parts of the screen share: the wizard as a step sees it, a step as the wizard sees it, colours and styles.

Foreign text becomes Textual content, never markup: `[/]` from a server would end the app, `[b]` vanish.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from textwrap import wrap
from typing import TYPE_CHECKING, Any, ClassVar, Final, Protocol, cast

from textual import events, on
from textual.containers import Vertical
from textual.content import Content
from textual.dom import DOMNode
from textual.message import Message
from textual.style import Style
from textual.widget import Widget
from textual.widgets import Input

from smtpwizard.problems import Severity
from smtpwizard.records import NamedTuple
from smtpwizard.text import safe

if TYPE_CHECKING:
    from textual.app import App

    from smtpwizard.wizard.session import Services, Session, WizardState


def fatal_error(app: App[Any]) -> None:
    """Do what `App._fatal_error` of Textual 8.2.8 does, with a traceback that shows no locals."""
    # Rich's traceback costs 30 ms: only in a crash.
    from rich.segment import Segments
    from rich.traceback import Traceback

    app.bell()
    traceback = Traceback(show_locals=False, width=None)
    app._exit_renderables.append(Segments(app.console.render(traceback, app.console.options)))
    app._close_messages_no_wait()


def _measured_anew(refresh: Callable[..., Widget]) -> Callable[..., Widget]:
    """Have a widget that changes again before its layout be measured again.

    Textual 8.2.8 keeps a widget's height by the number of its changes, and counts no change while a layout is due.
    Where a resize had it measured in between, it stayed as high as the text before. The count is private, and a test
    pins it.
    """

    def counted(self: Widget, *regions: Any, layout: bool = False, **options: Any) -> Widget:
        if layout and self._layout_required:
            self._layout_updates += 1
        return refresh(self, *regions, layout=layout, **options)

    return counted


Widget.refresh = _measured_anew(Widget.refresh)  # type: ignore[assignment, method-assign]


MARKS: Final = {
    Severity.ERROR: ("✗", "$error"),
    Severity.WARNING: ("!", "$warning"),
    Severity.INFO: ("–", "$text-muted"),
}
"""Severity → its shape and colour."""


def plain(text: str, *, limit: int = 2000, newlines: bool = True) -> Content:
    """Return `text` as unstyled content: control characters made visible, markup left as it is, length bounded."""
    return Content(safe(text, limit=limit, newlines=newlines))


def styled(text: str, style: str, *, limit: int = 2000) -> Content:
    """Return `text` as content in a style such as `bold $accent`. The text may be foreign, the style must not be."""
    return Content.styled(safe(text, limit=limit), style)


def hanging(mark: str, text: str, width: int, *, mark_style: str = "", style: str = "") -> Content:
    """Return a mark and `text` wrapped to `width` cells, later lines indented below the first."""
    room = max(width - len(mark) - 1, 10)
    lines = wrap(safe(text), room, break_on_hyphens=False) or [""]
    rest = "".join(f"\n{' ' * (len(mark) + 1)}{line}" for line in lines[1:])
    return Content.assemble((mark, mark_style), " ", (lines[0] + rest, style))


def wrapped(text: str, width: int, *, style: str = "") -> Content:
    """Return `text` wrapped to `width` cells."""
    return styled_lines(wrap(safe(text), max(width, 10), break_on_hyphens=False), style)


def styled_lines(parts: list[str], style: str) -> Content:
    """Return lines of one style."""
    return Content.styled("\n".join(parts), style)


def clickable(content: Content, action: str, *arguments: Any) -> Content:
    """Return `content` so that a click runs an action. The arguments are passed as values, never parsed."""
    return content.stylize(Style.from_meta({"@click": (action, arguments)}))


def lines(*parts: Content | str) -> Content:
    """Join parts with line breaks."""
    return Content("\n").join(parts)


def keys_line(keys: Sequence[str], width: int) -> str:
    """Return the keys of a dialog for its lower border of `width` cells: the first are left out where room is short."""
    shown = list(keys)
    while len(shown) > 1 and len("   ".join(shown)) > width - 4:
        del shown[0]
    return "   ".join(shown)


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
        """Draw header, preview and key bar again."""

    def copy(self, text: str, *, what: str = "Text", secret: bool = False) -> None:
        """Hand `text` to the terminal's clipboard, secrets cleared unless `secret`."""

    def action_open_page(self, url: str) -> None:
        """Have the desktop open a page; where it cannot, show the address."""

    def action_app_log(self) -> None:
        """Read what the app itself says of its mail."""

    def action_play_failure(self) -> None:
        """On the practice server: choose a failure to be played."""

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
    short: str = ""
    """The same in fewer words, for a key bar that is too narrow; empty where there are none."""

    @property
    def shown(self) -> str:
        """The key as people write it: `Ctrl+O`."""
        names = {"escape": "Esc", "enter": "Enter", "ctrl": "Ctrl", "shift": "Shift", "alt": "Alt",
                 "left": "←→", "right": "←→"}  # fmt: skip
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

    @property
    def primary_short(self) -> str:
        """The same in fewer words, where there are some."""
        return ""

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

    def show_recap(self, words: str) -> None:
        """Show in the lower edge of the step's box what the steps before it have brought."""
        if str(self._box.border_subtitle or "") != words:
            self._box.border_subtitle = plain(words, newlines=False)

    @cached_property
    def _box(self) -> Widget:
        return self.query(".box").last()

    def hints_changed(self) -> None:
        """Have the key bar drawn again."""
        self.post_message(self.HintsChanged())
