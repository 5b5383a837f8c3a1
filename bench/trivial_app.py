"""The yardstick of the first frame: the smallest Textual application with a list as long as the wizard's."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.widgets import Footer, Header, OptionList


class Trivial(App[None]):
    """Header, a list of 62 rows, footer."""

    def compose(self) -> ComposeResult:
        yield Header()
        yield OptionList(*(f"Row {number}" for number in range(1, 63)))
        yield Footer()


if __name__ == "__main__":
    Trivial().run()
