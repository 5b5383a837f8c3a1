"""Planning to bring a backup back: one more change with diff, backup of what is there now, and atomic replacement."""

from __future__ import annotations

import contextlib
from pathlib import Path

from smtpwizard.errors import FileError
from smtpwizard.targets.backups import Backup
from smtpwizard.targets.change import Change, make_change
from smtpwizard.targets.diff import masked_diff, passwords_in
from smtpwizard.targets.env.plan import covered as covered_in_env
from smtpwizard.targets.files import decode, read_bytes, resolve


def plan_restore(backup: Backup) -> Change:
    """Plan to put `backup` back where it was taken from. FileError where either cannot be read."""
    data = read_bytes(backup.file)
    if data is None:
        raise FileError(f"The backup {backup.file} is gone.", "No such backup")
    real, mode = resolve(backup.original)
    existing = read_bytes(real)
    before, after = decode(existing or b""), decode(data)
    diff = masked_diff(
        before,
        after,
        backup.original.name,
        secrets=(*passwords_in(before), *passwords_in(after)),
        covered_before=_covered(backup.original, before),
        covered_after=_covered(backup.original, after),
    )
    return make_change(backup.original, real, existing, data, diff, backup.mode if mode is None else mode)


def _covered(path: Path, text: str) -> frozenset[int]:
    if path.suffix not in (".yaml", ".yml"):
        return covered_in_env(text)
    from smtpwizard.targets.compose.plan import covered
    from smtpwizard.targets.compose.tree import parse_tree

    with contextlib.suppress(FileError):
        return covered(text, parse_tree(text, path.name))
    return frozenset(range(1, text.count("\n") + 2))
