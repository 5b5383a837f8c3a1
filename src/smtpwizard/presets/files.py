"""Where preset files are, their bytes, and the errors about them. What is in them is for `presets.toml`.

A preset may come from anyone: a folder of the operator's, a link, a pipe, a file of any size. Reading never blocks and
never takes more than LIMIT bytes. No parser is imported here: that takes 10 ms, and most hosts need none.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any, Final

from smtpwizard.errors import FileError
from smtpwizard.files import NotRegularError, TooLargeError, own_folder, read_regular
from smtpwizard.records import NamedTuple
from smtpwizard.text import safe

LIMIT: Final = 65_536
"""Bytes that a preset file may have at most; the largest of ours has 12,000."""


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
        return safe(": ".join(part for part in (place, self.key, self.message) if part))

    def to_json(self) -> dict[str, Any]:
        """Return the contract's JSON object."""
        return {"file": str(self.file), "line": self.line, "key": self.key, "message": self.message}


class PresetFileError(FileError):
    """A preset file that cannot be used."""

    def __init__(self, problems: tuple[PresetProblem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems), "Broken preset")
        self.problems = problems


left_out: Final[dict[Path, None]] = {}
"""Broken files in whose place others were taken in this run: to be told once, at its end."""


def read_bytes(path: Path) -> bytes:
    """Return the bytes of a regular file, links followed. PresetFileError for anything else; never blocks on a pipe."""
    try:
        return read_regular(path, most=LIMIT)
    except OSError as error:
        raise PresetFileError((PresetProblem(path, 0, "", _reason(path, error)),)) from None


def _reason(path: Path, error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "is a link to nothing" if path.is_symlink() else "does not exist"
    if isinstance(error, PermissionError):
        return "may not be read by this user"
    if isinstance(error, NotRegularError):
        return "is not a regular file"
    if isinstance(error, TooLargeError):
        return f"is too large; a preset may have {LIMIT} bytes"
    return f"cannot be read: {error.strerror or error}"


@cache
def presets_root() -> Path:
    """Return where the shipped presets are: inside the installed package, or the checkout's top-level folder.

    In a checkout the edited files win over copies that an editable install left in the package. FileError where they
    are no files, as in a zip archive: unpacked, they would be left behind, and Textual could not read its own either.
    """
    here = Path(__file__).resolve()  # importlib.resources would cost 10 ms of import
    if here.parents[2].name == "src" and (checkout := here.parents[3] / "presets").is_dir():
        return checkout
    data = here.parents[1] / "data"
    if not data.is_dir():
        raise FileError(
            f"{data} is no folder, so this copy of smtpwizard has no presets, mails and failures: it is incomplete, or "
            "runs from an archive. Install it with pipx or pip.",
            "Installation",
        )
    return data


def user_root() -> Path:
    """Return the operator's own folder of presets, whether it exists or not."""
    return own_folder("XDG_CONFIG_HOME", ".config") / "presets"


def provider_ids(root: Path) -> tuple[Path, list[str]]:
    """Return where the providers of a folder are, in it or in its sub-folder `providers`, and their ids in order.

    OSError: it cannot be listed.
    """
    folder = root / "providers"
    folder = folder if folder.is_dir() else root
    names = sorted(os.listdir(folder))
    return folder, [name.removesuffix(".toml") for name in names if name.endswith(".toml") and name[0] != "."]


def provider_files(root: Path) -> tuple[Path, ...]:
    """Return the files of the same."""
    folder, ids = provider_ids(root)
    return tuple(folder / f"{id_}.toml" for id_ in ids)
