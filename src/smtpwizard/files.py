"""The operator's files: where ours lie, whose one is and in which state, and reading one that may be anything."""

from __future__ import annotations

import errno
import os
import stat
import sys
import time
from pathlib import Path
from typing import Final


def own_folder(variable: str, usual: str) -> Path:
    """Return smtpwizard's folder below the one that an XDG `variable` names, else below `usual` in the home folder.

    XDG Base Directory Specification: a relative path in such a variable does not count. macOS has one folder for all.
    """
    named = os.environ.get(variable, "")
    if named.startswith("/"):
        return Path(named, "smtpwizard")
    home = os.path.expanduser("~")
    return Path(home, "Library/Application Support" if sys.platform == "darwin" else usual, "smtpwizard")


class NotRegularError(OSError):
    """A folder, a pipe, a socket or a device where a file was expected."""

    def __init__(self, mode: int) -> None:
        super().__init__(errno.EINVAL, "not a regular file")
        self.mode = mode


class TooLargeError(OSError):
    """A file with more octets than it may have."""

    def __init__(self, most: int) -> None:
        super().__init__(errno.EFBIG, f"more than {most:,} octets")


def read_regular(path: Path, *, most: int) -> bytes:
    """Return the bytes of a regular file, links followed. OSError, of which NotRegularError and TooLargeError are two.

    Opening a pipe that nobody writes to would wait for ever, and a device has no end.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno == errno.ENXIO:  # a socket
            raise NotRegularError(os.stat(path).st_mode) from None
        raise
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            raise NotRegularError(mode)
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            data = file.read(most + 1)
    finally:
        os.close(descriptor)
    if len(data) > most:
        raise TooLargeError(most)
    return data


Stamp = tuple[int, int, int, int]


def stamp(path: str) -> Stamp | None:
    """Return what tells one state of a file from all others; None for no regular file. Links are followed."""
    try:
        return stamp_of(os.stat(path))
    except OSError:
        return None


def stamp_of(found: os.stat_result) -> Stamp | None:
    """Return the same by what is known of the file: of its times, no program can set back the second (ctime)."""
    if not stat.S_ISREG(found.st_mode):
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


_TICK: Final = 2 * 10**9
"""Nanoseconds after which a further change of a file shows in its times on every file system; FAT counts by 2 s."""


def is_settled(found: Stamp | None) -> bool:
    """Say whether a file is one that its stamp tells from every later state, and not changed just now."""
    return found is not None and max(found[2:]) + _TICK < time.time_ns()


def is_ours(found: os.stat_result) -> bool:
    """Say whether a file or folder belongs to this user, and nobody else may write to it."""
    return found.st_uid == os.geteuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def make_folder(folder: Path) -> None:
    """Make a folder for this user alone, and those above it. OSError where it, or the one it would be in, is another's.

    So with sudo nothing of root's comes to lie in the user's home.
    """
    wanted = []
    above = folder
    while not above.exists():
        wanted.append(above)
        above = above.parent
    if not is_ours(os.stat(above)):
        raise PermissionError(errno.EPERM, "another user's folder", str(above))
    for missing in reversed(wanted):
        os.mkdir(missing, 0o700)
