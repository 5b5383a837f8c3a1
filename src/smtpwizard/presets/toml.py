"""A parsed TOML table, read key by key with checks. Must not know what a preset is: `preset_build` does.

Reading never stops at the first mistake: each is kept as an Issue with the path of its key, and a value that cannot be
used is replaced by an empty one of the right type. Whoever builds from a Table throws the result away with issues.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Any, Final, NamedTuple, TypeVar

E = TypeVar("E", bound=StrEnum)

Path_ = tuple[str | int, ...]
"""Where a value stands: keys, and numbers from 0 within arrays: ("ports", 1, "tls")."""

Check = Callable[[str], str]
"""Takes a text, returns what is wrong with it, or an empty text."""


class Issue(NamedTuple):
    """One mistake in a preset."""

    path: Path_
    message: str


class Table:
    """One table and what has been read of it."""

    __slots__ = ("_data", "_read", "issues", "path")

    def __init__(self, data: Mapping[str, Any], path: Path_, issues: list[Issue]) -> None:
        self._data = data
        self._read: set[str] = set()
        self.path = path
        self.issues = issues

    def __contains__(self, key: str) -> bool:
        return key in self._data

    def complain(self, key: str | Path_, message: str) -> None:
        """Keep a mistake about `key` of this table, or about a path below it."""
        self.issues.append(Issue(self.path + (key if isinstance(key, tuple) else (key,)), message))

    def text(self, key: str, default: str | None = None, *, check: Check | None = None) -> str:
        """Return a text. Without `default` the key must be there and not empty."""
        value = self._take(key, required=default is None)
        if value is None:
            return default or ""
        if not isinstance(value, str):
            self.complain(key, f"must be text in quotes, not {_kind(value)}")
            return ""
        self._judge((key,), value, check, may_be_empty=default is not None)
        return value

    def texts(self, key: str, *, check: Check | None = None, required: bool = False) -> tuple[str, ...]:
        """Return a list of texts; none may be empty or come twice. With `required` at least one."""
        value = self._take(key, required=required)
        if value is None:
            return ()
        if not isinstance(value, list) or (required and not value):
            self.complain(key, "must be a list of texts" + (" with at least one" if required else ""))
            return ()
        for index, item in enumerate(value):
            if not isinstance(item, str):
                self.complain((key, index), f"must be text in quotes, not {_kind(item)}")
            elif item in value[:index]:
                self.complain((key, index), f"is listed twice: {item!r}")
            else:
                self._judge((key, index), item, check, may_be_empty=False)
        return tuple(item for item in value if isinstance(item, str))

    def flag(self, key: str, default: bool | None = False) -> bool:
        """Return true or false. `default` None: the key must be there."""
        value = self._take(key, required=default is None)
        if value is None:
            return bool(default)
        if not isinstance(value, bool):
            self.complain(key, f"must be true or false, not {_kind(value)}")
            return False
        return value

    def number(self, key: str, low: int, high: int) -> int:
        """Return a required whole number between `low` and `high`."""
        value = self._take(key, required=True)
        if value is None:
            return low
        if isinstance(value, bool) or not isinstance(value, int):
            self.complain(key, f"must be a whole number, not {_kind(value)}")
            return low
        if not low <= value <= high:
            self.complain(key, f"must lie between {low} and {high}, not {value}")
        return value

    def choice(self, key: str, kind: type[E]) -> E:
        """Return a required member of the enum `kind`."""
        value = self._take(key, required=True)
        if isinstance(value, str) and value in {member.value for member in kind}:
            return kind(value)
        if value is not None:
            names = [member.value for member in kind]
            self.complain(key, f"must be one of {', '.join(names)}, not {value!r}{_near(value, names)}")
        return next(iter(kind))

    def table(self, key: str) -> Table:
        """Return a required table."""
        value = self._take(key, required=True)
        if isinstance(value, dict):
            return Table(value, (*self.path, key), self.issues)
        if value is not None:
            self.complain(key, f"must be a table, not {_kind(value)}")
        return Table({}, (*self.path, key), [])  # its missing keys would only repeat what is said above

    def tables(self, key: str, *, required: bool = False) -> tuple[Table, ...]:
        """Return an array of tables. With `required` at least one."""
        value = self._take(key, required=required)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value) or (required and not value):
            self.complain(key, "must be a list of tables" + (" with at least one" if required else ""))
            return ()
        return tuple(Table(item, (*self.path, key, index), self.issues) for index, item in enumerate(value))

    def close(self) -> None:
        """Complain about every key that nobody has read."""
        for key in self._data:
            if key not in self._read:
                self.complain(key, f"is not a key of this table{_near(key, self._read)}")

    def _take(self, key: str, *, required: bool) -> Any:
        self._read.add(key)
        if key not in self._data and required:
            self.complain(key, "is missing")
        return self._data.get(key)

    def _judge(self, path: Path_, value: str, check: Check | None, *, may_be_empty: bool) -> None:
        if not value.strip():
            if not may_be_empty or value:
                self.complain(path, "must not be empty")
        elif not value.isprintable():
            self.complain(path, "holds a line break or another control character")
        elif check and (fault := check(value)):
            self.complain(path, fault)


def _kind(value: object) -> str:
    names = {bool: "true or false", int: "a number", float: "a number", str: "text", list: "a list", dict: "a table"}
    return names.get(type(value), "a date or time")


def _near(word: object, known: Iterable[str]) -> str:
    from difflib import get_close_matches

    found = get_close_matches(str(word), sorted(known), n=1)
    return f"; did you mean {found[0]}?" if found else ""


_BLANK: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_KEY: Final = re.compile(r"""[ \t]*(?:([A-Za-z0-9_-]+)|"((?:[^"\\]|\\.)*)"|'([^']*)')[ \t]*""")
_STRING: Final = re.compile(
    r'''"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?'{3,5}|"(?:[^"\\\n]|\\.)*"|'[^'\n]*\'''',
    re.DOTALL,
)
_BARE: Final = re.compile(r"[^,\]}\n#]+")


def key_lines(text: str) -> dict[Path_, int]:
    """Return path → line (from 1) of every key, table header and array element of `text`.

    Of a text that is not TOML it returns what it could read.
    """
    scanner = _Scanner(text)
    scanner.document()
    return scanner.lines


def line_of(lines: dict[Path_, int], path: Path_) -> int:
    """Return the line of `path`, or of the nearest thing that holds it; 1 where nothing does, as for a missing key."""
    while path:
        if path in lines:
            return lines[path]
        path = path[:-1]
    return 1


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[Path_, int] = {}
        self._ends = [match.start() for match in re.finditer("\n", text)]
        self._last: dict[Path_, int] = {}
        """Array of tables → index of the one that was opened last."""

    def document(self) -> None:
        table: Path_ = ()
        while True:
            self._skip()
            if self.at >= len(self.text):
                return
            start = self.at
            if self._take("[["):
                table = self._element(self._keys(), start)
                self._take("]]")
            elif self._take("["):
                table = self._within(self._keys())
                self.lines.setdefault(table, self._line(start))
                self._take("]")
            else:
                self._pair(table)
            if self.at == start:
                return

    def _pair(self, table: Path_) -> None:
        start = self.at
        path = table + self._keys()
        self.lines.setdefault(path, self._line(start))
        if self._take("="):
            self._value(path)

    def _value(self, path: Path_) -> None:
        self._skip()
        if self._take("["):
            self._array(path)
        elif self._take("{"):
            self._inline(path)
        else:
            match = _STRING.match(self.text, self.at) or _BARE.match(self.text, self.at)
            self.at = match.end() if match else self.at

    def _array(self, path: Path_) -> None:
        index = 0
        while True:
            self._skip()
            start = self.at
            if self._take("]") or start >= len(self.text):
                return
            self.lines[(*path, index)] = self._line(start)
            self._value((*path, index))
            self._skip()
            self._take(",")
            index += 1
            if self.at == start:
                return

    def _inline(self, path: Path_) -> None:
        while True:
            self._skip()
            start = self.at
            if self._take("}") or start >= len(self.text):
                return
            self._pair(path)
            self._skip()
            self._take(",")
            if self.at == start:
                return

    def _keys(self) -> Path_:
        names: list[str | int] = []
        while match := _KEY.match(self.text, self.at):
            self.at = match.end()
            names.append(next(name for name in match.groups() if name is not None))
            if not self._take("."):
                break
        return tuple(names)

    def _within(self, keys: Path_) -> Path_:
        """`[a.b]` after `[[a]]` belongs to the last element of `a`."""
        path: Path_ = ()
        for key in keys:
            path = (*path, key)
            if path in self._last:
                path = (*path, self._last[path])
        return path

    def _element(self, keys: Path_, start: int) -> Path_:
        array = (*self._within(keys[:-1]), *keys[-1:])
        self._last[array] = self._last.get(array, -1) + 1
        path = (*array, self._last[array])
        self.lines.setdefault(array, self._line(start))
        self.lines[path] = self._line(start)
        return path

    def _skip(self) -> None:
        match = _BLANK.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def _take(self, token: str) -> bool:
        if self.text.startswith(token, self.at):
            self.at += len(token)
            return True
        return False

    def _line(self, at: int) -> int:
        return bisect_right(self._ends, at - 1) + 1
