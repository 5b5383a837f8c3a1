"""What panes are built of: inputs of one line, lists and buttons whose state is a shape, plain text, a fitted foot.

The input for secrets never reaches the clipboard.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Final, cast

from rich.text import Text
from textual import events
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual.actions import SkipAction
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.keys import _character_to_key
from textual.message import Message
from textual.visual import VisualType
from textual.widgets import Checkbox, Input, OptionList, RadioButton, RadioSet, Static
from textual.widgets.option_list import Option

from smtpwizard.records import NamedTuple
from smtpwizard.text import safe
from smtpwizard.tui.base import plain


class _Key(NamedTuple):
    value: str


_OPENERS: Final = "[]NOPX^_\\"
"""What follows ESC at the start of a longer sequence (ECMA-48, 5.6; SS2 and SS3)."""


def _name_alt_keys(table: dict[str, Any]) -> None:
    """Have ESC and a character be Alt and that key, as most terminals mean it.

    Textual 8.2.8 takes ESC and a digit for what WezTerm on macOS would have typed (¡™£¢∞), and of several such keys in
    a row it makes `^` and the character: both were typed into the field. Its table is private; tests pin it.
    """
    for char in (*map(chr, range(0x21, 0x7F)), "§"):
        if char not in _OPENERS and not isinstance(table.get(f"\x1b{char}"), tuple):
            shift = "shift+" if char.isupper() else ""
            table[f"\x1b{char}"] = (_Key(f"alt+{shift}{_character_to_key(char.lower())}"),)


_name_alt_keys(cast("dict[str, Any]", ANSI_SEQUENCES_KEYS))

_MODIFIERS: Final = ("alt+", "ctrl+", "super+", "hyper+", "meta+")


class BarInput(Input):
    """An Input of height 1. Paste takes the first line that is not blank, trimmed, and says what it left out.

    Whatever brings the focus, all of the text is selected: what is typed or pasted then takes its place.
    """

    _untouched = False
    """Whether nothing was done in it since it got the focus."""

    class Pasted(Message):
        """A text was pasted."""

        def __init__(self, sender: BarInput, left_out: str) -> None:
            super().__init__()
            self.input = sender
            self.left_out = left_out
            """What around the pasted text was not taken, and whether it replaced one that is not shown; or ''."""

    @property
    def _value(self) -> Text:
        # Private in Textual 8.2.8, pinned by a test: an Input writes its text as it is, and a file's may hold an ESC.
        if self.password or self.value.isprintable():
            shown: Text = super()._value
            return shown
        return Text("".join(safe(char) or "␊" for char in self.value), no_wrap=True, overflow="ignore", end="")

    def fill(self, text: str) -> None:
        """Show another text that was not typed here; all of it is selected, as it is when the focus comes."""
        self.value = text
        if self.has_focus:
            self.action_select_all()

    def check_consume_key(self, key: str, character: str | None) -> bool:
        # Alt+2 comes with the character 2, and is not typing.
        return not key.startswith(_MODIFIERS) and super().check_consume_key(key, character)

    async def _on_key(self, event: events.Key) -> None:
        self._untouched = False
        if self.check_consume_key(event.key, event.character):
            return  # Textual's own types it
        event.prevent_default()
        # The field's own keys at once: Textual runs them only when the key has come up to the app, and letters that
        # were typed after Ctrl+U are there by then, and deleted too. Enter leads elsewhere, and has to come after all
        # that the letters before it bring about.
        for binding in self._bindings.key_to_bindings.get(event.key, ()):
            if binding.action != "submit" and await self.app.run_action(binding.action, self):
                event.stop()
                return

    def _on_focus(self, event: events.Focus) -> None:
        self._untouched = not event.from_app_focus

    async def _on_mouse_down(self, event: events.MouseDown) -> None:
        # The click that brings the focus selects all, as Tab does; the next one places the cursor.
        if self._untouched:
            event.prevent_default()
        self._untouched = False

    def _on_paste(self, event: events.Paste) -> None:
        # Textual's own takes splitlines()[0]: a password pasted after a line break would be ''.
        self._untouched = False
        event.prevent_default()
        event.stop()
        lines = [line for line in event.text.splitlines() if line.strip()]
        text = lines[0].strip() if lines else ""
        clean = "".join(char for char in text if char.isprintable() or char == "\u00a0")
        # Where the text cannot be seen, nobody can tell what a paste would be added to.
        replaced = self.password and bool(self.value)
        self.replace(clean, *((0, len(self.value)) if replaced else self.selection))
        left_out = ""
        if len(lines) > 1:
            left_out = f"Only the first of {len(lines)} pasted lines was taken."
        elif clean != text:
            left_out = "Control characters in it were removed."
        elif clean != event.text:
            left_out = "Blanks and line ends around it were removed."
        if replaced:
            left_out = f"Replaced what was there. {left_out}".rstrip()
        self.post_message(self.Pasted(self, left_out))


class SecretInput(BarInput):
    """Shows bullets; F8 shows the text until the step is left. Copy and cut give nothing to the clipboard."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("f8", "toggle_shown", "Show", show=False)]

    class Toggled(Message):
        """The text was shown or hidden."""

    def __init__(self, *, placeholder: str = "", id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(password=True, placeholder=placeholder, id=id, classes=classes)

    def action_copy(self) -> None:
        raise SkipAction

    def action_cut(self) -> None:
        self.delete_selection()

    def action_toggle_shown(self) -> None:
        """Show the text, or hide it again."""
        self.password = not self.password
        self.post_message(self.Toggled())

    def hide(self) -> None:
        """Show bullets again."""
        if not self.password:
            self.password = True
            self.post_message(self.Toggled())


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


class PlainList(OptionList):
    """Rows come from `fill()`; the highlighted one gets a bar before it, so that it is not colour alone."""

    def __init__(self, *, id: str) -> None:  # noqa: A002  # Textual's own name
        super().__init__(id=id, markup=False)
        self._contents: tuple[Content, ...] = ()

    def fill(
        self, rows: Sequence[Content], *, headings: frozenset[int] = frozenset(), start: int | None = None
    ) -> None:
        """Replace all rows; those in `headings` cannot be chosen. The row `start` is highlighted."""
        self.clear_options()
        self._contents = tuple(rows)
        prompts = (row if index in headings else Content.assemble(" ", row) for index, row in enumerate(rows))
        self.add_options([Option(prompt, disabled=index in headings) for index, prompt in enumerate(prompts)])
        self.highlighted = start

    def validate_highlighted(self, highlighted: int | None) -> int | None:
        new: int | None = super().validate_highlighted(highlighted)
        old = self.highlighted
        if old != new:
            if old is not None and old < self.option_count:
                self.replace_option_prompt_at_index(old, Content.assemble(" ", self._contents[old]))
            if new is not None and new < len(self._contents):
                bar = Content.assemble(("▌", "$accent"), self._contents[new].stylize_before("bold"))
                self.replace_option_prompt_at_index(new, bar)
        return new


class PlainText(Static):
    """Shows Content as it is, and text with its control characters made visible."""

    def __init__(self, content: Content | str = "", *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(_content(content), id=id, classes=classes, markup=False)
        self.auto_links = False

    def update(self, content: VisualType = "", *, layout: bool = True) -> None:
        """Show other content. The same again costs nothing: no layout, no frame."""
        new, old = _content(content), self.content
        if not (isinstance(new, Content) and isinstance(old, Content) and new.is_same(old)):
            super().update(new, layout=layout)


def _content(content: VisualType) -> VisualType:
    return plain(content) if isinstance(content, str) else content


_LEAST = 1
"""Rows that the scrolling part keeps, however long the foot is."""


class Scroll(VerticalScroll):
    """The scrolling part. Takes the focus: up and down scroll it."""

    DEFAULT_CSS = """
    Scroll { height: auto; scrollbar-size-vertical: 1; }
    """

    BINDINGS: ClassVar[list[BindingType]] = []


class Fitted(Vertical):
    """Its first child is a Scroll, its second the foot. CSS has no `what the foot leaves`: set after each layout."""

    @property
    def scroll(self) -> Scroll:
        """The part that scrolls."""
        return self.query_one(Scroll)

    def on_resize(self) -> None:
        self.fit()

    def fit(self) -> None:
        """Divide the rows anew, once what was changed is laid out."""
        self.call_after_refresh(self._leave_room)

    def _leave_room(self) -> None:
        foot = self.children[1]
        rows = foot.outer_size.height + foot.styles.margin.height if foot.display else 0
        self.scroll.styles.max_height = max(self.content_size.height - rows, _LEAST)
        # Beside a scroll bar a text is longer, and keeps the bar that it would not need alone: without one it is tried.
        self.scroll.show_vertical_scrollbar = False
