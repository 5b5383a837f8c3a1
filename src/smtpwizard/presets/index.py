"""The tables of the shipped presets as they were parsed before: to read them back takes a fortieth of the time.

One file for each folder of presets, in `$XDG_CACHE_HOME/smtpwizard`. It is never stale: a table counts for the very
file that was parsed, by inode, size and both its times, of which no program can set back the second (ctime); a file
changed a moment ago is not kept, as its times might not show the next change; and a table counts for the very program
that parsed it.

Like the bytecode beside the program, the index is marshal: fast, and not safe with data of others. So it counts only
where file and folder belong to this user and nobody else may write to them. What is missing, broken or cannot be
written is no trouble, and none is told: the TOML files are the truth, and are parsed then. The operator's own files are
never kept here; they are parsed and checked each time.
"""

from __future__ import annotations

import marshal
import os
import stat
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from smtpwizard import __version__
from smtpwizard.files import own_folder

Table = dict[str, Any]
_Stamp = tuple[int, int, int, int]

_FORMAT: Final = 4
"""Of marshal: the newest that every supported Python reads."""
_LIMIT: Final = 16_000_000
"""Octets of an index; that of 62 providers has 113,000."""
_TICK: Final = 2 * 10**9
"""Nanoseconds after which a further change of a file shows in its times on every file system; FAT counts by 2 s."""


def parse(path: Path) -> Table:
    """Parse a shipped file. OSError and ValueError where it is none."""
    import tomllib

    return tomllib.loads(path.read_text("utf-8"))


class Index:
    """The tables of the TOML files right in one folder of the shipped presets."""

    __slots__ = ("_fresh", "_kept", "folder")

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._kept: dict[str, tuple[_Stamp, bytes]] | None = None
        self._fresh = False

    def encoded(self, name: str) -> bytes | None:
        """Return the kept table of a file in marshal's form, in which its texts stand as they are; None for none."""
        if self._kept is None:
            self._kept = _read(_place(self.folder), _key(self.folder))
        found = self._kept.get(name)
        return found[1] if found and found[0] == _stamp(f"{self.folder}/{name}") else None

    def table(self, name: str, parsed: Callable[[Path], Table] = parse) -> Table:
        """Return the table of a file: as it is kept, else `parsed`, whose errors are passed on. See `keep`."""
        encoded = self.encoded(name)
        if encoded is not None:
            found: Table = marshal.loads(encoded)  # noqa: S302  # our own: see `_read`
            return found
        path = self.folder / name
        before = _stamp(str(path))
        made = parsed(path)
        if before is not None and before == _stamp(str(path)) and max(before[2:]) + _TICK < time.time_ns():
            assert self._kept is not None
            self._kept[name] = before, marshal.dumps(made, _FORMAT)
            self._fresh = True
        return made

    def keep(self) -> None:
        """Keep for the next run what was parsed in this one."""
        if self._fresh and self._kept:
            self._fresh = False
            _write(_place(self.folder), marshal.dumps((_key(self.folder), self._kept), _FORMAT))


def _place(folder: Path) -> Path:
    return own_folder("XDG_CACHE_HOME", ".cache") / f"{folder.name}-{zlib.crc32(os.fsencode(folder)):08x}.index"


def _key(folder: Path) -> tuple[str | _Stamp | None, ...]:
    """Return what an index belongs to: the folder, the program, and the code that checked the tables."""
    code = os.path.dirname(__file__)
    own = sorted(name for name in os.listdir(code) if name.endswith(".py"))
    return str(folder), __version__, *(_stamp(f"{code}/{name}") for name in own)


def _stamp(path: str) -> _Stamp | None:
    """Return what tells one state of a file from all others; None for no regular file."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    if not stat.S_ISREG(found.st_mode):
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _read(path: Path, key: tuple[str | _Stamp | None, ...]) -> dict[str, tuple[_Stamp, bytes]]:
    """Return what is kept at `path` for `key`; nothing where that cannot be trusted or read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return {}
    try:
        found = os.fstat(descriptor)
        if not (stat.S_ISREG(found.st_mode) and _ours(found) and _ours(os.stat(path.parent))):
            return {}
        data = os.read(descriptor, _LIMIT)
        if zlib.crc32(data[4:]).to_bytes(4, "big") != data[:4]:
            return {}
        head, kept = marshal.loads(memoryview(data)[4:])  # noqa: S302  # nobody else can have written it
    except (OSError, EOFError, ValueError, TypeError):
        return {}
    finally:
        os.close(descriptor)
    return kept if head == key else {}


def _ours(found: os.stat_result) -> bool:
    return found.st_uid == os.geteuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _write(path: Path, data: bytes) -> None:
    """Put `data` at `path`, whole or not at all, for this user alone; where that cannot be, leave it."""
    new = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        for folder in _missing(path.parent):
            os.mkdir(folder, 0o700)
        if not _ours(os.stat(path.parent)):
            return
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(zlib.crc32(data).to_bytes(4, "big") + data)
            os.replace(new, path)
        except OSError:
            os.unlink(new)
    except OSError:
        pass


def _missing(folder: Path) -> Iterator[Path]:
    """Yield the folders to be made, the uppermost first; none where the one above them is another user's (sudo)."""
    wanted = []
    while not folder.exists():
        wanted.append(folder)
        folder = folder.parent
    if wanted and _ours(os.stat(folder)):
        yield from reversed(wanted)
