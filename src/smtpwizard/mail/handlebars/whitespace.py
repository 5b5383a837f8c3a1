"""Whitespace control: what `~` and tags alone on their line take away. Works on the tree, in place.

A block, partial or comment that stands alone on its line takes the whole line with it. The order of the steps and the
look at each text's `original` are those of Handlebars 4.7.8: they decide in the odd cases (a text cut from both sides).
"""

from __future__ import annotations

import re
from typing import Final

from smtpwizard.mail.handlebars.lexer import SPACE, Block, Comment, Node, Partial, Program, Strip, Text

_ENDS_LINE: Final = re.compile(rf"\r?\n{SPACE}*?\Z")
_ENDS_LINE_OR_EMPTY: Final = re.compile(rf"(?:\A|\r?\n){SPACE}*?\Z")
_BEGINS_LINE: Final = re.compile(rf"\A{SPACE}*?\r?\n")
_BEGINS_LINE_OR_EMPTY: Final = re.compile(rf"\A{SPACE}*?(?:\r?\n|\Z)")
_LEADING: Final = re.compile(rf"\A{SPACE}+")
_TRAILING: Final = re.compile(rf"{SPACE}+\Z")
_REST_OF_LINE: Final = re.compile(r"\A[ \t]*\r?\n?")
_INDENT: Final = re.compile(r"[ \t]+\Z")


def control(program: Program) -> Program:
    """Apply whitespace control to a whole template, and return it."""
    _control(program, root=True)
    return program


def _control(program: Program, *, root: bool) -> None:
    body = program.body
    for index, node in enumerate(body):
        if isinstance(node, Block):
            _control_block(node, body, index, root=root)
        elif not isinstance(node, Text):
            _control_tag(node, body, index, root=root)


def _control_tag(node: Node, body: list[Node], index: int, *, root: bool) -> None:
    assert not isinstance(node, Text | Block)
    alone = (
        isinstance(node, Comment | Partial)
        and _line_ends_before(body, index, root=root)
        and _line_begins_after(body, index, root=root)
    )
    _strip(node.strip, body, index)
    if alone:
        _cut_after(body, index)
        before = body[index - 1] if index else None
        if _cut_before(body, index) and isinstance(node, Partial) and isinstance(before, Text):
            found = _INDENT.search(before.original)
            node.indent = found.group() if found else ""


def _control_block(block: Block, body: list[Node], index: int, *, root: bool) -> None:
    opens_alone, closes_alone = _control_inside(block)
    opens_alone = opens_alone and _line_ends_before(body, index, root=root)
    closes_alone = closes_alone and _line_begins_after(body, index, root=root)
    _strip(Strip(block.open_strip.before, block.close_strip.after), body, index)
    first, last = block.program or block.inverse, block.inverse or block.program
    assert first is not None
    assert last is not None
    if opens_alone:
        _cut_after(first.body, -1)
        _cut_before(body, index)
    if closes_alone:
        _cut_after(body, index)
        _cut_before(last.body, len(last.body))


def _control_inside(block: Block) -> tuple[bool, bool]:
    """Control the branches. Return whether the opening and the closing tag may stand alone, seen from within."""
    for branch in (block.program, block.inverse):
        if branch is not None:
            _control(branch, root=False)
    program = block.program or block.inverse
    assert program is not None
    inverse = block.inverse if block.program is not None else None
    first = last = inverse
    if inverse is not None and inverse.chained:
        first = _branch(inverse.body[0])
        while last is not None and last.chained:
            last = _branch(last.body[-1])
    opens_alone = _line_begins_after(program.body, -1, root=False)
    tail = (first or program).body
    closes_alone = _line_ends_before(tail, len(tail), root=False)
    if block.open_strip.after:
        _cut_after(program.body, -1, all_space=True)
    if inverse is None:
        if block.close_strip.before:
            _cut_before(program.body, len(program.body), all_space=True)
        return opens_alone, closes_alone
    assert first is not None
    assert last is not None
    if block.inverse_strip.before:
        _cut_before(program.body, len(program.body), all_space=True)
    if block.inverse_strip.after:
        _cut_after(first.body, -1, all_space=True)
    if block.close_strip.before:
        _cut_before(last.body, len(last.body), all_space=True)
    ends = _line_ends_before(program.body, len(program.body), root=False)
    if ends and _line_begins_after(first.body, -1, root=False):
        _cut_before(program.body, len(program.body))
        _cut_after(first.body, -1)
    return opens_alone, closes_alone


def _branch(node: Node) -> Program:
    assert isinstance(node, Block)
    assert node.program is not None
    return node.program


def _strip(strip: Strip, body: list[Node], index: int) -> None:
    if strip.after:
        _cut_after(body, index, all_space=True)
    if strip.before:
        _cut_before(body, index, all_space=True)


def _line_ends_before(body: list[Node], index: int, *, root: bool) -> bool:
    if index == 0:
        return root
    before = body[index - 1]
    if not isinstance(before, Text):
        return False
    pattern = _ENDS_LINE_OR_EMPTY if root and index == 1 else _ENDS_LINE
    return pattern.search(before.original) is not None


def _line_begins_after(body: list[Node], index: int, *, root: bool) -> bool:
    if index + 1 >= len(body):
        return root
    after = body[index + 1]
    if not isinstance(after, Text):
        return False
    pattern = _BEGINS_LINE_OR_EMPTY if root and index + 2 >= len(body) else _BEGINS_LINE
    return pattern.search(after.original) is not None


def _cut_after(body: list[Node], index: int, *, all_space: bool = False) -> None:
    after = body[index + 1] if index + 1 < len(body) else None
    if isinstance(after, Text) and (all_space or not after.cut_start):
        shorter = (_LEADING if all_space else _REST_OF_LINE).sub("", after.value)
        after.cut_start = shorter != after.value
        after.value = shorter


def _cut_before(body: list[Node], index: int, *, all_space: bool = False) -> bool:
    before = body[index - 1] if index > 0 else None
    if isinstance(before, Text) and (all_space or not before.cut_end):
        shorter = (_TRAILING if all_space else _INDENT).sub("", before.value)
        before.cut_end = shorter != before.value
        before.value = shorter
        return before.cut_end
    return False
