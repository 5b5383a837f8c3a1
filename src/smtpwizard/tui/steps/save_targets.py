"""Where one can save, as lines to choose from: the files of the folder, blocks to copy. Must not import textual."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from smtpwizard.tui.state import Target, TargetKind

if TYPE_CHECKING:
    from smtpwizard.outputs import TargetChoice

STYLES: Final = (("env", "env"), ("compose-list", "compose list"), ("compose-map", "compose mapping"))
"""The kinds of block and their names on screen."""


@dataclass(frozen=True, slots=True)
class SaveTarget:
    """One line of the picker."""

    target: Target
    label: str
    words: str = ""
    styles: tuple[str, ...] = ()
    """The kinds of block to choose from, as in STYLES."""

    def with_style(self, index: int) -> Target:
        """Return the target, with the kind of block `index` where it has kinds."""
        return replace(self.target, style=self.styles[index]) if self.styles else self.target


def save_targets(found: Sequence[TargetChoice], wanted: Target) -> tuple[SaveTarget, ...]:
    """Return the choices: files found, the `wanted` one first if it was named, then a block to copy."""
    files = [_of_choice(choice) for choice in found]
    if wanted.kind is not TargetKind.PRINT and not any(_same(item.target, wanted) for item in files):
        files.insert(0, SaveTarget(wanted, str(wanted.path), "as named on the command line"))
    styles = tuple(style for style, _ in STYLES)
    style = wanted.style if wanted.style in styles else styles[0]
    block = SaveTarget(Target(TargetKind.PRINT, None, None, style), "a block to copy", styles=styles)
    return (*files, block)


def chosen_index(targets: Sequence[SaveTarget], wanted: Target) -> int:
    """Return the place of `wanted` in the list; 0 where it is not there."""
    return next((index for index, item in enumerate(targets) if _same(item.target, wanted)), 0)


def _of_choice(choice: TargetChoice) -> SaveTarget:
    if choice.kind.value == "compose":
        words = f"the lines to paste; {choice.detail}"
        return SaveTarget(Target(TargetKind.COMPOSE, choice.path, None), choice.path.name, words)
    return SaveTarget(Target(TargetKind.ENV_FILE, choice.path), choice.path.name, choice.detail)


def _same(left: Target, right: Target) -> bool:
    if left.kind is not right.kind:
        return False
    if left.path is None or right.path is None:
        return left.kind is TargetKind.PRINT
    return _place(left.path) == _place(right.path)


def _place(path: Path) -> Path:
    """Return where a path stands, without asking the disk: a link and its target are two choices."""
    return Path(os.path.abspath(path))
