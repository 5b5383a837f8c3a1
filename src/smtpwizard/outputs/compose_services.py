"""The services of a compose file: what each is, where its variables come from, and why one cannot be edited. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from smtpwizard.errors import FileError, InputError
from smtpwizard.outputs.compose_tree import Node, NodeKind


class Undecided(FileError):
    """A person must choose: the place to edit is shared, or comes from elsewhere. The message names what works."""


@dataclass(frozen=True, slots=True)
class Service:
    """One service, for a list to choose from."""

    name: str
    image: str
    variables: tuple[str, ...]
    """Names under `environment:`, in order."""
    env_files: tuple[str, ...]
    likely: bool
    """It probably is the app: by its image, or by SMTP_ variables that it already has."""


def services(root: Node, *, images: Collection[str] = (), app_service: str = "") -> tuple[Service, ...]:
    """Return the services in the order of the file, the app's most likely one first."""
    found = root.get("services") if root.kind is NodeKind.MAPPING else None
    if found is None or found[1].kind is not NodeKind.MAPPING:
        return ()
    anchors = anchors_of(root)
    listed = [_service(key.value, value, anchors, images) for key, value in found[1].pairs if key.value != "<<"]
    return tuple(
        sorted(listed, key=lambda item: (not _is_image(item.image, images), not item.likely, item.name != app_service))
    )


def chosen(listed: tuple[Service, ...], name: str | None) -> Service:
    """Return the service `name`, or without a name the only one, or the only likely one. InputError otherwise."""
    names = ", ".join(item.name for item in listed) or "none"
    if name is not None:
        for item in listed:
            if item.name == name:
                return item
        raise InputError(f"The compose file has no service {name!r}. It has: {names}.", "Unknown service")
    likely = [item for item in listed if item.likely]
    for candidates in (listed, likely):
        if len(candidates) == 1:
            return candidates[0]
    raise InputError(f"Name the service with --service NAME. The compose file has: {names}.", "Which service")


def anchors_of(root: Node) -> dict[str, Node]:
    """Return anchor → node; a later anchor of the same name wins."""
    return {node.anchor: node for node in root.walk() if node.anchor}


def scalar_text(node: Node, anchors: dict[str, Node]) -> str | None:
    """Return the text of a scalar, also through an alias; None for anything else."""
    target = anchors.get(node.value) if node.kind is NodeKind.ALIAS else node
    return target.value if target is not None and target.kind is NodeKind.SCALAR else None


def merged_maps(node: Node, anchors: dict[str, Node]) -> list[Node]:
    """Return the mappings that `<<` brings into `node`, at any depth."""
    found: list[Node] = []
    queue = [node]
    seen: set[int] = set()
    while queue:
        current = queue.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        for key, value in current.pairs:
            if key.value != "<<":
                continue
            for item in value.items if value.kind is NodeKind.SEQUENCE else [value]:
                target = anchors.get(item.value) if item.kind is NodeKind.ALIAS else item
                if target is not None and target.kind is NodeKind.MAPPING:
                    found.append(target)
                    queue.append(target)
    return found


def extending(root: Node, service: str) -> tuple[str, ...]:
    """Return the services of the same file that extend `service`."""
    found = root.get("services")
    names = []
    for key, value in found[1].pairs if found else ():
        extends = value.get("extends") if value.kind is NodeKind.MAPPING else None
        if extends is None:
            continue
        target = extends[1]
        elsewhere = target.get("file") is not None if target.kind is NodeKind.MAPPING else False
        base = target.get("service") if target.kind is NodeKind.MAPPING else None
        name = base[1].value if base else target.value
        if name == service and not elsewhere:
            names.append(key.value)
    return tuple(names)


def _service(name: str, node: Node, anchors: dict[str, Node], images: Collection[str]) -> Service:
    body = anchors.get(node.value, node) if node.kind is NodeKind.ALIAS else node
    image = _text(body.get("image"), anchors)
    variables = _variables(body.get("environment"), anchors)
    likely = _is_image(image, images) or any(item.startswith("SMTP_") for item in variables)
    return Service(name, image, variables, _env_files(body.get("env_file"), anchors), likely)


def _is_image(image: str, images: Collection[str]) -> bool:
    bare = image.split("@", 1)[0]
    bare = bare.rsplit(":", 1)[0] if ":" in bare.rsplit("/", 1)[-1] else bare
    return any(bare == known or bare.endswith("/" + known) for known in images)


def _text(pair: tuple[Node, Node] | None, anchors: dict[str, Node]) -> str:
    return (scalar_text(pair[1], anchors) or "") if pair else ""


def _variables(pair: tuple[Node, Node] | None, anchors: dict[str, Node]) -> tuple[str, ...]:
    if pair is None:
        return ()
    node = anchors.get(pair[1].value, pair[1]) if pair[1].kind is NodeKind.ALIAS else pair[1]
    names = [key.value for key, _ in node.pairs if key.value != "<<"]
    names += [(scalar_text(item, anchors) or "").split("=", 1)[0] for item in node.items]
    return tuple(dict.fromkeys(name for name in names if name))


def _env_files(pair: tuple[Node, Node] | None, anchors: dict[str, Node]) -> tuple[str, ...]:
    if pair is None:
        return ()
    node = pair[1]
    items = node.items if node.kind is NodeKind.SEQUENCE else [node]
    found = []
    for item in items:
        path = item.get("path") if item.kind is NodeKind.MAPPING else None
        text = _text(path, anchors) if path else scalar_text(item, anchors)
        if text:
            found.append(text)
    return tuple(found)
