"""The walk: what is known so far, and its steps. A renderer shows it: `tui`, `prompts`, or `cli`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from smtpwizard.wizard.services import Services
from smtpwizard.wizard.state import WizardState


class Session:
    """One walk. Holds the state; draws nothing, prints nothing, asks nothing."""

    def __init__(
        self, services: Services, state: WizardState, *, on_change: Callable[[WizardState], None] | None = None
    ) -> None:
        self.services = services
        self._state = state
        self._on_change = on_change

    @property
    def state(self) -> WizardState:
        """What is known now. Frozen: `update()` makes the next one."""
        return self._state

    def update(self, **changes: Any) -> None:
        """Take `changes` of the state's fields, and tell the renderer if any differs. TypeError: no such field."""
        changed = self._state.changed(**changes)
        if changed != self._state:
            self._state = changed
            if self._on_change is not None:
                self._on_change(changed)
