"""Where a path really leads, whether that leaves the project, and whether it can be a target. Opens nothing."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from smtpwizard.errors import FileError


def resolve(path: Path) -> tuple[Path, int | None]:
    """Return the file behind `path` with all links resolved, and its permission bits, or None where none exists yet.

    FileError for a link that leads nowhere, a missing or unreachable folder, and anything that is no regular file.
    """
    real = Path(os.path.realpath(path))
    try:
        status = os.stat(path)
    except FileNotFoundError as error:
        if path.is_symlink():
            raise FileError(
                f"{path} is a link to {real}, which does not exist. Create that file, or remove the link.",
                "Link leads nowhere",
            ) from error
        if not real.parent.is_dir():
            raise FileError(
                f"The folder {real.parent} does not exist. Create it, or check the path.", "No such folder"
            ) from error
        return real, None
    except OSError as error:
        raise FileError(f"{path} cannot be reached: {error.strerror}. Check the path.", "File not reachable") from error
    refuse_special(path, status.st_mode)
    return real, stat.S_IMODE(status.st_mode)


def left_project(path: Path, real: Path) -> Path | None:
    """Return the project that `path` leaves through links: its repository, or else its folder; None if it stays."""
    here = path.absolute().parent
    project = repository_of(here) or here
    return None if real.is_relative_to(os.path.realpath(project)) else project


def other_names(real: Path) -> int:
    """Return how many further names (hard links) a file has; 0 where it does not exist."""
    try:
        return max(os.stat(real).st_nlink - 1, 0)
    except OSError:
        return 0


def repository_of(folder: Path) -> Path | None:
    """Return the nearest folder above that holds `.git`, without running anything."""
    for candidate in (folder, *folder.parents):
        if os.path.lexists(candidate / ".git"):
            return candidate
    return None


def refuse_special(path: Path, mode: int) -> None:
    """Raise FileError unless `mode` is that of a regular file."""
    if stat.S_ISREG(mode):
        return
    if stat.S_ISDIR(mode):
        raise FileError(f"{path} is a folder. Name the file in it, for example {path / '.env'}.", "Not a file")
    kind = "a FIFO" if stat.S_ISFIFO(mode) else "a socket" if stat.S_ISSOCK(mode) else "a device"
    raise FileError(
        f"{path} is {kind}, not a regular file; it cannot be edited. Name a regular file, or print a block with "
        "`write --print env`.",
        "Not a regular file",
    )
