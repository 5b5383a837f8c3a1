"""Replacing a file's bytes so that a crash, a full disk or `kill -9` leaves the old bytes or the new ones, never less.

Same folder, temporary file, fsync, rename, fsync of the folder. Owner, mode and extended attributes go along. Knows
nothing about what the bytes mean.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
import tempfile
from collections.abc import Collection
from pathlib import Path
from shlex import quote
from typing import Final

from smtpwizard.errors import FileError
from smtpwizard.targets.backups import save_backup
from smtpwizard.targets.change import Applied, Change, Conflict, Consent, ConsentRequired
from smtpwizard.targets.files import left_project, read_bytes

_MARK: Final = ".smtpwizard-"
_SUFFIX: Final = ".tmp"

written: Final[list[Applied]] = []
"""What this process has changed so far, for whoever has to tell of a failure afterwards."""


def apply(change: Change, consents: Collection[Consent] = (), *, backup_dir: Path | None = None) -> Applied:
    """Write `change.after` and read it back. `backup_dir`: the state folder's own where None.

    Conflict where the file is no longer what was planned for; ConsentRequired where it cannot be replaced, or a link
    leads out of the project, and the consent is not among `consents`; FileError for everything else. In each of these
    cases the file is as it was.
    """
    if not change.changed:
        return Applied(change.real_path, None, changed=False)
    if Consent.FOLLOW_LINK not in consents:
        _refuse_leaving(change)
    _refuse_conflict(change)
    backup = None
    if change.before is not None:
        backup = save_backup(
            change.before, change.real_path, change.backup_name or "backup", mode=change.mode, folder=backup_dir
        )
    try:
        overwritten = _write(change, in_place=Consent.IN_PLACE in consents)
    except OSError as error:
        raise _translated(error, change.path) from error
    applied = Applied(change.real_path, backup, changed=True, in_place=overwritten)
    written.append(applied)
    _read_back(change)
    return applied


def _write(change: Change, *, in_place: bool) -> bool:
    """Write by the safest way that works; say whether that was in place."""
    if change.before is None:
        _create(change)
        return False
    if not os.access(change.real_path, os.W_OK):
        raise FileError(
            f"{change.path} is write-protected for this user. Run as its owner, or give write permission "
            f"(chmod u+w {quote(str(change.path))}). Nothing was changed.",
            "File is read-only",
        )
    try:
        _replace(change)
    except (ConsentRequired, PermissionError):
        if not in_place:
            raise
        _overwrite_in_place(change.real_path, change.before, change.after)
        return True
    return False


def _refuse_leaving(change: Change) -> None:
    project = left_project(change.path, change.real_path)
    if project is not None:
        raise ConsentRequired(
            Consent.FOLLOW_LINK,
            f"{change.path} leads through a link to {change.real_path}, outside {project}, where it may belong to "
            "something else. Nothing was written. If it is meant, give --follow-link, or name that file itself.",
            "Link leaves the project",
            question=f"{change.path.name} is a link that leads out of the project, to {change.real_path}. That file "
            "may belong to something else.",
        )


def _only_in_place(message: str) -> ConsentRequired:
    return ConsentRequired(Consent.IN_PLACE, message, "Only in place")


def _refuse_conflict(change: Change) -> None:
    if Path(os.path.realpath(change.path)) != change.real_path or read_bytes(change.real_path) != change.before:
        raise _conflict(change)


def _conflict(change: Change) -> Conflict:
    return Conflict(
        f"{change.path} was changed by another program since the difference was shown. Nothing was written; look at "
        "the new difference.",
        "File changed meanwhile",
    )


def _read_back(change: Change) -> None:
    if read_bytes(change.real_path) != change.after:
        raise Conflict(
            f"{change.path} was written, but another program has changed it since. Check the file; the backup holds "
            "what it was before.",
            "File changed meanwhile",
        )


def _translated(error: OSError, path: Path) -> FileError:
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


def _replace(change: Change) -> None:
    """Replace an existing regular file by one that takes its name.

    ConsentRequired for a bind mount, an unwritable folder or another user's file; OSError for the rest.
    """
    path = change.real_path
    status = os.stat(path)
    descriptor, name = _temporary(path)
    try:
        with os.fdopen(descriptor, "wb") as file:
            _take_over(file.fileno(), path, status)
            _write_all(file.fileno(), change.after)
            _refuse_conflict(change)
            _rename(name, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        raise
    _sync_folder(path.parent)


def _create(change: Change) -> None:
    """Create a file. Conflict if something appeared there meanwhile; OSError for the rest."""
    path = change.real_path
    descriptor, name = _temporary(path)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), change.mode)
            _write_all(file.fileno(), change.after)
            try:
                os.link(name, path)  # unlike a rename, this never replaces
            except FileExistsError as error:
                raise _conflict(change) from error
            except OSError as error:
                if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK):
                    raise
                if os.path.lexists(path):  # a file system without hard links
                    raise _conflict(change) from error
                os.replace(name, path)
                name = ""
    finally:
        if name:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name)
    _sync_folder(path.parent)


def _overwrite_in_place(path: Path, before: bytes, data: bytes) -> None:
    """Overwrite an existing file where it is: for bind mounts. Room is reserved first; on an error `before` comes back.

    OSError. A crash in the middle can leave a mixture: that is why this needs consent, and a backup.
    """
    with open(path, "r+b", buffering=0) as file:
        if len(data) > len(before) and hasattr(os, "posix_fallocate"):
            try:
                os.posix_fallocate(file.fileno(), 0, len(data))
            except OSError as error:
                os.ftruncate(file.fileno(), len(before))
                if error.errno not in (errno.EOPNOTSUPP, errno.ENOTSUP, errno.EINVAL):
                    raise
        try:
            _rewrite(file.fileno(), data)
        except OSError:
            with contextlib.suppress(OSError):
                _rewrite(file.fileno(), before)
            raise


def _sync_folder(folder: Path) -> None:
    """Make a rename in `folder` outlive a power cut, where the file system can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _temporary(path: Path) -> tuple[int, str]:
    _sweep(path)
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}{_MARK}", suffix=_SUFFIX, dir=path.parent)
    except PermissionError as error:
        if path.exists() and os.access(path, os.W_OK):
            raise _only_in_place(
                f"The folder {path.parent} is not writable, so {path.name} cannot be replaced, only overwritten where "
                "it is. That is not safe against a crash in the middle; a backup is made first.",
            ) from error
        raise
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return descriptor, name


def _sweep(path: Path) -> None:
    """Remove temporary files of runs that were killed: theirs hold no lock any more, and they may hold a secret."""
    for leftover in path.parent.glob(f"{_glob_escape('.' + path.name + _MARK)}*{_SUFFIX}"):
        with contextlib.suppress(OSError):
            descriptor = os.open(leftover, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                os.unlink(leftover)
            finally:
                os.close(descriptor)


def _glob_escape(text: str) -> str:
    return "".join(f"[{char}]" if char in "*?[" else char for char in text)


def _take_over(descriptor: int, path: Path, status: os.stat_result) -> None:
    """Give the new file the owner, mode and extended attributes of the old one, in this order: chown clears bits."""
    own = os.fstat(descriptor)
    if (own.st_uid, own.st_gid) != (status.st_uid, status.st_gid):
        try:
            os.fchown(descriptor, status.st_uid, status.st_gid)
        except PermissionError as error:
            if own.st_uid != status.st_uid:
                raise _only_in_place(
                    f"{path} belongs to another user, and replacing it would take it over. It can be overwritten where "
                    "it is instead; a backup is made first.",
                ) from error
    os.fchmod(descriptor, stat.S_IMODE(status.st_mode))
    if not hasattr(os, "listxattr"):
        return
    with contextlib.suppress(OSError):
        for name in os.listxattr(path):
            with contextlib.suppress(OSError):  # security.* may need a privilege; the kernel sets its own default
                os.setxattr(descriptor, name, os.getxattr(path, name))


def _rename(name: str, path: Path) -> None:
    try:
        os.replace(name, path)
    except OSError as error:
        if error.errno == errno.EBUSY:
            raise _only_in_place(
                f"{path} is mounted on its own (a bind mount, as into a container), so it cannot be replaced, only "
                "overwritten where it is. That is not safe against a crash in the middle; a backup is made first.",
            ) from error
        raise


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
    os.fsync(descriptor)


def _rewrite(descriptor: int, data: bytes) -> None:
    os.lseek(descriptor, 0, os.SEEK_SET)
    _write_all(descriptor, data)
    os.ftruncate(descriptor, len(data))
    os.fsync(descriptor)
