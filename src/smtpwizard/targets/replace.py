"""Putting bytes in the place of a file so that a crash, a full disk or `kill -9` leaves the old ones or the new ones.

A staged file has its bytes on the disk and no name: whoever kills the process kills the file with it. Only when all is
written does it get a name, for the moment until it is renamed. Knows nothing about what the bytes mean.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import secrets
import stat
import tempfile
from pathlib import Path
from typing import Final, Self

MARK: Final = ".smtpwizard-"
SUFFIX: Final = ".tmp"

_NO_HARD_LINKS: Final = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK)
_NO_UNNAMED_FILES: Final = (errno.EOPNOTSUPP, errno.EISDIR, errno.ENOENT, errno.EINVAL)
"""What open(2) gives for O_TMPFILE where the file system, or the kernel, does not have it."""


class Staged:
    """Bytes on the disk of `path`'s folder, not yet in its place. A context manager: what was not placed is gone.

    Once all is in place `sync_folder` makes it last: it takes as long as the rest, and files of one run wait for none.

    Until it is placed it is readable by its owner only. It has no name where the file system can do that; elsewhere a
    locked temporary file is used, and one that a killed run left behind is removed by the next `Staged` in its folder.
    """

    def __init__(self, path: Path, data: bytes, *, like: os.stat_result | None = None, mode: int = 0o600) -> None:
        """Write and sync. `like`: whose owner and mode it will have, with the extended attributes of `path`.

        OSError; NotOwnerError where the owner cannot be kept.
        """
        self._path, self._like = path, like
        self._mode = mode if like is None else stat.S_IMODE(like.st_mode)
        sweep(path.parent)
        self._descriptor, self._name = _open_unnamed(path.parent)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if like is not None:
                _give_to_owner(self._descriptor, path, like)
            write_all(self._descriptor, data)
        except BaseException:
            self.__exit__()
            raise

    def create(self) -> None:
        """Give it the name of `path`. FileExistsError where something is there: it is never replaced. OSError."""
        self._take_over()
        try:
            self._link(self._path)
        except OSError as error:
            if error.errno not in _NO_HARD_LINKS or not self._name:
                raise
            if os.path.lexists(self._path):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(self._path)) from error
            self._rename()

    def replace(self) -> None:
        """Put it in the place of `path`, whatever is there. OSError."""
        if not self._name:
            name = self._path.with_name(f"{MARK}{secrets.token_hex(4)}{SUFFIX}")
            self._link(name)
            self._name = str(name)
        self._take_over()
        self._rename()

    def _take_over(self) -> None:
        """Take the extended attributes of the old file, and its mode: it may let others read."""
        if self._like is not None and hasattr(os, "listxattr"):
            with contextlib.suppress(OSError):
                for name in os.listxattr(self._path):
                    with contextlib.suppress(OSError):  # security.* may need a privilege; the kernel sets its own
                        os.setxattr(self._descriptor, name, os.getxattr(self._path, name))
        os.fchmod(self._descriptor, self._mode)

    def _link(self, path: Path) -> None:
        if self._name:
            os.link(self._name, path)  # unlike a rename, this never replaces
            return
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            # With a folder's descriptor Python calls linkat(2), which follows /proc's link as the flag says; link(2),
            # which it calls without, does not.
            os.link(_proc(self._descriptor), path.name, dst_dir_fd=folder, follow_symlinks=True)
        finally:
            os.close(folder)

    def _rename(self) -> None:
        os.replace(self._name, self._path)
        self._name = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._name:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._name)
            self._name = ""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


class NotOwnerError(PermissionError):
    """The file belongs to another user, to whom a new one could not be given."""


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


def sweep(folder: Path) -> None:
    """Remove temporary files of runs that were killed: theirs hold no lock any more, and they may hold a secret."""
    for leftover in folder.glob(f".*{MARK.lstrip('.')}*{SUFFIX}"):
        with contextlib.suppress(OSError):
            descriptor = os.open(leftover, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            try:
                if stat.S_ISREG(os.fstat(descriptor).st_mode):
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    os.unlink(leftover)
            finally:
                os.close(descriptor)


def write_all(descriptor: int, data: bytes) -> None:
    """Write `data` and sync it. OSError."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
    os.fsync(descriptor)


def _open_unnamed(folder: Path) -> tuple[int, str]:
    """Return a descriptor for a new file, and its name where the file system has no unnamed ones."""
    unnamed = getattr(os, "O_TMPFILE", 0)
    if unnamed:
        try:
            descriptor = os.open(folder, os.O_RDWR | unnamed | os.O_CLOEXEC, 0o600)
        except OSError as error:
            if error.errno not in _NO_UNNAMED_FILES:
                raise
        else:
            if os.path.exists(_proc(descriptor)):  # without /proc it could never be given a name
                return descriptor, ""
            os.close(descriptor)
    return tempfile.mkstemp(prefix=MARK, suffix=SUFFIX, dir=folder)


def _proc(descriptor: int) -> str:
    return f"/proc/self/fd/{descriptor}"


def _give_to_owner(descriptor: int, path: Path, status: os.stat_result) -> None:
    own = os.fstat(descriptor)
    if (own.st_uid, own.st_gid) != (status.st_uid, status.st_gid):
        try:
            os.fchown(descriptor, status.st_uid, status.st_gid)
        except PermissionError as error:
            if own.st_uid != status.st_uid:
                raise NotOwnerError(error.errno, error.strerror, str(path)) from error


def _rewrite(descriptor: int, data: bytes) -> None:
    os.lseek(descriptor, 0, os.SEEK_SET)
    write_all(descriptor, data)
    os.ftruncate(descriptor, len(data))
    os.fsync(descriptor)
