"""What the nodes of a compose file stand for once aliases and `<<` merges are followed. Pure; resolves nothing else."""

from __future__ import annotations

from collections.abc import Iterator

from smtpwizard.outputs.compose_tree import Node, NodeKind


def anchors_of(root: Node) -> dict[str, Node]:
    """Return anchor → node; a later anchor of the same name wins."""
    if root.anchors is not None:
        return root.anchors
    return {node.anchor: node for node in root.walk() if node.anchor}


def scalar_text(node: Node, anchors: dict[str, Node]) -> str | None:
    """Return the text of a scalar, also through an alias; None for anything else."""
    target = anchors.get(node.value) if node.kind is NodeKind.ALIAS else node
    return target.value if target is not None and target.kind is NodeKind.SCALAR else None


def target_of(node: Node, anchors: dict[str, Node]) -> Node:
    """Return the node that an alias stands for; any other node, and an alias to nothing, as it is."""
    return anchors.get(node.value, node) if node.kind is NodeKind.ALIAS else node


def merged_maps(node: Node, anchors: dict[str, Node]) -> list[Node]:
    """Return the mappings that `<<` brings into `node`, at any depth; the ones that win come first."""
    return list(_merged(node, anchors, {id(node)}))


def _merged(node: Node, anchors: dict[str, Node], seen: set[int]) -> Iterator[Node]:
    for key, value in node.pairs:
        if key.value != "<<":
            continue
        for item in value.items if value.kind is NodeKind.SEQUENCE else [value]:
            target = target_of(item, anchors)
            if target.kind is NodeKind.MAPPING and id(target) not in seen:
                seen.add(id(target))
                yield target
                yield from _merged(target, anchors, seen)


def effective(node: Node, key: str, anchors: dict[str, Node]) -> tuple[Node, Node] | None:
    """Return the pair of `key`: the mapping's own, else the one that `<<` brings in."""
    for mapping in (node, *merged_maps(node, anchors)):
        found = mapping.get(key)
        if found is not None:
            return found
    return None


def variable_texts(node: Node, anchors: dict[str, Node]) -> dict[str, str | None]:
    """Return variable → the text in an `environment` node as YAML gives it, `$$` and `${…}` untouched; null as None.

    List, mapping, alias; what `<<` brings into a mapping stands below what it has of its own.
    """
    node = target_of(node, anchors)
    texts: dict[str, str | None] = {}
    for mapping in (node, *merged_maps(node, anchors)):
        for key, value in mapping.pairs:
            if key.value != "<<":
                texts.setdefault(key.value, None if value.is_null else scalar_text(value, anchors))
    for item in node.items:
        key_text, sign, text = (scalar_text(item, anchors) or "").partition("=")
        texts[key_text] = text if sign else None
    return texts
