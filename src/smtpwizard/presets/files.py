"""Preset files as bytes: read with care, and what is said of one that cannot be used. Must not know what is in them.

A preset may come from anyone: a folder of the operator's, a link, a pipe, a file of any size. Reading never blocks and
never takes more than LIMIT bytes. Apart from parsing, which takes 10 ms to import and most hosts do not need.
"""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import Any, Final, NamedTuple

from smtpwizard.errors import FileError

LIMIT: Final = 262_144
"""Bytes that a preset file may have at most; the largest of ours has 8,000."""


class PresetProblem(NamedTuple):
    """What is wrong with a preset file, and where."""

    file: Path
    line: int
    """From 1; 0 where the file as a whole is meant."""
    key: str
    """The key as a path: `ports[1].tls`. Empty where no key is meant."""
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else str(self.file)
        return f"{place}: {self.key}: {self.message}" if self.key else f"{place}: {self.message}"

    def to_json(self) -> dict[str, Any]:
        """Return the contract's JSON object."""
        return {"file": str(self.file), "line": self.line, "key": self.key, "message": self.message}


class PresetFileError(FileError):
    """A preset file that cannot be used."""

    def __init__(self, problems: tuple[PresetProblem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems), "Broken preset")
        self.problems = problems


def read_bytes(path: Path) -> bytes:
    """Return the bytes of a regular file, links followed. PresetFileError for anything else; never blocks on a pipe."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    try:
        handle = os.open(path, flags)
    except OSError as error:
        raise _whole(path, _reason(path, error)) from None
    try:
        facts = os.fstat(handle)
        if not stat.S_ISREG(facts.st_mode):
            raise _whole(path, "is not a regular file")
        if facts.st_size > LIMIT:
            raise _whole(path, f"has {facts.st_size} bytes; a preset may have {LIMIT}")
        chunks = b""
        while len(chunks) <= LIMIT and (chunk := os.read(handle, LIMIT + 1 - len(chunks))):
            chunks += chunk
    except OSError as error:
        raise _whole(path, _reason(path, error)) from None
    finally:
        os.close(handle)
    if len(chunks) > LIMIT:
        raise _whole(path, f"has more than {LIMIT} bytes")
    return chunks


def _whole(path: Path, message: str) -> PresetFileError:
    return PresetFileError((PresetProblem(path, 0, "", message),))


def _reason(path: Path, error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "is a link to nothing" if path.is_symlink() else "does not exist"
    if isinstance(error, PermissionError):
        return "may not be read by this user"
    return f"cannot be read: {error.strerror or error}"


_SPECIAL: Final = frozenset({"XDG_CONFIG_HOME", "ANDROID_DATA", "ANDROID_ROOT"})
"""Variables with which platformdirs has another folder than ~/.config."""


def presets_root() -> Path:
    """Return where the shipped presets are: inside the installed package, or the checkout's top-level folder.

    In a checkout the edited files win over copies that an editable install left in the package.
    """
    here = Path(__file__).resolve()  # importlib.resources would cost 10 ms of import
    if here.parents[2].name == "src" and (checkout := here.parents[3] / "presets").is_dir():
        return checkout
    return here.parents[1] / "data"


def user_root() -> Path:
    """Return the operator's own folder of presets, whether it exists or not."""
    home = os.environ.get("HOME", "")
    if sys.platform == "linux" and home.startswith("/") and not _SPECIAL.intersection(os.environ):
        return Path(home, ".config", "smtpwizard", "presets")  # what platformdirs would say, without 4 ms of import
    from platformdirs import user_config_dir

    return Path(user_config_dir("smtpwizard")) / "presets"


def provider_files(root: Path) -> tuple[Path, ...]:
    """Return the preset files of a folder, or of its sub-folder `providers`, by name. OSError: it cannot be listed."""
    folder = root / "providers"
    folder = folder if folder.is_dir() else root
    names = sorted(os.listdir(folder))
    return tuple(folder / name for name in names if name.endswith(".toml") and not name.startswith("."))
