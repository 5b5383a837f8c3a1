"""Files of settings: where a path really leads, whether it leaves the project, and its bytes, read with a bound."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from smtpwizard.errors import FileError
from smtpwizard.files import NotRegularError, TooLargeError, read_regular

LIMIT: Final = 1024 * 1024
"""Bytes of the largest file that is read: 10,000 lines take about half of it."""

BOM: Final = b"\xef\xbb\xbf"


def resolve(path: Path) -> tuple[Path, int | None]:
    """Return the file behind `path` with all links resolved, and its permission bits, or None where none exists yet.

    FileError for a link that leads nowhere, a missing or unreachable folder, and anything that is no regular file.
    """
    real = Path(os.path.realpath(path))
    try:
        status = os.stat(path)
    except FileNotFoundError as error:
        if path.is_symlink():
            raise _leads_nowhere(path) from error
        if not real.parent.is_dir():
            raise FileError(
                f"The folder {real.parent} does not exist. Create it, or check the path.", "No such folder"
            ) from error
        return real, None
    except OSError as error:
        raise FileError(f"{path} cannot be reached: {error.strerror}. Check the path.", "File not reachable") from error
    if not stat.S_ISREG(status.st_mode):
        raise _special(path, status.st_mode)
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


def _leads_nowhere(path: Path) -> FileError:
    message = (
        f"{path} is a link to {os.path.realpath(path)}, which does not exist. Create that file, or remove the link."
    )
    return FileError(message, "Link leads nowhere")


def _special(path: Path, mode: int) -> FileError:
    """Return the error for what is no regular file, by its `mode`."""
    if stat.S_ISDIR(mode):
        return FileError(f"{path} is a folder. Name the file in it, for example {path / '.env'}.", "Not a file")
    kind = "a FIFO" if stat.S_ISFIFO(mode) else "a socket" if stat.S_ISSOCK(mode) else "a device"
    message = f"{path} is {kind}, not a regular file. Save what it gives in one, and name that."
    return FileError(message, "Not a regular file")


def read_bytes(path: Path) -> bytes | None:
    """Return the content of a regular file, or None where nothing exists at `path`.

    FileError for a link that leads nowhere, a folder, a FIFO or device, a file without read permission or above LIMIT.
    """
    try:
        return read_regular(path, most=LIMIT)
    except FileNotFoundError:
        if path.is_symlink():
            raise _leads_nowhere(path) from None
        return None
    except NotRegularError as error:
        raise _special(path, error.mode) from error
    except TooLargeError as error:
        raise FileError(
            f"{path} is larger than {LIMIT // 1024} KiB, the most that is read of a settings file. Check the path.",
            "File too large",
        ) from error
    except NotADirectoryError as error:
        raise FileError(
            f"{path}: a part of this path is a file, not a folder. Check the path.", "No such folder"
        ) from error
    except PermissionError as error:
        raise FileError(
            f"{path} cannot be read: permission denied. Run as its owner, or give this user read permission.",
            "File not readable",
        ) from error
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error.strerror}.", "File not readable") from error


_UTF16: Final = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
"""Byte order marks that a YAML parser knows besides UTF-8's (YAML 1.2.2, section 5.2), and Python's name for each."""


def decode_yaml(raw: bytes) -> str:
    """Return the text of a YAML file without its BOM: UTF-16 where a BOM says so and it is that, else as `decode`."""
    try:
        return raw[2:].decode(_UTF16[raw[:2]])
    except (KeyError, UnicodeError):
        return decode(raw)


def encode_yaml(text: str, like: bytes) -> bytes:
    """Return `text` in the encoding of the file `like`, with its BOM."""
    if like[:2] in _UTF16:
        return like[:2] + text.encode(_UTF16[like[:2]])
    return (BOM if like.startswith(BOM) else b"") + text.encode("utf-8")


def decode(raw: bytes) -> str:
    """Return the text of a file without its BOM; bytes that are not UTF-8 become surrogates and survive `encode`."""
    return raw.removeprefix(BOM).decode("utf-8", "surrogateescape")


COMPOSE_NAMES: Final = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
"""In the order in which docker compose takes them; the first that exists wins (measured on 2.40.3)."""

OVERRIDE_NAMES: Final = (
    "compose.override.yml", "compose.override.yaml", "docker-compose.override.yml", "docker-compose.override.yaml",
)  # fmt: skip
"""Also in compose's order, whatever the file beside it is called; read only without `-f` (measured on 2.40.3)."""


def default_file(folder: Path) -> Path | None:
    """Return the compose file that `docker compose` takes in `folder` without `-f`."""
    return _first(folder, COMPOSE_NAMES)


def override_of(path: Path) -> Path | None:
    """Return the override file that compose reads after `path`; None where it reads none, or `path` needs `-f`."""
    if path.name not in COMPOSE_NAMES or default_file(path.parent) != path:
        return None
    return _first(path.parent, OVERRIDE_NAMES)


def override_target(path: Path) -> Path:
    """Return where an override for `path` goes: the file that compose would read, else one named after `path`."""
    return override_of(path) or path.with_name(f"{path.stem}.override{path.suffix}")


def _first(folder: Path, names: tuple[str, ...]) -> Path | None:
    return next((folder / name for name in names if os.path.isfile(os.path.join(folder, name))), None)
