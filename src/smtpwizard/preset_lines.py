"""On which line of a TOML text a key stands. Must not judge the text: tomllib has already accepted it.

tomllib gives values without positions. This walks the same text once more, only when a preset has a problem to report,
so that the problem can name its line. It understands tables, arrays of tables, dotted keys, inline tables and arrays.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import Final

from smtpwizard.preset_table import Path_

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
