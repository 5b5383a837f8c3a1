"""Leaving: one question when something is unsaved, Ctrl+C answered with a hint, the practice server stopped."""

from __future__ import annotations

import asyncio
import signal
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any

from textual.app import App

if TYPE_CHECKING:
    from smtpwizard.tui.state import WizardState

_TWICE = 3.0
"""Seconds within which a second Ctrl+C means: quit."""


class Leaving(App[Any]):
    """The part of the app that ends it."""

    _interrupted_at: float = float("-inf")

    def on_mount(self) -> None:
        """Have a hang-up or `kill` end the app as Ctrl+Q does, so that the terminal is left as it was found."""
        if self.is_headless:
            return
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, partial(self.exit, None, 128 + number))

    async def action_quit(self) -> None:
        """Quit, asking first when something that was entered is not saved."""
        self.action_quit_wizard()

    def action_quit_wizard(self) -> None:
        state: WizardState = self.state  # type: ignore[attr-defined]
        if not state.unsaved:
            self.call_next(self._leave)
            return
        from smtpwizard.tui.screens.confirm import ConfirmScreen

        if isinstance(self.screen, ConfirmScreen):
            return
        self.push_screen(
            ConfirmScreen(
                title="Leave",
                question=f"The settings are not saved. {state.target.label} stays as it is.",
                yes="Leave without saving",
                no="Stay",
            ),
            self._answered,
        )

    def _answered(self, leave: bool | None) -> None:
        if leave:
            self.call_next(self._leave)

    async def _leave(self) -> None:
        pane = self.current  # type: ignore[attr-defined]
        if pane is not None:
            await pane.leaving()
        await self.stop_practice()  # type: ignore[attr-defined]
        self.exit(self.state)  # type: ignore[attr-defined]

    def action_help_quit(self) -> None:
        """Ctrl+C with nothing to copy: say how to quit; twice quits."""
        now = monotonic()
        if now - self._interrupted_at < _TWICE:
            self.action_quit_wizard()
            return
        self._interrupted_at = now
        self.notify("Ctrl+Q quits; so does Ctrl+C pressed once more.", title="Quit", markup=False, timeout=_TWICE)
