"""Where preset files are, their bytes, and the errors about them. What is in them is for `presets.toml`.

A preset may come from anyone: a folder of the operator's, a link, a pipe, a file of any size. Reading never blocks and
never takes more than LIMIT bytes. No parser is imported here: that takes 10 ms, and most hosts need none.

The tables of the shipped presets are kept as they were parsed before, in an index: to read them back takes a fortieth
of the time. Their texts as well, where all are searched for a name: one file is read in place of 60. There is one index
for each folder of presets, in `$XDG_CACHE_HOME/smtpwizard`. It is never stale: what is kept counts for the very file
that it was made of, by inode, size and both its times, of which no program can set back the second (ctime); a file
changed a moment ago is not kept, as its times might not show the next change; and it counts for the very program that
made it.

Like the bytecode beside the program, the index is marshal: fast, and not safe with data of others. So it counts only
where file and folder belong to this user and nobody else may write to them. What is missing, broken or cannot be
written is no trouble, and none is told: the TOML files are the truth, and are parsed then. The operator's own files are
never kept; they are parsed and checked each time.
"""

from __future__ import annotations

import binascii
import marshal
import os
import stat
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

from smtpwizard import __version__
from smtpwizard.errors import FileError
from smtpwizard.files import (
    NotRegularError,
    Stamp,
    TooLargeError,
    is_ours,
    is_settled,
    make_folder,
    own_folder,
    read_regular,
    stamp,
)
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


Table = dict[str, Any]
_Stamps = list[tuple[str, Stamp | None]]
_Kept = dict[tuple[str, str], tuple[_Stamps, bytes]]
"""(what is kept, of which file) → the files that it was made of, and marshal's form of it."""

_FORMAT: Final = 4
"""Of marshal: the newest that every supported Python reads."""
_INDEX_LIMIT: Final = 16_000_000
"""Octets of an index; that of 62 providers has 240,000."""


def parse(path: Path) -> Table:
    """Parse a shipped file. OSError and ValueError where it is none."""
    import tomllib

    return tomllib.loads(path.read_text("utf-8"))


class Index:
    """The tables of the TOML files right in one folder of the shipped presets."""

    __slots__ = ("_code", "_fresh", "_kept", "folder")

    def __init__(self, folder: Path, made_by: Sequence[str] = ()) -> None:
        """`made_by`: source files beside these that make what is kept."""
        self.folder = folder
        self._code = made_by
        self._kept: _Kept | None = None
        self._fresh = False

    def text(self, name: str) -> bytes:
        """Return the octets of a file, for a search; none of one that cannot be read."""
        return self._bytes(("text", name), [name], lambda: text_of(self.folder / name))

    def table(self, name: str, parsed: Callable[[Path], Table] = parse) -> Table:
        """Return the table of a file: as it is kept, else `parsed`, whose errors are passed on. See `keep`."""
        found: Table = self._object(("table", name), [name], lambda: parsed(self.folder / name))
        return found

    def names(self, files: Sequence[str], names_in: Callable[[bytes], set[str]], kind: str = "") -> dict[str, str]:
        """Return each name of a kind in the texts of some files, and where it stands: a character for a place there."""

        def collected() -> dict[str, str]:
            found: dict[str, str] = {}
            for place, file in enumerate(files):
                for name in names_in(text_of(self.folder / file)):
                    found[name] = found.get(name, "") + chr(place)
            return found

        having: dict[str, str] = self._object(("names", kind), files, collected)
        return having

    def _object(self, key: tuple[str, str], names: Sequence[str], made: Callable[[], Any]) -> Any:
        return marshal.loads(self._bytes(key, names, lambda: marshal.dumps(made(), _FORMAT)))  # noqa: S302  # our own

    def _bytes(self, key: tuple[str, str], names: Sequence[str], made: Callable[[], bytes]) -> bytes:
        """Return what is kept of some files, else what is `made` of them, to be kept if none changes meanwhile."""
        if self._kept is None:
            self._kept = _read(_place(self.folder), _key(self.folder, self._code))
        before = self._stamps(names)
        found = self._kept.get(key)
        if found and found[0] == before:
            return found[1]
        data = made()
        if before == self._stamps(names) and all(is_settled(of_one) for _, of_one in before):
            self._kept[key] = before, data
            self._fresh = True
        return data

    def _stamps(self, names: Sequence[str]) -> _Stamps:
        return [(name, stamp(f"{self.folder}/{name}")) for name in names]

    def keep(self) -> None:
        """Keep for the next run what was read or parsed in this one."""
        if self._fresh and self._kept:
            self._fresh = False
            _write(_place(self.folder), marshal.dumps((_key(self.folder, self._code), self._kept), _FORMAT))


class Names:
    """Which files have a name: those that are shipped as their index keeps it, others as they are read now."""

    def __init__(
        self, index: Index, shipped: Sequence[str], others: Iterable[Path], names_in: Callable[[bytes], set[str]]
    ) -> None:
        """`shipped`: ids of files right in the index's folder."""
        self._shipped = shipped
        self._ours = index.names([f"{id_}.toml" for id_ in shipped], names_in)
        self._others: dict[str, list[str]] = {}
        for path in others:
            for name in names_in(text_of(path)):
                self._others.setdefault(name, []).append(path.name.removesuffix(".toml"))

    def having(self, name: str) -> list[str]:
        """Return the ids of the files with a name."""
        found = [*(self._shipped[ord(place)] for place in self._ours.get(name, "")), *self._others.get(name, ())]
        return [*dict.fromkeys(found)]


def text_of(path: Path) -> bytes:
    """Return the text of a preset; none of one that cannot be read, which is told when the preset itself is wanted."""
    try:
        return read_bytes(path)
    except PresetFileError:
        return b""


def _place(folder: Path) -> Path:
    return own_folder("XDG_CACHE_HOME", ".cache") / f"{folder.name}-{binascii.crc32(os.fsencode(folder)):08x}.index"


def _key(folder: Path, made_by: Sequence[str] = ()) -> tuple[str | Stamp | None, ...]:
    """Return what an index belongs to: the folder, the program, and the code that checked and made the tables."""
    code = os.path.dirname(__file__)
    own = sorted(name for name in os.listdir(code) if name.endswith(".py"))
    return str(folder), __version__, *(stamp(f"{code}/{name}") for name in own), *map(stamp, made_by)


def _read(path: Path, key: tuple[str | Stamp | None, ...]) -> _Kept:
    """Return what is kept at `path` for `key`; nothing where that cannot be trusted or read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return {}
    try:
        found = os.fstat(descriptor)
        if not (stat.S_ISREG(found.st_mode) and is_ours(found) and is_ours(os.stat(path.parent))):
            return {}
        data = os.read(descriptor, _INDEX_LIMIT)
        if binascii.crc32(data[4:]).to_bytes(4, "big") != data[:4]:
            return {}
        head, kept = marshal.loads(memoryview(data)[4:])  # noqa: S302  # nobody else can have written it
    except (OSError, EOFError, ValueError, TypeError):
        return {}
    finally:
        os.close(descriptor)
    return kept if head == key else {}


def _write(path: Path, data: bytes) -> None:
    """Put `data` at `path`, whole or not at all, for this user alone; where that cannot be, leave it."""
    new = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        make_folder(path.parent)
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(binascii.crc32(data).to_bytes(4, "big") + data)
            os.replace(new, path)
        except OSError:
            os.unlink(new)
    except OSError:
        pass
