"""Where a service's variables stand, before any is filled in: its bases, itself, the override file. Pure.

Follows compose's merging: `environment` key by key, `env_file` lists one after the other, later layers winning.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from smtpwizard.outputs.compose_nodes import anchors_of, effective, scalar_text, target_of, variable_texts
from smtpwizard.outputs.compose_services import EnvEntry, env_entries
from smtpwizard.outputs.compose_tree import Node, NodeKind


@dataclass(frozen=True, slots=True)
class Layers:
    """One service, all its files taken together."""

    service: str
    environment: Mapping[str, str | None] = field(repr=False)
    """Variable → its text, `${…}` and `$$` untouched; None where only the name stands there."""
    set_in: Mapping[str, str]
    """Variable → the name of the file whose `environment` sets it."""
    env_files: tuple[EnvEntry, ...]
    elsewhere: bool = False
    """It extends a service of another file, which is not read: there may be more variables."""


def layers(documents: Sequence[tuple[str, Node]], service: str) -> Layers:
    """Take `documents` (file name, root), the override last, together for `service`."""
    environment: dict[str, str | None] = {}
    set_in: dict[str, str] = {}
    entries: list[EnvEntry] = []
    elsewhere = False
    for name, root in documents:
        bodies, outside = _bodies(root, service)
        elsewhere = elsewhere or outside
        anchors = anchors_of(root)
        for body in bodies:
            own = effective(body, "environment", anchors)
            texts = variable_texts(own[1], anchors) if own else {}
            environment.update(texts)
            set_in.update(dict.fromkeys(texts, name))
            entries += env_entries(effective(body, "env_file", anchors), anchors)
    return Layers(service, environment, set_in, tuple(entries), elsewhere)


def _bodies(root: Node, service: str) -> tuple[list[Node], bool]:
    """Return the service's mapping with those that it extends before it, and whether one of them is elsewhere."""
    found = root.get("services") if root.kind is NodeKind.MAPPING else None
    anchors = anchors_of(root)
    bodies: list[Node] = []
    seen: set[str] = set()
    name: str | None = service
    while name is not None and name not in seen and found is not None:
        seen.add(name)
        pair = found[1].get(name)
        body = target_of(pair[1], anchors) if pair else None
        if body is None or body.kind is not NodeKind.MAPPING:
            break
        bodies.insert(0, body)
        extends = effective(body, "extends", anchors)
        if extends is None:
            break
        base = extends[1].get("service") if extends[1].kind is NodeKind.MAPPING else extends
        if extends[1].kind is NodeKind.MAPPING and extends[1].get("file") is not None:
            return bodies, True
        name = scalar_text(base[1], anchors) if base else None
    return bodies, False
