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
from collections.abc import Callable
from pathlib import Path
from typing import Final

from smtpwizard.outputs.change import Conflict, InPlaceRequired

_MARK: Final = ".smtpwizard-"
_SUFFIX: Final = ".tmp"


def replace_file(path: Path, data: bytes, *, still: Callable[[], None]) -> None:
    """Replace the existing regular file at `path` (no link). `still` is called last and raises if it changed meanwhile.

    InPlaceRequired for a bind mount, an unwritable folder or another user's file; OSError for the rest.
    """
    status = os.stat(path)
    temporary = _temporary(path)
    descriptor, name = temporary
    try:
        with os.fdopen(descriptor, "wb") as file:
            _take_over(file.fileno(), path, status)
            _write_all(file.fileno(), data)
            still()
            _rename(name, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        raise
    sync_folder(path.parent)


def create_file(path: Path, data: bytes, mode: int, *, conflict: Callable[[], Conflict]) -> None:
    """Create `path` with `data`; raises `conflict()` if something appeared there meanwhile. OSError for the rest."""
    descriptor, name = _temporary(path)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), mode)
            _write_all(file.fileno(), data)
            try:
                os.link(name, path)  # unlike a rename, this never replaces
            except FileExistsError as error:
                raise conflict() from error
            except OSError as error:
                if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK):
                    raise
                if os.path.lexists(path):  # a file system without hard links
                    raise conflict() from error
                os.replace(name, path)
                name = ""
    finally:
        if name:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name)
    sync_folder(path.parent)


def overwrite_in_place(path: Path, before: bytes, data: bytes) -> None:
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


def sync_folder(folder: Path) -> None:
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
            raise InPlaceRequired(
                f"The folder {path.parent} is not writable, so {path.name} cannot be replaced, only overwritten where "
                "it is. That is not safe against a crash in the middle; a backup is made first.",
                "Only in place",
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
                raise InPlaceRequired(
                    f"{path} belongs to another user, and replacing it would take it over. It can be overwritten where "
                    "it is instead; a backup is made first.",
                    "Only in place",
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
            raise InPlaceRequired(
                f"{path} is mounted on its own (a bind mount, as into a container), so it cannot be replaced, only "
                "overwritten where it is. That is not safe against a crash in the middle; a backup is made first.",
                "Only in place",
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
