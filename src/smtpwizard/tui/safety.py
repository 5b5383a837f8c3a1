"""Crash output without locals: Textual's own prints them, and a local can be a password (`show_locals=True`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.app import App


def fatal_error(app: App[object]) -> None:
    """Do what `App._fatal_error` of Textual 8.2.8 does, with a traceback that shows no locals."""
    # Rich's traceback costs 30 ms: only in a crash.
    from rich.segment import Segments
    from rich.traceback import Traceback

    app.bell()
    traceback = Traceback(show_locals=False, width=None)
    app._exit_renderables.append(Segments(app.console.render(traceback, app.console.options)))
    app._close_messages_no_wait()
