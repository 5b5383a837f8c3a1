"""An OptionList that never reads markup, cuts rows instead of wrapping them, and marks the chosen row by a shape."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option


class PlainList(OptionList):
    """Rows come from `fill()`; the highlighted one gets a bar before it, so that it is not colour alone."""

    def __init__(self, *, id: str) -> None:  # noqa: A002  # Textual's own name
        super().__init__(id=id, markup=False, compact=True)
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
