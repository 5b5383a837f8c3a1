"""Where one can save, as lines to choose from: files, compose services, blocks to copy. Must not import textual."""

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

SECRETS: Final = (("inline", "password here"), ("reference", ".env"))
"""The places of the password when the target is a compose file, and their names on screen."""


@dataclass(frozen=True, slots=True)
class SaveTarget:
    """One line of the picker."""

    target: Target
    label: str
    words: str = ""
    kinds: tuple[tuple[str, str], ...] = ()
    """The kinds to choose from, as STYLES or SECRETS."""

    def with_kind(self, index: int) -> Target:
        """Return the target, of the kind `index` where it has kinds."""
        if not self.kinds:
            return self.target
        kind = self.kinds[index][0]
        if self.target.kind is TargetKind.COMPOSE:
            return replace(self.target, secret=kind)
        return replace(self.target, style=kind)

    @property
    def kind(self) -> int:
        """The place of the target's own kind among `kinds`."""
        own = self.target.secret if self.target.kind is TargetKind.COMPOSE else self.target.style
        return next((index for index, (kind, _) in enumerate(self.kinds) if kind == own), 0)


def save_targets(found: Sequence[TargetChoice], wanted: Target) -> tuple[SaveTarget, ...]:
    """Return the choices: files and services found, the `wanted` one first if it is not among them, then a block."""
    files = [_of_choice(choice) for choice in found]
    place = next((index for index, item in enumerate(files) if _same(item.target, wanted)), None)
    if wanted.kind is not TargetKind.PRINT and place is None:
        kinds = SECRETS if wanted.kind is TargetKind.COMPOSE else ()
        files.insert(0, SaveTarget(wanted, str(wanted.path), "as named", kinds))
    elif place is not None and wanted.secret:
        files[place] = replace(files[place], target=wanted)  # chosen before: its kind stays
    style = wanted.style if wanted.style in dict(STYLES) else STYLES[0][0]
    block = SaveTarget(Target(TargetKind.PRINT, None, None, style), "a block to copy", kinds=STYLES)
    return (*files, block)


def chosen_index(targets: Sequence[SaveTarget], wanted: Target) -> int:
    """Return the place of `wanted` in the list; 0 where it is not there."""
    return next((index for index, item in enumerate(targets) if _same(item.target, wanted)), 0)


def _of_choice(choice: TargetChoice) -> SaveTarget:
    if choice.kind.value == "compose":
        # What git tracks is in everybody's clone with the next commit: there the password goes elsewhere.
        secret = "reference" if choice.git.tracked else "inline"
        target = Target(TargetKind.COMPOSE, choice.path, choice.service, secret=secret)
        return SaveTarget(target, choice.label, choice.detail, SECRETS)
    return SaveTarget(Target(TargetKind.ENV_FILE, choice.path), choice.label, choice.detail)


def _same(left: Target, right: Target) -> bool:
    if left.kind is not right.kind:
        return False
    if left.path is None or right.path is None:
        return left.kind is TargetKind.PRINT
    # A compose file named without its service: the first of them, which is the app's.
    same_service = left.service == right.service or right.service is None
    return same_service and _place(left.path) == _place(right.path)


def _place(path: Path) -> Path:
    """Return where a path stands, without asking the disk: a link and its target are two choices."""
    return Path(os.path.abspath(path))
