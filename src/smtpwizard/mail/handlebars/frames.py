"""Where a template stands while it is rendered, and what an expression means there, with `strict: true`. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

from smtpwizard.mail.handlebars.errors import MissingVariableError, TemplateError
from smtpwizard.mail.handlebars.nodes import Argument, Call, Literal, Path
from smtpwizard.mail.handlebars.values import (
    UNDEFINED,
    Value,
    get,
    get_strictly,
    is_false,
    loosely_equal,
    to_text,
)

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
