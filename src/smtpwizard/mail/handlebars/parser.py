"""The words of one tag → a path, its arguments and hash. Knows which helpers the app's mails have, and no others."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from smtpwizard.mail.handlebars.lexer import (
    NO_STRIP,
    Argument,
    Block,
    Call,
    Comment,
    Kind,
    Literal,
    Mustache,
    Partial,
    Path,
    Piece,
    Program,
    Strip,
    TemplateError,
    Text,
    Word,
    pieces,
)

BLOCKS: Final = frozenset({"if", "unless", "each", "with"})
"""The block helpers of Handlebars itself."""

INLINE: Final = frozenset({"concat", "lookup"})
"""`concat` is what the app's mailer registers (@nestjs-modules/mailer 2.0.2); `lookup` is Handlebars' own."""

_RESERVED: Final = BLOCKS | {"log", "helperMissing", "blockHelperMissing"}
_NESTING: Final = 10
"""Helper calls inside helper calls."""


@dataclass(frozen=True, slots=True)
class Expression:
    """What a tag says: a path or helper name, then arguments, and in the opening tag of a block the names it gives."""

    path: Path
    params: tuple[Argument, ...]
    hash: tuple[tuple[str, Argument], ...]
    names: tuple[str, ...] = ()
    """Block parameters: `as |item index|`."""

    @property
    def is_call(self) -> bool:
        """Whether it calls a helper: it has arguments, or names one."""
        return bool(self.params or self.hash) or (self.path.text in INLINE)

    def variable(self) -> Path:
        """Return the path as a variable. TemplateError where it names a helper that cannot stand there."""
        if self.path.text in _RESERVED | INLINE:
            raise TemplateError(f"{self.path.text} is a helper and cannot stand here.", self.path.line)
        return self.path

    def call(self) -> Call:
        """Return the call. TemplateError for a helper that does not exist."""
        name, line = self.path.text, self.path.line
        if name not in INLINE:
            raise TemplateError(f"there is no helper {name}.", line)
        if self.hash:
            raise TemplateError(f"the argument {self.hash[0][0]}= of {name} is not supported.", line)
        if name == "lookup" and len(self.params) != 2:
            raise TemplateError("lookup takes exactly two arguments.", line)
        return Call(name, self.params, line)


def parse_expression(words: tuple[Word, ...], line: int, *, partial: bool = False, block: bool = False) -> Expression:
    """Return what the words of a tag say. TemplateError.

    A partial's name may be a string or have dots and slashes in it; only the opening tag of a block has parameters.
    """
    reader = _Reader(words, line)
    path = reader.partial_name() if partial else reader.path()
    params, named = reader.arguments(0)
    names = reader.names() if block else ()
    if reader.current is not None:
        raise reader.error()
    return Expression(path, params, named, names)


class _Reader:
    def __init__(self, words: tuple[Word, ...], line: int) -> None:
        self._words = words
        self._line = line
        self._next = 0

    @property
    def current(self) -> Word | None:
        return self._words[self._next] if self._next < len(self._words) else None

    def error(self) -> TemplateError:
        word = self.current
        if word is None:
            return TemplateError("a name is missing in the tag.", self._line)
        if word.kind in ("string", "number", "boolean", "null"):
            return TemplateError(
                f"{word.text} cannot stand there: a literal as a variable is not supported.", self._line
            )
        return TemplateError(f"{word.text!r} cannot stand there.", self._line)

    def _take(self, *kinds: str) -> Word | None:
        word = self.current
        if word is None or word.kind not in kinds:
            return None
        self._next += 1
        return word

    def partial_name(self) -> Path:
        if word := self._take("string"):
            return Path((), 0, data=False, text=_unquoted(word.text), line=self._line)
        if self.current is not None and self.current.kind == "open":
            raise TemplateError("partials with a computed name are not supported.", self._line)
        return self.path()

    def path(self) -> Path:
        data = self._take("at") is not None
        parts: list[str] = []
        depth = 0
        text = "@" if data else ""
        first = self.current.text if self.current is not None else ""
        while True:
            word = self._take("id", "bracket", "up", "dot")
            if word is None:
                raise self.error()
            text += word.text
            if word.kind == "bracket":
                parts.append(re.sub(r"\\([\\\]])", r"\1", word.text[1:-1]))
            elif word.kind != "id" or word.text == "this":
                if parts:
                    raise TemplateError(f"the path {text} is wrong: {word.text} can only begin it.", self._line)
                depth += word.kind == "up"
            else:
                parts.append(word.text)
            separator = self._take("separator")
            if separator is None:
                break
            text += separator.text
        if data and (depth or (parts[:1] and parts[0] not in ("root", "index", "key", "first", "last")) or not parts):
            raise TemplateError(f"{text} is not supported: only @root, @index, @key, @first and @last are.", self._line)
        scoped = first in (".", "..", "this") and not data
        return Path(tuple(parts), depth, data, text, self._line, scoped)

    def arguments(self, nesting: int) -> tuple[tuple[Argument, ...], tuple[tuple[str, Argument], ...]]:
        params: list[Argument] = []
        named: list[tuple[str, Argument]] = []
        while self.current is not None and self.current.kind not in ("shut", "as"):
            following = self._words[self._next + 1].kind if self._next + 1 < len(self._words) else ""
            if self.current.kind == "id" and following == "equals":
                key = self.current.text
                self._next += 2
                named.append((key, self._argument(nesting)))
            elif named:
                raise TemplateError("an argument without a name stands after one with a name.", self._line)
            else:
                params.append(self._argument(nesting))
        return tuple(params), tuple(named)

    def names(self) -> tuple[str, ...]:
        """Take `as |item index|`, if it stands there."""
        if not self._take("as"):
            return ()
        names: list[str] = []
        while word := self._take("id"):
            if word.text in _RESERVED | INLINE | {"this"}:
                raise TemplateError(
                    f"the block parameter {word.text} is not supported: it is a word of Handlebars.", self._line
                )
            names.append(word.text)
        if not names or not self._take("pipe"):
            raise self.error()
        return tuple(names)

    def _argument(self, nesting: int) -> Argument:
        if word := self._take("string"):
            return Literal(_unquoted(word.text), self._line)
        if word := self._take("boolean"):
            return Literal(word.text == "true", self._line)
        if word := self._take("null"):
            return Literal(None, self._line)
        if word := self._take("number"):
            if "." in word.text or len(word.text) > 15:
                raise TemplateError(f"the number {word.text} is not supported: only whole ones are.", self._line)
            return Literal(int(word.text), self._line)
        if self._take("open"):
            if nesting >= _NESTING:
                raise TemplateError(f"more than {_NESTING} helpers inside each other are not supported.", self._line)
            name = self.path()
            params, named = self.arguments(nesting + 1)
            if not self._take("shut"):
                raise self.error()
            return Expression(name, params, named).call()
        return self.path()


def _unquoted(text: str) -> str:
    return text[1:-1].replace("\\" + text[0], text[0])


DEPTH: Final = 20
"""Blocks inside blocks that are followed: mails have two or three, and each costs pybars3 several stack frames."""


def parse(source: str) -> Program:
    """Return the tree of a template, whitespace untouched. TemplateError with the line."""
    parser = _Parser(list(pieces(source)))
    program = parser.program(0)
    if parser.current is not None:
        raise TemplateError("a closing or {{else}} tag stands outside of any block.", parser.current.line)
    return program


class _Parser:
    def __init__(self, items: list[Piece]) -> None:
        self._items = items
        self._next = 0

    @property
    def current(self) -> Piece | None:
        return self._items[self._next] if self._next < len(self._items) else None

    def program(self, depth: int) -> Program:
        """Take nodes up to a tag that ends them."""
        result = Program()
        while (piece := self.current) is not None and piece.kind not in (Kind.ELSE, Kind.ELSE_BLOCK, Kind.END):
            self._next += 1
            if piece.kind is Kind.TEXT:
                result.body.append(Text(piece.text, piece.text))
            elif piece.kind is Kind.COMMENT:
                result.body.append(Comment(piece.strip))
            elif piece.kind is Kind.PARTIAL:
                result.body.append(_partial(piece))
            elif piece.kind in (Kind.BLOCK, Kind.INVERTED):
                result.body.append(self._block(piece, depth + 1))
            else:
                result.body.append(_mustache(piece))
        return result

    def _block(self, opening: Piece, depth: int) -> Block:
        if depth > DEPTH:
            raise TemplateError(f"more than {DEPTH} blocks inside each other are not supported.", opening.line)
        head = parse_expression(opening.words, opening.line, block=True)
        program = self.program(depth)
        if opening.kind is Kind.INVERTED and self.current is not None and self.current.kind is Kind.ELSE_BLOCK:
            raise TemplateError("{{else …}} with a condition cannot stand in a {{^…}} block.", self.current.line)
        inverse, inverse_strip = self._inverse(depth)
        closing = self.current
        if closing is None or closing.kind is not Kind.END:
            raise TemplateError(f"the block {head.path.text} has no end {{{{/{head.path.text}}}}}.", opening.line)
        self._next += 1
        end = parse_expression(closing.words, closing.line).path.text
        if end != head.path.text:
            raise TemplateError(f"{{{{/{end}}}}} stands where {{{{/{head.path.text}}}}} must.", closing.line)
        if inverse is not None and inverse.chained:
            _last(inverse).close_strip = closing.strip
        block = _block(head, program, inverse, opening, inverse_strip, closing.strip)
        if opening.kind is Kind.INVERTED:
            block.program, block.inverse = block.inverse, block.program
        return block

    def _inverse(self, depth: int) -> tuple[Program | None, Strip]:
        """Take the `{{else}}` or `{{else if …}}` branch, if there is one."""
        piece = self.current
        if piece is None or piece.kind is Kind.END:
            return None, NO_STRIP
        self._next += 1
        if piece.kind is Kind.ELSE:
            return self.program(depth), piece.strip
        if depth > DEPTH:
            raise TemplateError(f"more than {DEPTH} blocks inside each other are not supported.", piece.line)
        head = parse_expression(piece.words, piece.line, block=True)
        program = self.program(depth + 1)
        inverse, strip = self._inverse(depth + 1)
        if inverse is not None and inverse.chained:
            _last(inverse).close_strip = strip
        # Handlebars gives a block within a chain the strip of the tag after it; the last one gets the closing tag's.
        block = _block(head, program, inverse, piece, strip, strip)
        return Program([block], chained=True), piece.strip


def _last(chain: Program) -> Block:
    block = chain.body[0]
    assert isinstance(block, Block)
    return block


def _block(
    head: Expression, program: Program, inverse: Program | None, opening: Piece, inverse_strip: Strip, close: Strip
) -> Block:
    path = head.path
    include_zero = False
    argument: Argument
    if path.text not in BLOCKS:
        if head.params:
            raise TemplateError(f"there is no block helper {path.text}.", path.line)
        name, argument = "section", head.variable()
    else:
        name = path.text
        if len(head.params) != 1:
            raise TemplateError(f"#{name} takes exactly one argument.", path.line)
        argument = head.params[0]
    for key, value in head.hash:
        if name not in ("if", "unless") or key != "includeZero" or not isinstance(value, Literal):
            raise TemplateError(f"the argument {key}= of #{name} is not supported.", path.line)
        include_zero = bool(value.value)
    if head.names and (name not in ("each", "with") or opening.kind is Kind.INVERTED):
        raise TemplateError("block parameters (as |name|) are supported in #each and #with only.", path.line)
    return Block(
        name, argument, include_zero, program, inverse, opening.strip, inverse_strip, close, opening.line, head.names
    )


def _mustache(piece: Piece) -> Mustache:
    expression = parse_expression(piece.words, piece.line)
    value: Path | Call = expression.call() if expression.is_call else expression.variable()
    return Mustache(value, piece.kind is Kind.VALUE, piece.strip)


def _partial(piece: Piece) -> Partial:
    expression = parse_expression(piece.words, piece.line, partial=True)
    if len(expression.params) > 1:
        raise TemplateError("a partial takes at most one context.", piece.line)
    context = expression.params[0] if expression.params else None
    return Partial(expression.path.text, context, expression.hash, piece.strip, piece.line)
