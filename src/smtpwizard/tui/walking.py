"""Going from step to step: which one is shown, what comes next, and where the focus goes. Holds no step's logic."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from textual.app import App
from textual.widgets import ContentSwitcher

from smtpwizard.tui.steps.base import STEPS, StepPane

if TYPE_CHECKING:
    from smtpwizard.tui.state import WizardState

_ORDER = tuple(step_id for step_id, _ in STEPS)
_CLASSES = {
    "opening": ("opening", "OpeningStep"),
    "provider": ("provider", "ProviderStep"),
    "settings": ("settings", "SettingsStep"),
    "test": ("test", "TestStep"),
    "save": ("save", "SaveStep"),
    "send": ("send", "SendStep"),
}
"""Step id → module under steps, and class. Imported when first shown: composing all costs 115 ms at the start."""


class Walking(App[Any]):
    """The part of the app that shows one step at a time."""

    state: Any

    @property
    def _walk(self) -> WizardState:
        state: WizardState = self.state
        return state

    def shown(self) -> None:
        """Called after a step was shown."""

    @property
    def current(self) -> StepPane | None:
        """The step that is shown."""
        if not self.screen_stack:
            return None
        switcher = self.screen_stack[0].query_one("#steps", ContentSwitcher)
        pane = switcher.visible_content
        return pane if isinstance(pane, StepPane) else None

    def go(self, step_id: str, *, variable: str | None = None) -> None:
        """Show a step; with `variable`, focus and mark its field."""
        self.call_next(self._show, step_id, variable)

    def next_step(self) -> None:
        """Show the step after this one, unless this one has problems: then focus the first field concerned."""
        pane = self.current
        problems = pane.problems() if pane else ()
        if pane and problems:
            pane.focus_variable(problems[0].variable)
            return
        here = _ORDER.index(self._walk.step) if self._walk.step in _ORDER else -1
        if here + 1 < len(_ORDER):
            self.go(_ORDER[here + 1])

    def back(self) -> None:
        """Show the step before this one. Never validates."""
        here = _ORDER.index(self._walk.step) if self._walk.step in _ORDER else 0
        if here > 0:
            self.go(_ORDER[here - 1])
        elif self._walk.step == "provider" and "opening" in self._walk.visited:
            self.go("opening")

    def focus_variable(self, variable: str) -> None:
        """Go to Settings with the field of `variable` focused and marked."""
        self.go("settings", variable=variable)

    @property
    def closing(self) -> bool:
        """Whether the app is being left: what was scheduled before then has no screen to work on."""
        return self._exit or not self.screen_stack

    async def _show(self, step_id: str, variable: str | None = None) -> None:
        if self.closing:
            return
        switcher = self.screen_stack[0].query_one("#steps", ContentSwitcher)
        old = self.current
        if old is not None and old.step_id != step_id:
            await old.leaving()
        with self.batch_update():  # one frame for the whole change
            await self._switch(switcher, step_id, variable)
        self.shown()

    async def _switch(self, switcher: ContentSwitcher, step_id: str, variable: str | None) -> None:
        # Hiding a pane would move the focus to a sibling in the hidden pane, and keys would go nowhere.
        self.screen.set_focus(None)
        if not switcher.query_children(f"#{step_id}"):
            await switcher.add_content(make_step(step_id), set_current=True)
        else:
            switcher.current = step_id
        pane = switcher.get_child_by_id(step_id, StepPane)
        visited = self._walk.visited if step_id in self._walk.visited else (*self._walk.visited, step_id)
        self.state = self._walk.changed(step=step_id, visited=visited)
        await pane.entered()
        if not (variable and pane.focus_variable(variable)):
            first = pane.first_focus()
            pane.can_focus = first is None  # without a field the pane itself takes the step's keys
            (first or pane).focus()


def make_step(step_id: str) -> StepPane:
    """Return a new pane. KeyError for an unknown step."""
    module, name = _CLASSES[step_id]
    step: StepPane = getattr(import_module(f"smtpwizard.tui.steps.{module}"), name)()
    return step
