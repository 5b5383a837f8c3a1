"""A compose file as a tree of nodes that know where they stand in the text, aliases left as aliases.

Built from PyYAML's events: by libyaml, of which compose's own parser is a port, and in a tenth of the time that a pure
Python parser takes.
Nothing is resolved, typed or interpolated here. The only module that imports yaml, and only when a file is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, Final

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
    pairs: Sequence[tuple[Node, Node]] = ()
    items: Sequence[Node] = ()
    target: Node | None = field(default=None, repr=False)
    """What an alias stands for; None where its anchor does not exist."""

    @property
    def is_null(self) -> bool:
        """Whether this is a plain scalar that YAML takes for null."""
        return self.kind is NodeKind.SCALAR and not self.style and self.value in ("", "~", "null", "Null", "NULL")

    def get(self, key: str) -> tuple[Node, Node] | None:
        """Return the pair of `key` in a mapping, the last one if it stands there twice."""
        return next((pair for pair in reversed(self.pairs) if pair[0].value == key), None)

    @property
    def resolved(self) -> Node:
        """The node that an alias stands for; any other node, and an alias to nothing, as it is."""
        return self.target or self

    @property
    def text(self) -> str | None:
        """The text of a scalar, also through an alias; None for anything else."""
        node = self.resolved
        return node.value if node.kind is NodeKind.SCALAR else None

    def merged(self) -> list[Node]:
        """Return the mappings that `<<` brings in, at any depth; the ones that win come first."""
        return list(_merged(self, {id(self)}))

    def effective(self, key: str) -> tuple[Node, Node] | None:
        """Return the pair of `key`: the mapping's own, else the one that `<<` brings in."""
        return next((found for mapping in (self, *self.merged()) if (found := mapping.get(key))), None)

    def walk(self) -> Iterator[Node]:
        """Yield this node and all below it, in the order of the text."""
        stack = [self]
        while stack:
            node = stack.pop()
            yield node
            if node.pairs:
                stack.extend(child for pair in reversed(node.pairs) for child in (pair[1], pair[0]))
            elif node.items:
                stack.extend(reversed(node.items))


def parse_tree(text: str, name: str) -> Node:
    """Return the root of the one document in `text` (without BOM).

    FileError with the line, never the text, where it is no YAML, holds several documents, or nests too deep.
    """
    import yaml

    loader: Any = getattr(yaml, "CLoader", yaml.Loader)
    try:
        events = iter(list(yaml.parse(text, Loader=loader)))
        documents = [_build(events) for event in events if type(event) is yaml.DocumentStartEvent]
    except yaml.MarkedYAMLError as error:
        where = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise FileError(f"{name}{where}: this is not valid YAML. Repair it by hand.", "Not valid YAML") from None
    except (yaml.YAMLError, UnicodeError):
        raise FileError(
            f"{name} holds bytes or characters that YAML does not allow. Repair it.", "Not valid YAML"
        ) from None
    if len(documents) > 1:
        raise FileError(
            f"{name} holds several YAML documents; compose reads one. Name a file with one.", "Several documents"
        )
    if not documents:
        raise FileError(f"{name} is empty: it has no services. Check the path.", "Empty compose file")
    return documents[0]


def _build(events: Iterator[Any]) -> Node:
    """Build the document whose events come next; without recursion, for nesting is the file's choice."""
    from yaml import AliasEvent, MappingStartEvent, ScalarEvent, SequenceStartEvent

    top: list[Node] = []
    anchors: dict[str, Node] = {}
    children = top
    stack: list[tuple[Node, list[Node]]] = []
    for event in events:  # 7 events a line: what happens here is most of the time that a large file takes
        kind, mark = type(event), event.start_mark
        if kind is ScalarEvent:
            node = Node(NodeKind.SCALAR, mark.index, event.end_mark.index, mark.line, mark.column, event.value)
            node.style = event.style or ""
        elif kind is AliasEvent:
            node = Node(NodeKind.ALIAS, mark.index, event.end_mark.index, mark.line, mark.column, event.anchor)
            node.target = anchors.get(event.anchor)
            children.append(node)
            continue
        elif kind is MappingStartEvent or kind is SequenceStartEvent:
            shape = NodeKind.MAPPING if kind is MappingStartEvent else NodeKind.SEQUENCE
            node = Node(shape, mark.index, event.end_mark.index, mark.line, mark.column, flow=bool(event.flow_style))
        elif not stack:
            break  # the document's end
        else:
            _close(*stack.pop(), event.end_mark.index)
            children = stack[-1][1] if stack else top
            continue
        children.append(node)
        if event.anchor:
            node.anchor = event.anchor
            anchors[node.anchor] = node
        if event.tag:
            node.tag = event.tag
        if kind is not ScalarEvent:
            children = []
            stack.append((node, children))
    return top[0]


def _close(node: Node, children: list[Node], end: int) -> None:
    node.end = end
    if node.kind is NodeKind.SEQUENCE:
        node.items = children
    else:
        node.pairs = list(zip(children[::2], children[1::2], strict=True))


def _merged(node: Node, seen: set[int]) -> Iterator[Node]:
    for key, value in node.pairs:
        if key.value != "<<":
            continue
        for item in value.items if value.kind is NodeKind.SEQUENCE else [value]:
            target = item.resolved
            if target.kind is NodeKind.MAPPING and id(target) not in seen:
                seen.add(id(target))
                yield target
                yield from _merged(target, seen)


def variable_texts(node: Node) -> dict[str, str | None]:
    """Return variable → the text in an `environment` node as YAML gives it, `$$` and `${…}` untouched; null as None.

    List, mapping, alias; what `<<` brings into a mapping stands below what it has of its own.
    """
    node = node.resolved
    texts: dict[str, str | None] = {}
    for mapping in (node, *node.merged()):
        for key, value in mapping.pairs:
            if key.value != "<<":
                texts.setdefault(key.value, None if value.is_null else value.text)
    for item in node.items:
        key_text, sign, text = (item.text or "").partition("=")
        texts[key_text] = text if sign else None
    return texts


_PLAIN_VALUE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_./@+-]*")
_PLAIN_ITEM: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=(?:[A-Za-z0-9_./@+:=-]*[A-Za-z0-9_./@+=-])?")
_WORDS: Final = frozenset({"true", "false", "yes", "no", "on", "off", "y", "n", "null", "none"})
"""Plain words that some YAML reader takes for a boolean or null."""


def mapping_value(text: str) -> str:
    """Return what stands after `KEY: ` so that YAML reads `text`."""
    return text if _PLAIN_VALUE.fullmatch(text) and text.lower() not in _WORDS else quoted(text)


def list_item(text: str) -> str:
    """Return what stands after `- ` so that YAML reads `text`, which is `KEY=…`."""
    return text if _PLAIN_ITEM.fullmatch(text) else quoted(text)


def doubled(value: str) -> str:
    """Return `value` with each `$` doubled: a single one starts a substitution, and compose v1 refuses it alone."""
    return value.replace("$", "$$")


def quoted(text: str) -> str:
    """Return `text` as a double-quoted scalar on one line."""
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(char: str) -> str:
    if char in '\\"':
        return "\\" + char
    if char == "\t":
        return "\\t"
    if char.isprintable():
        return char
    return f"\\u{ord(char):04X}" if ord(char) < 0x10000 else f"\\U{ord(char):08X}"
