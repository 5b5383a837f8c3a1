"""Pieces → tree, with the shape that Handlebars' own parser gives it (whitespace control depends on it).

Raises TemplateError, with the line, for what does not nest and for what is not supported: unknown helpers, literals as
variables, dynamic partials, hash arguments of helpers.
"""

from __future__ import annotations

from typing import Final

from smtpwizard.mail.handlebars.errors import TemplateError
from smtpwizard.mail.handlebars.expressions import BLOCKS, Expression, parse_expression
from smtpwizard.mail.handlebars.lexer import Kind, Piece, pieces
from smtpwizard.mail.handlebars.nodes import (
    NO_STRIP,
    Argument,
    Block,
    Call,
    Comment,
    Literal,
    Mustache,
    Partial,
    Path,
    Program,
    Strip,
    Text,
)

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
