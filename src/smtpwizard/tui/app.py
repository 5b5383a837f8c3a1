"""The wizard's shell: wires steps, keys and state. Must hold no step's logic and do no I/O of its own."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from textual import on
from textual._path import CSSPathType
from textual.app import App, ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.reactive import var
from textual.screen import Screen
from textual.widgets import ContentSwitcher

from smtpwizard.errors import SmtpWizardError
from smtpwizard.secret import Secret
from smtpwizard.tui import palette, safety
from smtpwizard.tui.errands import Errands
from smtpwizard.tui.leaving import Leaving
from smtpwizard.tui.services import Services
from smtpwizard.tui.state import WizardState
from smtpwizard.tui.steps.base import STEPS, StepPane
from smtpwizard.tui.theme import THEME
from smtpwizard.tui.walking import Walking, make_step
from smtpwizard.tui.widgets.header import HeaderLine
from smtpwizard.tui.widgets.key_bar import KeyBar
from smtpwizard.tui.widgets.plain_text import PlainText
from smtpwizard.tui.widgets.preview import Preview
from smtpwizard.tui.widgets.rail import Rail

_WIDTHS = [(0, "-tiny"), (40, "-narrow"), (80, "-normal"), (110, "-wide")]
_HEIGHTS = [(0, "-flat"), (10, "-short"), (24, "-tall")]
"""Columns and rows from which a class is set on the screen: below 40 × 10 only a word on the size is shown."""


class SmtpWizard(Walking, Leaving, Errands, App[WizardState]):
    """The application. `state` is the one truth; `update()` the one way to change it."""

    TITLE = "smtpwizard"
    CSS_PATH: ClassVar[CSSPathType | None] = ["app.tcss", "steps.tcss", "walk.tcss"]
    HORIZONTAL_BREAKPOINTS = _WIDTHS
    VERTICAL_BREAKPOINTS = _HEIGHTS
    BINDINGS: ClassVar[list[BindingType]] = [
        # Before the focused field: a password manager types `user Tab password` at once, and a Tab that waits its turn
        # in the field would let the password follow into the user name, in clear.
        Binding("tab", "focus_next", "Next field", show=False, priority=True),
        Binding("shift+tab", "focus_previous", "Previous field", show=False, priority=True),
        Binding("enter", "primary", "Next", show=False),
        Binding("escape", "back", "Back", show=False),
        Binding("f1", "help", "Help", show=False),
        *(Binding(f"alt+{n}", f"step('{name}')", title, show=False) for n, (name, title) in enumerate(STEPS, 1)),
    ]

    state: var[WizardState] = var(WizardState(), init=False)

    def __init__(self, services: Services, state: WizardState | None = None, *, start: str = "provider") -> None:
        super().__init__()
        self.services = services
        self.set_reactive(SmtpWizard.state, state or WizardState())
        self._start = start
        self.failure: SmtpWizardError | None = None
        """Why it ended by itself, for the command to tell."""
        self._shell_ready = False
        self._shell_stale = False
        self.register_theme(THEME)
        if "TEXTUAL_THEME" not in os.environ:  # whoever set that wants another one, perhaps the terminal's own colours
            self.theme = THEME.name

    def compose(self) -> ComposeResult:
        yield HeaderLine(id="header")
        with Horizontal(id="body"):
            yield Rail(id="rail")
            # The first step is composed with the shell: mounting it afterwards costs a second round of styles, 40 ms.
            yield ContentSwitcher(make_step(self._start), id="steps", initial=self._start)
            yield Preview(id="preview")
        yield KeyBar(id="keys")
        yield PlainText("smtpwizard needs a terminal of 40 by 10.\nCtrl+Q quits.", id="too-small")

    def on_mount(self) -> None:
        self._shell_ready = True
        self.go(self._start)

    def shown(self) -> None:
        """Called after a step was shown: redraw the shell, and behind the first frame read the app's preset."""
        self.refresh_shell()
        if not self.services.app_name:
            self.call_after_refresh(self._read_app)

    def _read_app(self) -> None:
        """Read the app's preset behind the first frame; one that cannot be read ends the wizard with its sentence."""
        if self.closing:
            return
        try:
            self.services.app  # noqa: B018  # read and kept
        except SmtpWizardError as error:
            self.failure = error
            self.exit(return_code=int(error.exit_code))
        self.refresh_shell()

    # State

    def update(self, **changes: Any) -> None:
        """Replace fields of the state. TypeError for a field it does not have; an equal value redraws nothing."""
        self.state = self.state.changed(**changes)

    def apply_changes(self, changes: Mapping[str, str | Secret | None]) -> None:
        """Apply a finding's or diagnosis' repair to the settings. KeyError for an unknown variable."""
        self.update(settings=self.state.settings.with_changes(changes))

    def watch_state(self) -> None:
        if self._shell_ready:
            self.refresh_shell()

    def refresh_shell(self) -> None:
        """Redraw header, rail, preview and key bar from the state, once for all calls until then."""
        if not self._shell_stale:
            self._shell_stale = True
            self.call_next(self._refresh_shell)

    def _refresh_shell(self) -> None:
        self._shell_stale = False
        if self.closing:
            return
        for part in self.screen_stack[0].query(".shell"):
            part.refresh_from(self.state, self.current)  # type: ignore[attr-defined]

    @on(StepPane.HintsChanged)
    def _hints_changed(self) -> None:
        self.refresh_shell()

    # Actions

    def action_primary(self) -> None:
        if self.current is not None:
            self.current.action_primary()

    async def action_back(self) -> None:
        self.back()

    def action_repair(self, finding_id: str = "") -> None:
        """Have the step that is shown make the repair of a finding."""
        repair = getattr(self.current, "action_repair", None)
        if callable(repair):
            repair(finding_id)

    def action_press(self, key: str) -> None:
        """Press a key: what a click on a word of the key bar does."""
        self.simulate_key(key)

    def action_step(self, step_id: str) -> None:
        """Go to a step that was shown before, or to the next one in order."""
        if step_id in self.state.visited:
            self.go(step_id)

    def action_help(self) -> None:
        from smtpwizard.tui.screens.help import HelpScreen

        self.push_screen(HelpScreen.of(self.focused, self.current))

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        yield from palette.commands(self)

    def _fatal_error(self) -> None:
        safety.fatal_error(self)
