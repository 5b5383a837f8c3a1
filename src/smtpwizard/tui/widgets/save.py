"""One choice of several, a line each: `(•)` chosen, `( )` not. Moving chooses: Enter stays the step's own key."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import ClassVar, Final

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.widget import Widget

from smtpwizard.report.lines import Line, Mark
from smtpwizard.tui.base import plain
from smtpwizard.tui.widgets.inputs import PlainText, Scroll
from smtpwizard.tui.widgets.text import Paragraphs
from smtpwizard.wizard.destination import SaveTarget

_DIFF_STYLES: Final = {"+": "$text-success", "-": "$text-error", "▾": "bold"}


def diff_rows(diff: str) -> tuple[tuple[str, str], ...]:
    """Return a unified diff as (shape, text) rows: file headers left out, the gap between two hunks as `⋯`."""
    rows: list[tuple[str, str]] = []
    body = False
    for line in diff.splitlines():
        if line.startswith("@@"):
            if body:
                rows.append(("⋯", ""))
            body = True
        elif body and line.startswith("\\"):
            rows.append((" ", "(no line end here)"))
        elif body:
            rows.append((line[:1] or " ", line[1:]))
    return _paired(rows)


_NAME: Final = re.compile(r"[\s\-#]*(?:export\s+)?[\"']?([A-Za-z_]\w*)\s*[=:]")


def _paired(rows: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Put what a variable becomes right below what it was: a diff has all lines that go before all that come."""
    result: list[tuple[str, str]] = []
    for changed, group in groupby(rows, key=lambda row: row[0] in "+-"):
        block = list(group)
        if not changed:
            result += block
            continue
        new = [row for row in block if row[0] == "+"]
        for row in block:
            if row[0] == "-":
                result.append(row)
                name = _NAME.match(row[1])
                fits = (item for item in new if name and (found := _NAME.match(item[1])) and found[1] == name[1])
                same = next(fits, None)
                if same is not None:
                    new.remove(same)
                    result.append(same)
        result += new
    return tuple(result)


class DiffView(Widget):
    """The rows of one diff, a long line cut at the edge: nothing scrolls sideways."""

    DEFAULT_CSS = """
    DiffView { height: auto; width: 1fr; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._all: tuple[tuple[str, str], ...] = ()
        self._room = 0

    @property
    def _rows(self) -> tuple[tuple[str, str], ...]:
        """What is shown: where the whole is too long, without the lines that stay."""
        if len(self._all) <= self._room:
            return self._all
        return tuple(row for row in self._all if row[0] in "+-▾")

    def fit(self, room: int) -> None:
        """Leave out the lines that stay where there are more than `room` rows."""
        if room != self._room:
            self._room = room
            self.refresh(layout=True)

    def show(self, diffs: Sequence[tuple[str, str]]) -> None:
        """Show diffs, each with its file's name, instead of what stood here; one alone needs no name."""
        shown = [(name, diff) for name, diff in diffs if diff]
        rows: list[tuple[str, str]] = []
        for name, diff in shown:
            rows += [("▾", name)] if len(shown) > 1 else []
            rows += diff_rows(diff)
        self._all = tuple(rows)
        self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._rows)

    def render(self) -> Content:
        width = self.content_size.width
        return Content("\n").join(_diff_row(shape, text, width) for shape, text in self._rows)


def _diff_row(shape: str, text: str, width: int) -> Content:
    line = plain(f"{shape} {text}", newlines=False).truncate(width, ellipsis=True)
    style = _DIFF_STYLES.get(shape, "$foreground-muted" if shape == "⋯" else "")
    return line.stylize(style) if style else line


class ChangeView(Scroll):
    """The lower box of the Save step: what is to be known first, the change, then the facts. All of it scrolls."""

    DEFAULT_CSS = """
    ChangeView { height: 1fr; }
    ChangeView > #change-facts { margin-top: 1; }
    """

    def compose(self) -> ComposeResult:
        yield Paragraphs(id="change-warnings")
        yield DiffView()
        yield PlainText("", id="change-text")
        yield Paragraphs(id="change-facts")

    def on_mount(self) -> None:
        self.add_class("box")

    def on_resize(self) -> None:
        """Leave out what stays where the room is short."""
        beside = [part for part in self.query(Paragraphs) if part.display]
        used = sum(part.outer_size.height + part.styles.margin.height for part in beside)
        self.query_one(DiffView).fit(max(self.content_size.height - used, 1))

    def show_diff(self, diffs: Sequence[tuple[str, str]], lines: Iterable[Line]) -> None:
        """Show unified, masked diffs, each with its file's name."""
        self._show("Change", diffs, "", lines)

    def show_block(self, title: str, text: str, lines: Iterable[Line]) -> None:
        """Show a block of lines to paste."""
        self._show(title, (), text, lines)

    def _show(self, title: str, diffs: Sequence[tuple[str, str]], text: str, lines: Iterable[Line]) -> None:
        self.border_title = plain(title, newlines=False)
        with self.app.batch_update():
            view = self.query_one(DiffView)
            view.show(diffs)
            view.display = any(diff for _, diff in diffs)
            block = self.query_one("#change-text", PlainText)
            block.update(plain(text, limit=20_000))
            block.display = bool(text)
            shown = list(lines)
            first = [line for line in shown if line.mark in _FIRST]
            rest = [line for line in shown if line.mark not in _FIRST]
            for name, part in (("#change-warnings", first), ("#change-facts", rest)):
                self.query_one(name, Paragraphs).show(part)
                self.query_one(name).display = bool(part)
        self.call_after_refresh(self.on_resize)


_FIRST: Final = (Mark.FAILED, Mark.WARNING)
"""Marks of what has to be seen before Enter, and before the change itself."""

_LABEL_WIDTH: Final = 30
"""`docker-compose.yml service api`; longer names push their words to the right."""


class TargetPicker(Widget, can_focus=True):
    """A radio group. Textual's RadioSet takes Enter for itself and shows the choice by colour alone."""

    DEFAULT_CSS = """
    TargetPicker { height: auto; width: 1fr; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "Previous", show=False),
        Binding("down", "move(1)", "Next", show=False),
        Binding("left", "turn(-1)", "Previous kind", show=False),
        Binding("right", "turn(1)", "Next kind", show=False),
    ]

    class Picked(Message):
        """Another line was chosen, or another kind in it."""

        def __init__(self, index: int, kind: int) -> None:
            super().__init__()
            self.index = index
            self.kind = kind

    def __init__(self) -> None:
        super().__init__()
        self._choices: tuple[SaveTarget, ...] = ()
        self._chosen = 0

    def show(self, choices: Sequence[SaveTarget], chosen: int) -> None:
        """Show `choices` with the line `chosen` taken; tells nobody."""
        self._choices, self._chosen = tuple(choices), chosen
        self.refresh(layout=True)
        self.call_after_refresh(self._into_view)

    @property
    def choices(self) -> tuple[SaveTarget, ...]:
        """What is shown."""
        return self._choices

    @property
    def chosen(self) -> int:
        """Index of the line that is taken."""
        return self._chosen

    def help_page(self) -> tuple[str, str]:
        """Say what the choices are."""
        return (
            "Where to save",
            "↑ and ↓ choose, ← and → the kind: of a block, or where the password goes that a compose file needs. Only "
            "the lines of these variables change, all else stays byte for byte, and the file as it was is kept.\n\n"
            "A password in .env stands there alone, and the compose file refers to it: right where git keeps the "
            "compose file. A secret file is offered where the app reads its password from one.",
        )

    def action_move(self, by: int) -> None:
        """Choose the line below or above; stays at the ends."""
        self._choose(min(max(self._chosen + by, 0), len(self._choices) - 1))

    def action_turn(self, by: int) -> None:
        """Choose the next or the previous kind of the chosen line."""
        choice = self._choices[self._chosen] if self._choices else None
        if choice is not None and choice.kinds:
            self.post_message(self.Picked(self._chosen, (choice.kind + by) % len(choice.kinds)))

    def on_click(self, event: events.Click) -> None:
        if event.y < len(self._choices):
            self._choose(event.y)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._choices)

    def render(self) -> Content:
        width = self.content_size.width
        return Content("\n").join(self._row(index, width) for index in range(len(self._choices)))

    def _choose(self, index: int) -> None:
        if index != self._chosen and 0 <= index < len(self._choices):
            self._chosen = index
            self.refresh()
            self._into_view()
            self.post_message(self.Picked(index, self._choices[index].kind))

    def _into_view(self) -> None:
        box = self.parent
        if isinstance(box, VerticalScroll):
            box.scroll_to_region(Region(0, self._chosen, 1, 1), animate=False)

    def _row(self, index: int, width: int) -> Content:
        choice = self._choices[index]
        taken = index == self._chosen
        style = ("$text-primary bold" if self.has_focus else "bold") if taken else ""
        column = 4 + min(max(len(item.label) for item in self._choices), _LABEL_WIDTH)
        head = plain(f"{'(•)' if taken else '( )'} {choice.label}".ljust(column), newlines=False)
        row = head.stylize(style) if style else head
        kinds = choice.kinds and (taken or not choice.words)
        words = _kinds(choice, taken) if kinds else plain(choice.words, newlines=False)
        return (row + Content(" ") + words.stylize_before("$foreground-muted")).truncate(width, ellipsis=True)


def _kinds(choice: SaveTarget, taken: bool) -> Content:
    parts = []
    for index, (_, name) in enumerate(choice.kinds):
        mine = taken and index == choice.kind
        parts.append(Content.styled(f"‹{name}›", "$foreground bold") if mine else Content(name))
    return Content(" · ").join(parts)
