"""A template's source → text and tags, as the lexer of Handlebars 4.7.8 cuts it. Refuses what mails do not need.

The classes of characters are those of its grammar (src/handlebars.l). `\s` there is JavaScript's, not Python's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, TypeAlias

from smtpwizard.errors import FileError
from smtpwizard.text import safe


class TemplateError(FileError):
    """A template that cannot be read or rendered as the app would."""

    def __init__(self, problem: str, line: int, template: str = "") -> None:
        where = f"{safe(template, limit=120)}, line {line}" if template else f"Line {line}"
        super().__init__(f"{where}: {problem}", "Mail template")
        self.problem = problem
        self.line = line
        self.template = template

    def within(self, template: str) -> TemplateError:
        """Return the same error with the template's name, unless it has one."""
        if self.template:
            return self
        error = type(self)(self.problem, self.line, template)
        error.__dict__.update({key: value for key, value in self.__dict__.items() if key not in error.__dict__})
        return error


class MissingVariableError(TemplateError):
    """The template uses a variable that the app does not give it; `strict: true` makes that an error in the app too."""

    def __init__(self, variable: str, line: int, template: str = "") -> None:
        super().__init__(f"the variable {safe(variable, limit=120)} is missing.", line, template)
        self.variable = variable

    def within(self, template: str) -> TemplateError:
        """Return the same error with the template's name, unless it has one."""
        return self if self.template else MissingVariableError(self.variable, self.line, template)


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


SPACE: Final = r"[\t\n\v\f\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]"
_SPACES: Final = SPACE[1:-1]
_AFTER_LITERAL: Final = rf"(?=[~}}{_SPACES})\]])"


class Kind(Enum):
    """What a piece of the source is."""

    TEXT = "text"
    COMMENT = "comment"
    VALUE = "{{"
    UNESCAPED = "{{{"
    BLOCK = "{{#"
    INVERTED = "{{^"
    ELSE = "{{else}}"
    ELSE_BLOCK = "{{else …}}"
    END = "{{/"
    PARTIAL = "{{>"


@dataclass(frozen=True, slots=True)
class Word:
    """One word inside a tag; `kind` is the name of its group in the pattern below."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text, or a tag."""

    kind: Kind
    line: int
    text: str = ""
    words: tuple[Word, ...] = ()
    strip: Strip = NO_STRIP


_REFUSED: Final = {
    "{{{{": "raw blocks ({{{{name}}}})",
    "{{#>": "partial blocks ({{#> name}})",
    "{{#*": "inline partials and decorators ({{#* name}})",
    "{{*": "decorators ({{* name}})",
}
_REFUSED_OPEN: Final = re.compile(r"\{\{\{\{|\{\{~?(?:#>|#\*|\*)")
_ELSE: Final = re.compile(rf"\{{\{{(~?)(?:\^|{SPACE}*else\b){SPACE}*(~?)\}}\}}", re.ASCII)
_ELSE_BLOCK: Final = re.compile(rf"\{{\{{(~?){SPACE}*else\b", re.ASCII)
_LONG_COMMENT: Final = re.compile(r"\{\{(~?)!(?=--).*?--(~?)\}\}", re.DOTALL)
_COMMENT: Final = re.compile(r"\{\{(~?)!.*?(~?)\}\}", re.DOTALL)
_OPEN: Final = re.compile(r"\{\{(~?)([{#/^>&]?)")
_KINDS: Final = {
    "": Kind.VALUE,
    "&": Kind.UNESCAPED,
    "{": Kind.UNESCAPED,
    "#": Kind.BLOCK,
    "/": Kind.END,
    "^": Kind.INVERTED,
    ">": Kind.PARTIAL,
}
_WORD: Final = re.compile(
    rf"""(?P<space>{SPACE}+)
    |(?P<raw_close>\}}\}}\}}\}})|(?P<triple_close>\}}(?:~?)\}}\}})|(?P<close>~?\}}\}})
    |(?P<up>\.\.)|(?P<dot>\.(?=[=~}}{_SPACES}/.)|\]]))|(?P<separator>[/.])
    |(?P<open>\()|(?P<shut>\))|(?P<equals>=)|(?P<at>@)
    |(?P<string>"(?:\\"|[^"])*"|'(?:\\'|[^'])*')
    |(?P<boolean>(?:true|false){_AFTER_LITERAL})|(?P<null>(?:null|undefined){_AFTER_LITERAL})
    |(?P<number>-?[0-9]+(?:\.[0-9]+)?{_AFTER_LITERAL})
    |(?P<as>as{SPACE}+\|)|(?P<pipe>\|)
    |(?P<id>[^{_SPACES}!"#%-,./;->@\[-\^`{{-~]+(?=[=~}}{_SPACES}/.)|\]]))
    |(?P<bracket>\[(?:\\\]|[^\]])*\])""",
    re.VERBOSE,
)


def pieces(source: str) -> Iterator[Piece]:
    """Cut `source` into pieces. TemplateError with the line for a tag that is broken or not supported."""
    if "\0" in source:  # no rule of Handlebars' lexer matches it as text
        raise TemplateError("a NUL character stands in the text.", source.count("\n", 0, source.index("\0")) + 1)
    position, line = 0, 1
    escaped = False  # whether the braces at `position` follow a backslash, and are text
    while position < len(source):
        found = source.find("{{", position + 2 if escaped else position)
        end = len(source) if found < 0 else found
        text = source[position:end]
        if escaped:  # a piece of its own, which ends before the backslashes of the next tag
            slashes = min(2, len(text) - len(text.rstrip("\\"))) if found >= 0 else 0
            end -= slashes
            text = source[position:end]
            escaped = False
            yield Piece(Kind.TEXT, line, text)
            line += text.count("\n")
            position = end
            continue
        if found >= 0 and text.endswith(
            "\\"
        ):  # `\{{` prints the braces, `\\{{` prints one backslash before the tag's value
            escaped = not text.endswith("\\\\")
            text = text[:-1]
        if text:
            yield Piece(Kind.TEXT, line, text)
        line += text.count("\n")
        position = end
        if found >= 0 and not escaped:
            piece, position = _tag(source, position, line)
            yield piece
            line += source.count("\n", end, position)


def _tag(source: str, position: int, line: int) -> tuple[Piece, int]:
    if refused := _REFUSED_OPEN.match(source, position):
        what = _REFUSED[refused.group().replace("~", "")]
        raise TemplateError(f"{what} are not supported.", line)
    for pattern, kind in ((_LONG_COMMENT, Kind.COMMENT), (_ELSE, Kind.ELSE)):
        if match := pattern.match(source, position):
            return Piece(kind, line, strip=_strip(match.group(1), match.group(2))), match.end()
    if source.startswith(("{{!--", "{{~!--"), position):
        raise TemplateError("the comment {{!-- has no end --}}.", line)
    if match := _COMMENT.match(source, position):
        return Piece(Kind.COMMENT, line, strip=_strip(match.group(1), match.group(2))), match.end()
    if match := _ELSE_BLOCK.match(source, position):
        kind, opener = Kind.ELSE_BLOCK, ""
    else:
        match = _OPEN.match(source, position)
        assert match is not None
        opener = match.group(2)
        kind = _KINDS[opener]
    words, close, end = _words(source, match.end(), line)
    if (opener == "{") != (close.kind == "triple_close"):
        raise TemplateError("the braces that open and close a tag differ in number.", line)
    return Piece(kind, line, words=words, strip=_strip(match.group(1), "~" if "~" in close.text else "")), end


def _words(source: str, position: int, line: int) -> tuple[tuple[Word, ...], Word, int]:
    words: list[Word] = []
    while match := _WORD.match(source, position):
        position = match.end()
        kind = match.lastgroup or ""
        if kind in ("close", "triple_close"):
            return tuple(words), Word(kind, match.group()), position
        if kind == "raw_close":
            raise TemplateError("four closing braces stand together: part them with a blank.", line)
        if kind != "space":
            words.append(Word(kind, match.group()))
    shown = source[position : position + 1]
    raise TemplateError(
        f"the tag has no end }}}}, or {shown!r} is wrong in it." if shown else "a tag has no end }}.", line
    )


def _strip(before: str, after: str) -> Strip:
    return Strip(bool(before), bool(after))
