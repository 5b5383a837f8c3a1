"""Writing a set of planned changes: all files or none, each read back, and copies kept of what they were."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Final

from smtpwizard.errors import FileError
from smtpwizard.targets.backups import remove_backup, save_backup
from smtpwizard.targets.change import Applied, Change, Conflict, Consent, ConsentRequired
from smtpwizard.targets.files import left_project, read_bytes
from smtpwizard.targets.replace import NotOwnerError, Staged, overwrite_in_place, sync_folder
from smtpwizard.text import command_line, listed

written: Final[list[Applied]] = []
"""What this process has changed so far, for whoever has to tell of a failure afterwards."""


def apply(change: Change, consents: Collection[Consent] = (), *, backup_dir: Path | None = None) -> Applied:
    """Write one change: see `apply_all`."""
    return apply_all([change], lambda _, consent: consent in consents, backup_dir=backup_dir)[0]


def apply_all(
    changes: Sequence[Change], agreed: Callable[[Change, Consent], bool], *, backup_dir: Path | None = None
) -> tuple[Applied, ...]:
    """Write all `changes` or none, in their order, and read them back. `backup_dir`: the state folder's own where None.

    All new bytes are on their disks, and copies of all old ones, before the first file is replaced. On an error the
    files that were replaced before are put back, and the copies are removed.

    Conflict where a file is no longer what was planned for; ConsentRequired where one cannot be replaced, or a link
    leads out of the project, and that is not `agreed`; FileError for everything else. In each of these cases every file
    is as it was, unless the message says which is not.
    """
    writing = [change for change in changes if change.changed]
    for change in writing:
        if change.asks is not None and not agreed(change, change.asks.consent):
            raise change.asks
        _refuse(change, follow=agreed(change, Consent.FOLLOW_LINK))
    files: list[_File] = []
    backups: dict[Path, Path] = {}
    with contextlib.ExitStack() as stack:
        try:
            for change in writing:
                in_place, last = agreed(change, Consent.IN_PLACE), change is writing[-1]
                files.append(_File(change, stack, in_place=in_place, last=last))
            _save_backups(writing, backups, backup_dir)
            for change in writing:
                _refuse_conflict(change)
            for file in files:
                change = file.change
                file.place()
        except BaseException as error:
            left = [file.change for file in reversed(files) if not file.put_back()]
            written.extend(Applied(item.real_path, backups.get(item.real_path), changed=True) for item in left)
            if not left:
                for backup in backups.values():
                    remove_backup(backup)
            if isinstance(error, OSError):
                reason = f"{change.path} cannot be written: {_reason(error)}."
                raise FileError(f"{reason} {_outcome(left, backups)}", "File not written") from error
            if left and isinstance(error, FileError):
                raise FileError(f"{error.message} {_outcome(left, backups)}", error.title) from error
            raise
        finally:
            for folder in {file.change.real_path.parent for file in files}:
                sync_folder(folder)
    overwritten = {file.change.real_path for file in files if file.overwritten}
    applied = [
        Applied(real, backups.get(real), change.changed, in_place=real in overwritten)
        for change in changes
        for real in (change.real_path,)
    ]
    written.extend(item for item in applied if item.changed)
    for change in writing:
        _read_back(change)
    return tuple(applied)


def _save_backups(writing: Sequence[Change], saved: dict[Path, Path], folder: Path | None) -> None:
    """Copy what is to be replaced, into `saved` as it is done: real path → copy."""
    run = secrets.token_hex(4)
    paths = [change.real_path for change in writing]
    for change in writing:
        if change.before is not None:
            real, name = change.real_path, change.backup_name or "backup"
            beside = [path for path in paths if path != real]
            saved[real] = save_backup(
                change.before, real, name, mode=change.mode, folder=folder, run=run, beside=beside
            )


class _File:
    """One file of a run: its new bytes lie ready, and its old ones unless it is the last to be replaced."""

    def __init__(self, change: Change, stack: contextlib.ExitStack, *, in_place: bool, last: bool) -> None:
        """ConsentRequired for an unwritable folder and another user's file; OSError."""
        self.change = change
        self._in_place = in_place
        self.overwritten = False
        self._new = self._staged(change.after, stack)
        self._old = None
        if self._new and not last and change.before is not None:
            self._old = self._staged(change.before, stack)

    def _staged(self, data: bytes, stack: contextlib.ExitStack) -> Staged | None:
        """Return `data` ready to be placed; None where the file is to be overwritten where it is."""
        change, real = self.change, self.change.real_path
        if change.before is None:
            return stack.enter_context(Staged(real, data, mode=change.mode))
        try:
            return stack.enter_context(Staged(real, data, like=os.stat(real)))
        except NotOwnerError as error:
            if not self._in_place:
                raise _only_in_place(
                    change.path,
                    f"{real} belongs to another user, and replacing it would take it over. It can be overwritten where "
                    "it is instead.",
                ) from error
        except PermissionError as error:
            if not self._in_place:
                raise _only_in_place(
                    change.path,
                    f"The folder {real.parent} is not writable, so {real.name} cannot be replaced, only overwritten "
                    "where it is.",
                ) from error
        return None

    def place(self) -> None:
        """Put the new bytes in place by the safest way that works. Conflict, ConsentRequired, OSError."""
        change = self.change
        if change.before is None:
            assert self._new is not None
            try:
                self._new.create()
            except FileExistsError as error:
                raise _conflict(change) from error
            return
        if self._new is not None:
            try:
                self._new.replace()
                return
            except OSError as error:
                if self._in_place and (error.errno == errno.EBUSY or isinstance(error, PermissionError)):
                    pass
                elif error.errno == errno.EBUSY:
                    raise _only_in_place(
                        change.path,
                        f"{change.real_path} is mounted on its own (a bind mount, as into a container), so it cannot "
                        "be replaced, only overwritten where it is.",
                    ) from error
                else:
                    raise
        overwrite_in_place(change.real_path, change.before, change.after)
        self.overwritten = True

    def put_back(self) -> bool:
        """Make the file what it was; False where it is not: it cannot be written, or another program has changed it."""
        change, real = self.change, self.change.real_path
        try:
            now = read_bytes(real)
            if now == change.before:
                return True
            if now != change.after:
                return False
            if change.before is None:
                real.unlink()
            elif self.overwritten:
                overwrite_in_place(real, change.after, change.before)
            else:
                with self._old or Staged(real, change.before, like=os.stat(real)) as old:
                    old.replace()
        except (OSError, FileError):
            return False
        return True


def _refuse(change: Change, *, follow: bool) -> None:
    """Raise what can be known before anything is touched. ConsentRequired, Conflict, FileError."""
    if not follow:
        _refuse_leaving(change)
    _refuse_conflict(change)
    if change.before is not None and not os.access(change.real_path, os.W_OK):
        raise FileError(
            f"{change.path} is write-protected for this user. Run as its owner, or give write permission "
            f"({command_line(('chmod', 'u+w', str(change.path)))}). Nothing was changed.",
            "File is read-only",
        )


def _refuse_leaving(change: Change) -> None:
    project = left_project(change.path, change.real_path)
    if project is not None:
        raise ConsentRequired(
            Consent.FOLLOW_LINK,
            f"{change.path} leads through a link to {change.real_path}, outside {project}, where it may belong to "
            "something else. Nothing was written. If it is meant, give --follow-link, or name that file itself.",
            "Link leaves the project",
            path=change.path,
            question=f"{change.path.name} is a link that leads out of the project, to {change.real_path}. That file "
            "may belong to something else.",
        )


def _only_in_place(path: Path, message: str) -> ConsentRequired:
    message = f"{message} That is not safe against a crash in the middle; a backup is made first."
    told = f"{message} Nothing was written. If it is meant, give --in-place."
    return ConsentRequired(Consent.IN_PLACE, told, "Only in place", path=path, question=message)


def _refuse_conflict(change: Change) -> None:
    if Path(os.path.realpath(change.path)) != change.real_path or read_bytes(change.real_path) != change.before:
        raise _conflict(change)


def _conflict(change: Change) -> Conflict:
    return Conflict(
        f"{change.path} was changed by another program after it was read. Nothing was written; look at it, and at the "
        "new difference.",
        "File changed meanwhile",
    )


def _read_back(change: Change) -> None:
    if read_bytes(change.real_path) != change.after:
        raise Conflict(
            f"{change.path} was written, but another program has changed it since. Check the file; the backup holds "
            "what it was before.",
            "File changed meanwhile",
        )


def _reason(error: OSError) -> str:
    """Return why a file cannot be written, and what to do."""
    fixed = {
        errno.ENOSPC: "the disk is full. Make room, then run again",
        errno.EDQUOT: "the disk quota is used up. Make room, then run again",
        errno.EFBIG: "the file would be larger than this process may write (ulimit -f)",
        errno.EROFS: "the file system is mounted read-only. Write to another file, or remount it",
        errno.EACCES: "the folder is not writable for this user. Run as its owner, or give write permission",
        errno.EPERM: "the system forbids it; the file or its folder may be immutable (lsattr) or sticky",
        errno.ENAMETOOLONG: "the name is too long",
    }
    return fixed.get(error.errno or 0, error.strerror or type(error).__name__)


def _outcome(left: Sequence[Change], backups: Mapping[Path, Path]) -> str:
    """Return what is true of the files after an error; `left`: those that could not be put back."""
    if not left:
        return "Nothing was changed."
    kept = [f"{change.path} (as it was: {backups.get(change.real_path, 'not there')})" for change in left]
    return f"Changed before that, and not to be put back: {listed(kept)}. Look at it; the rest is as it was."
