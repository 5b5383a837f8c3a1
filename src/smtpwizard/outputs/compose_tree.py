"""A compose file as a tree of nodes that know where they stand in the text, aliases left as aliases.

Built from PyYAML's events: by libyaml, of which compose's own parser is a port, and in a tenth of the time that a pure
Python parser takes.
Nothing is resolved, typed or interpolated here. The only module that imports yaml, and only when a file is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from smtpwizard.errors import FileError


class NodeKind(Enum):
    """What a node is."""

    SCALAR = auto()
    MAPPING = auto()
    SEQUENCE = auto()
    ALIAS = auto()


@dataclass(slots=True)
class Node:
    """A node and its place. Offsets count characters; lines and columns count from 0."""

    kind: NodeKind
    start: int
    end: int
    """After its last character for a scalar, alias or flow collection. For a block collection: see `last_offset`."""
    line: int
    column: int
    value: str = field(default="", repr=False)
    """A scalar's text, or the name of an alias."""
    style: str = ""
    """A scalar's quote or block sign; empty for a plain one."""
    flow: bool = False
    anchor: str = ""
    tag: str = ""
    pairs: list[tuple[Node, Node]] = field(default_factory=list)
    items: list[Node] = field(default_factory=list)

    @property
    def is_null(self) -> bool:
        """Whether this is a plain scalar that YAML takes for null."""
        return self.kind is NodeKind.SCALAR and not self.style and self.value in ("", "~", "null", "Null", "NULL")

    def get(self, key: str) -> tuple[Node, Node] | None:
        """Return the pair of `key` in a mapping, the last one if it stands there twice."""
        return next((pair for pair in reversed(self.pairs) if pair[0].value == key), None)

    def walk(self) -> Iterator[Node]:
        """Yield this node and all below it, in the order of the text."""
        stack = [self]
        while stack:
            node = stack.pop()
            yield node
            below = [child for pair in node.pairs for child in pair] + node.items
            stack.extend(reversed(below))


def parse_tree(text: str, name: str) -> Node:
    """Return the root of the one document in `text` (without BOM).

    FileError with the line, never the text, where it is no YAML, holds several documents, or nests too deep.
    """
    import yaml

    loader: Any = getattr(yaml, "CLoader", yaml.Loader)
    try:
        events = iter(list(yaml.parse(text, Loader=loader)))
    except yaml.MarkedYAMLError as error:
        where = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise FileError(f"{name}{where}: this is not valid YAML. Repair it by hand.", "Not valid YAML") from None
    except (yaml.YAMLError, UnicodeError):
        raise FileError(
            f"{name} holds bytes or characters that YAML does not allow. Repair it.", "Not valid YAML"
        ) from None
    documents = [_build(next(events), events) for event in events if _named(event) == "DocumentStartEvent"]
    if len(documents) > 1:
        raise FileError(
            f"{name} holds several YAML documents; compose reads one. Name a file with one.", "Several documents"
        )
    if not documents:
        raise FileError(f"{name} is empty: it has no services. Check the path.", "Empty compose file")
    return documents[0]


def _named(event: Any) -> str:
    return type(event).__name__


def _build(first: Any, events: Iterator[Any]) -> Node:
    """Build the node that begins with `first`; without recursion, for nesting is the file's choice."""
    root = _node(first)
    stack: list[tuple[Node, list[Node]]] = [(root, [])] if root.kind in (NodeKind.MAPPING, NodeKind.SEQUENCE) else []
    while stack:
        event = next(events)
        if _named(event).endswith("EndEvent"):
            _close(*stack.pop(), event)
            continue
        node = _node(event)
        stack[-1][1].append(node)
        if node.kind in (NodeKind.MAPPING, NodeKind.SEQUENCE):
            stack.append((node, []))
    return root


def _close(node: Node, children: list[Node], event: Any) -> None:
    node.end = event.end_mark.index
    if node.kind is NodeKind.SEQUENCE:
        node.items = children
    else:
        node.pairs = list(zip(children[::2], children[1::2], strict=True))


def _node(event: Any) -> Node:
    mark = event.start_mark
    place = (mark.index, event.end_mark.index, mark.line, mark.column)
    name = _named(event)
    if name == "AliasEvent":
        return Node(NodeKind.ALIAS, *place, value=event.anchor)
    anchor, tag = event.anchor or "", event.tag or ""
    if name == "ScalarEvent":
        return Node(NodeKind.SCALAR, *place, value=event.value, style=event.style or "", anchor=anchor, tag=tag)
    kind = NodeKind.MAPPING if name == "MappingStartEvent" else NodeKind.SEQUENCE
    return Node(kind, *place, flow=bool(event.flow_style), anchor=anchor, tag=tag)
