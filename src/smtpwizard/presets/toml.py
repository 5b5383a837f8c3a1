"""Read TOML files into types, and report every mistake of a file at once, each with file, line and key.

A schema is a NamedTuple or a dataclass; each field is a key, and its type says what the key may hold:

    class Mistake(NamedTuple):
        pattern: Annotated[str, regex]           # no default: the key must be there, and not be empty
        message: str = ""                        # with a default it may be left out

    class Service(NamedTuple):
        kind: Kind                               # an enum: one of its values
        port: Annotated[int, Bounds(1, 65535)]
        hosts: tuple[Host, ...]                  # a list, nothing in it twice; Host = Annotated[str, Shape("…", "…")]
        mistakes: tuple[Mistake, ...] = ()       # [[mistakes]]; a single [table] is a field of the table's own type
        settings: Mapping[str, str] = {}         # a table with keys of any name
        phrase: Phrase | None = None             # a class with `parse`: made from a text, ValueError says what is wrong

    @rule(Service)                               # what fields must have in common; see `presets.values`
    def _a_kind_has_its_port(service: Service) -> Faults:
        if service.kind is Kind.WEB and service.port == 25:
            yield ("port",), "is not for the web"

    service = load(Service, path)

A check in Annotated takes the value and returns what is wrong with it, or an empty text; it sees no empty text and no
wrong type. A text is one printable line, unless it is marked `verbatim`. A rule is skipped
where a field that it looks at is wrong already, so that nobody reads about the consequences of a mistake.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from functools import cache, partial
from pathlib import Path
from types import NoneType, SimpleNamespace
from typing import Annotated, Any, Final, TypeVar, cast, get_args, get_origin, get_type_hints

from smtpwizard.presets.files import PresetFileError, PresetProblem, read_bytes
from smtpwizard.presets.schema import Gateways, Provider
from smtpwizard.presets.values import RULES, Check, KeyPath, near, shown, verbatim
from smtpwizard.records import NamedTuple
from smtpwizard.text import safe

T = TypeVar("T")

_DEEPEST: Final = 40
"""Parts of a dotted key, and brackets inside brackets; ours have three. tomllib takes minutes for a key of 30,000."""

_MOST: Final = 50
"""Mistakes of one file that are told."""


class Issue(NamedTuple):
    """One mistake in a file."""

    path: KeyPath
    message: str


def load(cls: type[T], path: Path) -> T:
    """Read a file as `cls`. PresetFileError with every mistake in it."""
    made, problems = inspect(cls, path)
    if problems:
        raise PresetFileError(problems)
    return made


def inspect(cls: type[T], path: Path, data: dict[str, Any] | None = None) -> tuple[T, tuple[PresetProblem, ...]]:
    """Read a file as `cls`, and say what is wrong with it. PresetFileError if it is not a TOML file at all.

    `data` is what the file holds, where it is parsed already.

    With problems the value is not a `cls`: it has the fields that are right and lacks the others, and so have the
    tables in it. A table that is right is a value of its own type all the same.
    """
    text = read_text(path)
    data = parse(path, text) if data is None else data
    try:
        made, issues = read(cls, data)
    except Exception as error:  # whatever a file of the operator's brings about, the other files are read
        message = f"cannot be read: {type(error).__name__} {safe(str(error), limit=200)}"
        raise PresetFileError((PresetProblem(path, 0, "", message),)) from error
    return made, located(path, text, issues) if issues else ()


def read_text(path: Path) -> str:
    """Return the text of a regular file of at most LIMIT bytes, in UTF-8. PresetFileError otherwise."""
    raw = read_bytes(path)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        message = f"is not UTF-8: byte {raw[error.start]:#04x}"
        raise PresetFileError((PresetProblem(path, line, "", message),)) from None


def parse(path: Path, text: str) -> dict[str, Any]:
    """Parse `text`. PresetFileError with the line of the syntax error."""
    for number, line in enumerate(text.split("\n"), 1):
        if line.count(".") > _DEEPEST and any(len(key) > _DEEPEST for key in key_lines(line)):
            raise PresetFileError((PresetProblem(path, number, "", "has a key of too many parts"),))
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        reason, _, where = str(error).rpartition(" (at ")
        found = re.match(r"line (\d+),", where)
        at = int(found[1]) if found else text.count("\n") + 1
        message = f"is not TOML: {safe(reason or str(error), limit=200)}"
    except (RecursionError, ValueError) as error:
        at = _line_that_raises(type(error), text)
        message = "is nested too deep" if isinstance(error, RecursionError) else "has a number of too many digits"
    raise PresetFileError((PresetProblem(path, at, "", message),))


def _line_that_raises(kind: type[Exception], text: str) -> int:
    """Return the first line with which tomllib raises `kind`, in an error that names no line."""
    lines = text.split("\n")

    def raises(count: int) -> bool:
        try:
            tomllib.loads("\n".join(lines[:count]))
        except (RecursionError, ValueError) as error:
            return type(error) is kind
        return False

    return bisect_left(range(len(lines)), True, key=raises)


def located(path: Path, text: str, issues: Iterable[Issue]) -> tuple[PresetProblem, ...]:
    """Turn issues into problems with lines, in the order of the file; of very many, the first."""
    lines = key_lines(text)
    problems = [PresetProblem(path, line_of(lines, issue.path), _spelt(issue.path), issue.message) for issue in issues]
    problems.sort(key=lambda problem: problem.line)
    if more := problems[_MOST:]:
        problems[_MOST:] = [PresetProblem(path, more[0].line, "", f"and {len(more)} more from here on")]
    return tuple(problems)


def _spelt(path: KeyPath) -> str:
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return safe(text, limit=_MOST * 2)


Reader = Callable[[Any, KeyPath, list[Issue]], Any]
"""Takes a parsed value and its place, returns what a field of the type holds.

ValueError says what is wrong with the value as a whole; what is wrong within it is appended to the issues.
"""


def read(cls: type[T], data: Mapping[str, Any]) -> tuple[T, list[Issue]]:
    """Return a parsed table as `cls`, and what is wrong with it. See `inspect` for a table with issues."""
    issues: list[Issue] = []
    return _table(cast(Any, cls))(data, (), issues), issues


class _Unusable:
    """Stands in a list for an element that is wrong, so that those behind it keep their number."""


@cache
def _table(cls: Any) -> Reader:
    """Return the reader of a NamedTuple or dataclass. Its types are looked at once, when the first file is read."""
    defaults = _defaults(cls)
    hints = get_type_hints(cls, include_extras=True)
    fields = {name: _reader(hint, required=name not in defaults) for name, hint in hints.items()}
    required = [name for name in fields if name not in defaults]

    def read_table(data: Any, path: KeyPath, issues: list[Issue]) -> Any:
        if not isinstance(data, dict):
            raise ValueError(f"must be a table, not {_kind(data)}")
        before = len(issues)
        values = {}
        for key, value in data.items():
            try:
                if key not in fields:
                    raise ValueError(f"is not a key of this table{near(key, fields) if len(issues) < _MOST else ''}")
                values[key] = fields[key](value, (*path, key), issues)
            except ValueError as error:
                issues.append(Issue((*path, key), str(error)))
        issues += [Issue((*path, key), "is missing") for key in required if key not in data]
        whole = len(issues) == before
        absent = {key: value for key, value in defaults.items() if key not in data}
        made = cls(**values) if whole else SimpleNamespace(**absent, **values)
        for rule in RULES.get(cls, ()):
            try:
                issues += [Issue(path + key, message) for key, message in rule(made)]
            except (AttributeError, TypeError):
                if whole:
                    raise
        return made

    return read_table


def _defaults(cls: Any) -> dict[str, Any]:
    if hasattr(cls, "_field_defaults"):
        return dict(cls._field_defaults)
    import dataclasses  # loaded already where there is one; most files are read without, 5 ms of import

    found = {}
    for field in dataclasses.fields(cls):
        if field.default is not dataclasses.MISSING:
            found[field.name] = field.default
        elif field.default_factory is not dataclasses.MISSING:
            found[field.name] = field.default_factory()
    return found


def _reader(hint: Any, *, required: bool) -> Reader:
    """Return the reader of a type. `required`: an empty text or list will not do."""
    checks: tuple[Check, ...] = ()
    if get_origin(hint) is Annotated:
        hint, *annotated = get_args(hint)
        checks = tuple(annotated)
    origin, arguments = get_origin(hint) or hint, get_args(hint)
    if NoneType in arguments:
        return _reader(next(argument for argument in arguments if argument is not NoneType), required=required)
    if origin in (tuple, frozenset):
        return partial(_read_list, origin, _reader(arguments[0], required=True), _plural(arguments[0]), required)
    if origin is Mapping:
        name, item = (_reader(argument, required=False) for argument in arguments)
        return partial(_read_mapping, name, item)
    if _is_table(hint):
        return _table(hint)
    if hint is str:
        return partial(_read_text, checks, required)
    if hasattr(hint, "parse"):
        return lambda value, path, issues: hint.parse(_read_text((), True, value, path, issues))
    if issubclass(hint, Enum):
        return partial(_read_member, {member.value: member for member in hint})
    return partial(_read_plain, hint, checks)


def _is_table(hint: Any) -> bool:
    return any(hasattr(hint, mark) for mark in ("_fields", "__dataclass_fields__")) and not hasattr(hint, "parse")


def _plural(hint: Any) -> str:
    if get_origin(hint) is Annotated:
        return _plural(get_args(hint)[0])
    if get_origin(hint) in (tuple, frozenset):
        return "lists"
    return "tables" if _is_table(hint) else "numbers" if hint is int else "texts"


def _read_text(checks: tuple[Check, ...], required: bool, value: Any, path: KeyPath, issues: list[Issue]) -> str:
    if not isinstance(value, str):
        raise ValueError(f"must be text in quotes, not {_kind(value)}")
    if not value.strip():
        if value or required:
            raise ValueError("must not be empty")
        return value
    if not value.isprintable() and verbatim not in checks:
        raise ValueError("holds a line break or another control character")
    return _passed(checks, value)


def _read_plain(kind: type, checks: tuple[Check, ...], value: Any, path: KeyPath, issues: list[Issue]) -> Any:
    """Read a number, or true or false."""
    if type(value) is not kind:
        wanted = "true or false" if kind is bool else "a whole number"
        raise ValueError(f"must be {wanted}, not {_kind(value)}")
    return _passed(checks, value)


def _passed(checks: tuple[Check, ...], value: T) -> T:
    for check in checks:
        if fault := check(value):
            raise ValueError(fault)
    return value


def _read_member(members: dict[str, Enum], value: Any, path: KeyPath, issues: list[Issue]) -> Enum:
    if isinstance(value, str) and value in members:
        return members[value]
    raise ValueError(f"must be one of {', '.join(members)}, not {shown(value)}{near(value, members)}")


def _read_list(
    make: Callable[[list[Any]], Any], item: Reader, kind: str, required: bool,
    value: Any, path: KeyPath, issues: list[Issue],
) -> Any:  # fmt: skip
    if not isinstance(value, list) or (required and not value):
        raise ValueError(f"must be a list of {kind}{' with at least one' * required}")
    made: list[Any] = []
    seen = set()
    for index, element in enumerate(value):
        try:
            got = item(element, (*path, index), issues)
            if kind != "tables":
                if got in seen:
                    raise ValueError(f"is listed twice: {shown(element)}")
                seen.add(got)
        except ValueError as error:
            issues.append(Issue((*path, index), str(error)))
            got = _Unusable()
        made.append(got)
    return make(made)


def _read_mapping(name: Reader, item: Reader, value: Any, path: KeyPath, issues: list[Issue]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"must be a table, not {_kind(value)}")
    made = {}
    for key, element in value.items():
        try:
            made[name(key, path, issues)] = item(element, (*path, key), issues)
        except ValueError as error:
            issues.append(Issue((*path, key), str(error)))
    return made


def _kind(value: object) -> str:
    names = {bool: "true or false", int: "a number", float: "a number", str: "text", list: "a list", dict: "a table"}
    return names.get(type(value), "a date or time")


# Patterns stay texts, and `re` compiles and keeps them: lines are looked for only where something is wrong.
_BLANK: Final = r"(?:[ \t\r\n]|#[^\n]*)*"
_KEY: Final = r"""[ \t]*(?:([A-Za-z0-9_-]+)|"((?:[^"\\]|\\.)*)"|'([^']*)')[ \t]*"""
_STRING: Final = r'''(?s)"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?'{3,5}|"(?:[^"\\\n]|\\.)*"|'[^'\n]*\''''
_BARE: Final = r"[^,\]}\n#]+"


def key_lines(text: str) -> dict[KeyPath, int]:
    """Return path → line (from 1) of every key, table header and array element of `text`.

    Of a text that is not TOML it returns what it could read.
    """
    scanner = _Scanner(text)
    scanner.document()
    return scanner.lines


def line_of(lines: dict[KeyPath, int], path: KeyPath) -> int:
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
        self.lines: dict[KeyPath, int] = {}
        self._ends = [match.start() for match in re.finditer("\n", text)]
        self._last: dict[KeyPath, int] = {}
        """Array of tables → index of the one that was opened last."""
        self._depth = 0

    def document(self) -> None:
        table: KeyPath = ()
        while True:
            self._match(_BLANK)
            if self.at >= len(self.text):
                return
            start = self.at
            if self._match(r"\[\["):
                table = self._element(self._keys(), start)
                self._match(r"\]\]")
            elif self._match(r"\["):
                table = self._within(self._keys())
                self.lines.setdefault(table, self._line(start))
                self._match(r"\]")
            else:
                self._pair(table)
            if self.at == start:
                return

    def _pair(self, table: KeyPath) -> None:
        start = self.at
        path = table + self._keys()
        self.lines.setdefault(path, self._line(start))
        if self._match("="):
            self._value(path)

    def _value(self, path: KeyPath) -> None:
        self._match(_BLANK)
        if self._match(r"\["):
            self._items(r"\]", lambda index: self._array_element((*path, index)))
        elif self._match(r"\{"):
            self._items(r"\}", lambda _: self._pair(path))
        elif not self._match(_STRING):
            self._match(_BARE)

    def _array_element(self, path: KeyPath) -> None:
        self.lines[path] = self._line(self.at)
        self._value(path)

    def _items(self, end: str, read: Callable[[int], None]) -> None:
        """Read what stands between commas, up to `end` or to something that cannot be read."""
        start, index = -1, 0
        self._depth += 1
        if self._depth > _DEEPEST:
            self.at = len(self.text)
        while self.at != start:
            self._match(_BLANK)
            start = self.at
            if self._match(end) or start >= len(self.text):
                break
            read(index)
            self._match(_BLANK)
            self._match(",")
            index += 1
        self._depth -= 1

    def _keys(self) -> KeyPath:
        names: list[str | int] = []
        while len(names) <= _DEEPEST and (match := self._match(_KEY)):
            names.append(next(name for name in match.groups() if name is not None))
            if not self._match(r"\."):
                break
        return tuple(names)

    def _within(self, keys: KeyPath) -> KeyPath:
        """Return the path of `[a.b]`: after `[[a]]` it belongs to the last element of `a`."""
        path: KeyPath = ()
        for key in keys:
            path = (*path, key)
            if path in self._last:
                path = (*path, self._last[path])
        return path

    def _element(self, keys: KeyPath, start: int) -> KeyPath:
        array = (*self._within(keys[:-1]), *keys[-1:])
        self._last[array] = self._last.get(array, -1) + 1
        path = (*array, self._last[array])
        self.lines.setdefault(array, self._line(start))
        self.lines[path] = self._line(start)
        return path

    def _match(self, pattern: str) -> re.Match[str] | None:
        match = re.compile(pattern).match(self.text, self.at)
        self.at = match.end() if match else self.at
        return match

    def _line(self, at: int) -> int:
        return bisect_right(self._ends, at - 1) + 1


RESERVED_IDS: Final = frozenset({"custom"})
"""Made in code; no file may take it."""


def load_provider(path: Path) -> Provider:
    """Read and check one provider file. PresetFileError with every mistake in it."""
    return own_file(Provider, path)


def provider_table(path: Path) -> dict[str, Any]:
    """Read and check one provider file, and return it as it was parsed. PresetFileError with every mistake in it."""
    data = parse(path, read_text(path))
    own_file(Provider, path, data)
    return data


def load_gateways(path: Path) -> tuple[str, ...]:
    """Read and check the list of gateways. PresetFileError with every mistake in it."""
    return load(Gateways, path).suffixes


def own_file(cls: type[T], path: Path, data: dict[str, Any] | None = None) -> T:
    """Read a file that is named after its id. As `inspect`."""
    made, problems = inspect(cls, path, data)
    own = getattr(made, "id", path.stem)
    if own != path.stem or own in RESERVED_IDS:
        message = f"must be the file's name, {path.stem}, not {shown(own)}"
        if own in RESERVED_IDS:
            message = f"{own} is built in and cannot be replaced"
        problems += located(path, read_text(path), [Issue(("id",), message)])
    if problems:
        raise PresetFileError(tuple(sorted(problems, key=lambda problem: problem.line)))
    return made
