"""Proof that an edited compose file means the same as before, except for the planned variables of one service. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from smtpwizard.errors import FileError
from smtpwizard.outputs.compose_nodes import anchors_of, variable_texts
from smtpwizard.outputs.compose_tree import Node, NodeKind, parse_tree
from smtpwizard.outputs.yaml_scalar import doubled

_Token = tuple[object, ...]


def parse_again(text: str, name: str) -> Node | None:
    """Return the tree of an edited text; None where the edit made it unreadable."""
    try:
        return parse_tree(text, name)
    except FileError:
        return None


def wrong_variables(
    before: Node, after: Node, service: str, changes: Mapping[str, str | None], references: Collection[str]
) -> tuple[str, ...]:
    """Return the variables of `service` that `after` does not hold as planned; `(file)` where anything else changed."""
    if _meaning(before, service) != _meaning(after, service):
        return ("(file)",)
    old, new = environment_texts(before, service), environment_texts(after, service)
    wrong = {key for key in old.keys() | new.keys() if key not in changes and old.get(key) != new.get(key)}
    for variable, value in changes.items():
        wanted = value if value is None or variable in references else doubled(value)
        if new.get(variable) != wanted:
            wrong.add(variable)
    return tuple(sorted(wrong))


def environment_texts(root: Node, service: str) -> dict[str, str | None]:
    """Return variable → the text under the `environment:` that the service has of its own; null as None."""
    found = root.get("services") if root.kind is NodeKind.MAPPING else None
    pair = found[1].get(service) if found else None
    environment = pair[1].get("environment") if pair else None
    return variable_texts(environment[1], anchors_of(root)) if environment else {}


def _meaning(root: Node, service: str) -> list[_Token]:
    """Return everything of the file but its layout and the service's own environment."""
    found = root.get("services")
    pair = found[1].get(service) if found else None
    skipped: set[int] = set()
    dropped: set[int] = set()
    environment = pair[1].get("environment") if pair else None
    if environment is not None:
        skipped = {id(node) for part in environment for node in part.walk()}
        dropped = {id(pair[1])} if pair else set()
    tokens: list[_Token] = []
    for node in root.walk():
        if id(node) in skipped:
            continue
        own_pairs = len(node.pairs) - (1 if id(node) in dropped else 0)
        tokens.append((node.kind, node.value, bool(node.style), node.anchor, node.tag, own_pairs, len(node.items)))
    return tokens
