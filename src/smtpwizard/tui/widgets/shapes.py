"""Radio buttons and checkboxes whose state is a shape: Textual's own differ by colour alone."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Checkbox, RadioButton, RadioSet

from smtpwizard.tui.content import plain


class ShapeRadio(RadioButton):
    """`(•)` chosen, `( )` not. The label is plain text."""

    def __init__(self, label: str, value: bool = False, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(plain(label), value, id=id)

    @property
    def _button(self) -> Content:
        # Private in Textual 8.2.8, pinned by a test: there is no public way to the button's characters.
        return Content("(•)" if self.value else "( )")


class ShapeCheckbox(Checkbox):
    """`[X]` ticked, `[ ]` not. The label is plain text."""

    def __init__(self, label: str, value: bool = False, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(plain(label), value, id=id)

    @property
    def _button(self) -> Content:
        return Content("[X]" if self.value else "[ ]")


class ShapeRadioSet(RadioSet):
    """A RadioSet without a frame, one line a choice."""
