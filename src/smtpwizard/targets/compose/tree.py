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

RESET: Final = "!reset"
"""Tag of a value that takes out what the files below set, its own content with it (compose 2.18 and later)."""

OVERRIDE: Final = "!override"
"""Tag of a value that replaces what the files below set, where it would be merged (compose 2.24 and later)."""


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
    nodes: Sequence[Node] = field(default=(), repr=False, compare=False)
    """In the root of a document: it and all below it, in the order of the text; a walk costs as much as the parsing."""

    @property
    def is_null(self) -> bool:
        """Whether this is a plain scalar that YAML takes for null."""
        return self.kind is NodeKind.SCALAR and not self.style and self.value in ("", "~", "null", "Null", "NULL")

    @property
    def is_date(self) -> bool:
        """Whether this is a plain scalar that YAML takes for a date, which compose refuses as a value."""
        return self.kind is NodeKind.SCALAR and not self.style and not self.tag and bool(_DATE.match(self.value))

    @property
    def is_text(self) -> bool:
        """Whether this is a scalar that YAML takes for text, not for a number, a boolean, a date or null."""
        if self.kind is not NodeKind.SCALAR or self.is_null:
            return False
        return bool(self.style or self.tag) or not (self.is_date or _NOT_TEXT.fullmatch(self.value))

    def get(self, key: str) -> tuple[Node, Node] | None:
        """Return the pair of `key` in a mapping, the last one if it stands there twice."""
        for pair in reversed(self.pairs):
            if pair[0].value == key:
                return pair
        return None

    @property
    def resolved(self) -> Node:
        """The node that an alias stands for; any other node, and an alias to nothing, as it is."""
        return self.target or self

    @property
    def text(self) -> str | None:
        """The text of a scalar, also through an alias; None for anything else."""
        node = self.resolved
        return node.value if node.kind is NodeKind.SCALAR else None

    @property
    def typed(self) -> str | None:
        """The text of a scalar as compose hands it over: a plain number or boolean is written anew (`010` is `8`)."""
        if self.kind is not NodeKind.SCALAR:
            return None
        if self.tag not in _NUMBER_TAGS if self.tag else self.style:
            return self.value
        return self.value.lower() if self.value in _BOOLEANS else _number(self.value)

    def merged(self) -> list[Node]:
        """Return the mappings that `<<` brings in, at any depth; the ones that win come first."""
        return list(_merged(self, {id(self)})) if self.get("<<") else []

    def effective(self, key: str) -> tuple[Node, Node] | None:
        """Return the pair of `key`: the mapping's own, else the one that `<<` brings in."""
        return self.get(key) or next((found for mapping in self.merged() if (found := mapping.get(key))), None)

    def walk(self) -> Iterator[Node]:
        """Yield this node and all below it, in the order of the text."""
        if self.nodes:
            yield from self.nodes
            return
        stack = [self]
        while stack:
            node = stack.pop()
            yield node
            if node.pairs:
                for key, value in reversed(node.pairs):
                    stack += value, key
            elif node.items:
                stack.extend(reversed(node.items))


def parse_tree(text: str, name: str) -> Node:
    """Return the root of the one document in `text` (without BOM).

    FileError with the line, never the text, where it is no YAML, holds several documents, or nests too deep.
    """
    import yaml

    loader: Any = getattr(yaml, "CLoader", yaml.Loader)
    try:
        # One at a time, and not by yaml.parse, which looks at each twice: a large file has a hundred thousand.
        events: Iterator[Any] = iter(loader(text).get_event, None)
        documents = [_build(events) for event in events if type(event) is yaml.DocumentStartEvent]
    except yaml.MarkedYAMLError as error:
        where = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise FileError(f"{name}{where}: this is not valid YAML. Repair it by hand.", "Not valid YAML") from None
    except (yaml.YAMLError, UnicodeError):
        raise FileError(
            f"{name}{_not_allowed(text)} holds bytes or characters that YAML does not allow. Repair it.",
            "Not valid YAML",
        ) from None
    if len(documents) > 1:
        raise FileError(
            f"{name}, line {documents[1].line + 1}: a second YAML document. docker compose merges it with the first, "
            "and its older versions and podman-compose read the first alone, so what a service gets is not certain. "
            "Put all into one document; the second can be a compose.override.yaml beside it.",
            "Several documents",
        )
    if not documents:
        raise FileError(f"{name} is empty: it has no services. Check the path.", "Empty compose file")
    return documents[0]


def _not_allowed(text: str) -> str:
    """Return the line of the first character that YAML does not allow, as a part of a sentence."""
    found = re.search("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", text)
    return f", line {text.count(chr(10), 0, found.start()) + 1}," if found else ""


def _build(events: Iterator[Any]) -> Node:
    """Build the document whose events come next; without recursion, for nesting is the file's choice."""
    from yaml import AliasEvent, MappingStartEvent, ScalarEvent, SequenceStartEvent

    top: list[Node] = []
    nodes: list[Node] = []
    anchors: dict[str, Node] = {}
    children = top
    stack: list[tuple[Node, list[Node]]] = []
    for event in events:  # 7 events a line: what happens here is most of the time that a large file takes
        kind, mark = type(event), event.start_mark
        if kind is ScalarEvent:
            end, style = event.end_mark.index, event.style or ""
            node = Node(NodeKind.SCALAR, mark.index, end, mark.line, mark.column, event.value, style)
        elif kind is AliasEvent:
            node = Node(NodeKind.ALIAS, mark.index, event.end_mark.index, mark.line, mark.column, event.anchor)
            node.target = anchors.get(event.anchor)
            nodes.append(node)
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
        nodes.append(node)
        children.append(node)
        if event.anchor:
            node.anchor = event.anchor
            anchors[node.anchor] = node
        if event.tag:
            node.tag = event.tag
        if kind is not ScalarEvent:
            children = []
            stack.append((node, children))
    top[0].nodes = nodes
    return top[0]


_NUMBER_TAGS: Final = frozenset({"tag:yaml.org,2002:int", "tag:yaml.org,2002:float", "tag:yaml.org,2002:bool"})
_BOOLEANS: Final = ("true", "True", "TRUE", "false", "False", "FALSE")
_INT: Final = re.compile(r"[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|[1-9][0-9_]*|0)")
_FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]{1,3})?")


_DATE: Final = re.compile(r"[0-9]{4}-(?:0?[1-9]|1[0-2])-(?:0?[1-9]|[12][0-9]|3[01])(?:$|[Tt ][0-9]{1,2}:)")
_NOT_TEXT: Final = re.compile(f"{_INT.pattern}|{_FLOAT.pattern}|{'|'.join(_BOOLEANS)}")


def _number(text: str) -> str:
    """Return a plain scalar that is a YAML 1.1 number in compose's spelling; any other text as it is."""
    bare = text.replace("_", "")
    if _INT.fullmatch(text):
        return str(int(re.sub(r"^([-+]?0)(?=[0-7])", r"\1o", bare), 0))
    if not _FLOAT.fullmatch(text):
        return text
    from decimal import Decimal  # 12 ms, for a file that holds such a number

    value = float(bare)
    # Go's strconv.FormatFloat(value, 'g', -1, 64): an exponent below -4 or from 6 on is written out.
    digits, _, exponent = f"{Decimal(repr(value)).normalize():e}".partition("e")
    if -4 <= int(exponent) < 6:
        return f"{Decimal(repr(value)).normalize():f}"
    return f"{digits}e{exponent[0]}{exponent[1:]:0>2}"


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
    """Return variable → the text in an `environment` node as compose takes it, `$$` and `${…}` untouched; null as None.

    List, mapping, alias; what `<<` brings into a mapping stands below what it has of its own. What is tagged `!reset`
    is not there.
    """
    node = node.resolved
    texts: dict[str, str | None] = {}
    if node.tag == RESET:
        return texts
    for mapping in (node, *node.merged()):
        for key, value in mapping.pairs:
            if key.value != "<<" and value.tag != RESET:
                texts.setdefault(key.value, None if value.resolved.is_null else value.resolved.typed)
    for item in node.items:
        key_text, sign, text = (item.text or "").partition("=")
        texts[key_text] = text if sign else None
    return texts


def reset_names(node: Node) -> list[str]:
    """Return the variables in an `environment` mapping whose value is tagged `!reset`."""
    return [key.value for key, value in node.resolved.pairs if value.tag == RESET]


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
