"""The operator's files: where ours lie, and reading one that may be anything."""

from __future__ import annotations

import errno
import os
import stat
import sys
from pathlib import Path


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
