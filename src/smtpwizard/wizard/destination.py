"""Where settings can be saved: the files and services of a folder, a block to copy, and the kinds of each."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from smtpwizard.apps.profile import Role
from smtpwizard.wizard.session import Target, TargetKind

if TYPE_CHECKING:
    from smtpwizard.apps.profile import AppProfile
    from smtpwizard.targets.discover import TargetChoice


STYLES: Final = (
    ("env", "env"),
    ("compose-list", "compose list"),
    ("compose-map", "compose mapping"),
    ("docker-run", "docker run"),
    ("kubernetes", "Kubernetes"),
)
"""The kinds of block and their names for a person."""

_SECRETS: Final = (("inline", "password here"), ("reference", ".env"))
_SECRET_FILE: Final = ("file", "own file")


def secret_kinds(app: AppProfile) -> tuple[tuple[str, str], ...]:
    """Return the places of the password when the target is a compose file, and their names for a person.

    A file of its own is one only for an app that reads its password from a file.
    """
    spec = app.spec(Role.PASSWORD)
    return (*_SECRETS, _SECRET_FILE) if spec is not None and spec.file_variant else _SECRETS


class SaveTarget(NamedTuple):
    """One target to choose."""

    target: Target
    label: str
    words: str = ""
    kinds: tuple[tuple[str, str], ...] = ()
    """The kinds to choose from, as STYLES or `secret_kinds()`."""

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


def save_targets(
    found: Sequence[TargetChoice], wanted: Target, app: AppProfile, *, in_file: bool = False
) -> tuple[SaveTarget, ...]:
    """Return the choices: files and services found, the `wanted` one first if it is not among them, then a block.

    `in_file`: the app reads its password from a file already; another goes into one too.
    """
    secrets = secret_kinds(app)
    files = [_of_choice(choice, secrets, in_file=in_file) for choice in found]
    place = next((index for index, item in enumerate(files) if same_target(item.target, wanted)), None)
    if wanted.kind is not TargetKind.PRINT and place is None:
        kinds = secrets if wanted.kind is TargetKind.COMPOSE else ()
        files.insert(0, SaveTarget(wanted, str(wanted.path), "as named", kinds))
    elif place is not None and wanted.secret:
        files[place] = files[place]._replace(target=wanted)  # chosen before: its kind stays
    style = wanted.style if wanted.style in dict(STYLES) else STYLES[0][0]
    return (*files, SaveTarget(Target(TargetKind.PRINT, None, None, style), "a block to copy", kinds=STYLES))


def _of_choice(choice: TargetChoice, secrets: tuple[tuple[str, str], ...], *, in_file: bool) -> SaveTarget:
    if not choice.compose:
        return SaveTarget(Target(TargetKind.ENV_FILE, choice.path), choice.label, choice.detail)
    # What git tracks is in everybody's clone with the next commit: there the password goes elsewhere. A reference that
    # stands there stays.
    secret = "reference" if choice.git.tracked or choice.refers else "inline"
    if in_file and _SECRET_FILE in secrets:
        secret = _SECRET_FILE[0]
    target = Target(TargetKind.COMPOSE, choice.path, choice.service, secret=secret)
    return SaveTarget(target, choice.label, choice.detail, secrets)


def same_target(left: Target, right: Target) -> bool:
    if left.kind is not right.kind:
        return False
    if left.path is None or right.path is None:
        return left.kind is TargetKind.PRINT
    # A compose file named without its service: the first of them, which is the app's.
    same_service = left.service == right.service or right.service is None
    # Paths are compared without asking the disk: a link and its target are two choices.
    return same_service and os.path.abspath(left.path) == os.path.abspath(right.path)
