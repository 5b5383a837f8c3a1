"""Which app the settings are for: one of a list, or one that no profile knows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.suggester import SuggestFromList
from textual.widgets import Input

from smtpwizard.errors import SmtpWizardError
from smtpwizard.tui.base import plain
from smtpwizard.tui.screens.dialogs import FilterScreen
from smtpwizard.tui.widgets.inputs import BarInput, PlainText
from smtpwizard.wizard.session import AppChoice
from smtpwizard.wizard.unlisted import Unlisted

NOT_LISTED: Final = AppChoice("", "An app that is not listed: take its variables")
"""Stands below whatever was found: who types a name that nobody knows comes to it."""


class AppsScreen(FilterScreen[str]):
    """Dismisses with the id of the app that was chosen, that of NOT_LISTED, or None."""

    DEFAULT_CSS = """
    AppsScreen > Vertical { max-width: 70; max-height: 24; }
    """

    heading = "Which app?"
    keys = "Enter Take   Esc Close"
    placeholder = "a name: ghost, nextcloud"

    def __init__(self, choices: Sequence[AppChoice], about: str) -> None:
        super().__init__()
        self._all, self._found, self._about = tuple(choices), (*choices, NOT_LISTED), about

    def on_mount(self) -> None:
        self.tell(self._about)
        self.find("")

    def find(self, text: str) -> None:
        word = text.strip().lower()
        found = (item for item in self._all if word in item.name.lower() or word in item.id)
        self._found = (*found, NOT_LISTED)
        self.show(
            [
                Content.assemble(plain(f"{item.name}  ", newlines=False), (item.why, "$text-muted"))
                for item in self._found
            ]
        )

    def chosen(self, index: int) -> str | None:
        return self._found[index].id if index < len(self._found) else None


class VariablesScreen(ModalScreen[str | None]):
    """An app that no profile knows: a line for each setting, with the variable that it is taken for.

    Dismisses with the id of the profile that was kept, or None.
    """

    DEFAULT_CSS = """
    VariablesScreen { align: center middle; background: $background 60%; }
    VariablesScreen > Vertical {
        width: 96%; max-width: 78; height: auto; max-height: 96%;
        border: round $accent; border-title-style: bold; border-subtitle-color: $text-muted;
        padding: 0 1; background: $surface;
    }
    VariablesScreen VerticalScroll { height: auto; max-height: 14; }
    VariablesScreen Horizontal { height: 1; }
    VariablesScreen .word { width: 16; color: $text-muted; }
    VariablesScreen BarInput { width: 1fr; }
    VariablesScreen #unlisted-told { color: $text-error; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "Close", show=False),
        Binding("up", "app.focus_previous", show=False),
        Binding("down", "app.focus_next", show=False),
    ]

    def __init__(self, found: Unlisted) -> None:
        super().__init__()
        self._found_here = found

    def compose(self) -> ComposeResult:
        found = self._found_here
        about = (
            f"{found.place} has variables that look like mail settings, and no profile knows it."
            if found.roles
            else "Which variable does the app read for what? Its documentation says."
        )
        with Vertical() as box:
            box.border_title = "An app that is not listed"
            box.border_subtitle = "Enter Keep and take   ↑↓ Move   Esc Close"
            yield PlainText(plain(about))
            names = SuggestFromList(found.names, case_sensitive=False)
            with VerticalScroll(can_focus=False):
                for role in found.asked:
                    with Horizontal():
                        yield PlainText(role.words.removeprefix("the "), classes="word")
                        yield BarInput(found.roles.get(role, ""), suggester=names, id=f"role-{role.value}")
            with Horizontal():
                yield PlainText("keep as", classes="word")
                yield BarInput(found.proposed_id, id="unlisted-id")
            yield PlainText("", id="unlisted-told")

    def on_mount(self) -> None:
        lacking = self._found_here.lacking
        self.query_one(f"#role-{lacking[0].value}" if lacking else "#unlisted-id").focus()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        found = self._found_here
        typed = ((role, self.query_one(f"#role-{role.value}", Input).value.strip()) for role in found.asked)
        found.roles = {role: name for role, name in typed if name}
        id_ = self.query_one("#unlisted-id", Input).value.strip()
        try:
            found.keep(id_)
        except SmtpWizardError as error:
            self.query_one("#unlisted-told", PlainText).update(plain(error.message))
            return
        self.dismiss(id_)
