"""The part of the settings that the preset has answered: one line, opened by Enter, Space or a click."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from smtpwizard.tui.content import styled
from smtpwizard.tui.widgets.plain_text import PlainText


class AdvancedHeader(PlainText, can_focus=True):
    """The line itself."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,space", "open_or_close", "Open", show=False)]
    HELP = (
        "What the preset has filled in: host, port, TLS, cipher, region, and where links in mails lead. Enter opens it."
    )

    class Toggled(Message):
        """Enter, Space or a click."""

    def __init__(self) -> None:
        super().__init__()

    def help_page(self) -> tuple[str, str]:
        """Title and prose for F1."""
        return "Advanced", self.HELP

    def action_open_or_close(self) -> None:
        self.post_message(self.Toggled())

    def on_click(self, event: events.Click) -> None:
        self.action_open_or_close()

    def draw(self, summary: str, *, opened: bool) -> None:
        """Show the arrow and the values in one line."""
        arrow = "▾" if opened else "▸"
        self.update(Content.assemble(f"{arrow} Advanced  ", styled("" if opened else summary, "$text-muted")))


class Advanced(Vertical):
    """Header and fields."""

    class Opened(Message):
        """The fields were shown or hidden by the operator."""

    def __init__(self, *fields: Widget) -> None:
        super().__init__(id="advanced")
        self._fields = fields
        self._summary = ""
        self.opened = False

    def compose(self) -> ComposeResult:
        yield AdvancedHeader()
        with Vertical(id="advanced-fields"):
            yield from self._fields

    def on_mount(self) -> None:
        self.open(self.opened)

    def open(self, opened: bool) -> None:
        """Show or hide the fields."""
        self.opened = opened
        self.query_one("#advanced-fields").display = opened
        self.query_one(AdvancedHeader).draw(self._summary, opened=opened)

    def action_open_or_close(self) -> None:
        """Open it, or close it again."""
        self.open(not self.opened)
        self.post_message(self.Opened())

    def summarize(self, summary: str) -> None:
        """Show the values in the line."""
        self._summary = summary
        self.query_one(AdvancedHeader).draw(summary, opened=self.opened)

    def on_advanced_header_toggled(self, event: AdvancedHeader.Toggled) -> None:
        event.stop()
        self.action_open_or_close()
