"""Copies of files before they were changed, in the user's state folder: never beside the file, where git may see them.

`.env.bak` is not covered by `.env` in a .gitignore. The folder is 0700, each copy 0600: they hold secrets.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Final

from smtpwizard.errors import FileError
from smtpwizard.files import own_folder
from smtpwizard.records import NamedTuple
from smtpwizard.targets.change import Change
from smtpwizard.targets.diff import masked_diff, passwords_in
from smtpwizard.targets.env.plan import covered as covered_in_env
from smtpwizard.targets.files import decode, decode_yaml, read_bytes, resolve
from smtpwizard.targets.replace import Staged, sync_folder

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
    run: str = ""
    """The change of which it is a part: the same for all files that were changed together."""
    beside: tuple[Path, ...] = ()
    """The other files that were changed in that run, made new ones too."""

    @property
    def name(self) -> str:
        """The name under which `restore` takes it."""
        return self.file.name


def backup_folder() -> Path:
    """Return the folder of the backups; it need not exist yet."""
    return own_folder("XDG_STATE_HOME", ".local/state") / "backups"


def save_backup(
    data: bytes,
    original: Path,
    name: str,
    *,
    mode: int,
    folder: Path | None = None,
    run: str = "",
    beside: Sequence[Path] = (),
) -> Path:
    """Write a copy under `name`, or `name` with a number where that is taken, and return its path.

    `run`: the change of which it is a part; `beside`: the other files changed in it. FileError where it cannot be
    written: then nothing else is to be written either, and nothing of it stays.
    """
    where = folder or backup_folder()
    about = {"schema": 1, "original": str(original), "at": datetime.now(UTC).isoformat(), "mode": f"{mode:04o}"}
    text = json.dumps({**about, "run": run, "beside": [str(path) for path in beside]})
    try:
        where.mkdir(parents=True, exist_ok=True, mode=0o700)
        where.chmod(0o700)
        stem, dot, rest = name.partition(".")
        names = (name if number == 1 else f"{stem}-{number}{dot}{rest}" for number in count(1))
        return next(path for path in (where / name for name in names) if _saved(path, data, text.encode()))
    except OSError as error:
        raise FileError(
            f"The backup cannot be written to {where}: {error.strerror}. Make room or give write permission there, "
            "then run again. The file itself was not touched.",
            "No backup, no change",
        ) from error


def _saved(path: Path, data: bytes, about: bytes) -> bool:
    """Write a copy and its description, both or none; False where the name is taken. OSError."""
    description = Path(f"{path}{_ABOUT}")
    with Staged(description, about) as described, Staged(path, data) as copy:
        try:
            # The description first: alone it holds no secret and is not listed. A copy alone would be lost.
            described.create()
        except FileExistsError:
            return False
        try:
            copy.create()
        except BaseException as error:
            description.unlink(missing_ok=True)
            if isinstance(error, FileExistsError):
                return False
            raise
    sync_folder(path.parent)
    return True


def remove_backup(path: Path) -> None:
    """Take back a copy that nothing came of, and its description."""
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)
        Path(f"{path}{_ABOUT}").unlink(missing_ok=True)


def list_backups(folder: Path | None = None) -> tuple[Backup, ...]:
    """Return all copies, newest first. A copy without a readable description is left out: see `undescribed`."""
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
            at, beside = datetime.fromisoformat(data["at"]), tuple(Path(path) for path in data.get("beside", ()))
            size, mode, run = copy.stat().st_size, int(data["mode"], 8), str(data.get("run", ""))
            found.append(Backup(copy, Path(data["original"]), at, size, mode, run, beside))
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return tuple(sorted(found, key=lambda item: (item.at, item.name), reverse=True))


def undescribed(listed: Collection[Backup], folder: Path | None = None) -> tuple[Path, ...]:
    """Return the copies that `listed` leaves out, as nothing readable says where they were taken from."""
    known = {item.file for item in listed}
    try:
        return tuple(
            path
            for path in sorted((folder or backup_folder()).iterdir())
            if path not in known and not path.name.endswith((_ABOUT, ".tmp"))
        )
    except OSError:
        return ()


def plan_restore(backup: Backup, ours: Collection[str] = ()) -> Change:
    """Plan to put `backup` back where it was taken from. FileError where either cannot be read.

    `ours` are variables whose values may be shown, beside those that look like mail settings.
    """
    data = read_bytes(backup.file)
    if data is None:
        raise FileError(f"The backup {backup.file} is gone.", "No such backup")
    real, mode = resolve(backup.original)
    existing = read_bytes(real)
    text_of = decode_yaml if backup.original.suffix in (".yaml", ".yml") else decode
    before, after = text_of(existing or b""), text_of(data)
    diff = masked_diff(
        before,
        after,
        backup.original.name,
        secrets=(*passwords_in(before), *passwords_in(after)),
        covered_before=_covered(backup.original, before),
        covered_after=_covered(backup.original, after),
        ours=ours,
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
