"""Applying a planned change: the file is the old one or the new one at every moment, and is read back afterwards.

The only module of this room that writes to targets. A backup comes first; without it nothing is written.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path

from smtpwizard.errors import FileError
from smtpwizard.outputs.backups import save_backup
from smtpwizard.outputs.change import Applied, Change, Conflict, InPlaceRequired, LeavesProject
from smtpwizard.outputs.env_file import read_bytes
from smtpwizard.outputs.paths import left_project
from smtpwizard.outputs.replace import create_file, overwrite_in_place, replace_file


def apply(
    change: Change, *, backup_dir: Path | None = None, in_place: bool = False, follow_link: bool = False
) -> Applied:
    """Write `change.after` and read it back.

    `in_place` is the operator's consent to overwrite the file where it is, `follow_link` to write outside the project
    through a link. Conflict where the file is no longer what was planned for; InPlaceRequired where it cannot be
    replaced; LeavesProject where a link leads out; FileError for everything else. In each of these cases the file is
    as it was.
    """
    if not change.changed:
        return Applied(change.real_path, None, changed=False, verified=True)
    _refuse_leaving(change, follow_link=follow_link)
    _refuse_conflict(change)
    backup = None
    if change.before is not None:
        backup = save_backup(
            change.before, change.real_path, change.backup_name or "backup", mode=change.mode, folder=backup_dir
        )
    try:
        overwritten = _write(change, in_place=in_place)
    except OSError as error:
        raise translated(error, change.path) from error
    verified = _read_back(change)
    return Applied(change.real_path, backup, changed=True, verified=verified, in_place=overwritten)


def _write(change: Change, *, in_place: bool) -> bool:
    """Write by the safest way that works; say whether that was in place."""
    if change.before is None:
        create_file(change.real_path, change.after, change.mode, conflict=lambda: _conflict(change))
        return False
    if not os.access(change.real_path, os.W_OK):
        raise FileError(
            f"{change.path} is write-protected for this user. Run as its owner, or give write permission "
            f"(chmod u+w {change.path}). Nothing was changed.",
            "File is read-only",
        )
    if not in_place:
        replace_file(change.real_path, change.after, still=lambda: _refuse_conflict(change))
        return False
    try:
        replace_file(change.real_path, change.after, still=lambda: _refuse_conflict(change))
    except (InPlaceRequired, PermissionError):
        overwrite_in_place(change.real_path, change.before, change.after)
        return True
    return False


def _refuse_leaving(change: Change, *, follow_link: bool) -> None:
    project = left_project(change.path, change.real_path)
    if project is not None and not follow_link:
        raise LeavesProject(
            f"{change.path} leads through a link to {change.real_path}, outside {project}, where it may belong to "
            "something else. Nothing was written. If it is meant, give --follow-link, or name that file itself.",
            "Link leaves the project",
        )


def _refuse_conflict(change: Change) -> None:
    if Path(os.path.realpath(change.path)) != change.real_path or read_bytes(change.real_path) != change.before:
        raise _conflict(change)


def _conflict(change: Change) -> Conflict:
    return Conflict(
        f"{change.path} was changed by another program since the difference was shown. Nothing was written; look at "
        "the new difference.",
        "File changed meanwhile",
    )


def _read_back(change: Change) -> bool:
    if read_bytes(change.real_path) != change.after:
        raise Conflict(
            f"{change.path} was written, but another program has changed it since. Check the file; the backup holds "
            "what it was before.",
            "File changed meanwhile",
        )
    wrong = change.check(change.after) if change.check else ()
    if wrong:
        raise FileError(
            f"{change.path} was written, but {', '.join(wrong)} is not read back as planned. The backup holds the file "
            "as it was.",
            "Not read back as planned",
        )
    return True


def translated(error: OSError, path: Path) -> FileError:
    """Return `error` as a FileError that says what to do; nothing was changed."""
    fixed = {
        errno.ENOSPC: "the disk is full. Make room, then run again",
        errno.EDQUOT: "the disk quota is used up. Make room, then run again",
        errno.EFBIG: "the file would be larger than this process may write (ulimit -f)",
        errno.EROFS: "the file system is mounted read-only. Write to another file, or remount it",
        errno.EACCES: "the folder is not writable for this user. Run as its owner, or give write permission",
        errno.EPERM: "the system forbids it; the file or its folder may be immutable (lsattr) or sticky",
        errno.ENAMETOOLONG: "the name is too long",
    }
    reason = fixed.get(error.errno or 0, error.strerror or type(error).__name__)
    return FileError(f"{path} cannot be written: {reason}. Nothing was changed.", "File not written")
