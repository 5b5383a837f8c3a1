"""Where in a compose file a service's variables can be edited, or why a person must choose first. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from smtpwizard.outputs.compose_nodes import anchors_of, merged_maps
from smtpwizard.outputs.compose_services import Undecided, extending
from smtpwizard.outputs.compose_tree import Node, NodeKind

_WAYS_OUT = (
    "What works: a compose.override.yaml beside it, which compose merges key by key (not read when -f is given); or "
    "the .env file that the service reads through env_file."
)


@dataclass(frozen=True, slots=True)
class Place:
    """The service and its `environment`, if it has one of its own."""

    root: Node
    service_key: Node
    service: Node
    environment: tuple[Node, Node] | None
    anchors: dict[str, Node]


def find_place(root: Node, text: str, service: str) -> Place:
    """Return where to edit. Undecided, with the ways out, where the edit would reach further than this service."""
    found = root.get("services")
    pair = found[1].get(service) if found else None
    if pair is None:
        raise Undecided(f"There is no service {service} in this file.", "Unknown service")
    key, node = pair
    anchors = anchors_of(root)
    if node.kind is not NodeKind.MAPPING:
        what = "an alias of another one" if node.kind is NodeKind.ALIAS else "empty"
        raise _undecided(service, f"is {what}, so it has no place of its own for variables")
    if node.flow:
        raise _undecided(service, "is written on one line in braces; write it in lines first, by hand")
    dependents = extending(root, service)
    if dependents:
        raise _undecided(service, f"is extended by {', '.join(dependents[:3])}, which would get the variables too")
    if node.anchor and _used(root, node.anchor):
        raise _undecided(service, f"carries the anchor &{node.anchor}, so other parts of the file would change too")
    environment = node.get("environment")
    if environment is None:
        _refuse_inherited(service, node, anchors)
    elif environment[1].kind is NodeKind.ALIAS:
        raise _undecided(service, f"takes its environment from *{environment[1].value}, which others may share")
    elif environment[1].anchor and _used(root, environment[1].anchor):
        raise _undecided(service, f"shares its environment through &{environment[1].anchor}: others would change too")
    elif environment[1].kind is NodeKind.SCALAR and not environment[1].is_null:
        raise _undecided(service, "has an environment that is neither a list nor a mapping")
    return Place(root, key, node, environment, anchors)


def _refuse_inherited(service: str, node: Node, anchors: dict[str, Node]) -> None:
    if any(item.get("environment") for item in merged_maps(node, anchors)):
        raise _undecided(
            service, "gets its environment through <<, and one of its own would replace all of that, not add to it"
        )
    if node.get("extends"):
        raise _undecided(
            service, "extends another one and has no environment of its own: the variables could go to either"
        )


def _used(root: Node, anchor: str) -> bool:
    return any(node.kind is NodeKind.ALIAS and node.value == anchor for node in root.walk())


def _undecided(service: str, reason: str) -> Undecided:
    return Undecided(f"Service {service} {reason}. {_WAYS_OUT}", "A choice is yours")
