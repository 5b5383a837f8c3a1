"""The yardstick of the first frame: the smallest Textual application that draws something."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.widgets import Footer, Header, Static


class Trivial(App[None]):
    """Header, one line, footer."""

    def compose(self) -> ComposeResult:
        yield Header()
        yield Static("TRIVIAL-READY")
        yield Footer()


if __name__ == "__main__":
    Trivial().run()
