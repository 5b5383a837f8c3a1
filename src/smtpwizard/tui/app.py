"""The wizard on a screen: wires steps, keys and the session. Holds no step's logic and does no I/O of its own."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar, Final

from rich.cells import cell_len
from rich.segment import Segment
from textual import on, work
from textual._path import CSSPathType
from textual.app import App, ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.color import Color
from textual.containers import Horizontal
from textual.filter import LineFilter
from textual.notifications import SeverityLevel
from textual.reactive import var
from textual.screen import Screen
from textual.theme import BUILTIN_THEMES, Theme
from textual.widgets import ContentSwitcher

from smtpwizard.background import in_daemon_thread
from smtpwizard.errors import SmtpWizardError
from smtpwizard.presets.schema import Kind
from smtpwizard.secret import redact
from smtpwizard.text import safe
from smtpwizard.tui.appearance import (
    THEMES,
    Background,
    asking_driver,
    expected_theme,
    keep_theme,
    kept_theme,
    theme_file,
)
from smtpwizard.tui.base import STEPS, StepPane, fatal_error
from smtpwizard.tui.widgets.inputs import PlainText, SecretInput
from smtpwizard.tui.widgets.shell import HeaderLine, KeyBar, Preview, Shell, ShellPart, recap
from smtpwizard.wizard.session import Services, Session, TargetKind, WizardState

if TYPE_CHECKING:
    from smtpwizard.sandbox.rehearsal import Playable


_ORDER: Final = tuple(step_id for step_id, _ in STEPS)

_CLASSES: Final = {
    "opening": ("opening", "OpeningStep"),
    "provider": ("provider", "ProviderStep"),
    "settings": ("settings", "SettingsStep"),
    "test": ("check", "CheckStep"),
    "save": ("save", "SaveStep"),
    "send": ("send", "SendStep"),
}
"""Step id → module under steps, and class. Imported when first shown: composing all costs 115 ms at the start."""

_TWICE: Final = 3.0
"""Seconds within which a second Ctrl+C means: quit."""

_WIDTHS = [(0, "-tiny"), (40, "-narrow"), (80, "-normal"), (140, "-wide")]
_HEIGHTS = [(0, "-flat"), (10, "-short"), (24, "-tall")]
"""Columns and rows from which a class is set on the screen: below 40 × 10 only a word on the size is shown."""

_PAGE_SECONDS: Final = 5.0
"""How long a browser launcher may take."""


class _SafeLines(LineFilter):
    """Keeps foreign characters from the terminal, whatever widget forgot to: no text may move a cursor or turn around.

    What has no width is left out and what has some becomes a stand-in: the line stays as wide as it was laid out.
    """

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # Textual's signature
        if all(segment.control or segment.text.isprintable() for segment in segments):
            return segments
        return [
            segment
            if segment.control
            else Segment("".join(safe(char) if cell_len(char) else "" for char in segment.text), segment.style)
            for segment in segments
        ]


class SmtpWizard(App[WizardState]):
    """The application. `session` holds the truth; `state` mirrors it, so that widgets can watch it."""

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
        # Every terminal has function keys. Alt with a digit does not come through xterm as it is set by default, nor
        # through those of macOS: there it is a character.
        Binding("f2", "neighbour(-1)", "Step before", show=False),
        Binding("f3", "neighbour(1)", "Step after", show=False),
        *(Binding(f"alt+{n}", f"step('{name}')", title, show=False) for n, (name, title) in enumerate(STEPS, 1)),
    ]

    state: var[WizardState] = var(WizardState, init=False)

    def __init__(self, services: Services, state: WizardState | None = None, *, start: str = "provider") -> None:
        chosen = os.environ.get("TEXTUAL_THEME", "") or kept_theme((*BUILTIN_THEMES, *(theme.name for theme in THEMES)))
        super().__init__(driver_class=None if chosen else asking_driver())
        self.session = Session(services, state, on_change=partial(setattr, self, "state"))
        self.set_reactive(SmtpWizard.state, self.session.state)
        self._start = start
        self.chosen_app = ""
        """The app for which the walk is to begin anew."""
        self._safe_lines = _SafeLines()
        self._shell: tuple[ShellPart, ...] = ()
        self._shell_ready = False
        self._shell_stale = False
        self._interrupted_at = float("-inf")
        for theme in THEMES:
            self.register_theme(theme)
        self._follows = "" if chosen else expected_theme().name
        """The theme that was taken without asking the operator; '' once one was chosen."""
        if "TEXTUAL_THEME" not in os.environ:
            # Setting `theme` would have every style sheet parsed again after the start: 15 ms before the first frame.
            self.set_reactive(App.theme, chosen or self._follows)
            self.stylesheet.set_variables(self.get_css_variables())
            self.add_class(f"-theme-{self.theme}")
            dark = self.current_theme.dark
            self.set_class(dark, "-dark-mode").set_class(not dark, "-light-mode")

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return {"bar": "#808080"}  # for a theme that is not ours

    def on_background(self, event: Background) -> None:
        """Take the theme for the terminal's background, unless the operator has chosen one."""
        if self._follows and self._follows != event.theme.name:
            self.theme = self._follows = event.theme.name

    def _keep_theme(self, theme: Theme) -> None:
        if theme.name != self._follows:
            self._follows = ""
            if not keep_theme(theme.name):
                self.notify(
                    f"{theme_file()} cannot be written: the theme is for this run.", title="Theme", markup=False
                )

    def get_line_filters(self) -> Sequence[LineFilter]:
        return (*super().get_line_filters(), self._safe_lines)

    def get_default_screen(self) -> Shell:
        return Shell(id="_default")

    def compose(self) -> ComposeResult:
        # Textual sets these when it has drawn for the first time, and styles, lays out and draws all again.
        for size, breakpoints in zip(self.size, (_WIDTHS, _HEIGHTS), strict=True):
            name = next(name for least, name in reversed(breakpoints) if size >= least)
            self.screen.add_class(name, update=False)  # for its children, which are not styled yet
        header, preview, keys = self._shell = (HeaderLine(id="header"), Preview(id="preview"), KeyBar(id="keys"))
        yield header
        with Horizontal(id="body"):
            # The first step is composed with the shell: mounting it afterwards costs a second round of styles, 40 ms.
            yield ContentSwitcher(make_step(self._start), id="steps", initial=self._start)
            yield preview
        yield keys
        yield PlainText("smtpwizard needs a terminal of 40 by 10.\nCtrl+Q quits.", id="too-small")

    def on_mount(self) -> None:
        if not self.is_headless:
            # A hang-up or `kill` ends the app as Ctrl+Q does, so that the terminal is left as it was found.
            loop = asyncio.get_running_loop()
            for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
                loop.add_signal_handler(number, partial(self.exit, None, 128 + number))
        self.theme_changed_signal.subscribe(self, self._keep_theme)
        self._shell_ready = True
        self.go(self._start)
        if self.session.services.app_others:
            self.call_later(self.action_apps)
        elif self.session.services.app_unlisted is not None:
            self.call_later(self.take_variables)

    # State and shell

    @property
    def services(self) -> Services:
        """What is used of the world."""
        return self.session.services

    def update(self, **changes: Any) -> None:
        """Replace fields of the state. TypeError for a field it does not have; an equal value redraws nothing."""
        self.session.update(**changes)

    def watch_state(self) -> None:
        if self._shell_ready:
            self.refresh_shell()

    def refresh_shell(self) -> None:
        """Redraw header, preview and key bar from the state, once for all calls until then."""
        if not self._shell_stale:
            self._shell_stale = True
            self.call_next(self._refresh_shell)

    def _refresh_shell(self) -> None:
        self._shell_stale = False
        if not self.closing:
            for part in self._shell:
                part.refresh_from(self.session, self.current)
            if self.current is not None:
                self.current.show_recap(recap(self.session))

    @on(StepPane.HintsChanged)
    def _hints_changed(self) -> None:
        self.refresh_shell()

    # From step to step

    @property
    def current(self) -> StepPane | None:
        """The step that is shown."""
        if not self.screen_stack:
            return None
        pane = self.screen_stack[0].query_one("#steps", ContentSwitcher).visible_content
        return pane if isinstance(pane, StepPane) else None

    @property
    def closing(self) -> bool:
        """Whether the app is being left: what was scheduled before then has no screen to work on."""
        return self._exit or not self.screen_stack

    def go(self, step_id: str, *, variable: str | None = None) -> None:
        """Show a step; with `variable`, focus and mark its field."""
        self.call_next(self._show, step_id, variable)

    def next_step(self) -> None:
        """Show the step after this one, unless this one lacks an answer: then focus the first field concerned."""
        pane = self.current
        missing = pane.missing() if pane else ()
        if pane and missing:
            pane.focus_variable(missing[0][0])
            return
        here = _ORDER.index(self.state.step) if self.state.step in _ORDER else -1
        if here + 1 < len(_ORDER):
            self.go(_ORDER[here + 1])

    def back(self) -> None:
        """Show the step before this one. Never validates."""
        here = _ORDER.index(self.state.step) if self.state.step in _ORDER else 0
        if here > 0:
            self.go(_ORDER[here - 1])
        elif self.state.step == "provider" and "opening" in self.state.visited:
            self.go("opening")

    def focus_variable(self, variable: str) -> None:
        """Go to Settings with the field of `variable` focused and marked."""
        self.go("settings", variable=variable)

    async def _show(self, step_id: str, variable: str | None = None) -> None:
        if self.closing:
            return
        switcher = self.screen_stack[0].query_one("#steps", ContentSwitcher)
        old = self.current
        if old is not None and old.step_id != step_id:
            await old.leaving()
        with self.batch_update():  # one frame for the whole change
            await self._switch(switcher, step_id, variable)
            self._refresh_shell()
            await asyncio.sleep(0)  # the widgets ask for their styles and their layout in tasks of their own

    async def _switch(self, switcher: ContentSwitcher, step_id: str, variable: str | None) -> None:
        # Hiding a pane would move the focus to a sibling in the hidden pane, and keys would go nowhere.
        self.screen.set_focus(None)
        if not switcher.query_children(f"#{step_id}"):
            await switcher.add_content(make_step(step_id), set_current=True)
        else:
            switcher.current = step_id
        pane = switcher.get_child_by_id(step_id, StepPane)
        visited = self.state.visited if step_id in self.state.visited else (*self.state.visited, step_id)
        self.update(step=step_id, visited=visited)
        await pane.entered()
        if not (variable and pane.focus_variable(variable)):
            first = pane.first_focus()
            pane.can_focus = first is None  # without a field the pane itself takes the step's keys
            pane.screen.set_focus(first or pane)

    def action_primary(self) -> None:
        if self.current is not None:
            self.current.action_primary()

    async def action_back(self) -> None:
        self.back()

    def action_step(self, step_id: str) -> None:
        """Go to a step that was shown before."""
        if step_id in self.state.visited and step_id != self.state.step:
            self.go(step_id)

    def action_neighbour(self, by: int) -> None:
        """Go to the step shown before that comes next before or after this one."""
        here = self.state.step
        shown = [step_id for step_id in ("opening", *_ORDER) if step_id in self.state.visited or step_id == here]
        place = shown.index(here) + by
        if 0 <= place < len(shown):
            self.go(shown[place])
        elif place < 0:
            self.action_apps()

    def action_apps(self) -> None:
        """Have another app chosen: before the first step stands the question whose settings they are."""
        services = self.session.services
        about = f"{services.app.name}, {services.app_why}." if services.app_why else f"{services.app.name} so far."

        def chosen(id_: str | None) -> None:
            if id_ == "":
                self.take_variables()
            elif id_ is not None and id_ != services.app_id:
                self.chosen_app = id_
                self.exit(self.state)
            elif id_ is not None:
                services.app_others = ()

        from smtpwizard.tui.screens.apps import AppsScreen

        self.push_screen(AppsScreen(services.app_choices(), about), chosen)

    def take_variables(self) -> None:
        """Have the variables of an app confirmed that no profile knows; the walk begins anew with it."""
        from smtpwizard.tui.screens.apps import VariablesScreen
        from smtpwizard.wizard.unlisted import likeliest

        def kept(id_: str | None) -> None:
            if id_ is not None:
                self.chosen_app = id_
                self.exit(self.state)

        path, kind = self.state.target.path, self.state.target.kind
        compose = path if kind is TargetKind.COMPOSE else None
        found = self.session.services.app_unlisted or likeliest(path.parent if path else Path(), compose)
        self.push_screen(VariablesScreen(found), kept)

    def action_press(self, key: str) -> None:
        """Press a key: what a click on a word of the key bar does."""
        self.simulate_key(key)

    def action_repair(self, finding_id: str = "") -> None:
        """Have the step that is shown make the repair of a finding."""
        if self.current is not None:
            self.current.action_repair(finding_id)

    def action_help(self) -> None:
        from smtpwizard.tui.screens.dialogs import HelpScreen

        self.push_screen(HelpScreen.of(self.focused, self.current))

    # Leaving

    async def action_quit(self) -> None:
        """Quit, asking first when something that was entered is not saved."""
        self.action_quit_wizard()

    def action_quit_wizard(self) -> None:
        if not self.state.unsaved:
            self.call_next(self._leave)
            return
        from smtpwizard.tui.screens.dialogs import ConfirmScreen

        if isinstance(self.screen, ConfirmScreen):
            return
        target = self.state.target
        there = target.path is not None and target.path.exists()
        left = f"{target.label} stays as it is." if there else "Nothing is written."
        question = f"The settings are not saved. {left}"
        screen = ConfirmScreen(title="Leave", question=question, yes="Leave without saving", no="Stay")
        self.push_screen(screen, lambda leave: self.call_next(self._leave) if leave else None)

    async def _leave(self) -> None:
        pane = self.current
        if pane is not None:
            await pane.leaving()
        await self.session.stop()
        self.exit(self.state)

    def action_help_quit(self) -> None:
        """Ctrl+C with nothing to copy: say how to quit; twice quits."""
        now = monotonic()
        if now - self._interrupted_at < _TWICE:
            self.action_quit_wizard()
            return
        self._interrupted_at = now
        self.notify("Ctrl+Q quits; so does Ctrl+C pressed once more.", title="Quit", markup=False, timeout=_TWICE)

    def _fatal_error(self) -> None:
        fatal_error(self)

    # The practice server's failures

    def action_play_failure(self) -> None:
        """Show the failures that can be played; the one that is chosen is met at once."""
        from smtpwizard.tui.screens.dialogs import FailuresScreen

        def chosen(failure: Playable | None) -> None:
            if failure is not None:
                self._play(failure)

        self.push_screen(FailuresScreen(), chosen)

    @work(exclusive=True, group="practice", exit_on_error=False, description="play a failure")
    async def _play(self, failure: Playable) -> None:
        try:
            await self.session.rehearse(failure)
        except SmtpWizardError as error:
            self.notify(error.message, title=error.title, severity="error", markup=False)
            return
        if failure.while_sending:
            self.notify(
                f"{failure.ref} shows at the end of a message: Enter sends one.", title="Practice", markup=False
            )
        self.go("send" if failure.while_sending else "test")

    @work(exclusive=True, group="practice", exit_on_error=False, description="practice server start")
    async def action_accept_again(self) -> None:
        """Go back to the server that accepts mail, and test."""
        try:
            await self.session.accept_again()
        except SmtpWizardError as error:
            self.notify(error.message, title=error.title, severity="error", markup=False)
            return
        self.go("test")

    # Clipboard, pages, toasts

    def copy(self, text: str, *, what: str = "Text", secret: bool = False) -> None:
        """Hand `text` to the terminal's clipboard, secrets cleared unless `secret`, and claim no more than that.

        It is one OSC 52 sequence without an answer; tmux drops it by default, and macOS Terminal always.
        """
        settings = self.state.settings
        self.copy_to_clipboard(
            text if secret else redact(text, self.session.secrets(), username=settings.username or "")
        )
        self.notify(
            f"{what}: sent to the terminal's clipboard. If pasting gives nothing, the terminal did not take it "
            "(in tmux: set-clipboard on). Then select it with Shift and the mouse.",
            title="Copy",
            markup=False,
        )

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,
    ) -> None:
        """Show a toast: text as it is, whoever asks for it. Markup is never read."""
        words = safe(message, newlines=True)
        super().notify(words, title=safe(title, limit=80), severity=severity, timeout=timeout, markup=False)

    @work(exclusive=True, group="page", exit_on_error=False, description="open a web page")
    async def action_open_page(self, url: str) -> None:
        """Have the desktop open a page; where it cannot, show the address."""
        try:
            opened = await in_daemon_thread(lambda: self.services.open_url(url), timeout=_PAGE_SECONDS, name="browser")
        except Exception:  # a browser launcher fails in ways of its own; the address helps in all of them
            opened = False
        if opened:
            self.notify(safe(url, limit=200), title="Opening in the browser", markup=False)
        else:
            from smtpwizard.tui.screens.dialogs import HelpScreen

            # Not a toast: that is gone after seconds, and the address is to be read off.
            page = f"{safe(url, limit=300)}\n\nNo browser could be asked to open it."
            self.push_screen(HelpScreen("Page", page, ()))

    def action_app_log(self) -> None:
        """Read what the app itself says of its mail, in its container's log."""
        from smtpwizard.tui.screens.dialogs import AppLogScreen

        self.push_screen(AppLogScreen(self.session))

    def action_picture(self) -> None:
        """Hide every secret that is shown, then save the screen as an SVG."""
        for screen in self.screen_stack:
            for secret in screen.query(SecretInput):
                secret.hide()
        # The palette has closed and the bullets are drawn by then.
        self.call_after_refresh(lambda: self.deliver_screenshot() and None)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Yield what can be done now: the step's own entries, the steps visited, help, theme, quit."""
        pane = self.current
        if pane is not None:
            for command in pane.commands():
                yield _entry(command.title, command.help, getattr(pane, f"action_{command.action}"))
        if self.state.provider is not None and self.state.provider.kind is Kind.PRACTICE:
            text = "Choose one; the practice server shows it, the wizard explains it"
            yield _entry("practice: Play a failure", text, self.action_play_failure)
            if self.state.rehearsed is not None:
                text = f"Stop playing {self.state.rehearsed.ref}"
                yield _entry("practice: Accept mail again", text, self.action_accept_again)
        for number, (step_id, title) in enumerate(STEPS, 1):
            if step_id in self.state.visited and step_id != self.state.step:
                yield _entry(
                    f"go: {title}",
                    f"Show step {number} (F2: the one before, F3: the one after)",
                    partial(self.go, step_id),
                )
        text = "What the focused field is for, and its keys (F1)"
        yield _entry("help: Explain this field", text, self.action_help)
        yield _entry("view: Choose theme", "Kept for later runs", self.action_change_theme)
        yield _entry("view: Save picture", "An SVG in the downloads folder, secrets hidden", self.action_picture)
        text = "Leave; asks first if something is not saved (Ctrl+Q)"
        yield _entry("wizard: Quit", text, self.action_quit_wizard)


def make_step(step_id: str) -> StepPane:
    """Return a new pane. KeyError for an unknown step."""
    module, name = _CLASSES[step_id]
    step: StepPane = getattr(import_module(f"smtpwizard.tui.steps.{module}"), name)()
    return step


def _entry(title: str, text: str, callback: Callable[[], Any]) -> SystemCommand:
    # The palette reads markup in titles and help, and a finding's label may quote a value.
    def plain(words: str) -> str:
        return safe(words, limit=120).replace("[", "(").replace("]", ")")

    return SystemCommand(plain(title), plain(text), callback)
