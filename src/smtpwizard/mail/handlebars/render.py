"""A template's tree → the skeleton that pybars3 compiles, and the functions that the skeleton calls. No pybars in here.

The skeleton holds blocks around numbered calls, such as `{{#if "3"}}{{{text "4"}}}{{else}}{{{value "5"}}}{{/if}}`.
What a number stands for is in the template's table. pybars3 runs the branches and repetitions; every text, lookup and
escape is ours.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import zip_longest
from typing import Any, TypeAlias

from smtpwizard.mail.handlebars.lexer import (
    Argument,
    Block,
    Call,
    Mustache,
    Node,
    Partial,
    Path,
    Program,
    TemplateError,
    Text,
)
from smtpwizard.mail.handlebars.values import (
    UNDEFINED,
    Frame,
    Value,
    argument,
    call,
    escape,
    is_empty,
    is_false,
    items,
    to_text,
    variable,
)

Table: TypeAlias = list[Node]
Helper: TypeAlias = Callable[..., Any]


def skeleton(program: Program, table: Table) -> str:
    """Return a program as pybars3 sees it, and append to `table` what its numbers stand for."""
    parts = []
    for node in program.body:
        number = len(table)
        if isinstance(node, Text):
            if node.value:
                table.append(node)
                parts.append(f'{{{{{{text "{number}"}}}}}}')
        elif isinstance(node, Mustache):
            table.append(node)
            parts.append(f'{{{{{{value "{number}"}}}}}}')
        elif isinstance(node, Partial):
            table.append(node)
            parts.append(f'{{{{{{partial "{number}"}}}}}}')
        elif isinstance(node, Block):
            table.append(node)
            yes, no = (skeleton(branch, table) if branch else "" for branch in (node.program, node.inverse))
            parts.append(f'{{{{#{node.name} "{number}"}}}}{yes}{{{{else}}}}{no}{{{{/{node.name}}}}}')
    return "".join(parts)


def helpers(table: Table, partial: Callable[[Partial, Frame], str]) -> dict[str, Helper]:
    """Return what a skeleton calls, for its `table`; `partial` renders one. `scope.context` is one of our frames."""

    def text(_scope: Any, number: str) -> str:
        node = table[int(number)]
        assert isinstance(node, Text)
        return node.value

    def value(scope: Any, number: str) -> str:
        node = table[int(number)]
        assert isinstance(node, Mustache)
        found = _evaluate(node.expression, scope.context)
        if node.escaped:
            return escape(to_text(found))
        if isinstance(found, int):  # Handlebars joins with `+`: `{{{one}}}{{{two}}}` prints the sum of two numbers
            raise TemplateError("a number or boolean without escaping is not supported.", node.expression.line)
        return to_text(found)

    def part(scope: Any, number: str) -> str:
        node = table[int(number)]
        assert isinstance(node, Partial)
        return partial(node, scope.context)

    def block(run: Callable[[Block, Frame, Any], Any]) -> Helper:
        def helper(scope: Any, options: Any, number: str) -> Any:
            node = table[int(number)]
            assert isinstance(node, Block)
            return run(node, scope.context, options)

        return helper

    blocks = {"if": _if, "unless": _unless, "with": _with, "each": _each, "section": _section}
    return {"text": text, "value": value, "partial": part} | {name: block(run) for name, run in blocks.items()}


def _if(node: Block, frame: Frame, options: Any) -> Any:
    found = argument(node.argument, frame)
    false = is_empty(found) if node.include_zero else is_false(found)
    return options["inverse" if false else "fn"](frame.again())


def _unless(node: Block, frame: Frame, options: Any) -> Any:
    return _if(node, frame, {"fn": options["inverse"], "inverse": options["fn"]})


def _with(node: Block, frame: Frame, options: Any) -> Any:
    found = argument(node.argument, frame)
    if is_empty(found):
        return options["inverse"](frame.again())
    return options["fn"](frame.enter(found, _named(node, found)))


def _each(node: Block, frame: Frame, options: Any) -> Any:
    return _walk(node, argument(node.argument, frame), frame, options)


def _section(node: Block, frame: Frame, options: Any) -> Any:
    found = _evaluate(node.argument, frame)
    if isinstance(found, list):
        return _walk(node, found, frame, options)
    if found is False or found is None or found is UNDEFINED:
        return options["inverse"](frame.again())
    return options["fn"](frame.again() if found is True else frame.enter(found))


def _walk(node: Block, value: Value, frame: Frame, options: Any) -> Any:
    walk = items(value)
    last = len(walk) - 1
    parts = []
    for index, (key, item) in enumerate(walk):
        named = _named(node, item, key)
        parts.append(
            options["fn"](frame.enter(item, named, index=index, key=key, first=index == 0, last=index == last))
        )
    return parts or options["inverse"](frame.again())


def _named(node: Block, *values: Value) -> dict[str, Value]:
    """Return the block parameters with their values: the first of two with one name wins, one too many is undefined."""
    pairs = zip_longest(node.names, values[: len(node.names)], fillvalue=UNDEFINED)
    return dict(reversed(list(pairs)))


def _evaluate(expression: Argument, frame: Frame) -> Value:
    if isinstance(expression, Path):
        return variable(expression, frame)
    assert isinstance(expression, Call)
    return call(expression, frame)
