"""The tree of a template. Data only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, TypeAlias


@dataclass(frozen=True, slots=True)
class Strip:
    """Whether a tag asks (`~`) that the whitespace before it, or after it, goes."""

    before: bool = False
    after: bool = False


NO_STRIP: Final = Strip()


@dataclass(frozen=True, slots=True)
class Path:
    """A reference such as `link`, `user.name`, `../name`, `this`, `@index`."""

    parts: tuple[str, ...]
    depth: int
    """How many `../` it climbs."""
    data: bool
    """Whether it began with `@`."""
    text: str
    """As written."""
    line: int
    scoped: bool = False
    """Whether it began with `.` or `this`: then it is never a helper's name."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A string, number, boolean or null written in a tag."""

    value: str | int | bool | None
    line: int


@dataclass(frozen=True, slots=True)
class Call:
    """A helper with its arguments: `concat a "b"`."""

    name: str
    params: tuple[Argument, ...]
    line: int


Argument: TypeAlias = Path | Literal | Call


@dataclass(slots=True)
class Text:
    """Literal text. Mutable: whitespace control takes from `value`, and looks at `original` to decide."""

    original: str
    value: str
    cut_start: bool = False
    cut_end: bool = False


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment: prints nothing, but its line may go."""

    strip: Strip


@dataclass(frozen=True, slots=True)
class Mustache:
    """`{{x}}`, or unescaped `{{{x}}}` and `{{&x}}`."""

    expression: Path | Call
    escaped: bool
    strip: Strip


@dataclass(slots=True)
class Partial:
    """`{{> name}}`. Mutable: whitespace control finds the indent of one that stands alone on its line."""

    name: str
    context: Argument | None
    hash: tuple[tuple[str, Argument], ...]
    strip: Strip
    line: int
    indent: str = ""


@dataclass(slots=True)
class Block:
    """`{{#name argument}}program{{else}}inverse{{/name}}`; name is `section` where the tag names a variable."""

    name: str
    argument: Argument
    include_zero: bool
    program: Program | None
    inverse: Program | None
    open_strip: Strip
    inverse_strip: Strip
    close_strip: Strip
    line: int
    names: tuple[str, ...] = ()
    """Block parameters, for `each` and `with`."""


Node: TypeAlias = Text | Comment | Mustache | Partial | Block


@dataclass(slots=True)
class Program:
    """A run of nodes: a whole template, or one branch of a block."""

    body: list[Node] = field(default_factory=list)
    chained: bool = False
    """Whether it is the `else if` branch of the block above."""
