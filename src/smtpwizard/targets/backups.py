"""Copies of files before they were changed, in the user's state folder: never beside the file, where git may see them.

`.env.bak` is not covered by `.env` in a .gitignore. The folder is 0700, each copy 0600: they hold secrets.
"""

from __future__ import annotations

import contextlib
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

from smtpwizard.errors import FileError
from smtpwizard.files import own_folder
from smtpwizard.targets.change import Change
from smtpwizard.targets.diff import masked_diff, passwords_in
from smtpwizard.targets.env.plan import covered as covered_in_env
from smtpwizard.targets.files import decode, read_bytes, resolve

_ABOUT: Final = ".about.json"
"""Suffix of the small file beside each copy that says where it came from."""


class Backup(NamedTuple):
    """One copy."""

    file: Path
    original: Path
    """Where it was taken from, links resolved."""
    at: datetime
    """When, in UTC."""
    size: int
    """Bytes."""
    mode: int
    """Permission bits of the original."""

    @property
    def name(self) -> str:
        """The name under which `restore` takes it."""
        return self.file.name


def backup_folder() -> Path:
    """Return the folder of the backups; it need not exist yet."""
    return own_folder("XDG_STATE_HOME", ".local/state") / "backups"


def save_backup(data: bytes, original: Path, name: str, *, mode: int, folder: Path | None = None) -> Path:
    """Write a copy under `name`, or `name` with a number where that is taken, and return its path.

    FileError where it cannot be written: then nothing else is to be written either.
    """
    where = folder or backup_folder()
    try:
        where.mkdir(parents=True, exist_ok=True, mode=0o700)
        where.chmod(0o700)
        path, descriptor = _create(where, name)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        about = {"schema": 1, "original": str(original), "at": datetime.now(UTC).isoformat(), "mode": f"{mode:04o}"}
        described = os.open(f"{path}{_ABOUT}", os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(described, "w", encoding="utf-8", errors="surrogateescape") as file:
            json.dump(about, file)
    except OSError as error:
        raise FileError(
            f"The backup cannot be written to {where}: {error.strerror}. Make room or give write permission there, "
            "then run again. The file itself was not touched.",
            "No backup, no change",
        ) from error
    return path


def list_backups(folder: Path | None = None) -> tuple[Backup, ...]:
    """Return all copies, newest first. A copy without a readable description is left out."""
    where = folder or backup_folder()
    found: list[Backup] = []
    try:
        described = sorted(where.glob(f"*{_ABOUT}"))
    except OSError:
        return ()
    for about in described:
        copy = about.with_name(about.name.removesuffix(_ABOUT))
        try:
            data = json.loads(about.read_text(encoding="utf-8", errors="surrogateescape"))
            at = datetime.fromisoformat(data["at"])
            found.append(Backup(copy, Path(data["original"]), at, copy.stat().st_size, int(data["mode"], 8)))
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return tuple(sorted(found, key=lambda item: (item.at, item.name), reverse=True))


def _create(folder: Path, name: str) -> tuple[Path, int]:
    """Open a new file, numbered where `name` is taken within the same second."""
    stem, dot, rest = name.partition(".")
    number = 1
    while True:
        path = folder / (name if number == 1 else f"{stem}-{number}{dot}{rest}")
        try:
            return path, os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except FileExistsError:
            number += 1


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
    return Change(backup.original, real, existing, data, diff, backup.mode if mode is None else mode)


def _covered(path: Path, text: str) -> frozenset[int]:
    if path.suffix not in (".yaml", ".yml"):
        return covered_in_env(text)
    from smtpwizard.targets.compose.plan import covered
    from smtpwizard.targets.compose.tree import parse_tree

    with contextlib.suppress(FileError):
        return covered(text, parse_tree(text, path.name))
    return frozenset(range(1, text.count("\n") + 2))
