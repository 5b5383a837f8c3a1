"""What JavaScript makes of a template's values: as text, as true or false, in order, compared. Pure.

A context is JSON without fractions: dict, list, str, bool, int, None. No attribute is looked up, nothing is called.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from smtpwizard.errors import InputError
from smtpwizard.mail.handlebars.lexer import Argument, Call, Literal, MissingVariableError, Path, TemplateError
from smtpwizard.text import safe

Value: TypeAlias = Any
"""dict[str, Value] | list[Value] | str | bool | int | None | UNDEFINED; checked by `check_context`."""


class _Undefined:
    """JavaScript's undefined: a name that is not there."""

    def __repr__(self) -> str:
        return "undefined"


UNDEFINED: Final = _Undefined()

_EXACT: Final = 2**53
"""From here on JavaScript's numbers are not exact (ECMA-262, Number.MAX_SAFE_INTEGER)."""

_DEPTH: Final = 50
_INDEX: Final = re.compile(r"0|[1-9][0-9]{0,9}")
_HIGHEST_INDEX: Final = 2**32 - 2
_ESCAPED: Final = {
    ord("&"): "&amp;",
    ord("<"): "&lt;",
    ord(">"): "&gt;",
    ord('"'): "&quot;",
    ord("'"): "&#x27;",
    ord("`"): "&#x60;",
    ord("="): "&#x3D;",
}


def check_context(value: object, *, where: str = "the context", depth: int = 0) -> None:
    """Refuse, with InputError, what a template must not see: objects, callables, fractions, keys that are no text."""
    if depth > _DEPTH:
        raise InputError(f"{where} nests more than {_DEPTH} levels.", "Mail template")
    kind = type(value)
    if kind is dict:
        assert isinstance(value, dict)
        for key, item in value.items():
            if type(key) is not str:
                raise InputError(f"a key in {where} is not a text.", "Mail template")
            check_context(item, where=safe(key, limit=80), depth=depth + 1)
    elif kind is list:
        assert isinstance(value, list)
        for item in value:
            check_context(item, where=where, depth=depth + 1)
    elif kind is int:
        assert isinstance(value, int)
        if abs(value) >= _EXACT:
            raise InputError(f"{where} is a number that JavaScript cannot hold exactly.", "Mail template")
    elif value is not None and kind not in (str, bool):
        raise InputError(f"{where} is of a kind that a mail cannot show ({kind.__name__}).", "Mail template")


def escape(text: str) -> str:
    """Return `text` as Handlebars' `{{ }}` prints it: seven characters as entities, `=` and the backtick among them."""
    return text.translate(_ESCAPED)


def to_text(value: Value) -> str:
    """Return what JavaScript prints for a value; nothing for null and undefined."""
    if value is None or value is UNDEFINED:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ",".join(map(to_text, value))
    return "[object Object]" if isinstance(value, dict) else str(value)


def is_empty(value: Value) -> bool:
    """Say whether Handlebars counts a value as empty; 0 is not, an empty dict is not."""
    if isinstance(value, int) and not isinstance(value, bool):
        return False
    return value is UNDEFINED or (not value and value != {})


def is_false(value: Value) -> bool:
    """Say whether `#if` takes its `{{else}}` branch."""
    return is_empty(value) or (value == 0 and not isinstance(value, dict | list | str))


def get(parent: Value, name: str) -> Value:
    """Return a property, or UNDEFINED. LookupError where JavaScript raises: null and undefined have no properties."""
    if parent is None or parent is UNDEFINED:
        raise LookupError(name)
    if isinstance(parent, Mapping):
        return parent.get(name, UNDEFINED)
    if isinstance(parent, list):
        if name == "length":
            return len(parent)
        return parent[int(name)] if _is_index(name) and int(name) < len(parent) else UNDEFINED
    if isinstance(parent, str):
        units = parent.encode("utf-16-le", "surrogatepass")  # JavaScript counts UTF-16 units
        if name == "length":
            return len(units) // 2
        if _is_index(name) and int(name) < len(units) // 2:
            at = 2 * int(name)
            return units[at : at + 2].decode("utf-16-le", "surrogatepass")
    return UNDEFINED


def get_strictly(parent: Value, name: str) -> Value:
    """Return a property that must be there; LookupError otherwise, also for a property of a text or number."""
    if not isinstance(parent, dict | list):
        raise LookupError(name)
    if isinstance(parent, dict):
        return parent[name]  # a partial's hash may hold a name whose value is undefined: that one is there
    value = get(parent, name)
    if value is UNDEFINED:
        raise LookupError(name)
    return value


def items(value: Value) -> list[tuple[str | int, Value]]:
    """Return what `#each` walks over, with the key of each item; nothing for what is neither list nor dict."""
    if isinstance(value, list):
        return list(enumerate(value))
    if not isinstance(value, dict):
        return []
    indexes = sorted((key for key in value if _is_index(key)), key=int)  # JavaScript puts index-like keys first
    return [(key, value[key]) for key in (*indexes, *(key for key in value if not _is_index(key)))]


def properties(value: Value) -> dict[str, Value]:
    """Return the own properties of a value as a dict, as JavaScript copies them: a text has one a UTF-16 unit."""
    if isinstance(value, str):
        return {str(index): get(value, str(index)) for index in range(get(value, "length"))}
    return {str(key): item for key, item in items(value)}


def loosely_equal(one: Value, other: Value) -> bool:
    """Compare as JavaScript's `==`: a block whose context equals its parent's so is no level of its own for `../`."""
    one_object, other_object = isinstance(one, dict | list), isinstance(other, dict | list)
    if one_object and other_object:
        return one is other
    nothing = [value is None or value is UNDEFINED for value in (one, other)]
    if any(nothing):
        return all(nothing)
    one, other = (to_text(value) if isinstance(value, dict | list) else value for value in (one, other))
    if isinstance(one, str) and isinstance(other, str):
        return one == other
    return _number(one) == _number(other) is not None


def _number(value: str | int) -> float | None:
    if not isinstance(value, str):
        return float(value)
    text = value.strip()
    if not text:
        return 0.0
    return float(text) if re.fullmatch(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", text, re.ASCII) else None


def _is_index(name: str) -> bool:
    return _INDEX.fullmatch(name) is not None and int(name) <= _HIGHEST_INDEX


_NULL_CONTEXT: Final[dict[str, Value]] = {}


@dataclass(frozen=True, slots=True)
class Frame:
    """A level of context."""

    value: Value
    """What `this` is."""
    outer: tuple[Value, ...]
    """This level and those above, nearest first: what `../` climbs."""
    data: Mapping[str, Value]
    """`@root`, `@index` and their like."""
    names: Mapping[str, Value] = field(default_factory=dict)
    """Block parameters: what `{{#each list as |item index|}}` calls its items."""

    @classmethod
    def root(cls, context: Value) -> Frame:
        """Return the outermost level."""
        return cls(context, (context,), {"root": context})

    def enter(self, value: Value, names: Mapping[str, Value] = MappingProxyType({}), **data: Value) -> Frame:
        """Return the level inside a block, with more block parameters and `@` data."""
        outer = self.outer if loosely_equal(value, self.outer[0]) else (value, *self.outer)
        return Frame(value, outer, {**self.data, **data}, {**self.names, **names})

    def again(self) -> Frame:
        """Return the same level for a block that changes no context, as `#if`: there a null `this` is an object."""
        return replace(self, value=_NULL_CONTEXT) if self.value in (None, UNDEFINED) else self

    def partial(self, value: Value) -> Frame:
        """Return the level of a partial, which sees neither the levels above nor their block parameters."""
        return Frame(value, (value,), self.data)


def variable(path: Path, frame: Frame) -> Value:
    """Return the value of a variable that is printed or opens a block: it must exist. MissingVariableError."""
    if _is_parameter(path, frame):
        return argument(path, frame)
    try:
        value = _start(path, frame)
        for name in path.parts[:-1]:
            value = get(value, name)
        return get_strictly(value, path.parts[-1]) if path.parts else value
    except LookupError as error:
        raise MissingVariableError(path.text, path.line) from error


def argument(value: Argument, frame: Frame) -> Value:
    """Return the value of a helper's argument: there, as in Handlebars, the last name of a path may be missing."""
    if isinstance(value, Literal):
        return value.value
    if isinstance(value, Call):
        return call(value, frame)
    try:
        result, parts = _start(value, frame), value.parts
        if _is_parameter(value, frame):
            result, parts = frame.names[parts[0]], parts[1:]
        for name in parts:
            result = get(result, name)
    except LookupError as error:
        raise MissingVariableError(value.text, value.line) from error
    return result


def call(expression: Call, frame: Frame) -> Value:
    """Return what an inline helper gives."""
    values = [argument(param, frame) for param in expression.params]
    if expression.name == "concat":
        return "".join(map(to_text, values))
    target, key = values
    return target if is_false(target) else get(target, to_text(key))


def _is_parameter(path: Path, frame: Frame) -> bool:
    """Say whether a path begins with a block parameter, whose missing properties Handlebars prints as nothing.

    Its compiler asks before it looks at the `@` (4.7.8, lib/handlebars/compiler/compiler.js, PathExpression), so
    `{{@index}}` too means a parameter of that name.
    """
    return bool(path.parts) and path.parts[0] in frame.names and not path.depth and not path.scoped


def _start(path: Path, frame: Frame) -> Value:
    if path.data:
        return frame.data
    if not path.depth:
        return frame.value
    if path.depth >= len(frame.outer):
        raise TemplateError(f"{path.text} climbs above the outermost level.", path.line)
    return frame.outer[path.depth]
